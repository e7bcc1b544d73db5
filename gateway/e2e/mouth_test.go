package e2e

import (
	"slices"
	"testing"
	"time"
)

// TestMouthToEar measures how long a word takes from one browser's microphone to the
// other's ear, through the appliance. What the two browsers need for themselves (a frame
// of Opus, the jitter buffer) is in it; microphone and loudspeaker are not.
func TestMouthToEar(t *testing.T) {
	a := start(t, setup{fps: 15})
	m := a.setUp()
	b := startBrowser(t)
	ana, théo := looks[0], looks[1]
	ana.beep, théo.beep = 1, 1
	host := b.hosts(m, "glaze", ana)
	guest := b.joins(m, "glaze", "Théo", théo)
	host.click("Let in: Théo")
	host.click("Bring on: Théo")
	for who, way := range map[string][2]*tab{"to_guest": {host, guest}, "to_host": {guest, host}} {
		var took []float64
		eventually(t, time.Minute, "twenty words "+who, func() bool {
			spoken, heard := glance[[]float64](way[0], `spoken`), glance[[]float64](way[1], `onsets`)
			took = took[:0]
			for _, at := range heard {
				if i, _ := slices.BinarySearch(spoken, at); i > 0 && at-spoken[i-1] < 700 {
					took = append(took, at-spoken[i-1])
				}
			}
			return len(took) >= 20
		})
		slices.Sort(took)
		figure(t, "mouth_to_ear."+who+"_p50", percentile(took, 50), "ms")
		figure(t, "mouth_to_ear."+who+"_p95", percentile(took, 95), "ms")
	}
}
