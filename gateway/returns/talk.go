package returns

import (
	"encoding/json"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/show"
)

const (
	talkLabel = "regie"
	// maxUnsent is hundreds of messages. A channel that holds more is not read.
	maxUnsent = 64 << 10
	// maxChannels is how many channels a receiver may open, one after the other.
	maxChannels = 8
	// lastWord is how long a farewell may take to arrive.
	lastWord = 150 * time.Millisecond
)

// message is what a receiver is told.
type message struct {
	Type   string      `json:"type"` // slots, removed or replaced
	Slots  []slotEntry `json:"slots,omitzero"`
	Paused bool        `json:"paused,omitempty"` // the program's picture, for the receiver's thin link
	Reason string      `json:"reason,omitempty"` // of removed
}

// slotEntry says who is in a slot; empty slots are not told.
type slotEntry struct {
	Slot        int                `json:"slot"`
	Participant show.ParticipantID `json:"participant"`
	Paused      bool               `json:"paused,omitempty"` // the picture, for the receiver's thin link
}

func (m message) encode() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("returns: strings and numbers are always JSON: " + err.Error())
	}
	return b
}

// pipe is the data channel itself.
type pipe interface {
	ReadDataChannel(b []byte) (n int, isString bool, err error)
	WriteDataChannel(b []byte, isString bool) (int, error)
	Close() error
}

// talk is a receiver's data channel. It is written to by the receiver's loop alone.
type talk struct {
	pipe     pipe
	buffered func() uint64
}

// onChannel takes a data channel that the receiver has opened. Others than ours are
// closed.
func (r *receiver) onChannel(dc *webrtc.DataChannel) {
	dc.OnOpen(func() {
		r.mu.Lock()
		r.channels++
		ours := !r.gone && r.channels <= maxChannels && dc.Label() == talkLabel && dc.Ordered() && r.talk.Load() == nil
		if ours {
			r.reading.Add(1)
			defer r.reading.Done()
		}
		r.mu.Unlock()
		raw, err := dc.Detach()
		if err != nil || !ours {
			_ = dc.Close() // the receiver hears of it, or is gone
			return
		}
		r.talk.Store(&talk{pipe: raw, buffered: dc.BufferedAmount})
		r.changed()
		for buf := make([]byte, 64); ; { // it has nothing to say
			if _, _, err := raw.ReadDataChannel(buf); err != nil {
				break
			}
		}
		r.talk.Store(nil)
		_ = raw.Close()
	})
}

// changed has the receiver told who is where.
func (r *receiver) changed() {
	select {
	case r.tell <- struct{}{}:
	default:
	}
}

func (t *talk) write(text []byte) {
	if t.buffered() > maxUnsent {
		_ = t.pipe.Close()
		return
	}
	_, _ = t.pipe.WriteDataChannel(text, true) // a channel that is closed is not read
}

// last sends a message and waits until it has arrived, but not long.
func (t *talk) last(text []byte) {
	t.write(text)
	for end := time.Now().Add(lastWord); t.buffered() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}
