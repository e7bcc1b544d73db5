package gateway

import (
	"log/slog"
	"strings"
	"testing"

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
	title := "Glaze and fire"
	_, err = w.people.ChangeSession(ctx, in.Principal, s.ID, show.SessionPatch{Title: &title})
	must(err)
	if got := stage.Desk().Title; got != title {
		t.Errorf("the stage's title is %q", got)
	}

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
	page := w.people.PublishToken(s.ID, invite.Participant)
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
