package whep

import (
	"encoding/json"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"
)

const (
	talkLabel = "regie"
	// maxSaid is the longest message of a viewer.
	maxSaid = 512
	// maxUnsent is more than all current cues together. A channel that holds more is
	// not read by anyone.
	maxUnsent = 512 << 10
	// maxChannels is how many channels a viewer may open, one after the other.
	maxChannels = 8
)

// Why a channel is closed by us; the viewer goes on without.
const (
	slow    = "slow"
	garbage = "garbage"
	flood   = "flood"
)

// pipe is the data channel itself.
type pipe interface {
	ReadDataChannel(b []byte) (n int, isString bool, err error)
	WriteDataChannel(b []byte, isString bool) (int, error)
	Close() error
}

// talk is a viewer's data channel. Board.sending guards writing.
type talk struct {
	viewer   *viewer
	pipe     pipe
	buffered func() uint64
	limit    *rate.Limiter
	closed   atomic.Bool
}

// onChannel takes a data channel that the viewer has opened. Others than ours are
// closed.
func (v *viewer) onChannel(dc *webrtc.DataChannel) {
	dc.OnOpen(func() {
		v.mu.Lock()
		v.channels++
		ours := !v.gone && v.channels <= maxChannels && dc.Label() == talkLabel && dc.Ordered() && v.talk.Load() == nil
		if ours {
			v.reading.Add(1)
			defer v.reading.Done()
		}
		v.mu.Unlock()
		raw, err := dc.Detach()
		if err != nil || !ours {
			_ = dc.Close() // the viewer hears of it, or is gone
			return
		}
		t := &talk{viewer: v, pipe: raw, buffered: dc.BufferedAmount, limit: rate.NewLimiter(1, 5)}
		v.talk.Store(t)
		v.feed.opts.Metrics.channels.Inc()
		v.feed.board.join(t, time.Since(v.feed.opts.Epoch))
		t.listen()
		v.feed.board.leave(t)
		v.feed.opts.Metrics.channels.Dec()
		v.talk.Store(nil)
	})
}

// listen takes what the viewer says until the channel closes.
func (t *talk) listen() {
	buf := make([]byte, maxSaid)
	for {
		n, text, err := t.pipe.ReadDataChannel(buf)
		switch {
		case errors.Is(err, io.ErrShortBuffer):
			t.close(garbage)
		case err == nil && !t.limit.Allow():
			t.close(flood)
		case err == nil && (!text || !t.take(buf[:n])):
			t.close(garbage)
		case err == nil:
			continue
		}
		return
	}
}

// said is what a viewer can say.
type said struct {
	Type      string `json:"type"` // choose
	Rendition string `json:"rendition"`
}

// chosen reads a message; it is not ok when that makes no sense.
func (f *Feed) chosen(b []byte) (rung int, ok bool) {
	var m said
	if err := json.Unmarshal(b, &m); err != nil || m.Type != "choose" || m.Rendition == "" {
		return 0, false
	}
	rung, err := f.choice(m.Rendition)
	return rung, err == nil
}

// take does what a message asks for; false means that it makes no sense.
func (t *talk) take(b []byte) bool {
	rung, ok := t.viewer.feed.chosen(b)
	if !ok {
		return false
	}
	t.viewer.choose(rung)
	t.viewer.feed.board.refresh(t)
	return true
}

// write sends a message; false means that the channel is closed.
func (t *talk) write(text []byte) bool {
	if t.closed.Load() {
		return false
	}
	if t.buffered() > maxUnsent {
		t.close(slow)
		return false
	}
	_, err := t.pipe.WriteDataChannel(text, true)
	return err == nil
}

func (t *talk) close(why string) {
	if t.closed.Swap(true) {
		return
	}
	t.viewer.feed.opts.Metrics.talksClosed.WithLabelValues(why).Inc()
	t.viewer.feed.logger.Debug("viewer's data channel closed", "viewer", t.viewer.id[:min(len(t.viewer.id), 6)], "why", why)
	_ = t.pipe.Close()
}

// renditionsMessage says what there is, what the viewer gets and what it has chosen.
type renditionsMessage struct {
	Type       string      `json:"type"` // renditions
	Renditions []rendition `json:"renditions"`
	Using      string      `json:"using,omitempty"` // absent when the viewer takes no picture
	Chosen     string      `json:"chosen"`
}

type rendition struct {
	Name   string `json:"name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Kbps   int    `json:"kbps"`
}

func (t *talk) renditions() []byte {
	v := t.viewer
	m := renditionsMessage{Type: "renditions", Chosen: auto}
	for _, r := range v.feed.opts.Rungs {
		m.Renditions = append(m.Renditions, rendition{r.Name(), r.Width, r.Height, r.Kbps})
	}
	if using := v.shown.Load(); using >= 0 {
		m.Using = m.Renditions[using].Name
	}
	v.steering.Lock()
	if v.chosen >= 0 {
		m.Chosen = m.Renditions[v.chosen].Name
	}
	v.steering.Unlock()
	b, err := json.Marshal(m)
	if err != nil {
		panic("whep: strings and numbers are always JSON: " + err.Error())
	}
	return b
}
