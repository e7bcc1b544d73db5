package viewers

import (
	"sync/atomic"
	"time"
)

// reloads estimates how many LL-HLS players follow a session from how often
// they ask for playlists: one that plays asks for every part once. It takes no
// lock, as it stands in the way of every reload.
type reloads struct {
	perWindow float64 // of one player
	slots     [2]struct {
		window atomic.Int64 // which window the count belongs to
		n      atomic.Int64
	}
}

const reloadWindow = 4 * time.Second

func (r *reloads) saw(now time.Time) {
	at := now.UnixNano() / int64(reloadWindow)
	slot := &r.slots[at&1]
	if old := slot.window.Load(); old != at && slot.window.CompareAndSwap(old, at) {
		slot.n.Store(0)
	}
	slot.n.Add(1)
}

// count is the number in the last whole window.
func (r *reloads) count(now time.Time) int {
	at := now.UnixNano()/int64(reloadWindow) - 1
	slot := &r.slots[at&1]
	if slot.window.Load() != at || r.perWindow == 0 {
		return 0
	}
	return int(float64(slot.n.Load())/r.perWindow + 0.5)
}
