package web

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/regie-live/regie/gateway/show"
)

// The pages of those who are on a stage: the host's desk, and the door of an invite.
var (
	pageStudio    = page{template: "studio", script: "studio.tsx", style: "studio.css", words: append(stageWords(), "audience", "desk", "elsewhere", "layout", "place", "seats", "share", "shop")}
	pageGuest     = page{template: "guest", script: "guest.tsx", style: "studio.css", words: append(stageWords(), "guest")}
	pageInvite    = page{template: "invite"}
	pageForbidden = page{template: "forbidden"}
)

func studioPages() []page { return []page{pageStudio, pageGuest, pageInvite, pageForbidden} }

// stageWords are what everybody on a stage may read.
func stageWords() []string {
	return []string{
		"api", "bar", "check", "clock", "link", "people", "reach", "role", "room", "self", "talk", "tally", "tile", "trouble",
	}
}

// mayUseDevices is the Permissions-Policy of the pages that people send from.
const mayUseDevices = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()"

// invitation is what the page of an invite shows before anything is asked.
type invitation struct {
	Session show.SessionID `json:"session"`
	Title   string         `json:"title"`
	Host    string         `json:"host"`
	Seat    show.Role      `json:"seat"`
	Name    string         `json:"name,omitempty"`
	Over    bool           `json:"over,omitempty"` // the session has ended, and may begin again
}

// studio is the desk. Who is nobody signs in first; a guest's door is their invite.
func (s *site) studio(w http.ResponseWriter, r *http.Request) {
	id := show.SessionID(r.PathValue("id"))
	session, ok := s.sessions.Get(id)
	if !ok || s.visitors == nil {
		s.notFound(w, r)
		return
	}
	who := s.visitors.Who(r)
	if !s.visitors.MayDesk(who, id) {
		if who.Kind == show.Anonymous {
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
			return
		}
		s.forbidden(w, r, who)
		return
	}
	w.Header().Set("Permissions-Policy", mayUseDevices)
	s.render(w, r, http.StatusOK, pageStudio, func(c *catalogue) view {
		return view{
			Title:   c.text("desk.title") + " · " + session.Title + " · Regie",
			Session: session,
			State:   state{Session: id},
		}
	})
}

func (s *site) forbidden(w http.ResponseWriter, r *http.Request, who show.Principal) {
	s.render(w, r, http.StatusForbidden, pageForbidden, func(c *catalogue) view {
		v := view{Title: c.text("forbidden.title") + " · Regie", Hint: c.text("forbidden.hint", "name", who.Name)}
		if who.Kind == show.Invitee {
			v.Hint = c.text("forbidden.guest")
		}
		return v
	})
}

// guest is the door of an invite. Its address is a secret: nobody keeps the page.
func (s *site) guest(w http.ResponseWriter, r *http.Request) {
	if s.visitors == nil {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	found, err := s.visitors.Invitation(r, show.Token(r.PathValue("invite")))
	if err != nil {
		s.badInvite(w, r, err)
		return
	}
	session, _ := s.sessions.Get(found.Session)
	host := ""
	for _, p := range session.Participants {
		if p.Role == show.Host {
			host = p.Name
		}
	}
	w.Header().Set("Permissions-Policy", mayUseDevices)
	s.render(w, r, http.StatusOK, pageGuest, func(c *catalogue) view {
		host := cmp.Or(host, c.text("role.host"))
		return view{
			Title:       c.text("guest.title", "title", found.Title) + " · Regie",
			Description: c.text("guest.description", "title", found.Title),
			Session:     session,
			Hint:        c.text(lead(found.Seat), "host", host),
			State: state{Session: found.Session, Invitation: &invitation{
				Session: found.Session, Title: found.Title, Host: host, Seat: found.Seat, Name: found.Name, Over: found.Phase == show.Ended,
			}},
		}
	})
}

func lead(seat show.Role) string {
	if seat == show.Host {
		return "guest.leadHost"
	}
	return "guest.lead"
}

// badInvite says in words why a link does not open, and what to do.
func (s *site) badInvite(w http.ResponseWriter, r *http.Request, err error) {
	status, title, hint := http.StatusNotFound, "invite.unknownTitle", "invite.unknownHint"
	switch show.KindOf(err) {
	case show.Gone, show.Conflict:
		status, title, hint = http.StatusGone, "invite.revokedTitle", "invite.revokedHint"
	case show.Expired:
		status, title, hint = http.StatusGone, "invite.expiredTitle", "invite.expiredHint"
	case show.TooMany:
		status, title, hint = http.StatusTooManyRequests, "invite.waitTitle", "invite.waitHint"
	case show.NotFound, show.Invalid:
	default:
		s.log.Error("web: an invite could not be looked up", "error", err)
		status, title, hint = http.StatusInternalServerError, "invite.failedTitle", "invite.failedHint"
	}
	s.render(w, r, status, pageInvite, func(c *catalogue) view {
		return view{Title: c.text(title) + " · Regie", Heading: c.text(title), Hint: c.text(hint)}
	})
}
