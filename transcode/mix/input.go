package mix

import (
	"math"
	"sync"
	"time"
)

const (
	minDelay = 40 * time.Millisecond
	// maxJitter bounds what single late packets can do: after a stall they may be
	// seconds late, and nobody wants to wait for that to happen again.
	maxJitter = 190 * time.Millisecond
	// maxDelay bounds it for a publisher all of whose sound, or picture, is late.
	maxDelay = 500 * time.Millisecond
	// margin is kept above the lateness of packets.
	margin = 10 * time.Millisecond
	// lead is how much earlier than its picture sound may come on average; 60 ms is
	// allowed for each picture.
	lead = 27 * time.Millisecond

	capacity = 1 << 16    // pairs in the ring
	fade     = Rate / 200 // 5 ms
	ramp     = Rate / 50  // 20 ms
	rounding = Rate * 2 / 1000
	gap      = Rate / 25      // 40 ms: a larger hole in the timestamps is real
	silence  = Rate / 2       // a larger one starts afresh
	leap     = Rate * 6 / 100 // a larger error of position is not resampled away
	hop      = Rate / 100     // the same while the source is young: its map still settles
	youth    = 3 * Rate / Block
	bend     = 0.005 // most that resampling changes the speed
	grow     = 0.004 // how fast the delay grows, in s per s
	shrink   = 0.002
	slack    = Rate / 200      // 5 ms
	hold     = 2 * time.Second // one bucket of the lateness window
)

// Input is one source's sound on its way to the mix.
type Input struct {
	kernel *kernel

	mu   sync.Mutex
	buf  []float32 // ring of capacity pairs
	w    int64     // pairs written ever
	base int64     // first pair still valid
	head float64   // program time of position w, in samples
	lag  float64   // by how much head lags behind the timestamps, smoothed
	rise int       // pairs written since the last hole, up to fade
	r    float64   // position to read next, while playing

	playing bool
	young   int        // blocks until hop becomes leap
	faded   int        // pairs since playing began, up to fade
	last    [2]float32 // last pair played, which silence declines from
	tail    int        // pairs of that decline still to come

	delay  float64          // in samples
	aim    float64          // what delay creeps to
	late   [8]time.Duration // latest packet of each hold, up to maxJitter
	slot   int
	since  time.Duration // when slot began
	least  time.Duration // least late packet of the current hold
	skew   time.Duration // the same of the hold before: all sound is so late
	video  time.Duration // delay of the source's picture
	gain   float32
	want   float32
	off    float64 // smoothed error of position, in samples
	starve uint64

	scratch []float32
}

// NewInput returns an Input that is silent until it is written to.
func NewInput(gain float64) *Input {
	return &Input{
		kernel:  newKernel(),
		buf:     make([]float32, 2*capacity),
		delay:   Samples(minDelay),
		young:   youth,
		gain:    float32(gain),
		want:    float32(gain),
		scratch: make([]float32, 2*(Block+taps+8)),
	}
}

// SetGain changes the level over 20 ms.
func (in *Input) SetGain(g float64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.want = float32(g)
}

// SetVideoDelay tells how late the source's picture is shown, so that its sound
// does not run ahead; 0 when there is none.
func (in *Input) SetVideoDelay(d time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.video = d
}

// Delay is the time from a sample's own program time to when it is played, and
// whether the Input plays at all.
func (in *Input) Delay() (d time.Duration, playing bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return Duration(in.delay + in.off - in.lag), in.playing
}

// Starved counts how often the sound ended because packets came too late or no
// more came.
func (in *Input) Starved() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.starve
}

// Reset forgets what was written; what plays ends softly. The next publisher
// is another network path.
func (in *Input) Reset() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.restart()
	in.late, in.least, in.skew = [8]time.Duration{}, 0, 0
	in.delay, in.aim = Samples(minDelay), Samples(minDelay)
}

func (in *Input) restart() {
	in.base, in.rise = in.w, fade
	in.young, in.lag = youth, 0
	in.stop()
}

func (in *Input) stop() {
	if in.playing {
		in.playing = false
		in.tail = fade
	}
}

// Write adds samples, interleaved stereo, whose first pair belongs to program
// time at; now is the program time.
func (in *Input) Write(samples []float32, at, now time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.note(now-at, now)
	t := Samples(at)
	if in.base == in.w && !in.playing {
		in.head = t
	}
	switch e := t - in.head; {
	case math.Abs(e) <= gap:
		// Timestamps are often rounded to milliseconds, which is smoothed away; the
		// map may also move by 5 ms a second, which is followed.
		follow := 0.005
		if math.Abs(e) > rounding {
			follow = 0.05
		}
		in.head += e * follow
		in.lag += (e - e*follow - in.lag) * 0.1
	case e > 0 && e <= silence:
		in.soften()
		in.append(nil, int(e))
		in.rise = 0
	default:
		in.restart()
		in.head = t
	}
	in.append(samples, len(samples)/2)
}

// append writes n pairs; nil is silence.
func (in *Input) append(s []float32, n int) {
	for i := range n {
		p := 2 * ((in.w + int64(i)) & (capacity - 1))
		if s == nil {
			in.buf[p], in.buf[p+1] = 0, 0
		} else {
			g := float32(1)
			if in.rise < fade {
				g = float32(in.rise) / fade
				in.rise++
			}
			in.buf[p], in.buf[p+1] = g*sane(s[2*i]), g*sane(s[2*i+1])
		}
	}
	in.w += int64(n)
	in.head += float64(n)
	in.base = max(in.base, in.w-capacity)
	if in.playing && int64(in.r)-taps < in.base {
		in.stop()
	}
}

