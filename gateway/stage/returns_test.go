package stage

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// TestWhoGetsWhom: + is with sound.
func TestWhoGetsWhom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.Receive("desk:1", true)
		u.comes("host")
		u.onAir("Théo")
		u.comes("Mei")
		u.gets("host", "Théo+", "Mei")
		u.gets("desk:1", "host+", "Théo+", "Mei")
		u.gets("Théo", "host+")
		u.gets("Mei") // waits: hears nothing, and is heard by nobody
		u.ok(u.Move("Mei", show.Backstage, true))
		u.gets("Mei", "host+", "Théo+")
		u.gets("Théo", "host+")
		u.gets("host", "Théo+", "Mei")
		u.ok(u.Move("Mei", show.OnAir, true))
		u.gets("Mei", "host+", "Théo+")
		u.gets("Théo", "host+", "Mei+")
		u.comes(show.ParticipantID("Théo").Screen())
		u.gets("Théo", "host+", "Mei+") // not their own screen either
		u.gets("Mei", "host+", "Théo+", "Théo-screen+")
		u.ok(u.Move("Théo", show.Back, true))
		u.gets("Théo", "host+", "Mei+")
		u.gets("host", "Mei+", "Théo", "Théo-screen")
		u.gets("Mei", "host+")
		u.ok(u.Move("Mei", show.Removed, true))
		u.gets("Mei")
		u.Receive("desk:1", false)
		u.gets("desk:1")
	})
}

// TestTheHostSeesTheirEncoder: what a page does not send itself it gets back, as a
// picture.
func TestTheHostSeesTheirEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.Receive("host", true)
		u.send("host", ingest.RTMP, media.H264)
		u.onAir("Théo")
		u.send("Mei", ingest.RTMP, media.H264)
		u.ok(u.Move("Mei", show.OnAir, true))
		u.gets("host", "Théo+", "Mei+", "host")
		u.gets("Mei", "host+", "Théo+")
		u.Receive("host:1", true)
		u.gets("host:1", "Théo+", "Mei+", "host")
		if coded := u.program(0).returns; !coded["host"] {
			t.Errorf("coded: %v", coded)
		}
	})
}

// TestTwoWhoMayHost: whoever sends as the host is heard by another who could.
func TestTwoWhoMayHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		u.comes("host")
		u.onAir("Théo")
		u.Receive("host", true)
		u.Receive("host:1", true)
		u.gets("host", "Théo+")
		u.gets("host:1", "host+", "Théo+")
		if !u.person("host").Present {
			t.Error("the host is not there")
		}
		if _, err := u.Claim("host", ingest.Offer{Protocol: ingest.WHIP, Person: "host:1"}); err == nil {
			t.Error("the other took the seat")
		}
	})
}

// TestForwardedAsItCame: what browsers play is never coded again.
func TestForwardedAsItCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		asked := 0
		sink, err := u.Claim("host", ingest.Offer{Protocol: ingest.WHIP, RequestKeyframe: func() { asked++ }})
		if err != nil {
			t.Fatal(err)
		}
		tracks := []media.Track{{Codec: media.H264}, {Codec: media.Opus}}
		sink.SetTracks(tracks)
		u.Receive("desk:1", true)
		for i := range 5 {
			sink.Write(media.AccessUnit{Key: i == 0, PTS: time.Duration(i) * time.Second / 30})
		}
		synctest.Wait()
		if u.returns.units["host"] != 5 || len(u.returns.tracks["host"]) != 2 {
			t.Errorf("%d units of %v", u.returns.units["host"], u.returns.tracks["host"])
		}
		asked = 0
		u.RequestKeyframe("host")
		u.RequestKeyframe("nobody")
		if asked != 1 || len(u.program(0).returns) != 0 {
			t.Errorf("the publisher was asked for %d keyframes, the mixer for %v", asked, u.program(0).returns)
		}
		picture := func(n int) { sink.Write(media.AccessUnit{PTS: time.Duration(n) * time.Second / 30}) }
		for _, n := range []int{6, 4, 5, 6, 7} { // a report sets the time back
			picture(n)
		}
		synctest.Wait()
		if u.returns.units["host"] != 10 || len(u.program(0).returns) != 0 {
			t.Errorf("%d units after a step back; coded: %v", u.returns.units["host"], u.program(0).returns)
		}
		// B-frames, which browsers cannot play, betray themselves.
		for n := 8; n < 20; n += 3 {
			picture(n + 2)
			picture(n)
			picture(n + 1)
		}
		synctest.Wait()
		if !u.program(0).returns["host"] || len(u.returns.tracks["host"]) != 2 {
			t.Error("the mixer was not asked to code a picture with B-frames anew")
		}
		before := u.returns.units["host"]
		picture(21)
		if n := u.returns.units["host"]; n != before || n > 20 {
			t.Errorf("%d units were forwarded", n)
		}
		sink.Close(errors.New("gone"))
		synctest.Wait()
		if u.program(0).returns["host"] || u.returns.tracks["host"] != nil {
			t.Error("the return feed goes on")
		}
	})
}

// TestCodedAnewForWhoListens: RTMP goes through the mixer, for somebody only.
func TestCodedAnewForWhoListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newStudio(t, nil)
		host := u.send("host", ingest.RTMP, media.H264)
		u.onAir("Théo")
		synctest.Wait()
		if u.program(0).returns["host"] {
			t.Error("coded for nobody")
		}
		u.Receive("Théo", true)
		synctest.Wait()
		if !u.program(0).returns["host"] || u.program(0).returns["Théo"] {
			t.Errorf("coded: %v", u.program(0).returns)
		}
		if got := u.returns.tracks["host"]; len(got) != 2 || got[0].Codec != media.H264 || got[1].Codec != media.Opus {
			t.Errorf("tracks: %v", got)
		}
		host.Write(media.AccessUnit{})
		if n := u.returns.units["host"]; n != 0 {
			t.Errorf("%d units were forwarded as they came", n)
		}
		u.program(0).events.Return(transcode.ReturnUnit{Source: "host"})
		if n := u.returns.units["host"]; n != 1 {
			t.Errorf("%d units of the mixer's", n)
		}
		u.RequestKeyframe("host")
		synctest.Wait()
		u.RequestKeyframe("") // of the program
		if k := u.program(0).keyframes; k["host"] != 1 || k[""] != 1 {
			t.Errorf("the mixer was asked for keyframes of %v", k)
		}
		// On air is the same program; the next one is asked anew.
		u.ok(u.Start("desk"))
		u.ok(u.End("desk"))
		time.Sleep(farewell)
		synctest.Wait()
		if u.opened() != "2 1" || !u.program(1).returns["host"] {
			t.Error("the next program was not asked")
		}
		u.Receive("Théo", false)
		synctest.Wait()
		if u.program(1).returns["host"] || u.returns.tracks["host"] != nil {
			t.Error("coded for nobody")
		}
	})
}
