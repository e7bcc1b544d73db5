package hls

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"github.com/regie-live/regie/transcode"
)

// longestGap is how much time without a picture is filled with segments of
// nothing. More is a discontinuity: nobody waits so long for a program to go on.
const longestGap = 5 * time.Minute

// writer is the side of a Stream that packets enter. It is used under Stream.mu.
type writer struct {
	stream  *Stream
	log     *slog.Logger
	metrics *sessionMetrics
	epoch   time.Time
	window  int64  // frames that a playlist reaches back
	memory  int64  // frames that memory keeps, if there is a disk
	shelf   *shelf // nil when memory keeps everything

	cutter *cutter
	mux    muxer

	params          []*params  // of the newest init segments
	inits           [][]*body  // by number and rendition
	segments        []*segment // in memory; the last may be open
	settled         int        // the first of them that is not on the disk
	listed          int        // the first of them that the playlist lists
	discontinuities uint64     // that have left the playlist
	newest          position
	cues            cueList
	variants        []variant
	order           []int // in which the multivariant playlist lists them
	indexes         int   // multivariant playlists so far
	parts           uint64
	finished        bool // nothing more is taken
	ended           bool // and the playlists say so
	closed          bool
}

func newWriter(s *Stream, o Options, audio mpeg4audio.AudioSpecificConfig) *writer {
	w := &writer{
		stream: s,
		log:    o.Logger.With("session", string(o.Session)),
		epoch:  o.Epoch,
		window: max(int64(o.Window.Seconds()*float64(o.FPS)), 3*s.grid.targetDuration()*s.grid.fps),
		mux:    muxer{grid: s.grid, audio: audio, audioKbps: o.AudioKbps, rungs: o.Rungs},
		newest: beforeFirst,
		order:  startFirst(o.Rungs),
	}
	w.memory = max(int64(InMemory.Seconds())*s.grid.fps, 7*s.grid.targetDuration()*s.grid.fps)
	if o.Disk != nil && w.window > w.memory {
		w.shelf = o.Disk.shelf(o.Session, s.name, s.renditions)
	}
	w.variants = newVariants(o, s.grid, w.mux.audioCodec())
	w.metrics = o.Metrics.session(o.Session, s.renditions)
	maxGap := min(w.window, int64(longestGap.Seconds())*s.grid.fps)
	w.cutter = newCutter(s.grid, len(o.Rungs), maxGap, w.publish, func(rendition int, r dropReason) { w.metrics.renditions[rendition].dropped[r].Inc() })
	w.log.Info("hls: open", "renditions", s.renditions, "part", time.Duration(s.grid.partTarget())*time.Microsecond,
		"segment", time.Duration(s.grid.micros(s.grid.segment))*time.Microsecond, "epoch", s.name)
	return w
}

// rung is what a rendition shows.
func (w *writer) rung(rendition int) int {
	if rendition == len(w.stream.renditions)-1 {
		return soundOnly
	}
	return rendition
}

func (w *writer) write(p transcode.Packet) {
	if w.finished {
		return
	}
	switch p.Track {
	case transcode.Video:
		if p.Rung < 0 || p.Rung >= len(w.mux.rungs) {
			return
		}
		w.cutter.picture(p.Rung, p.PTS, p.Data)
	case transcode.AAC:
		w.cutter.sound(sound{pts: p.PTS, data: p.Data})
	}
}

// publish adds a part and lets viewers have it.
func (w *writer) publish(c cut) {
	if c.newSegment {
		w.closeSegment()
	}
	if c.gap {
		w.addGap(c)
		return // the part that ends it is not far, and brings the playlist
	}
	if err := w.setParams(c); err != nil {
		w.log.Error("hls: part lost; restart the session if this repeats", "error", err)
		return
	}
	media, err := w.media(c)
	if err != nil {
		w.log.Error("hls: part lost; restart the session if this repeats", "error", err)
		return
	}
	seg := w.open(c)
	seg.parts = append(seg.parts, part{first: c.first, end: c.end, independent: c.frames[0].key, media: media})
	seg.end = c.end
	w.segments[len(w.segments)-1] = seg
	w.newest = position{seg.msn, len(seg.parts) - 1}
	if c.endSegment {
		w.closeSegment()
	}
	w.replace()
	w.count(c)
}

