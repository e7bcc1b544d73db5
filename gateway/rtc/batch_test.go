package rtc

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func newTestSocket(t *testing.T, address string) *socket {
	t.Helper()
	udp, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = udp.Close() })
	s, err := newSocket(udp.(*net.UDPConn), slog.New(slog.DiscardHandler), NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sink is a peer who counts what reaches it.
type sink struct {
	*net.UDPConn
	at netip.AddrPort
}

func newSink(t *testing.T, address string) sink {
	t.Helper()
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	udp := c.(*net.UDPConn)
	_ = udp.SetReadBuffer(4 << 20)
	return sink{udp, udp.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// packetOf makes an RTP packet that says which one it is.
func packetOf(ssrc, number uint32, size int) []byte {
	p := make([]byte, size)
	p[0], p[1] = 0x80, 96
	binary.BigEndian.PutUint32(p[8:], ssrc)
	binary.BigEndian.PutUint32(p[12:], number)
	for i := 16; i < size; i++ {
		p[i] = byte(number) + byte(i)
	}
	return p
}

// expect reads the packets with the given sizes, in their order.
func (s sink) expect(t *testing.T, ssrc uint32, sizes []int) {
	t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 65536)
	for i, size := range sizes {
		n, _, err := s.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Errorf("packet %d of %d: %v", i, len(sizes), err)
			return
		}
		if want := packetOf(ssrc, uint32(i), size); string(buf[:n]) != string(want) {
			t.Errorf("packet %d has %d bytes and number %d, want %d bytes", i, n, binary.BigEndian.Uint32(buf[12:]), size)
			return
		}
	}
}

// frames are the sizes of the packets of some pictures, and of sound: equal ones
// with a shorter one at the end, many, and some that cannot be joined.
func frames() (sizes []int) {
	for i := range 40 {
		for range []int{3, 64, 10, 130, 1}[i%5] {
			sizes = append(sizes, 1200)
		}
		sizes = append(sizes, 100+i, 160, 1190, 161)
	}
	return sizes
}

// TestBatch sends from several batches at once, in every way and family.
func TestBatch(t *testing.T) {
	for _, tc := range []struct{ from, to string }{
		{"127.0.0.1:0", "127.0.0.1:0"},
		{":0", "127.0.0.1:0"},
		{":0", "[::1]:0"},
		{"[::1]:0", "[::1]:0"},
	} {
		for w := range nways {
			t.Run(fmt.Sprintf("%s to %s by %v", tc.from, tc.to, w), func(t *testing.T) {
				s := newTestSocket(t, tc.from)
				s.best = min(s.best, w)
				sizes := frames()
				var all sync.WaitGroup
				for sender := range uint32(3) {
					b := newBatch(s)
					all.Go(func() { sendTo(t, b, sender, tc.to, sizes) })
				}
				all.Wait()
				if got := testutil.ToFloat64(s.metrics.datagrams[s.best]); got == 0 {
					t.Error("nothing went this way")
				}
				if got := testutil.ToFloat64(s.metrics.unsent); got != 0 {
					t.Errorf("%g packets are not sent", got)
				}
			})
		}
	}
}

// sendTo fans out to two peers, as a worker does.
func sendTo(t *testing.T, b *Batch, sender uint32, to string, sizes []int) {
	ssrcs := []uint32{1 + 2*sender, 2 + 2*sender}
	sinks := []sink{newSink(t, to), newSink(t, to)}
	for at := 0; at < len(sizes); at += 23 {
		b.Begin()
		for v, sink := range sinks {
			for i := at; i < min(at+23, len(sizes)); i++ {
				copy(b.room(sizes[i], sink.at), packetOf(ssrcs[v], uint32(i), sizes[i]))
			}
		}
		b.Flush()
	}
	for v, sink := range sinks {
		sink.expect(t, ssrcs[v], sizes)
	}
}

// TestBatchTakesTurns: nothing is sent before Flush, and who else wants to send by
// the batch waits for it.
func TestBatchTakesTurns(t *testing.T) {
	b := newBatch(newTestSocket(t, "127.0.0.1:0"))
	sink := newSink(t, "127.0.0.1:0")
	b.Begin()
	copy(b.room(1200, sink.at), packetOf(7, 0, 1200))
	var other sync.WaitGroup
	other.Go(func() {
		b.Begin()
		copy(b.room(1200, sink.at), packetOf(7, 2, 1200))
		b.Flush()
	})
	_ = sink.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, _, err := sink.ReadFromUDPAddrPort(make([]byte, 2000)); err == nil {
		t.Error("a packet of the batch is sent before Flush")
	}
	copy(b.room(1200, sink.at), packetOf(7, 1, 1200))
	b.Flush()
	other.Wait()
	sink.expect(t, 7, []int{1200, 1200, 1200})
}
