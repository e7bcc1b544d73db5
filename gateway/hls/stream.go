package hls

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// Options says what a Stream is made of. Durations are rounded to whole frames.
type Options struct {
	Rungs     []transcode.Rung // the encodings, the largest first
	FPS       int
	AudioKbps int

	Part    time.Duration // default 333 ms
	Segment time.Duration // default 2 s; from one scheduled keyframe to the next
	Window  time.Duration // default 30 s; how far back a playlist reaches, at least three segments

	// Disk keeps what of the window is older than InMemory; default: memory does.
	Disk *Disk

	// AudioConfig is the AudioSpecificConfig of the AAC packets; default AAC-LC,
	// 48 kHz, stereo.
	AudioConfig []byte
	// Epoch is the wall time of program time 0; default now.
	Epoch time.Time

	Session show.SessionID
	Logger  *slog.Logger // default: nothing is logged
	Metrics *Metrics     // default: counted, not exposed
}

// Stream is one program on its way out as LL-HLS.
type Stream struct {
	grid       grid
	renditions []string // the rungs, then the sound alone
	name       string   // the EPOCH in addresses
	patience   time.Duration
	problems   [problemCount]*body
	preflight  []field

	current atomic.Pointer[snapshot] // what viewers read
	timers  sync.Pool                // of *time.Timer, stopped
	zip     compressors

	mu     sync.Mutex  // held by Write, End and Close; no viewer takes it
	writer *writer     // guarded by mu
	ending *time.Timer // until the writer ends; guarded by mu
}

// lastParts is how long the last parts are listed before the playlist says that they
// are the last: long enough to load them from another continent. hls.js 1.7 loads no
// part that it hears of together with the end, and waits for ever at the one before.
const lastParts = time.Second

// New makes a Stream that waits for its first packet.
func New(o Options) (*Stream, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("hls: %w", err)
	}
	var audio mpeg4audio.AudioSpecificConfig
	if err := audio.Unmarshal(o.AudioConfig); err != nil {
		return nil, fmt.Errorf("hls: audio config % x is not an AudioSpecificConfig: %w", o.AudioConfig, err)
	}
	if audio.SampleRate != transcode.AudioClock {
		return nil, fmt.Errorf("hls: audio at %d Hz; the program's is %d Hz", audio.SampleRate, transcode.AudioClock)
	}
	partFrames, segmentFrames := o.Frames()
	s := &Stream{
		grid:      grid{fps: int64(o.FPS), part: int64(partFrames), segment: int64(segmentFrames)},
		name:      strconv.FormatInt(o.Epoch.UnixMilli(), 36),
		problems:  newProblems(),
		preflight: newPreflight(),
	}
	for _, r := range o.Rungs {
		s.renditions = append(s.renditions, r.Name())
	}
	s.renditions = append(s.renditions, audioName)
	s.patience = 3 * time.Duration(s.grid.targetDuration()) * time.Second
	s.timers.New = func() any {
		t := time.NewTimer(s.patience)
		t.Stop()
		return t
	}
	s.current.Store(&snapshot{next: make(chan struct{}), newest: beforeFirst, hint: position{firstMSN, 0}})
	s.writer = newWriter(s, o, audio)
	return s, nil
}

func (o *Options) setDurations() {
	defaultTo := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	defaultTo(&o.Part, 333*time.Millisecond)
	defaultTo(&o.Segment, 2*time.Second)
	defaultTo(&o.Window, 30*time.Second)
}

