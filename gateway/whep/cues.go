package whep

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

const (
	// maxCues is how many cues are kept for those who join, and may wait to be told.
	maxCues = 200
	// lingers is how long one that has ended is still told to those who join, whose
	// picture may be that late.
	lingers = 30 * time.Second
)

var (
	errCueMoved = errors.New("a cue of this id starts at another time; take another id")
	errTooMany  = errors.New("more cues are announced than can be told; try again in a moment")
)

// cueMessage is how a viewer hears of a cue.
type cueMessage struct {
	Type     string          `json:"type"` // cue
	ID       string          `json:"id"`
	Class    string          `json:"class"`
	Start    string          `json:"start"`              // RFC 3339
	RTP      uint32          `json:"rtp"`                // the same as a timestamp of the video track
	Duration float64         `json:"duration,omitempty"` // seconds
	Data     json.RawMessage `json:"data,omitempty"`
}

// Announce tells a cue to all viewers who have a data channel, and to those who
// join while it is current. It never blocks.
func (f *Feed) Announce(c show.Cue) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if f.closed.Load() {
		return ErrEnded
	}
	text, err := json.Marshal(cueMessage{
		Type: "cue", ID: c.ID, Class: c.Class, Data: c.Data, Duration: c.Duration.Seconds(),
		Start: f.opts.Epoch.Add(c.Start).UTC().Format("2006-01-02T15:04:05.000Z"),
		RTP:   f.clock.offset[media.Video] + uint32(ticks(c.Start, transcode.VideoClock)),
	})
	if err != nil {
		return err
	}
	return f.board.post(c, text, time.Since(f.opts.Epoch))
}

// board holds the cues that are current and tells them to viewers. Its own
// goroutine sends, so that nobody waits for a thousand channels.
type board struct {
	wake chan struct{}

	mu      sync.Mutex
	cues    []posted
	waiting [][]byte           // to be told to all
	changed map[*talk]struct{} // whose rendition is to be told

	sending sync.Mutex // held while talks are written to, so that each is in order
	talks   map[*talk]struct{}
}

type posted struct {
	cue  show.Cue
	text []byte
}

func newBoard() *board {
	return &board{wake: make(chan struct{}, 1), changed: map[*talk]struct{}{}, talks: map[*talk]struct{}{}}
}

// post takes a cue at program time now.
func (b *board) post(c show.Cue, text []byte, now time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	i := slices.IndexFunc(b.cues, func(p posted) bool { return p.cue.ID == c.ID })
	switch {
	case len(b.waiting) == maxCues:
		return errTooMany
	case i >= 0 && b.cues[i].cue.Start != c.Start:
		return errCueMoved
	case i >= 0:
		b.cues[i] = posted{c, text}
	default:
		if len(b.cues) == maxCues {
			b.cues = slices.Delete(b.cues, 0, 1)
		}
		b.cues = append(b.cues, posted{c, text})
	}
	b.waiting = append(b.waiting, text)
	b.ring()
	return nil
}

// expire forgets what nobody who joins can still see.
func (b *board) expire(now time.Duration) {
	b.cues = slices.DeleteFunc(b.cues, func(p posted) bool {
		return p.cue.Duration > 0 && p.cue.Start+p.cue.Duration+lingers < now
	})
}

func (b *board) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// refresh has a viewer told which rendition it gets.
func (b *board) refresh(t *talk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed[t] = struct{}{}
	b.ring()
}

func (b *board) run(stop <-chan struct{}) {
	for {
		select {
		case <-b.wake:
			b.tell()
		case <-stop:
			return
		}
	}
}

func (b *board) tell() {
	b.sending.Lock()
	defer b.sending.Unlock()
	b.mu.Lock()
	texts, changed := b.waiting, b.changed
	b.waiting, b.changed = nil, map[*talk]struct{}{}
	b.mu.Unlock()
	for t := range changed {
		if _, open := b.talks[t]; open {
			t.write(t.renditions())
		}
	}
	for t := range b.talks {
		for _, text := range texts {
			if !t.write(text) {
				break
			}
		}
	}
}

// join begins to tell a viewer things, with what is current at program time now.
func (b *board) join(t *talk, now time.Duration) {
	b.sending.Lock()
	defer b.sending.Unlock()
	b.mu.Lock()
	b.expire(now)
	current := slices.Clone(b.cues)
	b.mu.Unlock()
	b.talks[t] = struct{}{}
	t.write(t.renditions())
	for _, p := range current {
		t.write(p.text)
	}
}

func (b *board) leave(t *talk) {
	b.sending.Lock()
	delete(b.talks, t)
	b.sending.Unlock()
	b.mu.Lock()
	delete(b.changed, t)
	b.mu.Unlock()
}
