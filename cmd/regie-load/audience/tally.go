package audience

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// side is what the viewers of one way have seen, all together.
type side struct {
	joined, watching, restarts atomic.Int64
	stalls, dips, stalled      atomic.Int64 // stalled in microseconds
	requests, bytes            atomic.Int64
	lost, repaired             atomic.Int64 // packets
	settledBytes               atomic.Int64 // when all had come and settled

	startup, latency histogram

	mu     sync.Mutex // guards errors
	errors map[string]int64
}

func (s *side) fail(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors[kind]++
}

type tally struct {
	began     time.Time
	settled   atomic.Int64 // when, in nanoseconds; 0: not yet
	hls, whep side
}

// settle is called when all viewers have come and play at their steady pace.
func (t *tally) settle() {
	t.hls.settledBytes.Store(t.hls.bytes.Load())
	t.whep.settledBytes.Store(t.whep.bytes.Load())
	t.settled.Store(time.Now().UnixNano())
}

func newTally() *tally {
	t := &tally{began: time.Now()}
	t.hls.errors, t.whep.errors = map[string]int64{}, map[string]int64{}
	return t
}

// Report is what an audience has seen.
type Report struct {
	Seconds float64 `json:"seconds"`
	HLS     Side    `json:"hls,omitzero"`
	WHEP    Side    `json:"whep,omitzero"`
}

// Side is one way of watching. A stall of LL-HLS is one that hls.js reports: the
// picture stands for 250 ms or more because nothing is buffered. A stall of WHEP
// is half a second without a whole picture. Dips are the shorter ones: the buffer
// ran dry, or what the W3C's statistics call a freeze.
type Side struct {
	Joined         int64            `json:"joined"`
	Watching       int64            `json:"watching"`
	Restarts       int64            `json:"restarts"`
	Startup        Spread           `json:"startup_ms"`
	Latency        Spread           `json:"latency_ms"`
	Stalls         int64            `json:"stalls"`
	StalledSeconds float64          `json:"stalled_seconds"`
	Dips           int64            `json:"dips"`
	Errors         map[string]int64 `json:"errors"`
	Requests       int64            `json:"requests"`
	Bytes          int64            `json:"bytes"`
	// MbpsEach is what a viewer receives once all have come; 0 if they had not.
	MbpsEach    float64 `json:"mbps_each"`
	PacketsLost int64   `json:"packets_lost,omitempty"`
	Repaired    int64   `json:"packets_repaired,omitempty"`
}

// Failures is the sum of all errors.
func (s Side) Failures() (n int64) {
	for _, more := range s.Errors {
		n += more
	}
	return n
}

// Spread are percentiles in milliseconds; Count 0 means that nothing could be
// measured.
type Spread struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	Max   float64 `json:"max"`
}

func (t *tally) report() Report {
	var settled time.Time
	if at := t.settled.Load(); at != 0 {
		settled = time.Unix(0, at)
	}
	return Report{Seconds: time.Since(t.began).Seconds(), HLS: t.hls.report(settled), WHEP: t.whep.report(settled)}
}

func (s *side) report(settled time.Time) Side {
	r := Side{
		Joined: s.joined.Load(), Watching: s.watching.Load(), Restarts: s.restarts.Load(),
		Startup: s.startup.spread(), Latency: s.latency.spread(),
		Stalls: s.stalls.Load(), Dips: s.dips.Load(), StalledSeconds: float64(s.stalled.Load()) / 1e6,
		Requests: s.requests.Load(), Bytes: s.bytes.Load(),
		PacketsLost: s.lost.Load(), Repaired: s.repaired.Load(),
	}
	if !settled.IsZero() && r.Joined > 0 {
		r.MbpsEach = float64(r.Bytes-s.settledBytes.Load()) * 8 / 1e6 / time.Since(settled).Seconds() / float64(r.Joined)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Errors = maps.Clone(s.errors)
	return r
}

// histogram counts durations by 2 ms up to a minute.
type histogram struct {
	mu    sync.Mutex
	bins  []int64
	count int64
	max   time.Duration
}

const (
	binWidth = 2 * time.Millisecond
	binCount = 30_000
)

func (h *histogram) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bins == nil {
		h.bins = make([]int64, binCount)
	}
	h.bins[min(max(int(d/binWidth), 0), binCount-1)]++
	h.count++
	h.max = max(h.max, d)
}

func (h *histogram) spread() Spread {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Spread{Count: h.count, Max: milliseconds(h.max)}
	var seen int64
	for i, n := range h.bins {
		if n == 0 {
			continue
		}
		at := min(milliseconds(time.Duration(i)*binWidth+binWidth/2), s.Max)
		if seen < (h.count+1)/2 {
			s.P50 = at
		}
		if seen < (h.count*95+99)/100 {
			s.P95 = at
		}
		seen += n
	}
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
