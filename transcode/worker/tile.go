package worker

import (
	"image"
	"sync"
	"time"

	"github.com/regie-live/regie/transcode/compose"
)

const (
	tilesWaiting = 12 // pictures scaled and not yet due
	tilesSpare   = 3
	never        = -time.Hour
)

// tile is a source's picture in the size of its cell.
type tile struct {
	pic     *compose.Picture
	inner   image.Rectangle // where the picture is; bars around it are black
	at, due time.Duration   // its own program time, and when it may be shown
	came    time.Duration   // when it was put
	ready   time.Duration   // when it could first be shown
	seq     uint64          // tells what was drawn before from what was not
}

// tiles hands pictures from a source's feed to the video loop. It holds at most
// tilesWaiting, the newest; one more is on show and belongs to the video loop.
type tiles struct {
	mu      sync.Mutex
	waiting []*tile
	spare   []*tile
	last    time.Duration // program time of the last put; 0 when there was none
	current *tile         // on show
	gone    bool          // current is to be taken off
	seq     uint64
}

// blank returns a tile of the shape for a feed to draw on.
func (q *tiles) blank(sh shape) *tile {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.spare) > 0 {
		t := q.spare[len(q.spare)-1]
		q.spare = q.spare[:len(q.spare)-1]
		if t.pic.W == sh.w && t.pic.H == sh.h {
			return t
		}
	}
	return &tile{pic: compose.NewPicture(sh.w, sh.h)}
}

// put hands t on. When too many wait, the oldest makes room.
func (q *tiles) put(t *tile, now time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == tilesWaiting {
		q.recycle(q.waiting[0])
		q.waiting = q.waiting[:copy(q.waiting, q.waiting[1:])]
	}
	q.seq++
	t.seq = q.seq
	t.came, t.ready = now, max(now, t.due)
	q.last = now
	q.waiting = append(q.waiting, t)
}

// release takes back a tile that is not wanted.
func (q *tiles) release(t *tile) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.recycle(t)
}

func (q *tiles) recycle(t *tile) {
	if t != nil && len(q.spare) < tilesSpare {
		q.spare = append(q.spare, t)
	}
}

// take puts the newest tile that is due on show. fresh says that it is another
// than before.
func (q *tiles) take(now time.Duration) (t *tile, fresh bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		q.gone = false
		q.recycle(q.current)
		q.current = nil
	}
	n := 0
	for n < len(q.waiting) && q.waiting[n].due <= now {
		n++
	}
	if n == 0 {
		return q.current, false
	}
	q.recycle(q.current)
	for _, skipped := range q.waiting[:n-1] {
		q.recycle(skipped)
	}
	q.current = q.waiting[n-1]
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return q.current, true
}

// clear takes everything off.
func (q *tiles) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.waiting {
		q.recycle(t)
	}
	clear(q.waiting)
	q.waiting = q.waiting[:0]
	q.gone, q.last = true, 0
}

// age is the time since the last picture came.
func (q *tiles) age(now time.Duration) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last == 0 {
		return now - never
	}
	return now - q.last
}
