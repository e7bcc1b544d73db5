package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

// TestPeopleReachTheStage: what is decided about people is carried out on stages
// that run.
func TestPeopleReachTheStage(t *testing.T) {
	w := &wiring{o: Options{Config: testConfig(t), Version: "test", Logger: slog.New(slog.DiscardHandler)}}
	g, err := w.build()
	if err != nil {
		t.Fatal(err)
	}
	run(t, g)
	ctx := t.Context()
	_, token, ok := strings.Cut(g.SetupLink(), "#")
	if !ok {
		t.Fatalf("the setup link is %q", g.SetupLink())
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	in, err := w.people.Setup(ctx, "127.0.0.1", show.Token(token), "Ana", "clay, fire and patience")
	must(err)
	if g.SetupLink() != "" {
		t.Error("the appliance can be set up twice")
	}
	s, err := w.people.AddSession(ctx, in.Principal, show.NewSession{Title: "Glaze", HostName: "Ana"})
	must(err)
	stage := w.houses.get(s.ID).stage
	names := func() (all []string) {
		for _, p := range stage.Desk().People {
			all = append(all, p.Name)
		}
		return all
	}
	expect := func(want ...string) {
		t.Helper()
		if got := strings.Join(names(), ", "); got != strings.Join(want, ", ") {
			t.Errorf("on the stage are %s, want %s", got, strings.Join(want, ", "))
		}
	}

	invite, link, err := w.people.AddInvite(ctx, in.Principal, s.ID, show.NewInvite{Seat: show.Guest})
	must(err)
	_, err = w.people.Join(ctx, "127.0.0.1", link, "Théo")
	must(err)
	expect("Ana", "Théo")
	told := w.listen(t, s.ID, in.Token)
	title := "Glaze and fire"
	_, err = w.people.ChangeSession(ctx, in.Principal, s.ID, show.SessionPatch{Title: &title})
	must(err)
	if got := stage.Desk().Title; got != title {
		t.Errorf("the stage's title is %q", got)
	}
	told("session", title)

	// A key opens a seat until it is revoked, which ends who came by it.
	key, secret, err := w.people.AddKey(ctx, in.Principal, s.ID, show.NewKey{Seat: show.Guest, Name: "Lou"})
	must(err)
	var ended error
	seat, err := seats{w}.Claim(ingest.Offer{Protocol: ingest.RTMP, Key: secret, Disconnect: func(err error) { ended = err }})
	must(err)
	if seat.Participant != key.Participant || seat.Role != show.Guest {
		t.Errorf("the key opens %+v", seat)
	}
	must(w.people.RevokeKey(ctx, in.Principal, s.ID, key.ID))
	if ended == nil {
		t.Error("who came by the key goes on")
	}
	if _, err := (seats{w}).Claim(ingest.Offer{Protocol: ingest.RTMP, Key: secret}); err == nil {
		t.Error("a revoked key opens a seat")
	}
	expect("Ana", "Théo")

	// A page's token is its person, who may come again at once.
	page := w.people.PublishToken(s.ID, invite.Participant, "ana")
	for range 2 {
		seat, err = seats{w}.Claim(ingest.Offer{Protocol: ingest.WHIP, Key: page, Disconnect: func(error) {}})
		must(err)
	}
	must(w.people.RemovePerson(ctx, in.Principal, s.ID, invite.Participant))
	expect("Ana")
	must(w.people.RemoveSession(ctx, in.Principal, s.ID))
	if w.houses.get(s.ID) != nil {
		t.Error("the session is still open")
	}
}

// listen opens a page's socket on a desk, and checks its first state: the whole of
// it. What it returns waits until a key's value has a text.
func (w *wiring) listen(t *testing.T, id show.SessionID, token show.Token) (told func(key, text string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	socket, _, err := websocket.Dial(ctx, "ws://"+w.addrs.HTTP+"/api/v1/events", &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {"regie=" + string(token)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.CloseNow() })
	say := func(command string) {
		if err := socket.Write(ctx, websocket.MessageText, []byte(command)); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, ok func(frame string) bool) {
		t.Helper()
		for {
			_, frame, err := socket.Read(ctx)
			if err != nil {
				t.Fatalf("%s never came: %v", what, err)
			}
			if ok(string(frame)) {
				return
			}
		}
	}
	say(`{"id":1,"connect":{}}`)
	say(`{"id":2,"subscribe":{"channel":"desk:` + string(id) + `","type":1,"phase":2,"limit":100}}`)
	until("the whole state", func(frame string) bool {
		if !strings.Contains(frame, `"id":2`) {
			return false
		}
		for _, key := range []string{"session", "program", "preview", "overlays", "person/host", "person/guest1"} {
			if !strings.Contains(frame, `"key":"`+key+`"`) {
				t.Errorf("a page that opens is not told of %s: %s", key, frame)
			}
		}
		return true
	})
	return func(key, text string) {
		t.Helper()
		until(key, func(frame string) bool {
			return strings.Contains(frame, `"key":"`+key+`"`) && strings.Contains(frame, text)
		})
	}
}
