package people_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

func TestSessions(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	u, made, err := o.AddUser(ctx, operator, show.NewUser{Name: "Cleo", Role: show.Creator})
	want(t, err, "")
	cleo := must(o.SignIn(ctx, elsewhere, "Cleo", made))(t).Principal
	m := must(o.AddSession(ctx, cleo, show.NewSession{Title: "L'été, enfin !", Ends: noon.Add(time.Hour)}))(t)
	if m.ID != "l-ete-enfin" || m.Owner != u.ID || m.HostName != "Cleo" || m.Declared {
		t.Errorf("%+v", m)
	}
	again := must(o.AddSession(ctx, cleo, show.NewSession{Title: "L'été, enfin !"}))(t)
	o.heard("session l-ete-enfin added with 1", "session l-ete-enfin-2 added with 1")

	for _, bad := range []struct {
		n    show.NewSession
		kind show.ErrorKind
	}{
		{show.NewSession{Title: " "}, show.Invalid},
		{show.NewSession{Title: "X", ID: "Not An ID"}, show.Invalid},
		{show.NewSession{Title: "X", ID: again.ID}, show.Conflict},
		{show.NewSession{Title: "X", ID: "declared"}, show.Conflict},
		{show.NewSession{Title: "X", Starts: noon, Ends: noon}, show.Invalid},
		{show.NewSession{Title: "X", Owner: "another"}, show.Forbidden},
	} {
		_, err := o.AddSession(ctx, cleo, bad.n)
		want(t, err, bad.kind)
	}
	title, host := "Autumn", "Cléo"
	_, err = o.ChangeSession(ctx, cleo, again.ID, show.SessionPatch{Title: &title, HostName: &host})
	want(t, err, "")
	_, err = o.ChangeSession(ctx, operator, "declared", show.SessionPatch{Title: &title})
	want(t, err, show.Conflict)
	_, err = o.ChangeSession(ctx, cleo, "declared", show.SessionPatch{Title: &title})
	want(t, err, show.Forbidden)
	_, err = o.ChangeSession(ctx, operator, "nowhere", show.SessionPatch{Title: &title})
	want(t, err, show.NotFound)
	o.heard("session l-ete-enfin-2 changed: Autumn", "l-ete-enfin-2/host is Cléo")
	if list := must(o.Sessions(ctx, cleo))(t); len(list) != 2 {
		t.Errorf("Cleo manages %+v", list)
	}
	if list := must(o.Sessions(ctx, operator))(t); len(list) != 3 || list[0].ID != "declared" || !list[0].Declared || list[0].HostName != "Ana" {
		t.Errorf("the operator manages %+v", list)
	}
	o.phase[again.ID] = show.Live
	want(t, o.RemoveSession(ctx, cleo, again.ID), show.Conflict)
	o.phase[again.ID] = show.Ended
	want(t, o.RemoveSession(ctx, cleo, again.ID), "")
	want(t, o.RemoveSession(ctx, operator, "declared"), show.Conflict)
	o.heard("session l-ete-enfin-2 removed")

	// An account that goes leaves its sessions to the administrators.
	want(t, o.RemoveUser(ctx, operator, u.ID), "")
	if got := must(o.Session(ctx, operator, m.ID))(t); got.Owner != "" || !got.Ends.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	o.restart(declared)
	if s := o.Stages(); len(s) != 2 || s[0].ID != "declared" || s[1].ID != m.ID || s[1].Participants[0].Name != "Cleo" || !s[1].Ends.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
}

// TestDeclaredSessions: the configuration counts, and forgets nothing.
func TestDeclaredSessions(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	if s, p, ok := o.SeatOf("KEY-OF-THEO"); s != "declared" || p != "guest1" || !ok {
		t.Errorf("%s/%s %v", s, p, ok)
	}
	info, key, err := o.AddKey(ctx, operator, "declared", show.NewKey{Seat: show.Host})
	want(t, err, "")
	_, invite, err := o.AddInvite(ctx, operator, "declared", show.NewInvite{Seat: show.Guest})
	want(t, err, "")
	o.heard("declared/guest4 added: Guest 4") // the file may name three
	keys := must(o.Keys(ctx, operator, "declared"))(t)
	if len(keys) != 3 || !keys[0].Declared || !keys[1].Declared || keys[2].ID != info.ID || keys[0].Name != "Théo" {
		t.Errorf("%+v", keys)
	}
	want(t, o.RevokeKey(ctx, operator, "declared", keys[0].ID), show.Conflict)
	want(t, o.RemovePerson(ctx, operator, "declared", "guest1"), show.Conflict)
	want(t, o.Rename(ctx, operator, "declared", "guest1", "Theodor"), show.Conflict)

	o.restart(nil) // not declared any more
	if _, _, ok := o.SeatOf(key); ok || len(o.Stages()) != 0 {
		t.Error("it is still there")
	}
	_, err = o.Invitation(ctx, elsewhere, invite)
	want(t, err, show.NotFound)
	_, err = o.AddSession(ctx, operator, show.NewSession{ID: "declared", Title: "Taken over", HostName: "Eve"})
	want(t, err, show.Conflict)

	o.restart(declared[:1])
	if _, p, ok := o.SeatOf(key); !ok || p != "host" {
		t.Error("the key is lost")
	}
	if people := o.Stages()[0].Participants; len(people) != 3 || people[0].Key != "KEY-OF-ANA" || people[1].Gain != 2 || !people[1].Direct || people[2].Direct {
		t.Errorf("%+v", people)
	}
}

