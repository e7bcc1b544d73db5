package stage

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// TestGuestWalksToTheStageAndBack is the green room from invite to removal.
func TestGuestWalksToTheStageAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.at("host", show.OnAir)
		u.ok(u.Start("desk"))
		u.at("Théo", show.Invited)
		u.no(show.Conflict, u.Move("Théo", show.OnAir, true)) // nobody there yet
		u.ok(u.Move("Théo", show.Checking, false))
		u.no(show.Forbidden, u.Move("Théo", show.Backstage, false))
		u.ok(u.Move("Théo", show.Waiting, false))
		guest := u.comes("Théo")
		u.at("Théo", show.Waiting)
		u.shows("host") // nobody sees a guest before the host lets them in
		if v := u.View(); len(v.Session.Participants) != 1 || len(v.OnAir) != 1 {
			t.Errorf("the public sees a guest who waits: %+v", v)
		}
		u.ok(u.Move("Théo", show.Backstage, true))
		u.shows("host")
		u.ok(u.Move("Théo", show.OnAir, true))
		u.shows("host Théo")
		if v := u.View(); len(v.Session.Participants) != 2 || len(v.OnAir) != 2 {
			t.Errorf("the public does not see who is on air: %+v", v)
		}
		guest.Close(errors.New("network"))
		time.Sleep(59 * time.Second)
		u.at("Théo", show.OnAir)
		guest = u.comes("Théo") // back without a click
		u.shows("host Théo")
		u.ok(u.Move("Théo", show.Back, true))
		u.at("Théo", show.Back)
		u.shows("host")
		u.ok(u.Move("Théo", show.OnAir, true))
		guest.Close(errors.New("network"))
		time.Sleep(61 * time.Second)
		u.at("Théo", show.Left)
		u.shows("host")
		u.comes("Théo")
		u.at("Théo", show.Waiting) // and must be let in again
		u.ok(u.Move("Théo", show.Removed, true))
		u.at("Théo", show.Removed)
		_, err := u.Claim("Théo", ingest.Offer{Protocol: ingest.WHIP})
		if err == nil {
			t.Error("who was removed may send")
		}
		if cause := u.returns.removed["Théo"]; !errors.Is(cause, ingest.ErrRemoved) {
			t.Errorf("the return feed was ended with %v", cause)
		}
		u.no(show.Conflict, u.Move("Théo", show.OnAir, true))
		u.ok(u.AddPerson(show.Participant{ID: "Théo", Name: "Théo", Role: show.Guest}))
		u.at("Théo", show.Invited) // a new invite
	})
}

func TestFourthGuestStaysBackstage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.onAir("Théo")
		u.onAir("Lou")
		u.onAir("Mei")
		u.comes("Kim")
		u.ok(u.Move("Kim", show.Backstage, true))
		u.no(show.Conflict, u.Move("Kim", show.OnAir, true))
		u.at("Kim", show.Backstage)
		u.shows("host Théo Lou Mei") // in the order in which they came on air
		u.ok(u.Move("Théo", show.Back, true))
		u.ok(u.Move("Kim", show.OnAir, true))
		u.shows("host Lou Mei Kim")
	})
}

func TestEncoderOnAGuestsKeyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.send("Théo", ingest.RTMP, media.H264)
		u.at("Théo", show.Waiting)
		if got := u.person("Théo").Via; got != "rtmp" {
			t.Errorf("via %q", got)
		}
		u.ok(u.Move("Théo", show.Backstage, true))
		u.ok(u.Move("Théo", show.Left, false)) // the page is closed, the encoder goes on
		u.at("Théo", show.Backstage)
	})
}

// TestCameraStandsBackstage: whoever added it has let it in. It sends for ever, which
// alone keeps no program running.
func TestCameraStandsBackstage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		roof := u.send("Théo", ingest.Pull, media.H264)
		u.at("Théo", show.Backstage)
		u.running(0, 0)
		u.Receive("desk:1", true)
		u.running(1, 0)
		u.ok(u.Move("Théo", show.OnAir, true))
		u.shows("Théo")
		u.Receive("desk:1", false)
		time.Sleep(31 * time.Second)
		u.comes("host")
		u.running(2, 0) // the first one had ended
		u.shows("host Théo")
		roof.Close(errors.New("unplugged"))
		time.Sleep(time.Minute + time.Second)
		u.at("Théo", show.Left)
		u.send("Théo", ingest.Pull, media.H264)
		u.at("Théo", show.Backstage)
	})
}

