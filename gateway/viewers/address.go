package viewers

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

const (
	// pagesPerAddress is a large venue behind one NAT.
	pagesPerAddress = 1_000
	// Pages beacon every 10 s and at events: a thousand of them send 100 a
	// second, and all at once when a session begins.
	perAddressPerSecond = 150
	perAddressBurst     = 1_500
	// beaconsPerSecond is what all pages together may send.
	beaconsPerSecond = 10_000
	maxAddresses     = 100_000
	// idleAfter is when an address without pages has its whole burst again.
	idleAfter = perAddressBurst / perAddressPerSecond * time.Second
)

// address is where pages are. It is remembered while it has any, and a little
// longer for its rate.
type address struct {
	limiter *rate.Limiter
	pages   int
	seen    time.Time
}

// admit finds the address of a request and says whether it may send.
func (c *Counter) admit(r *http.Request, now time.Time) (*address, bool) {
	if !c.all.AllowN(now, 1) {
		return nil, false
	}
	who := clientOf(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.addresses[who]
	if a == nil {
		if len(c.addresses) >= c.maxAddresses {
			c.sweep(now)
		}
		if len(c.addresses) >= c.maxAddresses {
			return nil, false
		}
		a = &address{limiter: rate.NewLimiter(perAddressPerSecond, perAddressBurst)}
		c.addresses[who] = a
	}
	a.seen = now
	return a, a.limiter.AllowN(now, 1)
}

// sweep forgets the addresses that have no pages, at most once a second.
func (c *Counter) sweep(now time.Time) {
	if now.Sub(c.swept) < time.Second {
		return
	}
	c.swept = now
	for _, a := range c.audiences {
		a.forget(now)
	}
	for who, a := range c.addresses {
		if a.pages == 0 && now.Sub(a.seen) > idleAfter {
			delete(c.addresses, who)
		}
	}
}

// clientOf is the network that a request comes from: one address of IPv4, one
// /64 of IPv6, as one household has.
func clientOf(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, _ := netip.ParseAddr(host)
	ip = ip.Unmap()
	if ip.IsLoopback() || ip.IsPrivate() {
		lines := r.Header.Values("X-Forwarded-For")
		if len(lines) > 0 {
			list := lines[len(lines)-1]
			last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
			if told, err := netip.ParseAddr(last); err == nil {
				ip = told.Unmap()
			}
		}
	}
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.WithZone("").Prefix(bits) // of what is no address: the zero prefix, one for all
	return network
}
