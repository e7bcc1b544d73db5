// Package web is what people open in a browser: / shows the event, or lists what is
// on air where there is none, and /s/SESSION plays it; /live plays whatever is on air,
// from session to session; /embed/SESSION is the player for other sites; /setup, /signin, /admin and /studio/SESSION/obs are for
// those who run the event.
//
// It guarantees:
//   - A page says what it has to say in HTML that the server wrote; the scripts
//     keep it up to date and play the picture.
//   - Nothing is loaded from another host, ever, and the Content Security Policy
//     says so to the browser. It has no 'unsafe-inline' and no 'unsafe-eval'.
//   - Other sites may show /embed/SESSION in a frame, and no other page.
//   - Files under /assets/ have their hash in their name: they never change and
//     may be cached for ever. Pages are asked again each time, and answered 304
//     when they are the same.
//   - Without built assets (`go build` on a clean clone) every page is a plain one
//     that says which command builds them.
//
// The scripts and styles in src/ are built by build.mjs into dist/, which is
// embedded. Templates and message catalogues are embedded as they are.
package web

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/regie-live/regie/gateway/show"
)

//go:embed all:dist
var dist embed.FS

// Sessions is what this package asks of the gateway. List is in the order in
// which the sessions are to be shown.
type Sessions interface {
	List() []show.SessionView
	Get(show.SessionID) (show.SessionView, bool)
}

// Visitors says who opens a page, and what a link opens.
type Visitors interface {
	Who(*http.Request) show.Principal
	// MayDesk says whether they may run a session from its desk.
	MayDesk(show.Principal, show.SessionID) bool
	// Invitation is what an invite says, or a show.Error. A link that is guessed
	// costs who asks a try.
	Invitation(r *http.Request, token show.Token) (show.Invitation, error)
}

// Options say what Handler works with.
type Options struct {
	Sessions Sessions
	Event    Event           // may be nil: then there is none
	Visitors Visitors        // may be nil: then there is no desk and no invite
	Encoders func() Encoders // asked for each page; may be nil
	Logger   *slog.Logger
}

// Handler serves every page and asset, and a page that says so for every other
// address.
func Handler(o Options) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: the embedded folder has a fixed name: " + err.Error())
	}
	return newHandler(o, built)
}

func newHandler(o Options, built fs.FS) http.Handler {
	assets, err := loadAssets(built)
	if err != nil {
		o.Logger.Warn("web: the pages are not built", "reason", err, "hint", buildCommand)
	}
	s := &site{
		sessions: o.Sessions,
		visitors: o.Visitors,
		event:    o.Event,
		encoders: o.Encoders,
		log:      o.Logger,
		assets:   assets,
		pages:    loadPages(assets),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.live)
	mux.HandleFunc("GET /live", s.follow)
	mux.HandleFunc("GET /embed/{id}", framed(s.embed))
	mux.HandleFunc("GET /oembed", s.oembed)
	mux.HandleFunc("GET /s/{id}", s.watch)
	mux.HandleFunc("GET /setup", s.shell(pageSetup, "setup.title"))
	mux.HandleFunc("GET /signin", s.shell(pageSignIn, "signin.title"))
	mux.HandleFunc("GET /admin", s.shell(pageAdmin, "admin.title"))
	mux.HandleFunc("GET /studio/{id}/obs", s.obs)
	mux.HandleFunc("GET /studio/{id}", s.studio)
	mux.HandleFunc("GET /j/{invite}", s.guest)
	mux.HandleFunc("GET /mod", s.moderate)
	mux.HandleFunc("GET /mod/{id}", s.moderate)
	mux.HandleFunc("GET /assets/{file}", assets.serve)
	mux.HandleFunc("GET /", s.notFound)
	return secure(mux, policy(assets))
}
