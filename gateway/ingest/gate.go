package ingest

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/regie-live/regie/gateway/internal/guess"
)

// maxPerAddress is how many connections one address may have open: enough for a
// studio behind one router, too few to fill the server. This machine's own
// addresses are exempt, as they are from guessing.
const maxPerAddress = 16

// Gate bounds the connections of a server, all together and per address, so
// that one peer with many idle connections locks out nobody else. It turns
// connections away at once and never queues them.
type Gate struct {
	max int

	mu    sync.Mutex
	total int
	by    map[netip.Prefix]int
}

// NewGate makes a Gate for at most limit connections.
func NewGate(limit int) *Gate {
	return &Gate{max: limit, by: map[netip.Prefix]int{}}
}

// Enter lets a connection in; leave must be called when it ends and may be
// called again.
func (g *Gate) Enter(remote string) (leave func(), r *Refusal) {
	who, limited := guess.Address(remote)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.total >= g.max:
		return nil, &Refusal{
			Outcome: Unavailable,
			Reason:  fmt.Sprintf("%d connections are open already", g.max),
			Hint:    "close encoders that are not needed",
		}
	case limited && g.by[who] >= maxPerAddress:
		return nil, &Refusal{
			Outcome: Unavailable,
			Reason:  fmt.Sprintf("%d connections from this address are open already", maxPerAddress),
			Hint:    "close encoders that are not needed",
		}
	}
	g.total++
	if limited {
		g.by[who]++
	}
	return sync.OnceFunc(func() { g.leave(who, limited) }), nil
}

func (g *Gate) leave(who netip.Prefix, limited bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if !limited {
		return
	}
	if g.by[who]--; g.by[who] == 0 {
		delete(g.by, who)
	}
}
