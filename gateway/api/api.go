// Package api is the HTTP API, version 1: what pages, scripts and other services
// ask about the sessions of this appliance and the people who make them, and what
// they may change.
//
// It guarantees:
//   - An answer is JSON; an error, whatever went wrong, is a problem document
//     (RFC 9457) whose detail says what to do next.
//   - Every route has one rule of who may use it (see access), which is applied
//     before a body is read; a test has a row for each route and each kind of person.
//   - A secret is in no answer but the one that makes it. What was sent is never
//     repeated. What is not public is never stored by a cache.
//   - Pages of other sites change nothing: their requests are refused by what the
//     browser says of them. The beacon alone is open to all.
//   - Bodies are bounded, and an unknown field is refused by its name.
//   - The list of sessions may be cached for two seconds and carries an ETag, so that
//     a crowd of pages that ask every five seconds can be served by any HTTP cache.
//   - /api/openapi.json is made of the same Go types and rules as the routes.
//
// It decides nothing else: handlers pass on what was asked to the few methods that
// Options name.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/regie-live/regie/gateway/show"
)

// Options say what Handler works with. Whatever is nil answers that it is off.
type Options struct {
	Sessions   Sessions
	People     People
	Event      Event
	Shop       Shop
	Moderation Moderation
	Rooms      Rooms
	Webhooks   Webhooks
	// Stage finds the stage of a session.
	Stage  func(show.SessionID) (Stage, bool)
	Beacon http.Handler // what players tell; it answers every method
	Events http.Handler // the websocket of pages
	// Say carries a message between the desk and a person; Kick ends the sockets of
	// those whose rights have changed. Neither may block.
	Say  func(show.SessionID, show.ParticipantID, Message)
	Kick func(...show.Principal)
	// Return answers a request to sessions/{s}/return or below, of a participant or
	// a desk; see show.DeskOf.
	Return func(w http.ResponseWriter, r *http.Request, of show.SessionID, receiver show.ParticipantID, role show.Role)
	// ICE are the servers that the browser of a person on a stage may use.
	ICE func(show.SessionID, show.ParticipantID) []show.ICEServer
	// Health says how what participants send arrives: a list, as JSON.
	Health func(show.SessionID) any
	// Refusals are those who were turned away.
	Refusals func(show.SessionID) []Refusal
	// Profile makes the zip that OBS imports.
	Profile func(ProfileRequest) ([]byte, error)
	// TestCard puts a test card on a new session.
	TestCard func(show.SessionID) error
	Logger   *slog.Logger
	Now      func() time.Time // default: time.Now
}

type server struct {
	Options
	log   *slog.Logger
	mux   *http.ServeMux
	api   huma.API
	talks talkLimits
	doc   []byte // openapi.json
	rules map[string]access
}

const (
	base        = "/api/v1"
	description = "Errors are problem documents (RFC 9457). A browser signs in by cookie (regie); nothing here is for pages of other sites but the sessions and the beacon."
)

func newServer(o Options) *server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Kick == nil {
		o.Kick = func(...show.Principal) {}
	}
	s := &server{Options: o, log: o.Logger, mux: http.NewServeMux(), rules: map[string]access{}}
	config := huma.DefaultConfig("Regie", "1")
	config.Info.Description = description
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema in answers
	config.Transformers = []huma.Transformer{inWords}
	s.api = humago.New(s.mux, config)
	s.public()
	s.accounts()
	s.passkeys()
	s.managing()
	s.keysAndInvites()
	s.stages()
	s.media()
	s.event()
	s.shop()
	s.eventFiles()
	s.moderation()
	s.room()
	s.webhooks()
	s.describe()
	s.otherwise()
	return s
}

// Handler serves everything below /api/.
func Handler(o Options) http.Handler { return newServer(o).guarded() }
