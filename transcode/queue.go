package transcode

import (
	"errors"
	"sync"

	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

const (
	queueUnits   = 128     // of one track, about four seconds of pictures
	queueBytes   = 4 << 20 // of one track
	queueControl = 1024    // messages that are not media
)

var errOverflow = errors.New("the worker does not read its commands")

// queue holds what the worker has not read yet. Each track of each source has a
// bound of its own, so one source cannot take another's place. Pictures that
// do not fit are dropped up to the next keyframe, because what follows would be
// decoded without its references.
type queue struct {
	wake chan struct{} // of 1

	mu       sync.Mutex
	messages []wire.Message
	control  int
	tracks   map[trackKey]*backlog
	dropped  uint64
	closed   bool
	overflow bool
}

type trackKey struct {
	source uint16
	kind   media.Kind
}

type backlog struct {
	units, bytes int
	gap          bool // dropping up to a keyframe
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), tracks: make(map[trackKey]*backlog)}
}

func unitKey(m wire.Message) trackKey { return trackKey{m.Source, media.Kind(m.Kind)} }

// push adds m. It reports false for an access unit that starts a gap, for which
// a keyframe should be asked.
func (q *queue) push(m wire.Message) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true
	}
	fits, fresh := q.admit(m)
	if !fits {
		return !fresh
	}
	q.messages = append(q.messages, m)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// admit counts m. fresh says that dropping begins with it.
func (q *queue) admit(m wire.Message) (fits, fresh bool) {
	if m.Type != wire.AccessUnit {
		q.control++
		if q.control > queueControl {
			q.overflow = true
		}
		return !q.overflow, false
	}
	k := unitKey(m)
	b := q.tracks[k]
	if b == nil {
		b = &backlog{}
		q.tracks[k] = b
	}
	key, full := m.Flags&wire.Key != 0, b.units >= queueUnits || b.bytes+len(m.Payload) > queueBytes
	if m.Flags&wire.Replay != 0 {
		full = false // bounded by history
	}
	if full || b.gap && !key {
		q.dropped++
		fresh = !b.gap && k.kind == media.Video
		b.gap = k.kind == media.Video
		return false, fresh
	}
	b.gap = false
	b.units++
	b.bytes += len(m.Payload)
	return true, false
}

// take returns everything that waits. buf is reused for what comes next.
func (q *queue) take(buf []wire.Message) (ms []wire.Message, closed bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.overflow {
		err = errOverflow
	}
	clear(buf) // let go of the payloads
	ms, q.messages = q.messages, buf[:0]
	for _, b := range q.tracks {
		b.units, b.bytes = 0, 0
	}
	q.control = 0
	return ms, q.closed, err
}

// close lets the writer finish what waits and stop.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) drops() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// write sends messages until the queue is closed or the pipe breaks.
func (q *queue) write(w *wire.Writer) error {
	var buf []wire.Message
	for range q.wake {
		ms, closed, err := q.take(buf)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if err := w.Write(m); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		buf = ms
		if closed {
			return nil
		}
	}
	return nil
}
