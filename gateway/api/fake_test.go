package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

var quiet = slog.New(slog.DiscardHandler)

type shown []show.SessionView

func (s shown) List() []show.SessionView { return s }

func (s shown) Get(id show.SessionID) (show.SessionView, bool) {
	i := slices.IndexFunc(s, func(v show.SessionView) bool { return v.ID == id })
	if i < 0 {
		return show.SessionView{}, false
	}
	return s[i], true
}

var studio = show.NewSessionView(show.Session{
	ID: "studio", Title: "First session",
	Participants: []show.Participant{{ID: "host", Name: "Ana", Role: show.Host}},
}, show.Live, []show.ParticipantID{"host"})

// company is an appliance with two sessions and one person of every kind, each
// known by a token that is their name. Its rules are those of package auth.
type company struct {
	People // what a test does not need is not there
	err    error

	mu     sync.Mutex
	done   []string // what was asked of people and stages
	kicked []show.Principal
	said   []Message
	with   []show.ParticipantID
}

var persons = map[show.Token]show.Principal{
	"admin":     {Kind: show.Account, User: "u-admin", Name: "Root", Role: show.Admin},
	"creator":   {Kind: show.Account, User: "u-creator", Name: "Ana", Role: show.Creator}, // owns studio
	"stranger":  {Kind: show.Account, User: "u-stranger", Name: "Eve", Role: show.Creator},
	"moderator": {Kind: show.Account, User: "u-mod", Name: "Mod", Role: show.Moderator},
	"host":      {Kind: show.Invitee, Session: "studio", Participant: "host", Name: "Ana", Role: show.Host},
	"guest":     {Kind: show.Invitee, Session: "studio", Participant: "guest1", Name: "Théo", Role: show.Guest},
	"elsewhere": {Kind: show.Invitee, Session: "other", Participant: "host", Name: "Lou", Role: show.Host},
}

func (c *company) note(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, what)
	return c.err
}

func (c *company) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.done) == 0 {
		return ""
	}
	return c.done[len(c.done)-1]
}

func (c *company) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = nil
}

func (c *company) Who(_ context.Context, t show.Token) (show.Principal, time.Time, error) {
	if t == "broken" {
		return show.Principal{}, time.Time{}, errors.New("the disk is on fire at /var/secret")
	}
	if t == "panic" {
		panic("at the disco")
	}
	return persons[t], time.Now().Add(time.Hour), nil
}

func (c *company) May(p show.Principal, perm show.Permission, of show.SessionID) bool {
	own := p.User == "u-creator" && of == "studio"
	switch {
	case perm == show.MayRead:
		return true
	case p.Kind == show.Invitee:
		return p.Session == of && (perm == show.MayStage || perm == show.MayDesk && p.Role == show.Host)
	case p.Role == show.Admin:
		return perm != show.MayStage
	case p.Role == show.Creator:
		return own && perm != show.MayUsers && perm != show.MayModerate || perm == show.MaySessions && of == ""
	case p.Role == show.Moderator:
		return perm == show.MayModerate
	}
	return false
}

func (c *company) Permissions(p show.Principal) []show.Permission {
	if p.Role == show.Admin {
		return []show.Permission{show.MayUsers, show.MayDesk}
	}
	return nil
}

func (c *company) ParticipantOf(p show.Principal, of show.SessionID) (show.ParticipantID, bool) {
	if p.User == "u-creator" && of == "studio" {
		return "host", true
	}
	return p.Participant, p.Kind == show.Invitee && p.Session == of
}

func (c *company) Note(_ context.Context, _ show.Principal, act string, of show.SessionID, _ string) {
	_ = c.note("note " + act + " " + string(of))
}
func (c *company) Audit(context.Context, show.Principal) ([]show.AuditEntry, error) {
	return nil, c.note("audit")
}
func (c *company) SetupOpen() bool { return true }

var until = time.Now().Add(time.Hour)

func (c *company) Setup(_ context.Context, remote string, token show.Token, name, password string) (show.SignedIn, error) {
	return show.SignedIn{Token: "fresh", Expires: until, Principal: persons["admin"]}, c.note("setup " + remote + " " + string(token) + " " + name + " " + password)
}

