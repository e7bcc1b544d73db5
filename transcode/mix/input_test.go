package mix

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// sender writes a sine to an Input the way a publisher does: packets of 1024 on
// its own clock, late by delay.
type sender struct {
	in    *Input
	speed float64 // its clock against ours
	hz    float64 // as it leaves the publisher
	amp   float64
	n     int64
	due   time.Duration // when the next packet arrives
	at    time.Duration // its program time
	delay func() time.Duration
	last  time.Duration
}

// run writes what has arrived by now. mapped time is true time: what
// clock.Source finds.
func (s *sender) run(now time.Duration) {
	for {
		length := time.Duration(1024 / s.speed * float64(time.Second) / Rate)
		if s.due == 0 {
			s.due = s.at + length + s.delay()
		}
		if s.due > now {
			return
		}
		buf := make([]float32, 2048)
		for i := range 1024 {
			v := float32(s.amp * math.Sin(2*math.Pi*s.hz*float64(s.n)/Rate))
			buf[2*i], buf[2*i+1] = v, v
			s.n++
		}
		s.last = max(s.last, s.due)
		s.in.Write(buf, s.at.Round(ms), s.last) // RTMP stamps whole milliseconds
		s.at += length
		s.due = 0
	}
}

func mixFor(t *testing.T, in *Input, s *sender, from, to time.Duration, each func(block []float32)) {
	t.Helper()
	var b [2 * Block]float32
	for pos := int64(Samples(from)); pos < int64(Samples(to)); pos += Block {
		if s != nil {
			s.run(Duration(float64(pos + Block)))
		}
		clear(b[:])
		in.Mix(b[:], pos)
		each(b[:])
	}
}

// power returns the amplitude of a tone of hz in x and, as an amplitude too, of
// everything else. The Hann window's mean is 1/2, its power's 3/8.
func power(x []float64, hz float64) (tone, rest float64) {
	var re, im, all float64
	for i, v := range x {
		v *= 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(x)))
		re += v * math.Cos(2*math.Pi*hz*float64(i)/Rate)
		im += v * math.Sin(2*math.Pi*hz*float64(i)/Rate)
		all += v * v
	}
	n := float64(len(x))
	tone = 4 * math.Hypot(re, im) / n
	return tone, math.Sqrt(max(0, all/n*16/3-tone*tone))
}

// TestDrift: a drifting publisher's sound comes out without a break, in its own
// pitch on our clock, at a constant delay, however late in the day. 2000 ppm for a
// minute is what 33 ppm come to in an hour.
func TestDrift(t *testing.T) {
	for _, c := range []struct {
		name   string
		speed  float64
		jitter time.Duration
	}{
		{"exact", 1, ms},
		{"fast 200 ppm", 1 + 200e-6, 5 * ms},
		{"slow 200 ppm", 1 - 200e-6, 5 * ms},
		{"fast 2000 ppm", 1 + 2000e-6, 5 * ms},
		{"jitter 60 ms", 1 + 100e-6, 60 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := NewInput(1)
			r := rand.New(rand.NewPCG(1, 2))
			s := &sender{in: in, speed: c.speed, hz: 1000, amp: 0.5, delay: func() time.Duration { return time.Duration(r.Int64N(int64(c.jitter))) }}
			const start, length = 30 * time.Hour, 30*time.Hour + 60*time.Second
			s.at = start
			mixFor(t, in, s, start, start+20*time.Second, func([]float32) {})
			starved := in.Starved()
			var lo, hi time.Duration = time.Hour, 0
			mixFor(t, in, s, start+20*time.Second, length, func([]float32) {
				d, _ := in.Delay()
				lo, hi = min(lo, d), max(hi, d)
			})
			if n := in.Starved() - starved; n != 0 {
				t.Errorf("starved %d times", n)
			}
			if lo < 35*ms || hi > 60*ms+c.jitter || hi-lo > 12*ms {
				t.Errorf("delay from %v to %v", lo, hi)
			}
			var x []float64
			mixFor(t, in, s, length, length+time.Second, func(b []float32) {
				for i := range Block {
					x = append(x, float64(b[2*i]))
				}
			})
			tone, rest := power(x, 1000*c.speed)
			if math.Abs(tone-0.5) > 0.005 {
				t.Errorf("tone level %.3f", tone)
			}
			if rest > tone*0.01 {
				t.Errorf("noise %.5f beside a tone of %.3f", rest, tone)
			}
		})
	}
}