// media muxes a part for every rendition.
func (w *writer) media(c cut) ([]*body, error) {
	out := make([]*body, len(w.stream.renditions))
	w.mux.sequence++
	tag := fmt.Sprintf(`"%s.%d"`, w.stream.name, w.mux.sequence)
	for i := range out {
		data, err := w.mux.part(w.rung(i), c)
		if err != nil {
			return nil, err
		}
		if data != nil {
			out[i] = newMedia(tag, data)
		}
	}
	return out, nil
}

// addGap adds a segment of nothing, cut as it would have been.
func (w *writer) addGap(c cut) {
	seg := w.open(c)
	for at := c.first; at < c.end; at += w.stream.grid.part {
		seg.parts = append(seg.parts, part{first: at, end: min(c.end, at+w.stream.grid.part)})
	}
	seg.end = c.end
	w.newest = position{seg.msn, len(seg.parts) - 1}
	w.log.Warn("hls: the program had a gap", "from", w.at(c.first), "to", w.at(c.end))
	w.closeSegment()
}

func (w *writer) count(c cut) {
	last := c.frames[len(c.frames)-1].index
	shown := w.epoch.Add(w.at(last))
	w.parts++
	for _, m := range w.metrics.renditions {
		m.parts.Inc()
		m.published.SetToCurrentTime()
		m.delay.Observe(max(0, time.Since(shown).Seconds()))
	}
}

// setParams makes new initialisation segments when the coding has changed.
func (w *writer) setParams(c cut) error {
	if w.params != nil && same(c.params, w.params) {
		return nil
	}
	inits := make([]*body, len(w.stream.renditions))
	for i := range inits {
		data, err := w.mux.init(w.rung(i), c.params)
		if err != nil {
			return err
		}
		inits[i] = newMedia(fmt.Sprintf(`"%s.init%d"`, w.stream.name, len(w.inits)), data)
	}
	w.inits = append(w.inits[:len(w.inits):len(w.inits)], inits)
	w.params = c.params
	for rung, p := range c.params {
		v := &w.variants[rung]
		v.codecs = p.codec() + "," + w.mux.audioCodec()
		v.width, v.height = p.width, p.height
	}
	if len(w.inits) > 1 {
		w.log.Warn("hls: the encoder's parameters changed; players must begin again")
	}
	return nil
}