func TestKeys(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	id := o.studio(operator)
	old, oldKey, err := o.AddKey(ctx, operator, id, show.NewKey{Seat: show.Host})
	want(t, err, "")
	_, newKey, err := o.AddKey(ctx, operator, id, show.NewKey{Seat: show.Host})
	want(t, err, "")
	o.now = o.now.Add(time.Second)
	mei, meiKey, err := o.AddKey(ctx, operator, id, show.NewKey{Seat: show.Guest, Name: "Mei"})
	want(t, err, "")
	_, _, err = o.AddKey(ctx, operator, id, show.NewKey{Participant: mei.Participant})
	want(t, err, "")
	o.heard("studio/guest1 added: Mei")
	for _, n := range []show.NewKey{{}, {Seat: show.Admin}, {Seat: show.Host, Participant: mei.Participant}} {
		_, _, err := o.AddKey(ctx, operator, id, n)
		want(t, err, show.Invalid)
	}
	o.now = noon.Add(time.Minute)
	for _, k := range []show.StreamKey{oldKey, newKey, meiKey} {
		if s, _, ok := o.SeatOf(k); !ok || s != id || len(k) < 26 {
			t.Errorf("a key opens %q", s)
		}
	}
	want(t, o.RevokeKey(ctx, operator, id, old.ID), "")
	want(t, o.RevokeKey(ctx, operator, id, old.ID), show.NotFound)
	o.heard("studio/host key revoked")
	if _, _, ok := o.SeatOf(oldKey); ok {
		t.Error("a revoked key opens")
	}
	// A guest goes with the last that brings them in.
	want(t, o.RevokeKey(ctx, operator, id, mei.ID), "")
	o.heard("studio/guest1 key revoked")
	last := must(o.Keys(ctx, operator, id))(t)
	if len(last) != 2 || !last[0].LastUsed.Equal(o.now) || last[1].Participant != mei.Participant {
		t.Fatalf("%+v", last)
	}
	want(t, o.RevokeKey(ctx, operator, id, last[1].ID), "")
	o.heard("studio/guest1 key revoked", "studio/guest1 removed: your stream key was revoked; ask the host for another")

	over, stop := context.WithCancel(ctx)
	stop()
	want(t, o.Run(over), "") // it notes uses before it ends
	o.restart(declared)
	if k := must(o.Keys(ctx, operator, id))(t); len(k) != 1 || !k[0].LastUsed.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", k)
	}
	if _, _, ok := o.SeatOf(meiKey); ok {
		t.Error("a restart brought a revoked key back")
	}
	next, _, err := o.AddKey(ctx, operator, id, show.NewKey{Seat: show.Guest})
	if err != nil || next.Participant != "guest2" {
		t.Errorf("somebody got the id of who was removed: %+v (%v)", next, err)
	}
}

func TestPublishTokens(t *testing.T) {
	o := newOffice(t)
	id := o.studio(operator)
	var all []show.StreamKey
	for range 5 {
		all = append(all, o.PublishToken(id, "host", "ana"))
	}
	for i, k := range all {
		if s, p, ok := o.SeatOf(k); ok != (i > 0) || ok && (s != id || p != "host" || len(k) < 26) {
			t.Errorf("token %d: %s/%s %v", i, s, p, ok)
		}
	}
	screen := o.PublishToken(id, "host-screen", "ana")
	if _, p, ok := o.SeatOf(screen); !ok || p != "host-screen" {
		t.Errorf("a screen's token opens %q", p)
	}
	if o.Publisher(screen) != "ana" || o.Publisher("KEY-OF-THEO") != "" || o.Publisher("") != "" {
		t.Error("a page's token and an encoder's key are not told apart")
	}
	if o.PublishToken(id, "guest1", "ana") != "" || o.PublishToken("nowhere", "host", "ana") != "" {
		t.Error("a token for nobody")
	}
	o.now = o.now.Add(24 * time.Hour)
	if _, _, ok := o.SeatOf(screen); ok {
		t.Error("a token lasts for ever")
	}
}