// TestDeclaredGuest: the key of the configuration opens the stage, an invite to the
// same seat the green room.
func TestDeclaredGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, func(o *Options) {
			o.Session.Participants = append(o.Session.Participants, show.Participant{ID: "guest1", Name: "Declared", Role: show.Guest, Gain: 1, Direct: true})
		})
		u.ok(u.AddPerson(show.Participant{ID: "guest1", Name: "By invite", Role: show.Guest}))
		sink, err := u.Claim("guest1", ingest.Offer{Protocol: ingest.WHIP, Person: "invite"})
		if err != nil {
			t.Fatal(err)
		}
		sink.Write(media.AccessUnit{Key: true})
		u.at("guest1", show.Waiting)
		if on := u.View().OnAir; len(on) != 0 {
			t.Errorf("on air: %v", on)
		}
		sink.Close(errors.New("gone"))
		u.send("guest1", ingest.RTMP, media.H264)
		u.at("guest1", show.OnAir)
	})
}

func TestPageKeepsAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		here := true
		u.ok(u.Adjust("Théo", show.Adjustment{Present: &here}, false))
		u.ok(u.Move("Théo", show.Checking, false))
		time.Sleep(time.Hour)
		u.at("Théo", show.Checking)
		here = false
		u.ok(u.Adjust("Théo", show.Adjustment{Present: &here}, false))
		time.Sleep(61 * time.Second)
		u.at("Théo", show.Left)
	})
}

func TestPeopleComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		for i := 5; i < maxPeople; i++ {
			u.ok(u.AddPerson(show.Participant{ID: show.ParticipantID(fmt.Sprint("g", i)), Name: "G", Role: show.Guest}))
		}
		one := show.Participant{ID: "one-too-many", Name: "One", Role: show.Guest}
		u.no(show.Conflict, u.AddPerson(one))
		u.ok(u.Move("g5", show.Removed, true))
		u.ok(u.AddPerson(one)) // whoever was removed makes room
		u.ok(u.RemovePerson("one-too-many"))
		u.ok(u.RemovePerson("one-too-many"))
		u.no(show.Conflict, u.RemovePerson("host"))
		u.no(show.Invalid, u.AddPerson(show.Participant{ID: show.ParticipantID("x").Screen()}))
		if n := len(u.Desk().People); n != maxPeople-1 {
			t.Errorf("%d people", n)
		}
	})
}

// TestScreen: it is one more cell, goes where its owner goes, and is gone when they
// end it.
func TestScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.comes("Théo")
		screen := show.ParticipantID("Théo").Screen()
		shared := u.comes(screen)
		u.shows("host")
		u.ok(u.Move("Théo", show.OnAir, true))
		u.shows("host Théo Théo-screen")
		if c := u.scene().Cells; c[1].Fit != transcode.Auto || c[2].Fit != transcode.Contain {
			t.Errorf("a face is shown %q, a screen %q", c[1].Fit, c[2].Fit)
		}
		if p := u.person(screen); p.Of != "Théo" || p.Place != show.OnAir {
			t.Errorf("the screen is %+v", p)
		}
		u.no(show.Conflict, u.Move(screen, show.Back, true))
		u.ok(u.Move("Théo", show.Back, true))
		u.shows("host")
		u.ok(u.Move("Théo", show.OnAir, true))
		shared.Close(errors.New("ended"))
		u.shows("host Théo")
		if u.person(screen).ID != "" {
			t.Error("the screen is still on the desk")
		}
		u.comes(screen)
		u.ok(u.RemovePerson("Théo"))
		u.shows("host")
		if n := len(u.Desk().People); n != 4 {
			t.Errorf("%d people are left", n)
		}
		if _, err := u.Claim(screen, ingest.Offer{Protocol: ingest.WHIP}); err == nil {
			t.Error("a screen without an owner")
		}
	})
}