func (o *Options) setDefaults() {
	o.setDurations()
	if o.AudioConfig == nil {
		o.AudioConfig = []byte{0x11, 0x90} // ISO 14496-3 1.6.2.1: object type 2, 48 kHz, two channels
	}
	if o.Epoch.IsZero() {
		o.Epoch = time.Now()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
}

func (o *Options) validate() error {
	var errs []error
	if len(o.Rungs) == 0 || o.FPS <= 0 || o.AudioKbps <= 0 {
		errs = append(errs, errors.New("rungs, fps and the bitrate of the sound must be set"))
	}
	for i, r := range o.Rungs {
		if r.Width <= 0 || r.Height <= 0 || r.Kbps <= 0 {
			errs = append(errs, fmt.Errorf("the rung %+v must have a size and a bitrate", r))
		}
		for _, other := range o.Rungs[:i] {
			if other.Name() == r.Name() {
				errs = append(errs, fmt.Errorf("two rungs are called %s; give them different heights", r.Name()))
			}
		}
	}
	if o.Part < 0 || o.Segment < 0 || o.Window < 0 {
		errs = append(errs, errors.New("part, segment and window must not be negative"))
	}
	if o.Part > o.Segment {
		errs = append(errs, fmt.Errorf("a part of %v is longer than a segment of %v; make it shorter", o.Part, o.Segment))
	}
	return errors.Join(errs...)
}

// Write takes one packet of the program: Video and AAC, others are ignored. It
// must be called from one goroutine at a time and never waits for a viewer. The
// packet's Data must not change afterwards.
func (s *Stream) Write(p transcode.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer.write(p)
}

// Ready says whether a viewer would get a playlist at once.
func (s *Stream) Ready() bool {
	now := s.current.Load()
	return now.listable && !now.closed
}

// End publishes what is there of the open part and takes nothing more. The playlist
// is final (RFC 8216bis 4.4.3.4) after lastParts; then everybody who waits is answered.
func (s *Stream) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer.finish() {
		s.ending = time.AfterFunc(lastParts, s.final)
	}
}

func (s *Stream) final() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer.end()
}

// Close drops the media and answers everybody who waits with 404.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		s.ending.Stop()
	}
	s.writer.close()
}

// ServeHTTP answers a viewer. The request's path must have been stripped of what
// stands before index.m3u8, with or without its slash.
func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		for _, f := range s.preflight {
			w.Header()[f.name] = f.value
		}
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		s.problems[problemMethod].write(w, r)
		return
	}
	q, ok := parse(strings.TrimPrefix(r.URL.Path, "/"), r.URL.RawQuery, s.renditions, s.name)
	if !ok {
		s.problems[problemMalformed].write(w, r)
		return
	}
	q.gzip = acceptsGzip(r.Header["Accept-Encoding"])
	if b := s.await(q, r.Context().Done()); b != nil {
		if !b.write(w, r) {
			s.problems[problemUnknown].write(w, r)
		}
	}
}

// await finds the answer to q, waiting for it if need be; nil when the viewer has
// left meanwhile.
func (s *Stream) await(q request, left <-chan struct{}) *body {
	now := s.current.Load()
	a := now.resolve(s.grid, q)
	if !a.wait {
		return s.body(a)
	}
	timer := s.timers.Get().(*time.Timer)
	timer.Reset(s.patience)
	defer func() {
		timer.Stop()
		s.timers.Put(timer)
	}()
	for a.wait {
		select {
		case <-now.next:
		case <-left:
			return nil
		case <-timer.C:
			return s.problems[a.late]
		}
		now = s.current.Load()
		a = now.resolve(s.grid, q)
	}
	return s.body(a)
}

func (s *Stream) body(a answer) *body {
	if a.body != nil {
		return a.body
	}
	return s.problems[a.problem]
}

// newPreflight lets any page read the stream (Fetch standard, CORS protocol).
func newPreflight() []field {
	return []field{
		{"Access-Control-Allow-Origin", []string{"*"}},
		{"Access-Control-Allow-Methods", []string{"GET, HEAD, OPTIONS"}},
		{"Access-Control-Allow-Headers", []string{"*"}},
		{"Access-Control-Max-Age", []string{"86400"}},
		{"Allow", []string{"GET, HEAD, OPTIONS"}},
		{"Cache-Control", []string{"public, max-age=86400"}},
	}
}
