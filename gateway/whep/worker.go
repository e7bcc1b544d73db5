package whep

import (
	"sync"

	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// maxQueue bounds a worker's queue, in frames: more than half a second.
const maxQueue = 64

// worker sends to its share of the viewers, one viewer at a time, so that all
// packets of a frame to one address follow each other.
type worker struct {
	feed  *Feed
	queue chan *frame

	// Of run alone.
	header rtp.Header // reused: an escaping one would be garbage for every packet
	next   uint64     // number of the picture that ought to come

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
		if f.number != w.next && !f.key && len(viewers) > 0 {
			for _, v := range viewers {
				v.video.waiting = true
			}
			w.feed.keyframes.ask()
		}
		w.next = f.number + 1
	}
	sent := 0
	for _, v := range viewers {
		sent += v.send(f, &w.header)
	}
	count(flow, sent)
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