// soften fades the end of what is in the ring, ahead of a hole.
func (in *Input) soften() {
	n := min(fade, in.w-in.base)
	if in.playing {
		n = min(n, in.w-int64(in.r)-taps)
	}
	for i := range max(n, 0) {
		p := 2 * ((in.w - 1 - i) & (capacity - 1))
		g := float32(i) / float32(n)
		in.buf[p] *= g
		in.buf[p+1] *= g
	}
}

// note enters a packet's lateness into the window of 8 × hold.
func (in *Input) note(late, now time.Duration) {
	if now-in.since >= hold {
		in.slot = (in.slot + 1) % len(in.late)
		in.late[in.slot], in.since = 0, now
		in.skew, in.least = in.least, late
	}
	in.least = min(in.least, late)
	in.late[in.slot] = max(in.late[in.slot], min(late, maxJitter))
}

// target is the delay that lateness and the picture ask for, in samples.
func (in *Input) target() float64 {
	return Samples(min(max(in.need(), in.video-lead), maxDelay))
}

// need is what lateness alone asks for: twice within the window. What happens once
// costs one short silence, which is less than a delay that stays.
func (in *Input) need() time.Duration {
	var first, second time.Duration
	for _, l := range in.late {
		second = max(second, min(first, l))
		first = max(first, l)
	}
	return max(minDelay, in.skew+2*margin, second+margin)
}

// Need is the delay that the sound's own lateness asks for, whatever the picture
// does.
func (in *Input) Need() time.Duration {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.need()
}

// Mix adds Block pairs to dst; at is the program time of the first, in samples.
func (in *Input) Mix(dst []float32, at int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.creep()
	pos := float64(in.w) - in.head + float64(at) - in.delay // what should play now
	if !in.playing {
		in.decline(dst)
		in.start(pos)
		if !in.playing {
			return
		}
	}
	e := pos - in.r
	most := float64(leap)
	if in.young > 0 {
		in.young--
		most = hop
	}
	if math.Abs(e) > most {
		in.stop()
		in.decline(dst)
		return
	}
	in.off += (-e - in.off) * 0.05
	ratio := 1 + min(max(e*0.5/Rate, -bend), bend)
	n := int((float64(in.w-taps/2) - in.r) / ratio)
	n = min(max(n, 0), Block)
	in.play(dst[:2*n], ratio)
	if n < Block {
		in.starve++
		in.stop()
		in.decline(dst[2*n:])
	}
}

// creep moves the delay towards its target: slowly while something plays, and
// back only when that is worth bending the pitch. What would take too long to
// reach is reached by a pause.
func (in *Input) creep() {
	t := in.target()
	if t > in.aim || t < in.aim-slack {
		in.aim = t
	}
	if in.aim-in.delay > leap {
		in.stop()
	}
	if !in.playing {
		in.delay = in.aim
		return
	}
	in.delay += min(max(in.aim-in.delay, -shrink*Block), grow*Block)
}

// start begins to play when the ring holds what should play now.
func (in *Input) start(pos float64) {
	if pos-taps/2 < float64(in.base) || pos+Block+taps > float64(in.w) {
		return
	}
	in.r, in.playing, in.faded, in.off = pos, true, 0, 0
}

// play adds resampled sound with the gain of the moment.
func (in *Input) play(dst []float32, ratio float64) {
	n := len(dst) / 2
	if n == 0 {
		return
	}
	first := int64(in.r) - taps/2 + 1
	count := int(float64(n)*ratio) + taps + 2
	src := in.scratch[:2*count]
	for i := range count {
		p := 2 * ((first + int64(i)) & (capacity - 1))
		src[2*i], src[2*i+1] = in.buf[p], in.buf[p+1]
	}
	var out [2 * Block]float32
	o := out[:2*n]
	in.kernel.resample(o, src, in.r-float64(first), ratio)
	in.r += ratio * float64(n)
	for i := range n {
		in.level()
		g := in.gain
		if in.faded < fade {
			g *= float32(in.faded) / fade
			in.faded++
		}
		l, r := o[2*i]*g, o[2*i+1]*g
		dst[2*i] += l
		dst[2*i+1] += r
		in.last = [2]float32{l, r}
	}
}

// level moves the gain by one sample's share of a ramp. A ramp from any gain to
// any other, 0 to 4, takes at most 4 × 20 ms.
func (in *Input) level() {
	const step = 1.0 / ramp
	in.gain += min(max(in.want-in.gain, -step), step)
}

// decline lets the last pair fall to zero instead of cutting it off.
func (in *Input) decline(dst []float32) {
	for i := 0; i+1 < len(dst) && in.tail > 0; i += 2 {
		in.tail--
		g := float32(in.tail) / fade
		dst[i] += in.last[0] * g
		dst[i+1] += in.last[1] * g
	}
	if !in.playing {
		in.gain = in.want
	}
}

// sane keeps a decoder's nonsense out of the sum: NaN, infinity and levels far
// beyond full scale.
func sane(v float32) float32 {
	if v > -4 && v < 4 {
		return v
	}
	return 0
}
