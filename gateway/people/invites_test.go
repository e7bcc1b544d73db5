package people_test

import (
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// TestInviteStates walks an invite through all that can happen to it.
func TestInviteStates(t *testing.T) {
	type hands struct {
		*office
		id     show.SessionID
		invite show.InviteInfo
		cookie show.Token
	}
	for name, test := range map[string]struct {
		unused bool
		then   func(h hands) error
		joins  show.ErrorKind // what joining says then
		in     bool           // whether who joined is still signed in
	}{
		"new":              {then: func(hands) error { return nil }, in: true},
		"at its last hour": {then: func(h hands) error { h.now = noon.Add(23 * time.Hour); return nil }, in: true},
		"expired":          {then: func(h hands) error { h.now = noon.Add(24 * time.Hour); return nil }, joins: show.Expired},
		"expired on air": {then: func(h hands) error {
			h.now, h.phase[h.id] = noon.Add(24*time.Hour), show.Live
			return nil
		}, in: true},
		"expired on air, unused": {unused: true, then: func(h hands) error {
			h.now, h.phase[h.id] = noon.Add(24*time.Hour), show.Live
			return nil
		}, joins: show.Expired},
		"revoked": {then: func(h hands) error { return h.RevokeInvite(h.t.Context(), operator, h.id, h.invite.ID) }, joins: show.Gone},
		"revoked on air": {then: func(h hands) error {
			h.phase[h.id] = show.Live
			return h.RevokeInvite(h.t.Context(), operator, h.id, h.invite.ID)
		}, joins: show.Gone},
		"removed":         {then: func(h hands) error { return h.RemovePerson(h.t.Context(), operator, h.id, h.invite.Participant) }, joins: show.Gone},
		"session deleted": {then: func(h hands) error { return h.RemoveSession(h.t.Context(), operator, h.id) }, joins: show.NotFound},
		"signed out":      {then: func(h hands) error { return h.SignOut(h.t.Context(), h.cookie) }},
		"restart":         {then: func(h hands) error { h.restart(declared); return nil }, in: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			ctx := t.Context()
			id := o.studio(operator)
			info, token, err := o.AddInvite(ctx, operator, id, show.NewInvite{Seat: show.Guest})
			if err != nil || len(token) < 26 || !info.Expires.Equal(noon.Add(24*time.Hour)) {
				t.Fatalf("%+v (%v)", info, err)
			}
			h := hands{office: o, id: id, invite: info}
			if !test.unused {
				in := must(o.Join(ctx, elsewhere, token, " Mei "))(t)
				h.cookie = in.Token
				if me := o.who(in.Token); me.Name != "Mei" || me.Role != show.Guest || me.Session != id || me.Participant != "guest1" || me.Kind != show.Invitee {
					t.Errorf("%+v", me)
				}
			}
			if err := test.then(h); err != nil {
				t.Fatal(err)
			}
			if in := o.who(h.cookie).Kind == show.Invitee; in != test.in {
				t.Errorf("signed in: %v", in)
			}
			_, err = o.Invitation(ctx, elsewhere, token)
			want(t, err, test.joins)
			_, err = o.Join(ctx, elsewhere, token, "Mei")
			want(t, err, test.joins)
		})
	}
}

func TestInvites(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	id := o.studio(operator)
	ends := noon.Add(3 * time.Hour)
	_, err := o.ChangeSession(ctx, operator, id, show.SessionPatch{Ends: &ends})
	want(t, err, "")
	first, token, err := o.AddInvite(ctx, operator, id, show.NewInvite{Seat: show.Guest, Name: "Mei"})
	if err != nil || !first.Expires.Equal(ends.Add(30*time.Minute)) {
		t.Fatalf("%+v (%v)", first, err)
	}
	second, beside, err := o.AddInvite(ctx, operator, id, show.NewInvite{Participant: first.Participant, ExpiresIn: 60})
	if err != nil || second.Participant != first.Participant || !second.Expires.Equal(noon.Add(time.Minute)) {
		t.Fatalf("%+v (%v)", second, err)
	}
	for _, bad := range []show.NewInvite{{}, {Seat: show.Viewer}, {Seat: show.Guest, ExpiresIn: -1}, {Seat: show.Guest, ExpiresIn: 1 << 40}} {
		_, _, err := o.AddInvite(ctx, operator, id, bad)
		want(t, err, show.Invalid)
	}
	o.told = nil
	at := must(o.Invitation(ctx, elsewhere, token))(t)
	if at.Title != "Studio" || at.Name != "Mei" || at.Seat != show.Guest || at.Session != id {
		t.Errorf("%+v", at)
	}
	must(o.Join(ctx, elsewhere, beside, "Mei Lin"))(t)
	in := must(o.Join(ctx, elsewhere, token, "Mei Lin"))(t)
	publish := o.PublishToken(id, first.Participant, "ana")
	screen := o.PublishToken(id, first.Participant.Screen(), "ana")
	o.heard("studio/guest1 is Mei Lin")

	// The old one goes, the new one stays, and so does she.
	want(t, o.RevokeInvite(ctx, operator, id, second.ID), "")
	if o.who(in.Token).Name != "Mei Lin" {
		t.Error("the other invite's sign-in ended")
	}
	if len(o.told) != 3 || o.told[2] != "studio/guest1 page closed: your invite was revoked; ask the host for another" {
		t.Errorf("%q", o.told)
	}
	for _, k := range []show.StreamKey{publish, screen, ""} {
		if _, _, ok := o.SeatOf(k); ok {
			t.Error("what she sent with still opens")
		}
	}
	o.told = nil
	publish = o.PublishToken(id, first.Participant, "ana")
	want(t, o.RemovePerson(ctx, operator, id, first.Participant), "")
	o.heard("studio/guest1 key revoked", "studio/guest1 removed: the host removed you from this session")
	if _, _, ok := o.SeatOf(publish); ok || o.PublishToken(id, first.Participant, "ana") != "" {
		t.Error("who was removed may publish")
	}
	want(t, o.RemovePerson(ctx, operator, id, "host"), show.Conflict)

	// Whose invite runs out is taken away, unless a key brings them in.
	_, _, err = o.AddInvite(ctx, operator, id, show.NewInvite{Seat: show.Guest, Name: "Lou", ExpiresIn: 60})
	want(t, err, "")
	kim, _, err := o.AddInvite(ctx, operator, id, show.NewInvite{Seat: show.Guest, Name: "Kim", ExpiresIn: 60})
	want(t, err, "")
	_, _, err = o.AddKey(ctx, operator, id, show.NewKey{Participant: kim.Participant})
	want(t, err, "")
	o.told, o.now = nil, noon.Add(time.Minute)
	o.Tidy(ctx)
	o.heard("studio/guest2 removed: your invite has expired; ask the host for another")
	log := must(o.Audit(ctx, operator))(t)
	if len(log) < 5 || log[0].Act != "person.expire" || log[0].By != "regie" || log[0].Of != "Lou" {
		t.Errorf("%+v", log[0])
	}
}

func TestSixteenPeople(t *testing.T) {
	o := newOffice(t)
	id := o.studio(operator)
	for range 15 {
		_, _, err := o.AddInvite(t.Context(), operator, id, show.NewInvite{Seat: show.Guest})
		want(t, err, "")
	}
	_, _, err := o.AddInvite(t.Context(), operator, id, show.NewInvite{Seat: show.Guest})
	want(t, err, show.Conflict)
}
