package transcode

import (
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

const (
	historyUnits = 300
	historyBytes = 8 << 20
)

// history keeps a source's pictures since its last keyframe, for a worker that
// takes over. When a group of pictures is too long it keeps nothing: half a
// group cannot be decoded.
type history struct {
	units []wire.Message
	bytes int
}

func (h *history) add(m wire.Message) {
	if media.Kind(m.Kind) != media.Video {
		return
	}
	if m.Flags&wire.Key != 0 {
		h.reset()
	} else if len(h.units) == 0 {
		return
	}
	if len(h.units) >= historyUnits || h.bytes+len(m.Payload) > historyBytes {
		h.reset()
		return
	}
	m.Flags |= wire.Replay
	h.units = append(h.units, m)
	h.bytes += len(m.Payload)
}

func (h *history) reset() {
	clear(h.units)
	h.units, h.bytes = h.units[:0], 0
}
