package worker

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/mix"
)

// meter is a source's loudness. Its feed writes, the video loop reads.
type meter struct {
	mix mix.Meter // of the feed

	mu    sync.Mutex
	value float64
	at    time.Duration // when sound last came
}

// loudnessHold is how long after the last sound its loudness is told.
const loudnessHold = 400 * time.Millisecond

func (m *meter) write(samples []float32, now time.Duration) {
	changed := m.mix.Write(samples)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = now
	if changed {
		m.value = math.Round(10*m.mix.Loudness()) / 10
	}
}

func (m *meter) loudness(now time.Duration) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.value == 0 || now-m.at > loudnessHold {
		return transcode.Silence
	}
	return m.value
}

// cadence is how a source's pictures follow each other. Its feed writes, the video
// loop reads.
type cadence struct {
	mu    sync.Mutex
	at    [cadencePictures]time.Duration // program times of the last pictures
	n     int                            // how many ever since the last pause
	came  time.Duration                  // when the last one came
	fps   float64
	vfr   bool
	steps [cadencePictures - 1]time.Duration // scratch
}

const (
	cadencePictures = 61 // two seconds of 30 a second
	cadencePause    = time.Second
	// uneven is how far from the usual distance of pictures, as a share of it, one
	// is of a variable rate; unevenMost is the share of such distances that lost
	// pictures and rounding explain.
	uneven     = 0.3
	unevenMost = 0.15
)

// note enters a picture of program time at.
func (c *cadence) note(at, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n > 0 {
		if d := at - c.at[(c.n-1)%len(c.at)]; d <= 0 || d > cadencePause {
			c.n = 0
			c.fps, c.vfr = 0, false
		}
	}
	c.at[c.n%len(c.at)], c.came = at, now
	c.n++
	if c.n%10 == 0 {
		c.judge()
	}
}

func (c *cadence) judge() {
	n := min(c.n, len(c.at))
	steps := c.steps[:n-1]
	for i := range steps {
		to := c.n - 1 - i
		steps[i] = c.at[to%len(c.at)] - c.at[(to-1)%len(c.at)]
	}
	c.fps = math.Round(10*float64(len(steps))/(c.at[(c.n-1)%len(c.at)]-c.at[(c.n-n)%len(c.at)]).Seconds()) / 10
	slices.Sort(steps)
	usual := steps[len(steps)/2].Seconds()
	odd := 0
	for _, s := range steps {
		if math.Abs(s.Seconds()-usual) > uneven*usual {
			odd++
		}
	}
	c.vfr = n > 20 && float64(odd) > unevenMost*float64(len(steps))
}

// rate is the pictures a second, 0 while none come, and whether they come unevenly.
func (c *cadence) rate(now time.Duration) (fps float64, vfr bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 || now-c.came > cadencePause {
		return 0, false
	}
	return c.fps, c.vfr
}
