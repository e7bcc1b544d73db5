// Package rtptime puts the tracks of one RTP source on one clock.
//
// Every RTP track counts in its own unit from a random start, and only the
// sender reports (RFC 3550 section 6.4.1) say how the tracks lie to each other.
// A Clock guarantees:
//   - From its first packet on, a track has a presentation time: by arrival
//     until both tracks have sent a report, by the reports from then on.
//   - Sound never jumps. When reports correct the offset between the tracks, or
//     their clocks drift apart, the other tracks move.
//   - A peer cannot break it: timestamps that leap seconds away from the arrival of
//     the packets begin anew, and reports that would put one track seconds from the
//     other are ignored. Timestamps that fall behind little by little are kept, by
//     both tracks alike; who mixes them maps them to the present.
//
// It is pure: time comes in as an argument. It is not safe for concurrent use.
package rtptime

import "time"

const (
	// maxJump is how far timestamps may leave the arrival times before the track
	// starts anew: more than any buffer, less than a viewer would wait.
	maxJump = 5 * time.Second
	// maxSkew bounds how much later than the master a track may come by its reports:
	// encoders have been seen whose two tracks report different wall clocks. How late
	// both come does not matter: a sender whose sound card skips samples counts too
	// few, for ever more, and its reports tell.
	maxSkew = 3 * time.Second
	// A report's own jitter (10 ms of sound in browsers) is smoothed with weight
	// 1/smooth; a change beyond step is not jitter and is taken at once.
	smooth = 8
	step   = 100 * time.Millisecond
)

// Clock is the clock of one source. The zero value is ready.
type Clock struct {
	start   time.Time
	started bool
	tracks  []*Track
	master  *Track // the track that never moves: sound if there is any
}

// Track is one track's place on the Clock.
type Track struct {
	clock  *Clock
	rate   int64
	steady bool

	started bool
	last    uint32        // RTP timestamp of the latest packet
	ticks   int64         // the same, without wrap-around, from 0
	arrival time.Time     // when that packet came
	origin  time.Duration // presentation time of tick 0, by arrival
	shift   time.Duration // what the reports add to it

	reported bool
	offset   time.Duration // NTP time − tick time, smoothed
}

// Track adds a track whose timestamps count at rate Hz. A steady track is one
// that must not jump (sound); the others follow it.
func (c *Clock) Track(rate int, steady bool) *Track {
	t := &Track{clock: c, rate: int64(max(rate, 1)), steady: steady}
	c.tracks = append(c.tracks, t)
	if c.master == nil || steady && !c.master.steady {
		c.master = t
	}
	return t
}

// PTS gives the presentation time of a packet with RTP timestamp ts that came
// at arrival. Packets may come in any order.
func (t *Track) PTS(ts uint32, arrival time.Time) time.Duration {
	if !t.clock.started {
		t.clock.started, t.clock.start = true, arrival
	}
	if !t.started {
		t.begin(ts, arrival)
		return t.at(t.ticks)
	}
	delta := int64(int32(ts - t.last)) // wraps every 13 hours at 90 kHz
	if jump := t.duration(delta) - arrival.Sub(t.arrival); jump > maxJump || jump < -maxJump {
		t.begin(ts, arrival)
		return t.at(t.ticks)
	}
	ticks := t.ticks + delta
	if delta > 0 {
		t.last, t.ticks, t.arrival = ts, ticks, arrival
	}
	return t.at(ticks)
}

// begin anchors the track at its arrival; reports of the time before are void.
func (t *Track) begin(ts uint32, arrival time.Time) {
	t.started, t.reported = true, false
	t.last, t.ticks, t.arrival = ts, 0, arrival
	t.origin, t.shift = arrival.Sub(t.clock.start), 0
}

// Report takes a sender report: the sender's wall clock ntp (RFC 3550 section
// 4, 32.32 bits) at RTP timestamp ts.
func (t *Track) Report(ntp uint64, ts uint32) {
	if ntp == 0 || !t.started {
		return // 0: the sender has no wall clock (section 6.4.1)
	}
	offset := ntpDuration(ntp) - t.duration(t.ticks+int64(int32(ts-t.last)))
	switch change := offset - t.offset; {
	case !t.reported, change > step, change < -step:
		t.reported, t.offset = true, offset
	default:
		t.offset += change / smooth
	}
	t.clock.align()
}

// align moves every reported track to where its reports put it relative to the
// master.
func (c *Clock) align() {
	m := c.master
	if m == nil || !m.reported {
		return
	}
	for _, t := range c.tracks {
		if t == m || !t.reported {
			continue
		}
		shift := (t.offset - m.offset) + (m.origin + m.shift) - t.origin
		if skew := t.late() + t.shift - shift - m.late(); skew > maxSkew || skew < -maxSkew {
			continue
		}
		t.shift = shift
	}
}

// late is how much later than its presentation time the latest packet came.
func (t *Track) late() time.Duration { return t.arrival.Sub(t.clock.start) - t.at(t.ticks) }

func (t *Track) at(ticks int64) time.Duration {
	return t.origin + t.shift + t.duration(ticks)
}

// duration converts ticks without overflow for a year of any clock rate.
func (t *Track) duration(ticks int64) time.Duration {
	return time.Duration(ticks/t.rate)*time.Second +
		time.Duration(ticks%t.rate)*time.Second/time.Duration(t.rate)
}

// ntpDuration is an NTP timestamp as time since 1900. It fits: 136 years are
// less than half of a Duration.
func ntpDuration(ntp uint64) time.Duration {
	return time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*uint64(time.Second)>>32)
}

// NTP is the time of t in the format of sender reports.
func NTP(t time.Time) uint64 {
	const since1900 = 2208988800
	s := uint64(t.Unix() + since1900)
	return s<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// RoundTrip computes RFC 3550 section 6.4.1, figure 2, from a receiver's report that
// comes now: now − LSR − DLSR, all in the middle 32 bits of NTP time.
func RoundTrip(lastReport, delay uint32, now time.Time) (time.Duration, bool) {
	if lastReport == 0 {
		return 0, false
	}
	d := int32(uint32(NTP(now)>>16) - lastReport - delay)
	rtt := time.Duration(d) * time.Second >> 16
	return rtt, rtt >= 0 && rtt < 10*time.Second
}
