package worker

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/mix"
)

const ms = time.Millisecond

// simulated is a source with a picture and sound, on simulated time: what the
// video and the audio loop do to it, without codecs.
type simulated struct {
	s      *source
	phase  phaser
	host   bool
	speed  float64
	fps    float64
	start  time.Duration                   // capture of the first picture
	video  func() time.Duration            // from capture to tile
	sound  func() time.Duration            // from a packet's first sample to its arrival
	k, a   int                             // pictures and packets so far
	vDue   time.Duration                   // arrival of the next
	aDue   time.Duration                   //
	mixed  int64                           // blocks
	waited []time.Duration                 // from capture to tick
	each   func(now, offset time.Duration) // called for each new picture shown
}

func newSimulated() *simulated {
	s := newSource(nil, 1, transcode.Source{ID: "s", Gain: 1})
	return &simulated{
		s: s, speed: 1, fps: 30, start: 2*time.Second + 11*ms,
		phase: phaser{period: time.Second / 30, late: phaseLate},
		video: func() time.Duration { return 8 * ms },
		sound: func() time.Duration { return 25 * ms },
	}
}

func (m *simulated) captured(n int, hz float64) time.Duration {
	return m.start + time.Duration(float64(n)/hz/m.speed*float64(time.Second))
}

// arrive hands over everything up to now.
func (m *simulated) arrive(now time.Duration) {
	packet := make([]float32, 2*960)
	for {
		if m.vDue == 0 {
			m.vDue = m.captured(m.k, m.fps) + m.video()
		}
		if m.aDue == 0 {
			m.aDue = m.captured(m.a, 50) + m.sound()
		}
		blockDue := mix.Duration(float64((m.mixed + 1) * mix.Block))
		switch first := min(m.vDue, m.aDue, blockDue); {
		case first > now:
			return
		case first == blockDue:
			var b [2 * mix.Block]float32
			m.s.input.Mix(b[:], m.mixed*mix.Block+mix.Lookahead)
			m.mixed++
		case first == m.vDue:
			at := m.captured(m.k, m.fps)
			t := m.s.tiles.blank(shape{16, 16, transcode.Contain})
			t.at, t.due = at, at+time.Duration(m.s.hold.Load())
			m.s.tiles.put(t, m.vDue)
			m.k, m.vDue = m.k+1, 0
		default:
			m.s.input.Write(packet, m.captured(m.a, 50), m.aDue)
			m.a, m.aDue = m.a+1, 0
		}
	}
}

func (m *simulated) run(from, to time.Duration) {
	p := transcode.Program{FPS: 30}
	for n := p.FrameAt(from); p.FrameTime(n) < to; n++ {
		step := time.Duration(0)
		if m.host {
			step = m.phase.step()
		}
		now := p.FrameTime(n) + step
		m.arrive(now)
		t, fresh := m.s.tiles.take(now)
		if !fresh {
			continue
		}
		m.s.shown(t.at, p.FrameTime(n), m.host)
		if m.host {
			m.phase.observe(t.ready)
			m.phase.follow(t.came-t.at, m.s.input.Need())
		}
		m.waited = append(m.waited, now-t.at)
		if sound, playing := m.s.input.Delay(); playing && m.each != nil {
			m.each(now, sound-(p.FrameTime(n)-t.at))
		}
	}
}

