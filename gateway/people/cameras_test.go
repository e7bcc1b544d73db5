package people_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

const secretAddress = "rtsp://u:SECRET@cam.example:8554/SECRET?pw=SECRET"

func TestCameras(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	id := o.studio(operator)
	for _, n := range []show.NewCamera{{Address: secretAddress}, {Name: "Roof"}, {Name: "Roof", Address: "http://u:SECRET@cam/"},
		{Name: "Roof", Address: "rtsp://u:SEC#RET@cam/"}, {Name: "Roof", Address: "rtsp://:554/SECRET"}, {Name: "Roof", Address: "rtsp://cam/" + strings.Repeat("x", 1024)}} {
		_, err := o.AddCamera(ctx, operator, id, n)
		want(t, err, show.Invalid)
		if strings.Contains(err.Error(), "SEC") {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
	roof := must(o.AddCamera(ctx, operator, id, show.NewCamera{Name: " Roof ", Address: secretAddress}))(t)
	o.heard("studio/guest1 added: Roof")
	if roof.Participant != "guest1" || roof.Name != "Roof" || roof.Address != "rtsp://cam.example:8554" {
		t.Errorf("%+v", roof)
	}

	o.restart(declared) // a kill is no worse: it was on the disk when it was acknowledged
	list := must(o.Cameras(ctx, operator, id))(t)
	if len(list) != 1 || list[0] != roof || strings.Contains(fmt.Sprintf("%v %+v %#v", list, list, list), "SECRET") {
		t.Errorf("%+v", list)
	}
	stage := o.Stages()[1]
	p := stage.Participants[1]
	if string(p.Source) != secretAddress || p.Reach != show.Private || p.Direct {
		t.Errorf("the stage has %+v", p)
	}
	if words := fmt.Sprintf("%v %+v %#v %s %q", stage, stage, stage, p.Source, p.Source); strings.Contains(words, "SECRET") {
		t.Errorf("a secret is printed: %s", words)
	}

	// An invite that ends does not take a camera with it.
	invite, _, err := o.AddInvite(ctx, operator, id, show.NewInvite{Participant: roof.Participant})
	want(t, err, "")
	want(t, o.RevokeInvite(ctx, operator, id, invite.ID), "")
	o.heard()
	for range 3 {
		_, err := o.AddCamera(ctx, operator, id, show.NewCamera{Name: "More", Address: secretAddress})
		want(t, err, "")
	}
	_, err = o.AddCamera(ctx, operator, id, show.NewCamera{Name: "Too many", Address: secretAddress})
	want(t, err, show.Conflict)
	o.told = nil

	want(t, o.RemoveCamera(ctx, operator, id, "host"), show.NotFound)
	want(t, o.RemoveCamera(ctx, operator, id, roof.Participant), "")
	want(t, o.RemoveCamera(ctx, operator, id, roof.Participant), show.NotFound)
	o.heard("studio/guest1 removed: the host removed you from this session")
	want(t, o.RemovePerson(ctx, operator, id, "guest2"), "") // at the desk
	o.restart(declared)
	if list := must(o.Cameras(ctx, operator, id))(t); len(list) != 2 || list[0].Participant != "guest3" {
		t.Errorf("%+v", list)
	}
}

// How far an address may lead is decided by who gives it, and stays so.
func TestReachOfCameras(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	_, _, err := o.AddUser(ctx, operator, show.NewUser{Name: "Cleo", Role: show.Creator, Password: password})
	want(t, err, "")
	cleo := must(o.SignIn(ctx, elsewhere, "Cleo", password))(t).Principal
	_, _, err = o.AddUser(ctx, operator, show.NewUser{Name: "Iris", Role: show.Admin, Password: password})
	want(t, err, "")
	iris := must(o.SignIn(ctx, elsewhere, "Iris", password))(t).Principal
	own, other := o.studio(cleo), must(o.AddSession(ctx, iris, show.NewSession{Title: "Other", HostName: "Iris"}))(t).ID

	var asked []show.Reach
	o.CheckSources(func(u *url.URL, r show.Reach) error {
		asked = append(asked, r)
		if u.Hostname() == "10.0.0.9" && r == show.Public {
			return &show.Error{Kind: show.Invalid, Detail: "inside"}
		}
		return nil
	})
	inside := show.NewCamera{Name: "Door", Address: "rtsp://10.0.0.9/1"}
	_, err = o.AddCamera(ctx, cleo, own, inside)
	want(t, err, show.Invalid)
	_, err = o.AddCamera(ctx, cleo, own, show.NewCamera{Name: "Street", Address: "rtsp://cam.example/1"})
	want(t, err, "")
	_, err = o.AddCamera(ctx, iris, own, inside)
	want(t, err, "")
	if fmt.Sprint(asked) != fmt.Sprint([]show.Reach{show.Public, show.Public, show.Private}) {
		t.Errorf("asked for the reaches %q", asked)
	}
	for _, s := range o.Stages() {
		if s.ID == own && (s.Participants[1].Reach != show.Public || s.Participants[2].Reach != show.Private) {
			t.Errorf("%+v", s.Participants)
		}
	}
	_, err = o.AddCamera(ctx, cleo, other, inside)
	want(t, err, show.Forbidden)
	_, err = o.Cameras(ctx, cleo, other)
	want(t, err, show.Forbidden)
	want(t, o.RemoveCamera(ctx, cleo, other, "guest1"), show.Forbidden)

	_, link, err := o.AddInvite(ctx, cleo, own, show.NewInvite{Seat: show.Host})
	want(t, err, "")
	host := must(o.Join(ctx, elsewhere, link, "Bo"))(t).Principal
	_, err = o.AddCamera(ctx, host, own, inside)
	want(t, err, show.Forbidden)
	_, err = o.Cameras(ctx, host, own)
	want(t, err, show.Forbidden)
	_, err = o.Cameras(ctx, show.Principal{}, own)
	want(t, err, show.SignedOut)
}
