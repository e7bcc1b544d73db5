package web

import (
	"net/http"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

// The moderators' pages: every room of the event, and the console of one. The
// server writes their shell; the API knows who may see a room and act in it.
var pageMod = page{template: "mod", script: "mod.tsx", style: "mod.css", words: slices.Concat(audienceWords, []string{"api", "mod", "office", "place", "room"})}

func (s *site) moderate(w http.ResponseWriter, r *http.Request) {
	id := show.SessionID(r.PathValue("id"))
	session, ok := s.sessions.Get(id)
	if id != "" && !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, pageMod, func(c *catalogue) view {
		v := view{Title: c.text("mod.title") + " · Regie"}
		if ok {
			v.Title = c.text("mod.title") + " · " + session.Title + " · Regie"
			v.Session = session
			v.State = state{Sessions: []show.SessionView{session}, Session: id}
		}
		return v
	})
}
