package rtc

import (
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"
)

// TestBatchFallsBack makes the system call fail as kernels and devices do: every
// packet arrives all the same, in order, by the next lower way.
func TestBatchFallsBack(t *testing.T) {
	segmented := func(m unix.Mmsghdr) bool { return m.Hdr.Control != nil }
	for name, tc := range map[string]struct {
		fails func(call int, m unix.Mmsghdr) syscall.Errno
		after way     // what is used in the end
		went  [2]way  // by which packets went
		down  float64 // fallbacks counted, at least
	}{
		"the device cannot cut messages": {func(_ int, m unix.Mmsghdr) syscall.Errno {
			if segmented(m) {
				return syscall.EIO
			}
			return 0
		}, many, [2]way{many, many}, 1},
		"only a path takes less": {func(call int, m unix.Mmsghdr) syscall.Errno {
			if segmented(m) && call%2 == 0 {
				return syscall.EINVAL
			}
			return 0
		}, gso, [2]way{gso, many}, 1},
		"not even singly": {func(call int, m unix.Mmsghdr) syscall.Errno { return syscall.EMSGSIZE }, gso, [2]way{plain, plain}, 1},
		"no sendmmsg":     {func(int, unix.Mmsghdr) syscall.Errno { return syscall.ENOSYS }, plain, [2]way{plain, plain}, 1},
		"the buffer is full, and a signal": {func(call int, m unix.Mmsghdr) syscall.Errno {
			return []syscall.Errno{0, syscall.EAGAIN, syscall.EINTR}[call%3]
		}, gso, [2]way{gso, gso}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestSocket(t, "127.0.0.1:0")
			if s.best != gso {
				t.Fatalf("this kernel has %v only", s.best)
			}
			call := 0
			s.sendmmsg = func(fd uintptr, m []unix.Mmsghdr) (int, syscall.Errno) {
				for i := range m {
					call++
					if errno := tc.fails(call, m[i]); errno != 0 && i == 0 {
						return 0, errno
					} else if errno != 0 {
						return sendmmsg(fd, m[:i])
					}
				}
				return sendmmsg(fd, m)
			}
			sendTo(t, newBatch(s), 0, "127.0.0.1:0", frames())
			if got := s.way(); got != tc.after {
				t.Errorf("in the end packets go by %v, want %v", got, tc.after)
			}
			for _, w := range tc.went {
				if testutil.ToFloat64(s.metrics.datagrams[w]) == 0 {
					t.Errorf("nothing went by %v", w)
				}
			}
			fell := testutil.ToFloat64(s.metrics.fallbacks[gso])
			if lost := testutil.ToFloat64(s.metrics.unsent); lost != 0 || fell < tc.down {
				t.Errorf("%g packets are not sent, fell back %g times, want %g", lost, fell, tc.down)
			}
		})
	}
}

// TestWayIsTriedAgain: what failed is used again after wayRetry.
func TestWayIsTriedAgain(t *testing.T) {
	s := newTestSocket(t, "127.0.0.1:0")
	s.failed(gso, syscall.EIO)
	if s.way() != many {
		t.Errorf("after gso failed: %v", s.way())
	}
	s.failed(many, syscall.ENOSYS)
	if s.way() != plain {
		t.Errorf("after both failed: %v", s.way())
	}
	s.down[gso].Store(time.Now().Add(-time.Second).UnixNano())
	if s.way() != gso {
		t.Errorf("when it is time again: %v", s.way())
	}
}

// TestBatchRefused: what the network does not take is counted and holds up nothing.
func TestBatchRefused(t *testing.T) {
	s := newTestSocket(t, "127.0.0.1:0")
	s.sendmmsg = func(uintptr, []unix.Mmsghdr) (int, syscall.Errno) { return 0, syscall.ENOBUFS }
	b := newBatch(s)
	sink := newSink(t, "127.0.0.1:0")
	b.Begin()
	for i := range uint32(100) {
		copy(b.room(1200, sink.at), packetOf(1, i, 1200))
	}
	b.Flush()
	_ = s.Close()
	b.Begin()
	copy(b.room(1200, sink.at), packetOf(1, 100, 1200))
	b.Flush()
	if got := testutil.ToFloat64(s.metrics.unsent); got != 101 {
		t.Errorf("%g packets are counted as not sent, want 101", got)
	}
}
