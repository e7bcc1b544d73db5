package web

import (
	"net/http"

	"github.com/regie-live/regie/gateway/show"
)

// The pages of those who run the event. The server writes their shell; what they
// show is asked of the API, which knows who may see it.
var (
	pageSetup  = page{template: "setup", script: "setup.tsx", style: "office.css", words: []string{"api", "office", "passkeys", "people", "setup"}}
	pageSignIn = page{template: "signin", script: "signin.tsx", style: "office.css", words: []string{"api", "office", "passkeys", "people", "signin"}}
	pageAdmin  = page{template: "admin", script: "admin.tsx", style: "office.css", words: []string{"admin", "api", "audit", "badge", "event", "home", "invites", "office", "passkeys", "people", "phase", "products", "role", "seats", "streamKeys", "users", "webhooks", "words"}}
	pageOBS    = page{template: "obs", script: "obs.tsx", style: "office.css", words: []string{"advice", "api", "camera", "health", "obs", "office", "people", "protocol", "reach", "refusal", "streamKeys"}}
)

func officePages() []page { return []page{pageSetup, pageSignIn, pageAdmin, pageOBS} }

// Encoders say where encoders may send, for the page that explains it to creators.
// A port that is off is empty.
type Encoders struct {
	RTMP  string `json:"rtmp,omitempty"` // the port
	RTMPS string `json:"rtmps,omitempty"`
	RTSP  string `json:"rtsp,omitempty"`
	RTSPS string `json:"rtsps,omitempty"`
	WHIP  bool   `json:"whip"`
	// SelfSigned: OBS refuses our certificate, and does not say so to its user.
	SelfSigned bool `json:"self_signed"`
	// What the program is, and encoders had best send.
	Width  int `json:"width"`
	Height int `json:"height"`
	FPS    int `json:"fps"`
	Kbps   int `json:"kbps"`
}

func (s *site) shell(p page, title string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, http.StatusOK, p, func(c *catalogue) view {
			return view{Title: c.text(title) + " · Regie"}
		})
	}
}

func (s *site) obs(w http.ResponseWriter, r *http.Request) {
	session, ok := s.sessions.Get(show.SessionID(r.PathValue("id")))
	if !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, pageOBS, func(c *catalogue) view {
		v := view{
			Title:   c.text("obs.title") + " · " + session.Title + " · Regie",
			Session: session,
			State:   state{Sessions: []show.SessionView{session}, Session: session.ID},
		}
		if s.encoders != nil {
			e := s.encoders()
			v.State.Encoders = &e
		}
		return v
	})
}
