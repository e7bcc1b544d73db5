// Package guess slows down whoever tries secrets: a guesser may be wrong so many
// times at once, and then once in a while, so that somebody with an old password
// or an encoder with an old key is still told so. Being right costs nothing.
//
// It guarantees that a Limiter holds at most 4096 guessers; past that it forgets
// any one of them. All methods may be called from any goroutine.
package guess

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxGuessers bounds the memory of a Limiter.
const maxGuessers = 4096

// Limiter counts by K: an address, an account.
type Limiter[K comparable] struct {
	burst int
	every time.Duration
	now   func() time.Time

	mu sync.Mutex
	by map[K]*rate.Limiter
}

// New makes a Limiter that lets each K be wrong burst times at once and then once
// in every.
func New[K comparable](burst int, every time.Duration, now func() time.Time) *Limiter[K] {
	return &Limiter[K]{burst: burst, every: every, now: now, by: map[K]*rate.Limiter{}}
}

// Wait says how long who must stay away; 0 if they may try.
func (l *Limiter[K]) Wait(who K) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.by[who]
	if of == nil {
		return 0
	}
	missing := 1 - of.TokensAt(l.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(l.every))
}

// Wrong notes that who guessed wrong.
func (l *Limiter[K]) Wrong(who K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.by[who]
	if of == nil {
		if len(l.by) >= maxGuessers {
			l.makeRoom()
		}
		of = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.by[who] = of
	}
	of.AllowN(l.now(), 1)
}

// makeRoom looks at a few entries, wherever the map begins, and forgets those
// that have been quiet long enough to have a clean slate; if none, one of them.
func (l *Limiter[K]) makeRoom() {
	now := l.now()
	looked := 0
	var last K
	for who, of := range l.by {
		if last = who; of.TokensAt(now) >= float64(l.burst) {
			delete(l.by, who)
		}
		if looked++; looked == 32 {
			break
		}
	}
	if len(l.by) >= maxGuessers {
		delete(l.by, last)
	}
}

// Address is whom a remote address, with or without a port, counts for. IPv6
// counts by /64, which is what one subscriber gets. Addresses of this machine are
// nobody's: behind a proxy everybody has one.
func Address(remote string) (netip.Prefix, bool) {
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

// Addresses is a Limiter by Address, which this machine's own are exempt from.
type Addresses struct{ limiter *Limiter[netip.Prefix] }

// NewAddresses is New for remote addresses.
func NewAddresses(burst int, every time.Duration, now func() time.Time) *Addresses {
	return &Addresses{New[netip.Prefix](burst, every, now)}
}

// Wait says how long the address must stay away; 0 if it may try.
func (a *Addresses) Wait(remote string) time.Duration {
	if who, ok := Address(remote); ok {
		return a.limiter.Wait(who)
	}
	return 0
}

// Wrong notes a wrong guess from the address.
func (a *Addresses) Wrong(remote string) {
	if who, ok := Address(remote); ok {
		a.limiter.Wrong(who)
	}
}
