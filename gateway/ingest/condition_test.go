package ingest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// A seat's line goes from waiting through checking to what is wrong, and back.
func TestHealthOfAPublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		people := []show.Participant{{ID: "host", Name: "Ana"}, {ID: "guest1", Name: "Théo"}}
		loud := -70.0
		ask := func() []health.Health {
			return f.door.Health("studio", people, health.Limits{Width: 1280, Height: 720, FPS: 30},
				func(show.ParticipantID) (float64, bool) { return loud, true })
		}
		expect := func(when string, state health.State, code health.Code) {
			t.Helper()
			h := ask()
			if len(h) != 2 || h[0].Name != "Ana" || h[1].State != health.Waiting || h[1].Video != nil {
				t.Fatalf("%s: %+v", when, h)
			}
			if h[0].State != state || (h[0].Advice == nil) != (code == "") || code != "" && h[0].Advice.Code != code {
				t.Errorf("%s: %s with advice %+v, want %s with %q", when, h[0].State, h[0].Advice, state, code)
			}
		}
		send := func(p *Publisher, seconds int) {
			for i := range 30 * seconds {
				if i%30 == 0 {
					ask() // as the desk does every second
				}
				time.Sleep(time.Second / 30) // the bubble's clock
				at := time.Since(p.created)
				p.Write(media.AccessUnit{Kind: media.Video, Key: i%30 == 0, PTS: at, Data: []byte{1}})
				p.Write(media.AccessUnit{Kind: media.Audio, PTS: at, Data: []byte{1}})
			}
		}

		expect("before", health.Waiting, "")
		p, err := f.door.Admit(f.offer())
		if err != nil {
			t.Fatal(err)
		}
		expect("connected", health.Checking, "")
		if err := p.SetTracks(avTracks); err != nil {
			t.Fatal(err)
		}
		send(p, 3)
		expect("for a moment", health.Checking, "")
		send(p, 6)
		expect("silent for 9 s", health.Good, "")
		send(p, 2)
		expect("silent", health.Fix, health.SilentSound)
		loud = -20
		expect("heard", health.Good, "")
		loud = -70
		send(p, 5)
		expect("between two words", health.Good, "")
		if h := ask()[0]; h.Protocol != "rtmp" || h.Video.FPS != 30 || h.Video.Keyframe != 1 || h.Audio.Rate != 48000 || *h.AVOffset != 0 {
			t.Errorf("%+v %+v %+v", h, h.Video, h.Audio)
		}
		p.Close(nil)
		expect("after", health.Waiting, "")
	})
}

// A session's people are told of their own seats and of unknown keys; never of
// other sessions.
func TestRefusalsOfASession(t *testing.T) {
	f := newFixture()
	f.seats.taken = true
	taken, wrong := f.offer(), f.offer()
	wrong.Key = "AN-OLD-KEY"
	for _, o := range []Offer{taken, wrong} {
		if _, err := f.door.Admit(o); err == nil {
			t.Fatal("admitted")
		}
	}
	for session, want := range map[show.SessionID][]Outcome{
		"studio":  {SeatTaken, BadKey},
		"another": {BadKey},
	} {
		got := f.door.RefusalsOf(session)
		if len(got) != len(want) {
			t.Fatalf("%s: %+v, want %v", session, got, want)
		}
		for i, a := range got {
			if a.Refusal.Outcome != want[i] || a.Refusal.Outcome == SeatTaken && a.Participant != "host" {
				t.Errorf("%s: %+v, want %s", session, a, want[i])
			}
		}
	}
}
