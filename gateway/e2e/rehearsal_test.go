package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// TestRehearsal: those who come early are mixed, and nothing of it goes out until
// somebody starts the session. Its viewers then join a program that runs, which for
// them begins like any other; after the end it can be started again.
func TestRehearsal(t *testing.T) {
	a := start(t, setup{manual: true})
	operate := func(what string) {
		t.Helper()
		if status, body, _ := send(t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/studio/"+what, "", "", nil); status != http.StatusOK {
			t.Fatalf("%s: %d %s", what, status, body)
		}
	}
	whip := looks[1]
	whip.audio = media.Opus
	host := a.publish(overRTMP, "studio", "host", looks[0])
	guest := a.publish(overWHIP, "studio", "guest1", whip)
	eventually(t, 10*time.Second, "the rehearsal's mixer", func() bool { return len(a.workers()) == 1 })
	began, mixer := time.Now(), a.workers()
	eventually(t, 10*time.Second, "the program to have run for a while", func() bool { return time.Since(began) > 5300*time.Millisecond })
	status, body, header := fetch(t, http.MethodGet, a.hls("studio"), nil)
	notLive(t, status, body, header)

	operate("start")
	started := time.Now()
	p := a.live("studio")
	figure(t, "rehearsal.playlist_after_start", time.Since(started).Seconds(), "s")
	p.awaitMix(10*time.Second, looks[0], whip)
	p.hears(looks[0], whip)
	if now := a.workers(); !slices.Equal(now, mixer) {
		t.Errorf("the mixer is %v, and was %v in rehearsal", now, mixer)
	}
	lists := p.playlists()
	for _, list := range lists {
		judgePlaylist(t, list)
	}
	first := lists[0].list
	if s := first.Segments[0]; s.Duration != 2*time.Second || s.Discontinuity || s.Gap {
		t.Errorf("the first segment is %+v", s)
	} else if late := s.DateTime.Sub(started); late < -100*time.Millisecond || late > 2200*time.Millisecond {
		t.Errorf("the first segment is dated %v after the start", late)
	}
	p.playing()
	operate("end")
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the player was not told that it is over")
	}
	if p.err != nil {
		t.Errorf("the player ended with %v", p.err)
	}
	eventually(t, 10*time.Second, "the next rehearsal", func() bool { return len(a.workers()) == 1 && !slices.Equal(a.workers(), mixer) })

	operate("start")
	eventually(t, 15*time.Second, "the next program", func() bool {
		list := load(t, mediaPlaylist(t, a.hls("studio")), "")
		return !list.list.Endlist
	})
	again := a.live("studio")
	again.awaitMix(10*time.Second, looks[0], whip)
	again.hears(looks[0], whip)
	again.playing()
	host.alive(t, "the host")
	guest.alive(t, "the guest")
}
