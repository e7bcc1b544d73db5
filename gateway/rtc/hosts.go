package rtc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

const (
	hostRefresh = time.Minute
	maxHosts    = 16 // candidates of each protocol in an answer
)

// hosts knows the addresses under which peers may reach us, best first: public
// hosts, then what the interfaces have, loopback last (for encoders and tests on
// this machine).
type hosts struct {
	bound  netip.Addr
	public []string
	logger *slog.Logger
	list   atomic.Pointer[[]netip.Addr]
}

func newHosts(bound netip.Addr, public []string, logger *slog.Logger) *hosts {
	return &hosts{bound: bound.Unmap(), public: public, logger: logger}
}

// addrs returns the current list; it is never written to again.
func (h *hosts) addrs() []netip.Addr { return *h.list.Load() }

// run refreshes the list until ctx ends: names move, and machines do too.
func (h *hosts) run(ctx context.Context) {
	tick := time.NewTicker(hostRefresh)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (h *hosts) refresh(ctx context.Context) {
	var list []netip.Addr
	add := func(a netip.Addr) {
		if a = a.Unmap(); !slices.Contains(list, a) && len(list) < maxHosts {
			list = append(list, a)
		}
	}
	for _, name := range h.public {
		for _, a := range h.lookup(ctx, name) {
			add(a)
		}
	}
	for _, a := range h.interfaces() {
		add(a)
	}
	h.list.Store(&list)
}

// lookup resolves a public host. A name that cannot be resolved now may be
// later: the server starts without it and says so.
func (h *hosts) lookup(ctx context.Context, name string) []netip.Addr {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil && ctx.Err() != context.Canceled {
		h.logger.Warn("a public host of webrtc cannot be resolved; peers outside may not reach us",
			"host", name, "error", err, "retry", hostRefresh)
	}
	return addrs
}

// interfaces lists our own addresses, loopback last. Link-local IPv6 needs a
// zone that peers do not know.
func (h *hosts) interfaces() []netip.Addr {
	if !h.bound.IsUnspecified() {
		return []netip.Addr{h.bound}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		h.logger.Warn("cannot list this machine's addresses", "error", err)
	}
	var near, loop []netip.Addr
	for _, a := range all {
		prefix, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(prefix.IP)
		addr = addr.Unmap()
		switch {
		case !ok, addr.IsLinkLocalUnicast(), addr.IsMulticast():
		case addr.IsLoopback():
			loop = append(loop, addr)
		default:
			near = append(near, addr)
		}
	}
	return append(near, loop...)
}

// canonical returns one local address per family. pion makes a candidate with
// its own goroutine and buffer for every local address; since one socket serves
// them all, we show it these only and write the real list into answers.
func (h *hosts) canonical() []netip.Addr {
	if !h.bound.IsUnspecified() {
		return []netip.Addr{h.bound}
	}
	list := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	if slices.ContainsFunc(h.addrs(), netip.Addr.Is6) {
		list = append(list, netip.IPv6Loopback())
	}
	return list
}

// A transport is a protocol of a candidate.
type transport string

const (
	udp transport = "udp"
	tcp transport = "tcp"
)

// candidate renders a host candidate (RFC 8839 section 5.1, RFC 6544 section
// 4.5) without its attribute name. Rank 0 is the best.
func candidate(t transport, addr netip.Addr, port, rank int) string {
	// RFC 8445 section 5.1.2.1, with TCP below any UDP; RFC 6544 section 4.2:
	// direction preference of a passive host candidate is 4.
	preference, kind, suffix := 65535-rank, 126, ""
	if t == tcp {
		preference, kind, suffix = 4<<13+8191-rank, 90, " tcptype passive"
	}
	priority := kind<<24 | preference<<8 | 255
	foundation := 1 + rank
	if t == tcp {
		foundation += maxHosts
	}
	return fmt.Sprintf("%d 1 %s %d %s %d typ host%s", foundation, t, priority, addr, port, suffix)
}

// candidates renders all of them.
func (n *Net) candidates() []string {
	addrs := n.hosts.addrs()
	list := make([]string, 0, 2*len(addrs))
	for i, a := range addrs {
		list = append(list, candidate(udp, a, n.port, i))
	}
	for i, a := range addrs {
		list = append(list, candidate(tcp, a, n.port, i))
	}
	return list
}

// bestCandidate is the one to name when a client takes no more than one: a
// public host if there is any, else the address where the client's request
// arrived, which it can evidently reach.
func (n *Net) bestCandidate(t transport, reached net.Addr) string {
	addrs := n.hosts.addrs()
	best := 0
	if a, ok := reached.(*net.TCPAddr); ok && len(n.config.PublicHosts) == 0 {
		best = max(0, slices.Index(addrs, a.AddrPort().Addr().Unmap()))
	}
	if best >= len(addrs) {
		return ""
	}
	return candidate(t, addrs[best], n.port, best)
}