// open gives a copy of the open segment, or a new one.
func (w *writer) open(c cut) *segment {
	n := len(w.segments)
	if n > 0 && !w.segments[n-1].done {
		seg := *w.segments[n-1]
		return &seg
	}
	seg := &segment{msn: firstMSN, first: c.first, plannedEnd: c.segmentEnd, init: len(w.inits) - 1, discontinuity: c.discontinuity}
	if n > 0 {
		last := w.segments[n-1]
		seg.msn, seg.before = last.msn+1, last.before+last.end-last.first
		if c.discontinuity {
			w.log.Warn("hls: discontinuity", "from", w.at(last.end), "to", w.at(c.first))
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
	if n == 0 || w.segments[n-1].done {
		return
	}
	seg := *w.segments[n-1]
	seg.done = true
	seg.whole = make([]*body, len(w.stream.renditions))
	for i := range seg.whole {
		seg.whole[i] = w.join(&seg, i)
	}
	w.shelve(&seg)
	w.segments[n-1] = &seg
	w.trim()
}

// join makes a whole segment of its parts; nil when it has none in a rendition.
func (w *writer) join(seg *segment, rendition int) *body {
	var chunks [][]byte
	size := int64(0)
	for _, p := range seg.parts {
		media := p.in(rendition)
		if media == nil {
			continue
		}
		chunks = append(chunks, media.chunks...)
		for _, c := range media.chunks {
			size += int64(len(c))
		}
	}
	if chunks == nil {
		return nil
	}
	w.variants[rendition].add(size, seg.end-seg.first, w.stream.grid)
	return newMedia(fmt.Sprintf(`"%s.s%d"`, w.stream.name, seg.msn), chunks...)
}

// trim takes from the playlist what has left the window, and drops what left it a
// window ago or as long ago as memory keeps things. RFC 8216bis 6.2.2 asks for a
// segment's length, and for three target durations for parts.
func (w *writer) trim() {
	for length(w.segments[w.listed+1:]) >= w.window {
		w.unlist()
	}
	w.settle()
	kept := min(w.window, w.memory) + w.stream.grid.segment
	for w.listed > 0 && length(w.segments[1:w.listed]) >= kept {
		w.forget()
	}
	w.metrics.rewind.Set(float64(length(w.segments[w.listed:])) / float64(w.stream.grid.fps))
	if oldest := w.segments[0].init; oldest > 0 && w.inits[oldest-1] != nil {
		w.inits = append([][]*body(nil), w.inits...)
		clear(w.inits[:oldest])
	}
}

// replace publishes the next snapshot.
func (w *writer) replace() {
	listed := w.segments[w.listed:]
	w.cues.expire(w.stream.grid, listed[0].first, w.playlistEnd(), 6*w.stream.grid.targetDuration()*w.stream.grid.fps)
	next := &snapshot{
		next:     make(chan struct{}),
		segments: append([]*segment(nil), w.segments...),
		inits:    w.inits,
		newest:   w.newest,
		hint:     position{w.newest.msn, w.newest.part + 1},
		ended:    w.ended,
		listable: listed[0].done,
		zip:      &w.stream.zip,
	}
	if w.segments[len(w.segments)-1].done {
		next.hint = position{w.newest.msn + 1, 0}
	}
	next.playlists = w.playlists(view{
		grid: w.stream.grid, epoch: w.epoch, name: w.stream.name, renditions: w.stream.renditions,
		segments: next.segments[w.listed:], discontinuities: w.discontinuities,
		newest: next.newest, hint: next.hint, cues: w.cues, ended: w.ended,
	})
	next.index = w.index()
	w.swap(next)
}

// playlists writes the delta updates, which all who follow ask for at once, and
// leaves the full playlists to the first who asks for one.
func (w *writer) playlists(v view) []playlists {
	out := make([]playlists, len(v.renditions))
	tag := fmt.Sprintf("%s.%d.%d", v.name, v.newest.msn, v.newest.part)
	if v.ended {
		tag += ".end"
	}
	skip := v.skippable() > 0
	for i := range out {
		out[i].full = &draft{view: v, rendition: i, kind: fullPlaylist, tag: tag}
		if skip {
			out[i].delta = &draft{view: v, rendition: i, kind: deltaUpdate, tag: tag + ".delta"}
			plain := v.render(i, deltaUpdate2)
			out[i].delta2 = newPage(tag+".delta2", plain, w.stream.zip.gzip(plain))
		}
	}
	return out
}

// index renders the multivariant playlist, or takes over the one that still says
// the same.
func (w *writer) index() *text {
	variants := make([]variant, len(w.order))
	for i, rendition := range w.order {
		variants[i] = w.variants[rendition]
	}
	plain := renderIndex(variants, w.stream.grid, w.ended)
	before := w.stream.current.Load().index
	if before != nil && string(before.plain.chunks[0]) == string(plain) {
		return before
	}
	w.indexes++
	tag := fmt.Sprintf("%s.index.%d", w.stream.name, w.indexes)
	t := newText(tag, fmt.Sprintf("public, max-age=%d, must-revalidate", w.stream.grid.targetDuration()), plain, w.stream.zip.gzip(plain))
	return &t
}

// swap is the one place where a snapshot becomes current.
func (w *writer) swap(next *snapshot) {
	before := w.stream.current.Swap(next)
	close(before.next)
}

// finish publishes the last parts. It reports false when that was done before.
func (w *writer) finish() bool {
	if w.finished {
		return false
	}
	w.finished = true
	w.cutter.finish()
	if len(w.segments) > 0 {
		w.closeSegment()
		w.replace()
	}
	return true
}

func (w *writer) end() {
	w.finish()
	if w.ended {
		return
	}
	w.ended = true
	if len(w.segments) > 0 {
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
	if w.shelf != nil {
		w.shelf.close()
	}
	w.swap(&snapshot{next: make(chan struct{}), ended: true, closed: true})
	w.metrics.forget()
	w.log.Info("hls: closed")
}
