package hls

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/transcode"
)

// writer is the side of a Stream that packets enter. It is used under Stream.mu.
type writer struct {
	stream  *Stream
	log     *slog.Logger
	metrics *streamMetrics
	epoch   time.Time
	window  int64 // frames that a playlist reaches back

	cutter *cutter
	mux    muxer
	zip    compressor

	params          *params // of the newest init segment
	inits           []*body
	segments        []*segment // in memory; the last may be open
	listed          int        // the first of them that the playlist lists
	discontinuities uint64     // that have left the playlist
	newest          position
	variant         variant
	parts           uint64
	ended           bool
	closed          bool
}

func newWriter(s *Stream, o Options, audio mpeg4audio.AudioSpecificConfig) *writer {
	w := &writer{
		stream:  s,
		log:     o.Logger.With("session", string(o.Session), "rendition", s.rendition),
		metrics: o.Metrics.stream(o.Session, s.rendition),
		epoch:   o.Epoch,
		window:  max(int64(o.Window.Seconds()*float64(o.FPS)), 3*s.grid.targetDuration()*s.grid.fps),
		mux:     muxer{grid: s.grid, audio: audio, kbps: [2]int{o.Rungs[0].Kbps, o.AudioKbps}},
		newest:  beforeFirst,
		variant: variant{
			rendition: s.rendition,
			fps:       s.grid.fps,
			bits:      peakBits(o, s.grid),
			meanBits:  containerBits(o.Rungs[0].Kbps + o.AudioKbps),
		},
	}
	w.cutter = newCutter(s.grid, w.publish, func(r dropReason) { w.metrics.dropped[r].Inc() })
	w.log.Info("hls: open", "part", time.Duration(s.grid.partTarget())*time.Microsecond,
		"segment", time.Duration(s.grid.micros(s.grid.segment))*time.Microsecond, "epoch", s.name)
	return w
}

// containerBits adds the container's two per cent.
func containerBits(kbps int) int64 { return int64(kbps) * 1020 }

// peakBits bounds the bitrate of any segment (RFC 8216bis 4.4.6.2). The encoder's
// rate control holds its rate over one second of buffer, so a segment of n seconds
// holds at most n+1 seconds' worth.
func peakBits(o Options, g grid) int64 {
	return containerBits(o.Rungs[0].Kbps)*(g.segment+g.fps)/g.segment + containerBits(o.AudioKbps)
}

func (w *writer) write(p transcode.Packet) {
	if w.ended {
		return
	}
	switch p.Track {
	case transcode.Video:
		if p.Rung != 0 {
			return
		}
		w.cutter.picture(p.PTS, p.Data)
	case transcode.AAC:
		w.cutter.sound(sound{pts: p.PTS, data: p.Data})
	}
}

// publish adds a part and lets viewers have it.
func (w *writer) publish(c cut) {
	if c.newSegment {
		w.closeSegment()
	}
	if err := w.setParams(c); err != nil {
		w.log.Error("hls: part lost; restart the session if this repeats", "error", err)
		return
	}
	data, err := w.mux.part(c)
	if err != nil {
		w.log.Error("hls: part lost; restart the session if this repeats", "error", err)
		return
	}
	seg := w.open(c)
	tag := fmt.Sprintf(`"%s.%d.%d"`, w.stream.name, seg.msn, len(seg.parts))
	seg.parts = append(seg.parts, part{first: c.first, end: c.end, independent: c.frames[0].key, body: newMedia(tag, data)})
	seg.end = c.end
	w.segments[len(w.segments)-1] = seg
	w.newest = position{seg.msn, len(seg.parts) - 1}
	if c.endSegment {
		w.closeSegment()
	}
	w.replace()
	w.count(c)
}

func (w *writer) count(c cut) {
	last := c.frames[len(c.frames)-1].index
	shown := w.epoch.Add(time.Duration(w.stream.grid.micros(last)) * time.Microsecond)
	w.parts++
	w.metrics.parts.Inc()
	w.metrics.published.SetToCurrentTime()
	w.metrics.delay.Observe(max(0, time.Since(shown).Seconds()))
}

// setParams makes a new initialisation segment when the coding has changed.
func (w *writer) setParams(c cut) error {
	if c.params == w.params {
		return nil
	}
	data, err := w.mux.init(c.params)
	if err != nil {
		return err
	}
	tag := fmt.Sprintf(`"%s.init%d"`, w.stream.name, len(w.inits))
	w.inits = append(w.inits[:len(w.inits):len(w.inits)], newMedia(tag, data))
	w.params = c.params
	w.variant.codecs = c.params.codec() + "," + w.mux.audioCodec()
	w.variant.width, w.variant.height = c.params.width, c.params.height
	if len(w.inits) > 1 {
		w.log.Warn("hls: the encoder's parameters changed; players must begin again",
			"width", c.params.width, "height", c.params.height)
	}
	return nil
}

// open gives a copy of the open segment, or a new one.
func (w *writer) open(c cut) *segment {
	if n := len(w.segments); n > 0 && !w.segments[n-1].done() {
		seg := *w.segments[n-1]
		return &seg
	}
	seg := &segment{msn: firstMSN, first: c.first, plannedEnd: c.segmentEnd, init: len(w.inits) - 1, discontinuity: c.discontinuity}
	if n := len(w.segments); n > 0 {
		seg.msn = w.segments[n-1].msn + 1
		if c.discontinuity {
			w.log.Warn("hls: the program had a gap", "from", w.at(w.segments[n-1].end), "to", w.at(c.first))
		}
	}
	w.segments = append(w.segments, seg)
	return seg
}

