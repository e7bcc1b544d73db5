package worker

import (
	"sync"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/wire"
)

// output writes messages from any goroutine, each whole and at once. It blocks
// while the gateway does not read; what that delays is caught up or skipped by
// the loops.
type output struct {
	mu sync.Mutex
	w  *wire.Writer
}

func (o *output) send(m wire.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.w.Write(m); err != nil {
		return err
	}
	return o.w.Flush()
}

// packets go together, with nothing between them.
func (o *output) packets(ps ...transcode.Packet) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range ps {
		m := wire.Message{Type: wire.Packet, Kind: uint8(p.Track), Source: uint16(p.Rung), PTS: p.PTS, Payload: p.Data}
		if p.Key {
			m.Flags = wire.Key
		}
		if err := o.w.Write(m); err != nil {
			return err
		}
	}
	return o.w.Flush()
}
