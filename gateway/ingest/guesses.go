package ingest

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// guesses slows down whoever tries stream keys: an address may be wrong ten
// times at once and then once every three seconds, so that an encoder with an
// old key that reconnects by itself is still told so. Right keys cost nothing.
// IPv6 counts by /64, which is what one subscriber gets. Addresses of this
// machine are not limited: behind a proxy everybody has one.
//
// It holds at most maxGuessers addresses; past that it forgets any one of them.
type guesses struct {
	now func() time.Time

	mu sync.Mutex
	by map[netip.Prefix]*rate.Limiter
}

const (
	maxGuessers = 4096
	guessBurst  = 10
	guessEvery  = 3 * time.Second
)

func newGuesses(now func() time.Time) *guesses {
	return &guesses{now: now, by: map[netip.Prefix]*rate.Limiter{}}
}

// wait says how long the address must stay away; 0 if it may try.
func (g *guesses) wait(remote string) time.Duration {
	who, ok := guesser(remote)
	if !ok {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.by[who]
	if l == nil {
		return 0
	}
	missing := 1 - l.TokensAt(g.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(guessEvery))
}

// wrong notes a wrong key from the address.
func (g *guesses) wrong(remote string) {
	who, ok := guesser(remote)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.by[who]
	if l == nil {
		if len(g.by) >= maxGuessers {
			g.makeRoom()
		}
		l = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
		g.by[who] = l
	}
	l.AllowN(g.now(), 1)
}

// makeRoom looks at a few entries, wherever the map begins, and forgets those
// that have been quiet long enough to have a clean slate; if none, one of them.
func (g *guesses) makeRoom() {
	now := g.now()
	looked := 0
	var last netip.Prefix
	for who, l := range g.by {
		if last = who; l.TokensAt(now) >= guessBurst {
			delete(g.by, who)
		}
		if looked++; looked == 32 {
			break
		}
	}
	if len(g.by) >= maxGuessers {
		delete(g.by, last)
	}
}

func guesser(remote string) (netip.Prefix, bool) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Unmap().IsLoopback() {
		return netip.Prefix{}, false
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	return prefix, err == nil
}
