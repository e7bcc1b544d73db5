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

	// Of run alone.
	header rtp.Header // reused: an escaping one would be garbage for every packet
	next   uint64     // number of the picture that ought to come
	since  []*frame   // the last keyframe and all after it, while it is young

	mu      sync.Mutex
	viewers []*viewer // connected; replaced, never written to
}

func newWorker(f *Feed) *worker {
	return &worker{feed: f, queue: make(chan *frame, maxQueue)}
}

func (w *worker) run() {
	for {
		select {
		case f := <-w.queue:
			w.send(f)
		case <-w.feed.stop:
			return
		}
	}
}

func (w *worker) send(f *frame) {
	w.mu.Lock()
	viewers := w.viewers
	w.mu.Unlock()

	flow := w.feed.audio
	if f.kind == media.Video {
		flow = w.feed.video
		w.remember(f, viewers)
	}
	sent := 0
	for _, v := range viewers {
		if f.kind == media.Video && v.video.waiting && !f.key {
			sent += w.join(v)
			continue
		}
		sent += v.send(f, &w.header)
	}
	count(flow, sent)
}

// remember notes a picture for those who join. After a gap everyone waits for a
// keyframe.
func (w *worker) remember(f *frame, viewers []*viewer) {
	gap := f.number != w.next
	w.next = f.number + 1
	switch {
	case f.key:
		w.since = append(w.since[:0:0], f)
	case gap:
		w.since = nil
		for _, v := range viewers {
			v.video.waiting = true
		}
	case len(w.since) > 0 && f.at.Sub(w.since[0].at) <= maxLate:
		w.since = append(w.since, f)
	default:
		w.since = nil
	}
}

// join lets a viewer begin who waits for a keyframe, or asks for one.
func (w *worker) join(v *viewer) int {
	if len(w.since) == 0 {
		w.feed.keyframes.ask()
		return 0
	}
	return v.video.join(w.since, &w.header)
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