// at is a frame's program time.
func (w *writer) at(frame int64) time.Duration {
	return time.Duration(w.stream.grid.micros(frame)) * time.Microsecond
}

// closeSegment makes the open segment, if there is one, a whole one.
func (w *writer) closeSegment() {
	n := len(w.segments)
	if n == 0 || w.segments[n-1].done() {
		return
	}
	seg := *w.segments[n-1]
	chunks := make([][]byte, 0, len(seg.parts))
	size := int64(0)
	for _, p := range seg.parts {
		chunks = append(chunks, p.body.chunks...)
		for _, c := range p.body.chunks {
			size += int64(len(c))
		}
	}
	seg.whole = newMedia(fmt.Sprintf(`"%s.%d"`, w.stream.name, seg.msn), chunks...)
	w.segments[n-1] = &seg
	// RFC 8216bis 4.4.6.2: BANDWIDTH is an upper bound. Short segments, which
	// only a discontinuity leaves, do not count.
	if g := w.stream.grid; seg.end-seg.first == g.segment {
		w.variant.bits = max(w.variant.bits, size*8*g.fps/g.segment)
	}
	w.trim()
}

// trim takes from the playlist what has left the window, and from memory what
// left it a window ago (RFC 8216bis 6.2.2).
func (w *writer) trim() {
	for length(w.segments[w.listed+1:]) >= w.window {
		if w.segments[w.listed].discontinuity {
			w.discontinuities++
		}
		w.listed++
	}
	kept := w.window + w.stream.grid.segment
	for w.listed > 0 && length(w.segments[1:w.listed]) >= kept {
		w.segments = append([]*segment(nil), w.segments[1:]...)
		w.listed--
	}
	if oldest := w.segments[0].init; oldest > 0 && w.inits[oldest-1] != nil {
		w.inits = append([]*body(nil), w.inits...)
		clear(w.inits[:oldest])
	}
}

// length is how many frames segments last.
func length(segments []*segment) (n int64) {
	for _, s := range segments {
		n += s.end - s.first
	}
	return n
}

// replace renders and publishes the next snapshot.
func (w *writer) replace() {
	listed := w.segments[w.listed:]
	next := &snapshot{
		next:     make(chan struct{}),
		segments: append([]*segment(nil), w.segments...),
		inits:    w.inits,
		newest:   w.newest,
		hint:     position{w.newest.msn, w.newest.part + 1},
		ended:    w.ended,
		listable: listed[0].done(),
	}
	if w.segments[len(w.segments)-1].done() {
		next.hint = position{w.newest.msn + 1, 0}
	}
	v := view{
		grid: w.stream.grid, epoch: w.epoch, name: w.stream.name, segments: listed,
		discontinuities: w.discontinuities, hint: next.hint, ended: w.ended,
	}
	tag := w.stream.name + "." + strconv.FormatUint(w.newest.msn, 10) + "." + strconv.Itoa(w.newest.part)
	if w.ended {
		tag += ".end"
	}
	seconds := w.stream.grid.targetDuration()
	for i, skip := range [2]int{0, v.skippable()} {
		if i == 1 && skip == 0 {
			next.now[1], next.awaited[1] = next.now[0], next.awaited[0]
			break
		}
		plain := v.render(skip)
		zipped := w.zip.gzip(plain)
		if i == 1 {
			tag += ".delta"
		}
		now := newText(tag, cacheNow, plain, zipped)
		awaited := newText(tag, fmt.Sprintf("public, max-age=%d", 6*seconds), plain, zipped)
		next.now[i], next.awaited[i] = &now, &awaited
	}
	next.index = w.index()
	w.swap(next)
}

// index renders the multivariant playlist, or takes over the one that still says
// the same.
func (w *writer) index() *text {
	plain := w.variant.render()
	before := w.stream.current.Load().index
	if before != nil && string(before.plain.chunks[0]) == string(plain) {
		return before
	}
	tag := fmt.Sprintf("%s.index.%d.%d", w.stream.name, len(w.inits), w.variant.bits)
	t := newText(tag, fmt.Sprintf("public, max-age=%d", w.stream.grid.targetDuration()), plain, w.zip.gzip(plain))
	return &t
}

// swap is the one place where a snapshot becomes current.
func (w *writer) swap(next *snapshot) {
	before := w.stream.current.Swap(next)
	close(before.next)
}

func (w *writer) end() {
	if w.ended {
		return
	}
	w.cutter.finish()
	w.ended = true
	if len(w.segments) > 0 {
		w.closeSegment()
		w.replace()
	} else {
		w.swap(&snapshot{next: make(chan struct{}), ended: true})
	}
	w.log.Info("hls: ended", "parts", w.parts)
}

func (w *writer) close() {
	if w.closed {
		return
	}
	w.end()
	w.closed = true
	w.segments, w.inits = nil, nil
	w.swap(&snapshot{next: make(chan struct{}), ended: true, closed: true})
	w.metrics.forget()
	w.log.Info("hls: closed")
}
