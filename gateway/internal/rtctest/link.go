package rtctest

import (
	"math/rand/v2"
	"net"
	"time"
)

// CutOff pulls the plug: from now on nothing comes in or goes out.
func (c *Client) CutOff() { c.cut.Store(true) }

// Limit makes the link as narrow as that. Over UDP, media packets that come faster
// are lost, after a burst of 100 ms; over TCP they wait. 0 is no limit.
func (c *Client) Limit(kbps int) { c.kbps.Store(int64(kbps)) }

// overflows says that a packet does not go through the link any more.
func (c *Client) overflows(b []byte) bool {
	bytesPerSecond := float64(c.kbps.Load()) * 1000 / 8
	if bytesPerSecond == 0 || !isMedia(b) {
		return false
	}
	now := time.Now()
	c.bucket = min(c.bucket+now.Sub(c.filled).Seconds()*bytesPerSecond, bytesPerSecond/10)
	c.filled = now
	if c.bucket < float64(len(b)) {
		c.Lost.Add(1)
		return true
	}
	c.bucket -= float64(len(b))
	return false
}

func isMedia(b []byte) bool { return len(b) > 1 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223) }

// lossy drops SRTP packets (first byte 128 to 191 and no RTCP type, RFC 7983,
// RFC 5761) before anyone sees them, and everything once the plug is pulled.
type lossy struct {
	net.PacketConn
	c *Client
}

func (l lossy) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := l.PacketConn.ReadFrom(b)
		if err == nil && (l.c.cut.Load() || l.loses(b[:n], l.c.o.Loss) || l.c.overflows(b[:n])) {
			continue
		}
		return n, from, err
	}
}

func (l lossy) loses(b []byte, share float64) bool {
	if !isMedia(b) || rand.Float64() >= share {
		return false
	}
	l.c.Lost.Add(1)
	return true
}

func (l lossy) WriteTo(b []byte, to net.Addr) (int, error) {
	if l.c.cut.Load() || l.loses(b, l.c.o.SendLoss) {
		return len(b), nil
	}
	return l.PacketConn.WriteTo(b, to)
}