func (c *company) SignIn(_ context.Context, remote, name, password string) (show.SignedIn, error) {
	return show.SignedIn{Token: "fresh", Expires: until, Principal: persons["creator"]}, c.note("signin " + remote + " " + name + " " + password)
}
func (c *company) SignOut(_ context.Context, t show.Token) error {
	return c.note("signout " + string(t))
}
func (c *company) ChangePassword(_ context.Context, _ show.Principal, keep show.Token, old, password string) error {
	return c.note("password " + string(keep) + " " + old + " " + password)
}
func (c *company) Users(context.Context, show.Principal) ([]show.User, error) {
	return nil, c.note("users")
}
func (c *company) AddUser(_ context.Context, _ show.Principal, n show.NewUser) (show.User, string, error) {
	return show.User{ID: "u9", Name: n.Name, Role: n.Role}, "made-for-you", c.note("adduser " + n.Name)
}
func (c *company) ChangeUser(_ context.Context, _ show.Principal, id show.UserID, _ show.UserPatch) (show.User, error) {
	return show.User{ID: id}, c.note("changeuser " + string(id))
}
func (c *company) RemoveUser(_ context.Context, _ show.Principal, id show.UserID) error {
	return c.note("removeuser " + string(id))
}
func (c *company) Sessions(context.Context, show.Principal) ([]show.Managed, error) {
	return nil, c.note("sessions")
}
func (c *company) Session(_ context.Context, _ show.Principal, id show.SessionID) (show.Managed, error) {
	return show.Managed{ID: id}, c.note("session " + string(id))
}
func (c *company) AddSession(_ context.Context, _ show.Principal, n show.NewSession) (show.Managed, error) {
	return show.Managed{ID: "new", Title: n.Title}, c.note("addsession " + n.Title)
}
func (c *company) ChangeSession(_ context.Context, _ show.Principal, id show.SessionID, _ show.SessionPatch) (show.Managed, error) {
	return show.Managed{ID: id}, c.note("changesession " + string(id))
}
func (c *company) RemoveSession(_ context.Context, _ show.Principal, id show.SessionID) error {
	return c.note("removesession " + string(id))
}
func (c *company) Logo(context.Context, show.SessionID) ([]byte, error) {
	return []byte("png"), c.note("logo")
}
func (c *company) SetLogo(_ context.Context, _ show.Principal, _ show.SessionID, png []byte) error {
	return c.note("setlogo " + string(png[:min(len(png), 8)]))
}
func (c *company) RemoveLogo(context.Context, show.Principal, show.SessionID) error {
	return c.note("removelogo")
}
func (c *company) Keys(context.Context, show.Principal, show.SessionID) ([]show.KeyInfo, error) {
	return []show.KeyInfo{{ID: "k1", Participant: "host"}}, c.note("keys")
}
func (c *company) AddKey(_ context.Context, _ show.Principal, _ show.SessionID, n show.NewKey) (show.KeyInfo, show.StreamKey, error) {
	return show.KeyInfo{ID: "k2"}, "THE-NEW-KEY", c.note("addkey " + string(n.Seat))
}
func (c *company) RevokeKey(_ context.Context, _ show.Principal, _ show.SessionID, k show.KeyID) error {
	return c.note("revokekey " + string(k))
}
func (c *company) Cameras(context.Context, show.Principal, show.SessionID) ([]show.Camera, error) {
	return []show.Camera{{Participant: "guest4", Name: "Roof"}}, c.note("cameras")
}
func (c *company) AddCamera(_ context.Context, _ show.Principal, _ show.SessionID, n show.NewCamera) (show.Camera, error) {
	return show.Camera{Participant: "guest4", Name: n.Name}, c.note("addcamera " + n.Name)
}
func (c *company) RemoveCamera(_ context.Context, _ show.Principal, _ show.SessionID, p show.ParticipantID) error {
	return c.note("removecamera " + string(p))
}
func (c *company) Invites(context.Context, show.Principal, show.SessionID) ([]show.InviteInfo, error) {
	return []show.InviteInfo{{ID: "i1", Participant: "guest1"}}, c.note("invites")
}
func (c *company) AddInvite(_ context.Context, _ show.Principal, _ show.SessionID, n show.NewInvite) (show.InviteInfo, show.Token, error) {
	return show.InviteInfo{ID: "i2", Seat: n.Seat}, "THE-INVITE", c.note("addinvite")
}
func (c *company) RevokeInvite(_ context.Context, _ show.Principal, _ show.SessionID, i show.InviteID) error {
	return c.note("revokeinvite " + string(i))
}
func (c *company) Invitation(_ context.Context, _ string, t show.Token) (show.Invitation, error) {
	return show.Invitation{Session: "studio"}, c.note("invitation " + string(t))
}
func (c *company) Join(_ context.Context, _ string, t show.Token, name string) (show.SignedIn, error) {
	return show.SignedIn{Token: "fresh", Expires: until, Principal: persons["guest"]}, c.note("join " + string(t) + " " + name)
}
func (c *company) Rename(_ context.Context, _ show.Principal, _ show.SessionID, p show.ParticipantID, name string) error {
	return c.note("rename " + string(p) + " " + name)
}
func (c *company) RemovePerson(_ context.Context, _ show.Principal, _ show.SessionID, p show.ParticipantID) error {
	return c.note("removeperson " + string(p))
}
func (c *company) PublishToken(_ show.SessionID, p show.ParticipantID, _ string) show.StreamKey {
	return "BEARER-OF-" + show.StreamKey(p)
}

