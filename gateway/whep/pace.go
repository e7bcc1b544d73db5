package whep

import "time"

// A keyframe is some ten times as large as other pictures. All its packets for a
// hundred viewers at once would overrun queues between here and there, so they go
// out in up to paceSlices slices, paceGap apart; a picture that is no longer than
// paceMin packets goes at once. The next picture ends the pacing.
const (
	paceSlices = 4
	paceMin    = 24
	paceGap    = 2500 * time.Microsecond
)

// paced is a picture on its way to those who have its first slice.
type paced struct {
	frame   *frame
	viewers []*viewer
	step    int // packets in a slice
	next    int // first packet that is not sent
	due     time.Time
}

// paceStep is how many packets of a picture are sent at once.
func paceStep(f *frame) int {
	n := len(f.payloads)
	slices := min((n+paceMin-1)/paceMin, paceSlices)
	return (n + slices - 1) / slices
}
