package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestWorkerIsReplaced: the process that touches codecs dies, then another one
// hangs; every way of viewing goes on in the same player.
func TestWorkerIsReplaced(t *testing.T) {
	a := start(t, setup{})
	host := a.publish(overRTMP, "studio", "host", looks[0])
	guest := a.publish(overRTSP, "studio", "guest1", looks[1])
	ours := a.live("studio")
	ours.awaitMix(10*time.Second, looks[:2]...)
	realTime := watchWHEP(t, a.whep("studio"))
	theirs, ended := readGohlslib(t, a.hls("studio"))
	plain := readFFmpeg(t, a.hls("studio"), 640, 360)
	page := startBrowser(t).open(a.url("/s/studio"))
	page.playing(20*time.Second, 60)
	for _, s := range []*screen{theirs, plain, realTime.screen} {
		s.awaitMix(20*time.Second, looks[:2]...)
	}
	// Pages fall behind by a stall at their start at most.
	page.fresh()

	for _, c := range []struct {
		name    string
		signal  syscall.Signal
		longest time.Duration // without a new picture: 100 ms and what a busy machine adds
		waits   int           // how often hls.js may run out of its second of buffer
	}{
		{"killed", syscall.SIGKILL, 1500 * time.Millisecond, 0},
		{"hung", syscall.SIGSTOP, 2500 * time.Millisecond, 1}, // noticed after a second
	} {
		t.Run(c.name, func(t *testing.T) {
			workers := a.workers()
			if len(workers) != 1 {
				t.Fatalf("workers: %v, want one", workers)
			}
			before := a.metric("regie_mixer_restarts_total")
			since := time.Now()
			if err := syscall.Kill(workers[0], c.signal); err != nil {
				t.Fatal(err)
			}
			eventually(t, 10*time.Second, "another worker", func() bool {
				now := a.workers()
				return len(now) == 1 && now[0] != workers[0]
			})
			figure(t, "worker."+c.name+".replaced", float64(time.Since(since).Milliseconds()), "ms")
			eventually(t, 10*time.Second, "the replacement is counted", func() bool { return a.metric("regie_mixer_restarts_total") == before+1 })

			// What a viewer sees: pictures of both again, in the same player.
			for _, s := range []*screen{ours.screen, theirs, realTime.screen} {
				at := s.next()
				s.awaitShot(10*time.Second, "a later picture", func(sh shot) bool { return sh.pts > at.pts+2*time.Second })
				s.awaitMix(10*time.Second, looks[:2]...)
			}
			plain.awaitMix(10*time.Second, looks[:2]...)
			page.playing(10*time.Second, 60)
			waits := page.seen().Waits
			figure(t, "worker."+c.name+".page_waits", float64(len(waits)), "times")
			if len(waits) > c.waits {
				t.Errorf("hls.js waited for media at %v", waits)
			}

			onTimeline, onWall := ours.gaps(since)
			figure(t, "worker."+c.name+".hold_hls", float64(onWall.Milliseconds()), "ms")
			figure(t, "worker."+c.name+".hold_on_timeline", float64(onTimeline.Milliseconds()), "ms")
			if onTimeline > c.longest {
				t.Errorf("one picture stands for %v on the timeline", onTimeline)
			}
			_, seen := realTime.gaps(since)
			figure(t, "worker."+c.name+".hold_whep", float64(seen.Milliseconds()), "ms")
			if seen > c.longest {
				t.Errorf("WHEP viewers saw no picture for %v", seen)
			}
			if n := len(a.log.lines("the worker is replaced")); n == 0 {
				t.Error("the log has no line about the worker")
			}
		})
	}

	ours.hears(looks[:2]...)
	ours.playing()
	for _, list := range ours.playlists() {
		if strings.Contains(list.text, "#EXT-X-DISCONTINUITY\n") || strings.Contains(list.text, "EXT-X-GAP") {
			t.Fatalf("a player was told to begin anew:\n%s", list.text)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("gohlslib stopped: %v", err)
	default:
	}
	host.alive(t, "the host")
	guest.alive(t, "the guest")
	page.noErrors()
}