// TestLipSyncSimulated: for hosts and guests of many kinds every picture is within
// -60 to +40 ms of its sound, and the picture waits no longer than it must. At
// 2000 ppm a minute takes the pictures through all phases of the ticks, as an hour
// does with a real crystal.
func TestLipSyncSimulated(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	fixed := func(d time.Duration) func() time.Duration { return func() time.Duration { return d } }
	upTo := func(d, j time.Duration) func() time.Duration {
		return func() time.Duration { return d + time.Duration(r.Int64N(int64(j))) }
	}
	for _, c := range []struct {
		name  string
		host  bool
		speed float64
		fps   float64
		video func() time.Duration
		sound func() time.Duration
		wait  time.Duration // most, of the mean from capture to tick
	}{
		{"host, opus", true, 1, 30, fixed(8 * ms), fixed(25 * ms), 16 * ms},
		{"host, aac", true, 1, 30, fixed(8 * ms), fixed(65 * ms), 16 * ms},
		{"host, 2000 ppm fast", true, 1.002, 30, fixed(8 * ms), fixed(25 * ms), 25 * ms},
		{"host, 2000 ppm slow", true, 0.998, 30, fixed(8 * ms), fixed(45 * ms), 25 * ms},
		{"host, jitter", true, 1, 30, upTo(8*ms, 6*ms), upTo(20*ms, 30*ms), 28 * ms},
		{"host, 25 a second", true, 1, 25, fixed(8 * ms), fixed(25 * ms), 45 * ms},
		{"host, 60 a second", true, 1, 60, fixed(8 * ms), fixed(25 * ms), 30 * ms},
		{"host, B-frames", true, 1, 30, fixed(108 * ms), fixed(25 * ms), 125 * ms},
		{"guest, opus", false, 1, 30, fixed(8 * ms), fixed(25 * ms), 42 * ms},
		{"guest, aac", false, 1, 30, fixed(8 * ms), fixed(65 * ms), 75 * ms},
		{"guest, 2000 ppm", false, 1.002, 30, fixed(8 * ms), fixed(25 * ms), 42 * ms},
		{"guest, late sound", false, 1, 30, fixed(8 * ms), fixed(300 * ms), 340 * ms},
		{"guest, late picture", false, 1, 30, fixed(200 * ms), fixed(25 * ms), 240 * ms},
		{"guest, jitter", false, 1, 30, upTo(8*ms, 20*ms), upTo(20*ms, 60*ms), 90 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newSimulated()
			m.host, m.speed, m.fps, m.video, m.sound = c.host, c.speed, c.fps, c.video, c.sound
			lo, hi := time.Hour, -time.Hour
			m.each = func(now, offset time.Duration) {
				if now > 20*time.Second {
					lo, hi = min(lo, offset), max(hi, offset)
				}
			}
			m.run(2*time.Second, 20*time.Second)
			m.waited = nil
			m.run(20*time.Second, 60*time.Second)
			var sum time.Duration
			for _, w := range m.waited {
				sum += w
			}
			mean := sum / time.Duration(len(m.waited))
			t.Logf("audio minus video from %v to %v; picture waits %v; hold %v", lo.Round(ms), hi.Round(ms), mean.Round(ms/10), time.Duration(m.s.hold.Load()).Round(ms/10))
			if lo < -60*ms || hi > 40*ms {
				t.Errorf("audio minus video from %v to %v, want within -60 to +40 ms", lo, hi)
			}
			if mean > c.wait {
				t.Errorf("a picture waits %v from capture to tick, want at most %v", mean, c.wait)
			}
		})
	}
}

// TestTilesBounded: pictures that nobody shows cost the oldest ones their place.
func TestTilesBounded(t *testing.T) {
	var q tiles
	made := map[*compose.Picture]bool{}
	for i := range 1000 {
		tl := q.blank(shape{16, 16, transcode.Contain})
		made[tl.pic] = true
		tl.due = time.Hour
		q.put(tl, time.Duration(i))
	}
	if len(q.waiting) != tilesWaiting || len(made) > tilesWaiting+tilesSpare {
		t.Errorf("%d tiles wait, %d pictures were made", len(q.waiting), len(made))
	}
	if tl, fresh := q.take(time.Minute); tl != nil || fresh {
		t.Error("a tile was shown before it was due")
	}
	if tl, fresh := q.take(2 * time.Hour); tl == nil || !fresh || len(q.waiting) != 0 {
		t.Error("the newest tile was not shown")
	}
	q.clear()
	if tl, _ := q.take(2 * time.Hour); tl != nil {
		t.Error("a tile is on show after clear")
	}
}
