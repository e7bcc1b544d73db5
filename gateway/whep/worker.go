package whep

import (
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// maxQueue bounds a worker's queue, in frames: more than half a second.
const maxQueue = 64

// maxLate is how old a keyframe may be for a joiner to begin with it: what was
// sent since is sent again at once, which must not be more than a link takes in a
// blink. With an older one they wait for the next.
const maxLate = 500 * time.Millisecond

// worker sends to its share of the viewers, one viewer at a time, so that all
// packets of a frame to one address follow each other.
type worker struct {
	feed  *Feed
	queue chan *frame
	batch *rtc.Batch
	pulse *rtc.Pulse

	// Of run alone.
	header rtp.Header // reused: an escaping one would be garbage for every packet
	lanes  []lane     // one a rung

	mu      sync.Mutex
	viewers []*viewer // connected; replaced, never written to
}

// lane is what a worker knows of one rung.
type lane struct {
	next  uint64   // number of the picture that ought to come
	since []*frame // the last keyframe and all after it, while it is young
	paced *paced   // the picture of which packets are still to be sent
}

func newWorker(f *Feed) *worker {
	return &worker{feed: f, queue: make(chan *frame, maxQueue), batch: f.opts.Net.NewBatch(), pulse: f.opts.Net.NewPulse(), lanes: make([]lane, len(f.opts.Rungs))}
}

func (w *worker) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		l := w.soonest()
		if l != nil {
			timer.Reset(time.Until(l.paced.due))
			due = timer.C
		}
		select {
		case f := <-w.queue:
			w.send(f)
			w.pulse.Busy(f.at, time.Now())
		case <-due:
			w.proceed(l, l.paced.step)
		case <-w.feed.stop:
			return
		}
	}
}

func (w *worker) send(f *frame) {
	w.mu.Lock()
	viewers := w.viewers
	w.mu.Unlock()
	if f.kind == media.Audio {
		w.each(w.feed.audio, viewers, func(v *viewer) int { return v.send(v.audio, f, 0, 1, &w.header) })
		return
	}
	for i := range w.lanes { // pictures stay in order
		if p := w.lanes[i].paced; p != nil && (i == f.rung || p.frame.time != f.time) {
			w.proceed(&w.lanes[i], len(p.frame.payloads))
		}
	}
	w.remember(f, viewers)
	step := paceStep(f)
	var rest []*viewer
	w.each(w.feed.video, viewers, func(v *viewer) int {
		if from := v.video.rung; v.video.turn(f) {
			v.turned(from)
		}
		if v.video.rung != f.rung {
			return 0
		}
		if v.video.waiting && !f.key {
			return w.join(v)
		}
		if step < len(f.payloads) {
			rest = append(rest, v)
		}
		return v.send(v.video, f, 0, step, &w.header)
	})
	if len(rest) > 0 {
		w.lanes[f.rung].paced = &paced{frame: f, viewers: rest, step: step, next: step, due: time.Now().Add(paceGap)}
	}
}

// soonest is the lane whose picture is to be sent on first, if any.
func (w *worker) soonest() (first *lane) {
	for i := range w.lanes {
		if l := &w.lanes[i]; l.paced != nil && (first == nil || l.paced.due.Before(first.paced.due)) {
			first = l
		}
	}
	return first
}

// proceed sends the next packets of a picture that is paced, at most so many.
func (w *worker) proceed(l *lane, packets int) {
	p := l.paced
	from, to := p.next, min(p.next+packets, len(p.frame.payloads))
	w.each(w.feed.video, p.viewers, func(v *viewer) int { return v.send(v.video, p.frame, from, to, &w.header) })
	if p.next, p.due = to, p.due.Add(paceGap); to == len(p.frame.payloads) {
		l.paced = nil
	}
}

// each calls send for all viewers and hands what they write to the kernel in one.
func (w *worker) each(flow rtc.Flow, viewers []*viewer, send func(*viewer) int) {
	sent := 0
	w.batch.Begin()
	for _, v := range viewers {
		sent += send(v)
	}
	w.batch.Flush()
	count(flow, sent)
}

// remember notes a picture for those who join. After a gap all who are sent its
// rung wait for a keyframe.
func (w *worker) remember(f *frame, viewers []*viewer) {
	l := &w.lanes[f.rung]
	gap := f.number != l.next
	l.next = f.number + 1
	switch {
	case f.key:
		l.since = append(l.since[:0:0], f)
	case gap:
		l.since = nil
		for _, v := range viewers {
			if v.video.rung == f.rung {
				v.video.waiting = true
			}
		}
	case len(l.since) > 0 && f.at.Sub(l.since[0].at) <= maxLate:
		l.since = append(l.since, f)
	default:
		l.since = nil
	}
}

// join lets a viewer begin who waits for a keyframe, or asks for one.
func (w *worker) join(v *viewer) int {
	since := w.lanes[v.video.rung].since
	if len(since) == 0 {
		w.feed.keyframes.Ask()
		return 0
	}
	return v.video.join(since, &w.header)
}

func count(flow rtc.Flow, packets int) {
	if packets > 0 {
		flow.Packets.Add(float64(packets))
	}
}

func (w *worker) add(v *viewer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.viewers = append(w.viewers[:len(w.viewers):len(w.viewers)], v)
}

func (w *worker) remove(v *viewer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := make([]*viewer, 0, len(w.viewers))
	for _, o := range w.viewers {
		if o != v {
			rest = append(rest, o)
		}
	}
	w.viewers = rest
}
