package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// syncBeeps are each participant's own, so that all can flash at once.
var syncBeeps = []float64{1700, 2300, 3100, 4100}

// The bounds of section 5 of the architecture: sound may be this much before and
// after its picture.
const (
	earliest = -60 * time.Millisecond
	latest   = 40 * time.Millisecond
)

// TestSoundAndPictureStayTogether: everybody flashes and beeps once a second, over
// each protocol; in the program both must still belong together. The mean over
// all flashes counts, nothing is measured twice.
func TestSoundAndPictureStayTogether(t *testing.T) {
	a := start(t, setup{})
	ways := []way{overRTMP, overRTSP, overWHIP, overRTSPUDP}
	for i, by := range ways {
		l := look{color: looks[i].color, beep: syncBeeps[i]}
		l.color[0] = min(l.color[0], 120) // a flash must stand out
		if by == overWHIP {
			l.audio = media.Opus
		}
		a.publish(by, "studio", seats[i], l)
	}
	p := a.live("studio")
	viewer := watchWHEP(t, a.whep("studio"))
	p.await(30*time.Second, "three seconds for settling and eight to measure", func() bool {
		return len(p.seen) > 0 && p.newest.pts-p.seen[0].pts > 11*time.Second
	})
	viewer.await(30*time.Second, "as much by WHEP", func() bool {
		return len(viewer.seen) > 0 && viewer.newest.pts-viewer.seen[0].pts > 11*time.Second
	})
	skew, ok := viewer.skew()
	if !ok {
		t.Fatal("no sender reports came by WHEP: browsers cannot keep sound and picture together")
	}
	figure(t, "av_offset.as_the_mixer_says", 1000*a.metric("regie_mixer_av_offset_seconds"), "ms")
	for i, by := range ways {
		name := strings.ReplaceAll(string(by), "+", "_")
		judgeSync(t, "av_offset."+name+"_to_llhls", p.screen, i, 0)
		judgeSync(t, "av_offset."+name+"_to_whep", viewer.screen, i, skew)
	}
	p.playing()
}

// judgeSync measures one participant on one screen.
func judgeSync(t *testing.T, name string, s *screen, who int, skew time.Duration) {
	t.Helper()
	mono, from := s.recorded()
	heard := beeps(mono, syncBeeps[who])
	for i := range heard {
		heard[i] += from + skew
	}
	seen := s.watched(time.Time{})
	settled := seen[0].pts + 3*time.Second
	seen = slices.DeleteFunc(seen, func(m moment) bool { return m.pts < settled })
	d := offsets(flashes(seen, who), heard)
	if len(d) < 5 {
		t.Errorf("%s: %d flashes with a beep, want 5: flashes %v, beeps %v", name, len(d), flashes(seen, who), heard)
		return
	}
	mean := average(d)
	figure(t, name, float64(mean.Microseconds())/1000, "ms")
	slices.Sort(d)
	figure(t, name+"_spread", float64((d[len(d)-1]-d[0]).Microseconds())/1000, "ms")
	t.Logf("%s: one by one %v", name, d)
	if mean < earliest || mean > latest {
		t.Errorf("%s: sound is %v after its picture, want %v to %v", name, mean, earliest, latest)
	}
}
