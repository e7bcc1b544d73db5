package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/show"
)

type publishAsk struct {
	Screen bool `json:"screen,omitempty" doc:"For a shared screen, beside oneself"`
}

type publishGrant struct {
	Token      string           `json:"token" doc:"A bearer for /whip; only now"`
	WHIP       string           `json:"whip"`
	ICEServers []show.ICEServer `json:"ice_servers" nullable:"false"`
}

type ProfileAsk struct {
	OfSession
	Protocol string `query:"protocol" enum:"rtmp,whip" default:"rtmp"`
}

type profileWithKey struct {
	ProfileAsk
	Body struct {
		Key string `json:"key" maxLength:"256"`
	}
}

type zipFile struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *server) media() {
	on(s, "POST", "/sessions/{s}/me/publish", performer, "A bearer to send my picture and sound with", s.publish)
	on(s, "POST", "/sessions/{s}/messages", house, "Say something in private: from the desk to one person, or to the desk", s.say)
	on(s, "GET", "/sessions/{s}/ingest", desk, "How what the participants send arrives", s.health, s.answers([]health.Health{}))
	on(s, "GET", "/sessions/{s}/refusals", desk, "Who was refused lately, and why", s.refusals)
	on(s, "GET", "/sessions/{s}/obs-profile.zip", desk, "A profile for OBS to import, without the key", s.profile, isZip)
	on(s, "POST", "/sessions/{s}/obs-profile.zip", desk, "A profile for OBS to import, with the key", s.profileOf, isZip)
	sdp := func(status string) func(*huma.Operation) {
		return func(op *huma.Operation) {
			op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/sdp": {}}}
			op.Responses = map[string]*huma.Response{status: {Description: "OK", Content: map[string]*huma.MediaType{"application/sdp": {}}}}
		}
	}
	s.raw("POST", base+"/sessions/{s}/return", house, "The others' pictures and sound, and the program's picture: a WHEP offer", nil, s.serveReturn, sdp("201"))
	s.raw("OPTIONS", base+"/sessions/{s}/return", house, "The ICE servers to use for it, in Link headers (RFC 9725)", nil, s.serveReturn)
	s.raw("PATCH", base+"/sessions/{s}/return/{id}", house, "Trickle ICE (RFC 8840)", nil, s.serveReturn)
	s.raw("DELETE", base+"/sessions/{s}/return/{id}", house, "End the return feed", nil, s.serveReturn)
}

// answers describes what a route answers that only the gateway has the type of.
func (s *server) answers(example any) func(*huma.Operation) {
	return func(op *huma.Operation) {
		schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(example), true, "")
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}}
	}
}

// Refusal is why publishers were turned away, for who runs the session.
type Refusal struct {
	Time        time.Time          `json:"time" doc:"of the last"`
	Times       int                `json:"times" doc:"how often it was refused alike"`
	Protocol    string             `json:"protocol"`
	Remote      string             `json:"remote"`
	Outcome     string             `json:"outcome"`
	Reason      string             `json:"reason"`
	Hint        string             `json:"hint"`
	Participant show.ParticipantID `json:"participant,omitempty"`
}

func isZip(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/zip": {}}}}
}

func (s *server) publish(ctx context.Context, in *struct {
	OfSession
	Body publishAsk
}) (*body[publishGrant], error) {
	c := callerOf(ctx)
	as := c.participant
	if in.Body.Screen {
		as = as.Screen()
	}
	token := s.People.PublishToken(in.S, as, string(c.receiver()))
	if token == "" {
		return nil, &show.Error{Kind: show.Conflict, Detail: "you are not on this stage any more; open your invite again"}
	}
	grant := publishGrant{Token: string(token), WHIP: "/whip", ICEServers: []show.ICEServer{}}
	if s.ICE != nil {
		grant.ICEServers = append(grant.ICEServers, s.ICE(in.S, c.participant)...)
	}
	return &body[publishGrant]{grant}, nil
}

func (s *server) serveReturn(w http.ResponseWriter, r *http.Request, c *caller) {
	if s.Return == nil {
		s.write(w, off("WebRTC is switched off here, so there is no return feed; set webrtc.address"))
		return
	}
	role := show.Guest
	if c.desk {
		role = show.Host
	}
	s.Return(w, r, show.SessionID(r.PathValue("s")), c.receiver(), role)
}

// receiver tells those who are at a page of a session apart: two accounts may take
// turns in the host's seat, and neither takes the other's return feed away.
func (c *caller) receiver() show.ParticipantID {
	if c.Kind == show.Account {
		return show.DeskOf(c.User, c.participant != "")
	}
	return c.participant
}

func (s *server) health(_ context.Context, in *OfSession) (*body[any], error) {
	if s.Health == nil {
		return nil, off("This server does not measure what is sent")
	}
	return &body[any]{s.Health(in.S)}, nil
}

func (s *server) refusals(_ context.Context, in *OfSession) (*body[[]Refusal], error) {
	if s.Refusals == nil {
		return nil, off("This server does not keep refusals")
	}
	return &body[[]Refusal]{s.Refusals(in.S)}, nil
}

func (s *server) profile(ctx context.Context, in *ProfileAsk) (*zipFile, error) {
	return s.zip(ctx, *in, "")
}

func (s *server) profileOf(ctx context.Context, in *profileWithKey) (*zipFile, error) {
	return s.zip(ctx, in.ProfileAsk, in.Body.Key)
}

func (s *server) zip(ctx context.Context, in ProfileAsk, key string) (*zipFile, error) {
	if s.Profile == nil {
		return nil, off("This server makes no profiles")
	}
	c := callerOf(ctx)
	view, _ := s.Sessions.Get(in.S)
	zip, err := s.Profile(ProfileRequest{Session: in.S, Title: view.Title, Protocol: in.Protocol, Key: key, Host: c.host, Secure: c.secure})
	if err != nil {
		return nil, err
	}
	return &zipFile{"application/zip", `attachment; filename="regie-` + string(in.S) + "-" + in.Protocol + `.zip"`, zip}, nil
}
