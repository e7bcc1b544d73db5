package rtc

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pion/ice/v4"
)

func TestHostsBound(t *testing.T) {
	h := newHosts(netip.MustParseAddr("127.0.0.1"), []string{"203.0.113.5", "2001:db8::1"}, slog.New(slog.DiscardHandler))
	h.refresh(context.Background())
	want := []netip.Addr{netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("127.0.0.1")}
	if got := h.addrs(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHostsUnspecified(t *testing.T) {
	var log strings.Builder
	h := newHosts(netip.IPv6Unspecified(), []string{"no-such-host.invalid"}, slog.New(slog.NewTextHandler(&log, nil)))
	h.refresh(context.Background())
	addrs := h.addrs()
	if !slices.Contains(addrs, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("no loopback in %v", addrs)
	}
	for i, a := range addrs {
		if a.IsLinkLocalUnicast() || slices.Contains(addrs[:i], a) {
			t.Errorf("%v ought not to be in %v", a, addrs)
		}
	}
	if first := addrs[0]; first.IsLoopback() && !addrs[len(addrs)-1].IsLoopback() {
		t.Errorf("loopback comes first in %v", addrs)
	}
	if !strings.Contains(log.String(), "no-such-host.invalid") {
		t.Errorf("nothing was said of the name: %s", log.String())
	}
}

// TestCandidates has pion read what we write.
func TestCandidates(t *testing.T) {
	n := testNet(t, Config{PublicHosts: []string{"203.0.113.5", "2001:db8::1"}})
	seen := map[uint32]bool{}
	for _, line := range n.candidates() {
		c, err := ice.UnmarshalCandidate(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if c.Port() != n.port || c.Component() != 1 || c.Type() != ice.CandidateTypeHost || seen[c.Priority()] {
			t.Errorf("%q", line)
		}
		seen[c.Priority()] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d candidates, want 6", len(seen))
	}
}

func TestBestCandidate(t *testing.T) {
	reached := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	behindNAT := testNet(t, Config{PublicHosts: []string{"203.0.113.5"}})
	if c := behindNAT.bestCandidate(udp, reached); !strings.Contains(c, " 203.0.113.5 ") {
		t.Error(c)
	}
	open := testNet(t, Config{Address: ":0"})
	if c := open.bestCandidate(tcp, reached); !strings.Contains(c, " 127.0.0.1 ") || !strings.Contains(c, "tcptype passive") {
		t.Error(c)
	}
	if c := open.bestCandidate(udp, nil); c != open.candidates()[0] {
		t.Error(c)
	}
}

func TestListenErrors(t *testing.T) {
	n := testNet(t, Config{})
	for address, want := range map[string]string{
		"8189":            "host:port",
		n.Addr().String(): "already",
	} {
		other, err := Listen(Config{Address: address})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", address, err, want)
		}
		if other != nil {
			t.Error(other.Close())
		}
	}
}