func TestLogo(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	id := o.studio(operator)
	coded := func(w, h int) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := coded(1024, 10)
	want(t, o.SetLogo(ctx, operator, id, good), "")
	o.heard("session studio changed: Studio")
	if got := must(o.Logo(ctx, id))(t); !bytes.Equal(got, good) || !must(o.Session(ctx, operator, id))(t).Logo {
		t.Error("it came back different")
	}
	for _, bad := range [][]byte{nil, []byte("GIF89a"), coded(1025, 1), good[:len(good)-20], make([]byte, 256<<10+1)} {
		want(t, o.SetLogo(ctx, operator, id, bad), show.Invalid)
	}
	want(t, o.SetLogo(ctx, show.Principal{}, id, good), show.SignedOut)
	want(t, o.RemoveLogo(ctx, operator, id), "")
	if must(o.Logo(ctx, id))(t) != nil || must(o.Session(ctx, operator, id))(t).Logo {
		t.Error("it is still there")
	}
}

// TestWhoMay: every method that changes or shows something asks; the rules are
// package auth's.
func TestWhoMay(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	id := o.studio(operator)
	_, hostInvite, err := o.AddInvite(ctx, operator, id, show.NewInvite{Seat: show.Host})
	want(t, err, "")
	host := must(o.Join(ctx, elsewhere, hostInvite, "Bo"))(t).Principal
	_, guestInvite, err := o.AddInvite(ctx, host, id, show.NewInvite{Seat: show.Guest})
	want(t, err, "")
	guest := must(o.Join(ctx, elsewhere, guestInvite, "Mei"))(t).Principal
	acts := map[string]func(show.Principal) error{
		"users":    func(p show.Principal) error { _, err := o.Users(ctx, p); return err },
		"add user": func(p show.Principal) error { _, _, err := o.AddUser(ctx, p, show.NewUser{}); return err },
		"change user": func(p show.Principal) error {
			_, err := o.ChangeUser(ctx, p, "x", show.UserPatch{})
			return err
		},
		"remove user":    func(p show.Principal) error { return o.RemoveUser(ctx, p, "x") },
		"audit":          func(p show.Principal) error { _, err := o.Audit(ctx, p); return err },
		"add session":    func(p show.Principal) error { _, err := o.AddSession(ctx, p, show.NewSession{}); return err },
		"change session": func(p show.Principal) error { _, err := o.ChangeSession(ctx, p, id, show.SessionPatch{}); return err },
		"remove session": func(p show.Principal) error { return o.RemoveSession(ctx, p, id) },
		"keys":           func(p show.Principal) error { _, err := o.Keys(ctx, p, id); return err },
		"add key":        func(p show.Principal) error { _, _, err := o.AddKey(ctx, p, id, show.NewKey{}); return err },
		"revoke key":     func(p show.Principal) error { return o.RevokeKey(ctx, p, id, "x") },
		"invites":        func(p show.Principal) error { _, err := o.Invites(ctx, p, id); return err },
		"add invite":     func(p show.Principal) error { _, _, err := o.AddInvite(ctx, p, id, show.NewInvite{}); return err },
		"revoke invite":  func(p show.Principal) error { return o.RevokeInvite(ctx, p, id, "x") },
		"remove person":  func(p show.Principal) error { return o.RemovePerson(ctx, p, id, "nobody") },
		"rename another": func(p show.Principal) error { return o.Rename(ctx, p, id, "guest9", "X") },
		"logo":           func(p show.Principal) error { return o.SetLogo(ctx, p, id, nil) },
		"remove logo":    func(p show.Principal) error { return o.RemoveLogo(ctx, p, id) },
	}
	desk := map[string]bool{"keys": true, "invites": true, "add invite": true, "revoke invite": true,
		"remove person": true, "rename another": true, "logo": true, "remove logo": true}
	for name, act := range acts {
		for who, p := range map[string]show.Principal{"host": host, "guest": guest,
			"moderator":      {Kind: show.Account, Role: show.Moderator, User: "m"},
			"another's host": {Kind: show.Invitee, Role: show.Host, Session: "declared", Participant: "host"}} {
			kind := show.KindOf(act(p))
			if may := who == "host" && desk[name] || who == "moderator" && name == "remove person"; may == (kind == show.Forbidden) {
				t.Errorf("%s: %s says %q", who, name, kind)
			}
		}
		want(t, act(show.Principal{}), show.SignedOut)
	}
	want(t, o.Rename(ctx, guest, id, guest.Participant, "Mei Lin"), "")
	if p, ok := o.ParticipantOf(guest, id); !ok || p != guest.Participant {
		t.Errorf("%s %v", p, ok)
	}
	if p, ok := o.ParticipantOf(show.Principal{Kind: show.Account, Role: show.Admin, User: "a"}, id); !ok || p != "host" {
		t.Errorf("an administrator hosts what nobody owns: %s %v", p, ok)
	}
	if _, ok := o.ParticipantOf(guest, "declared"); ok {
		t.Error("a guest of one session is on another's stage")
	}
}