// TestNoClicks: beginnings, ends, holes and gain changes never step by more than
// a soft ramp of the tone itself would.
func TestNoClicks(t *testing.T) {
	const hz, amp = 100, 0.8
	most := float32(amp*2*math.Pi*hz/Rate+amp/fade) * 2
	in := NewInput(1)
	s := &sender{in: in, speed: 1, hz: hz, amp: amp, delay: func() time.Duration { return 0 }}
	var last float32
	loud := 0
	check := func(b []float32) {
		for i := range Block {
			if d := b[2*i] - last; d > most || d < -most {
				t.Fatalf("a step of %.3f, more than %.3f", d, most)
			}
			last = b[2*i]
			if abs(last) > 0.5 {
				loud++
			}
		}
	}
	mixFor(t, in, s, 0, time.Second, check)
	in.SetGain(0.1)
	mixFor(t, in, s, 1*time.Second, 2*time.Second, check)
	in.SetGain(1)
	mixFor(t, in, s, 2*time.Second, 3*time.Second, check)
	s.at += 120 * ms // lost packets
	mixFor(t, in, s, 3*time.Second, 4*time.Second, check)
	mixFor(t, in, nil, 4*time.Second, 5*time.Second, check) // nothing more comes
	if last != 0 {
		t.Errorf("no silence after the end: %v", last)
	}
	s.at = 5 * time.Second
	mixFor(t, in, s, 5*time.Second, 6*time.Second, check)
	in.Reset()
	mixFor(t, in, nil, 6*time.Second, 7*time.Second, check)
	if loud < Rate {
		t.Errorf("only %d loud samples: the tone was not there", loud)
	}
}

// TestDelayFollowsPicture: sound waits for a late picture and comes back.
func TestDelayFollowsPicture(t *testing.T) {
	in := NewInput(1)
	s := &sender{in: in, speed: 1, hz: 440, amp: 0.5, delay: func() time.Duration { return 0 }}
	in.SetVideoDelay(150 * ms)
	mixFor(t, in, s, 0, 40*time.Second, func([]float32) {})
	if d, playing := in.Delay(); !playing || (d-150*ms+lead).Abs() > 5*ms {
		t.Errorf("delay %v with a picture 150 ms late, want %v less", d, lead)
	}
	in.SetVideoDelay(20 * ms)
	mixFor(t, in, s, 40*time.Second, 90*time.Second, func([]float32) {})
	if d, _ := in.Delay(); d > 50*ms {
		t.Errorf("delay %v with the picture in time again, want 40 ms", d)
	}
}

// TestSkew: sound that always comes 300 ms late is played, later.
func TestSkew(t *testing.T) {
	in := NewInput(1)
	s := &sender{in: in, speed: 1, hz: 440, amp: 0.5, delay: func() time.Duration { return 300 * ms }}
	mixFor(t, in, s, 0, 10*time.Second, func([]float32) {})
	before := in.Starved()
	mixFor(t, in, s, 10*time.Second, 20*time.Second, func([]float32) {})
	if d, playing := in.Delay(); !playing || in.Starved() != before || d > 400*ms {
		t.Errorf("playing %v, starved %d, delay %v", playing, in.Starved()-before, d)
	}
}

// TestHostile: nonsense stays out of the sum and costs no memory.
func TestHostile(t *testing.T) {
	in := NewInput(1)
	nan := make([]float32, 2*1024)
	for i := range nan {
		nan[i] = [...]float32{float32(math.NaN()), float32(math.Inf(1)), 1e30}[i%3]
	}
	r := rand.New(rand.NewPCG(5, 6))
	var b [2 * Block]float32
	for i := range 3000 {
		pos := int64(i) * Block
		in.Write(nan[:2*r.IntN(1024)], time.Duration(r.Int64N(int64(2*time.Hour)))-time.Hour, Duration(float64(pos)))
		in.Mix(b[:], pos)
		for _, v := range b {
			if v != v || v > 4 || v < -4 {
				t.Fatalf("%v came out", v)
			}
		}
		clear(b[:])
	}
}

func BenchmarkInput(b *testing.B) {
	in := NewInput(1)
	packet := make([]float32, 2*Block)
	var dst [2 * Block]float32
	for i := range b.N {
		at := Duration(float64(i * Block))
		in.Write(packet, at, at+20*ms)
		in.Mix(dst[:], int64(i*Block))
	}
}