// set is the stage of studio.
type set struct{ *company }

func (s set) Desk() show.Desk {
	return show.Desk{ID: "studio", People: []show.Person{{ID: "host", Name: "Ana"}, {ID: "guest1", Name: "Théo on stage"}, {ID: "guest1-screen", Of: "guest1"}}}
}
func (s set) Move(id show.ParticipantID, to show.Place, byDesk bool) error {
	return s.note("move " + string(id) + " " + string(to) + by(byDesk))
}
func (s set) Adjust(id show.ParticipantID, _ show.Adjustment, byDesk bool) error {
	return s.note("adjust " + string(id) + by(byDesk))
}
func (s set) Prepare(show.LookPatch) error { return s.note("prepare") }
func (s set) Take(fade bool) error {
	if fade {
		return s.note("take with fade")
	}
	return s.note("take")
}
func (s set) Slate(k show.SlateKind) error { return s.note("slate " + string(k)) }
func (s set) Overlay(p show.OverlayPatch) error {
	switch {
	case p.LowerThird == nil:
		return s.note("overlay")
	case *p.LowerThird == show.LowerThird{}:
		return s.note("overlay without lower third")
	}
	return s.note("overlay with " + p.LowerThird.Title)
}
func (s set) Start(cause string) error { return s.note("start " + cause) }
func (s set) End(cause string) error   { return s.note("end " + cause) }

func by(desk bool) string {
	if desk {
		return " by the desk"
	}
	return ""
}

func (c *company) options() Options {
	answer := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	return Options{
		Sessions: shown{studio, {ID: "other"}}, People: c, Event: plan{c}, Shop: stall{c}, Moderation: ward{c}, Rooms: hall{c}, Webhooks: pigeons{c}, Logger: quiet,
		Stage:  func(id show.SessionID) (Stage, bool) { return set{c}, id == "studio" },
		Beacon: answer(http.StatusNoContent), Events: answer(http.StatusUpgradeRequired),
		Kick: func(p ...show.Principal) { c.kicked = append(c.kicked, p...) },
		Say: func(_ show.SessionID, with show.ParticipantID, m Message) {
			c.said, c.with = append(c.said, m), append(c.with, with)
		},
		Return: func(w http.ResponseWriter, _ *http.Request, of show.SessionID, as show.ParticipantID, role show.Role) {
			_ = c.note("return " + string(of) + " " + string(as) + " " + string(role))
			w.WriteHeader(http.StatusCreated)
		},
		ICE: func(show.SessionID, show.ParticipantID) []show.ICEServer {
			return []show.ICEServer{{URLs: []string{"turn:here"}, Username: "u"}}
		},
		Health:   func(show.SessionID) any { return []int{} },
		Refusals: func(show.SessionID) []Refusal { return []Refusal{} },
		Profile:  func(p ProfileRequest) ([]byte, error) { return []byte("PK " + p.Protocol + " " + p.Key), nil },
	}
}

// serve runs the API of c behind a real server.
func serve(t *testing.T, c *company) string {
	t.Helper()
	s := httptest.NewServer(Handler(c.options()))
	t.Cleanup(s.Close)
	return s.URL
}

// answer is what came back.
type answer struct {
	*http.Response
	text string
}

// ask sends a request as who; a body is JSON unless headers say otherwise.
func ask(t *testing.T, url, who, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Cookie", "regie="+who)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(b)}
}
