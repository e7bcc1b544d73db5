package rtptime

import (
	"math/rand/v2"
	"testing"
	"time"
)

var t0 = time.Unix(1_700_000_000, 0)

func near(t *testing.T, got, want, within time.Duration) {
	t.Helper()
	if d := got - want; d > within || d < -within {
		t.Fatalf("got %v, want %v ± %v", got, want, within)
	}
}

func TestArrivalUntilReports(t *testing.T) {
	var c Clock
	v, a := c.Track(90000, false), c.Track(48000, true)
	near(t, v.PTS(1000, t0), 0, 0)
	near(t, a.PTS(0xfffffff0, t0.Add(20*time.Millisecond)), 20*time.Millisecond, 0)
	near(t, v.PTS(1000+9000, t0.Add(130*time.Millisecond)), 100*time.Millisecond, 0)
	// across the wrap of 32 bits
	near(t, a.PTS(944, t0.Add(40*time.Millisecond)), 40*time.Millisecond, time.Microsecond)
}

func TestReportsMoveTheVideoOnly(t *testing.T) {
	var c Clock
	v, a := c.Track(90000, false), c.Track(48000, true)
	a.PTS(0, t0)
	v.PTS(0, t0.Add(80*time.Millisecond)) // took 80 ms longer, captured at the same time
	capture := NTP(t0.Add(-50 * time.Millisecond))
	v.Report(capture, 0)
	near(t, v.PTS(3000, t0.Add(113*time.Millisecond)), 113*time.Millisecond, time.Millisecond)
	a.Report(capture, 0)
	near(t, a.PTS(960, t0.Add(20*time.Millisecond)), 20*time.Millisecond, 0)
	near(t, v.PTS(6000, t0.Add(146*time.Millisecond)), 66*time.Millisecond, time.Millisecond)
}

func TestDriftIsFollowed(t *testing.T) {
	var c Clock
	v, a := c.Track(90000, false), c.Track(48000, true)
	const drift = 200e-6 // the sound card is 200 ppm fast
	for s := range 3600 {
		at := t0.Add(time.Duration(s) * time.Second)
		vts, ats := uint32(s*90000), uint32(float64(s)*48000*(1+drift))
		v.PTS(vts, at)
		a.PTS(ats, at)
		jitter := time.Duration(rand.IntN(20)-10) * time.Millisecond
		v.Report(NTP(at), vts)
		a.Report(NTP(at.Add(jitter)), ats)
	}
	at := t0.Add(3600 * time.Second)
	vp := v.PTS(3600*90000, at)
	sound := 3600.0 * 48000 * (1 + drift)
	ap := a.PTS(uint32(sound), at)
	near(t, vp, ap, 10*time.Millisecond)
}

// TestSoundCardSkips: a busy sender loses a twentieth of its sound, and says so in
// its reports. The picture stays with the sound however much that comes to.
func TestSoundCardSkips(t *testing.T) {
	var c Clock
	v, a := c.Track(90000, false), c.Track(48000, true)
	for ms := 0; ms < 10*60*1000; ms += 20 {
		at := t0.Add(time.Duration(ms) * time.Millisecond)
		vts, ats := uint32(ms*90), uint32(ms*48*19/20)
		vp, ap := v.PTS(vts, at), a.PTS(ats, at)
		if ms > 2000 {
			near(t, vp, ap, 160*time.Millisecond) // a report a second, smoothed up to step
		}
		if ms%1000 == 0 {
			v.Report(NTP(at), vts)
			a.Report(NTP(at), ats)
		}
	}
}

func TestHostileReports(t *testing.T) {
	var c Clock
	v, a := c.Track(90000, false), c.Track(48000, true)
	v.PTS(0, t0)
	a.PTS(0, t0)
	a.Report(NTP(t0), 0)
	for _, ntp := range []uint64{0, 1, NTP(t0.Add(time.Hour)), 1<<64 - 1} {
		v.Report(ntp, 0)
		near(t, v.PTS(0, t0), 0, 0)
	}
}

func TestJumpStartsAnew(t *testing.T) {
	var c Clock
	v := c.Track(90000, false)
	v.PTS(0, t0)
	near(t, v.PTS(3000, t0.Add(33*time.Millisecond)), 33*time.Millisecond, time.Millisecond)
	near(t, v.PTS(900_000_000, t0.Add(66*time.Millisecond)), 66*time.Millisecond, 0)
	near(t, v.PTS(900_003_000, t0.Add(99*time.Millisecond)), 99*time.Millisecond, time.Millisecond)
	// a minute of silence is not a jump when the timestamps say so too
	near(t, v.PTS(900_003_000+60*90000, t0.Add(60*time.Second+99*time.Millisecond)), 60*time.Second+99*time.Millisecond, time.Millisecond)
}

func TestLatePacketKeepsItsPlace(t *testing.T) {
	var c Clock
	v := c.Track(90000, false)
	v.PTS(9000, t0)
	v.PTS(18000, t0.Add(100*time.Millisecond))
	near(t, v.PTS(13500, t0.Add(110*time.Millisecond)), 50*time.Millisecond, 0)
	near(t, v.PTS(27000, t0.Add(200*time.Millisecond)), 200*time.Millisecond, 0)
}

func TestRoundTrip(t *testing.T) {
	type block struct{ LastSenderReport, Delay uint32 }
	now := time.Unix(1_700_000_000, 500_000_000)
	sent := uint32(NTP(now.Add(-300*time.Millisecond)) >> 16)
	for name, tc := range map[string]struct {
		block block
		want  time.Duration
		ok    bool
	}{
		"usual":      {block{LastSenderReport: sent, Delay: 65536 / 4}, 50 * time.Millisecond, true},
		"no report":  {block{Delay: 65536}, 0, false},
		"impossible": {block{LastSenderReport: sent, Delay: 65536}, 0, false},
		"ancient":    {block{LastSenderReport: sent - 100<<16}, 0, false},
	} {
		got, ok := RoundTrip(tc.block.LastSenderReport, tc.block.Delay, now)
		if ok != tc.ok || ok && (got-tc.want).Abs() > time.Millisecond {
			t.Errorf("%s: %v %v, want %v", name, got, ok, tc.want)
		}
	}
}
