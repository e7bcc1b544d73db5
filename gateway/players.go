package gateway

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// players estimates how many LL-HLS players follow a session from how often
// they reload: one that plays asks for every part once. It is right for those
// who ask us themselves; players behind a cache count when their pages report.
type players struct {
	partsPerWindow float64
	slots          [2]struct {
		window atomic.Int64 // which window the count belongs to
		n      atomic.Int64
	}
}

const playersWindow = 4 * time.Second

func (p *players) saw(now time.Time) {
	at := now.UnixNano() / int64(playersWindow)
	slot := &p.slots[at&1]
	if old := slot.window.Load(); old != at && slot.window.CompareAndSwap(old, at) {
		slot.n.Store(0)
	}
	slot.n.Add(1)
}

// count is the number in the last whole window.
func (p *players) count(now time.Time) int {
	at := now.UnixNano()/int64(playersWindow) - 1
	slot := &p.slots[at&1]
	if slot.window.Load() != at || p.partsPerWindow == 0 {
		return 0
	}
	return int(float64(slot.n.Load())/p.partsPerWindow + 0.5)
}

// isReload: a player asks for the next part of a playlist, and may wait for it.
func isReload(r *http.Request) bool {
	return strings.HasPrefix(r.URL.RawQuery, "_HLS_msn=") || strings.Contains(r.URL.RawQuery, "&_HLS_msn=")
}

func isWHEP(rest string) bool { return rest == "whep" || strings.HasPrefix(rest, "whep/") }
