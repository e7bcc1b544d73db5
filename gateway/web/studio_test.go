package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// visitors are who opens the pages: one principal, and the invites that there are.
type visitors struct {
	who     show.Principal
	desk    show.SessionID // that they may run
	invites map[show.Token]show.Invitation
	refuses error // of every other invite
}

func (v visitors) Who(*http.Request) show.Principal { return v.who }

func (v visitors) MayDesk(who show.Principal, id show.SessionID) bool {
	return who.Kind != show.Anonymous && v.desk == id
}

func (v visitors) Invitation(_ *http.Request, token show.Token) (show.Invitation, error) {
	if i, ok := v.invites[token]; ok {
		return i, nil
	}
	return show.Invitation{}, v.refuses
}

func TestStudioPages(t *testing.T) {
	ana := show.Principal{Kind: show.Account, Name: "Ana", Role: show.Creator}
	theo := show.Principal{Kind: show.Invitee, Name: "Théo", Role: show.Guest, Session: "studio", Participant: "guest1"}
	links := map[show.Token]show.Invitation{
		"GUEST": {Session: "studio", Title: "Glaze day", Seat: show.Guest, Name: "Théo"},
		"HOST":  {Session: "studio", Title: "Glaze day", Seat: show.Host},
	}
	tests := []struct {
		name     string
		visitors Visitors
		path     string
		status   int
		has      string
		devices  bool
	}{
		{"the host", visitors{who: ana, desk: "studio"}, "/studio/studio", 200, "<h1>Glaze day</h1>", true},
		{"nobody in particular", visitors{}, "/studio/studio", 303, "/signin?next=%2Fstudio%2Fstudio", false},
		{"another's desk", visitors{who: ana, desk: "ink"}, "/studio/studio", 403, "You are signed in as Ana", false},
		{"a guest at the desk", visitors{who: theo}, "/studio/studio", 403, "Open your invite link", false},
		{"no such session", visitors{who: ana, desk: "studio"}, "/studio/nothing", 404, "There is nothing at this address", false},
		{"without accounts", nil, "/studio/studio", 404, "There is nothing at this address", false},
		{"a guest's link", visitors{invites: links}, "/j/GUEST", 200, "You are invited to Glaze day", true},
		{"the host's link", visitors{invites: links}, "/j/HOST", 200, "You are the host", true},
		{"an unknown link", visitors{refuses: &show.Error{Kind: show.NotFound}}, "/j/x", 404, "This invite does not exist", false},
		{"an expired link", visitors{refuses: &show.Error{Kind: show.Expired}}, "/j/x", 410, "This invite has expired", false},
		{"a link that was taken back", visitors{refuses: &show.Error{Kind: show.Gone}}, "/j/x", 410, "This invite was taken back", false},
		{"guessing", visitors{refuses: &show.Error{Kind: show.TooMany}}, "/j/x", 429, "Wait a minute", false},
		{"a broken store", visitors{refuses: errors.New("disk")}, "/j/x", 500, "in a minute", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			glaze := session("studio", "Glaze day", show.Planned, "Ana", "Théo")
			h := newHandler(Options{Sessions: programmeOf{glaze}, Visitors: tt.visitors, Logger: slog.New(slog.DiscardHandler)}, fakeBuild())
			w := get(t, h, tt.path)
			if body := withoutState(w.Body.String()) + w.Header().Get("Location"); w.Code != tt.status || !strings.Contains(body, tt.has) {
				t.Errorf("%d, want %d and %q:\n%s", w.Code, tt.status, tt.has, body)
			}
			if got := strings.Contains(w.Header().Get("Permissions-Policy"), "camera=(self)"); got != tt.devices {
				t.Errorf("the page may ask for a camera: %v, want %v", got, tt.devices)
			}
			if strings.HasPrefix(tt.path, "/j/") && w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Error("the link may leak to where the guest goes next")
			}
		})
	}
}
