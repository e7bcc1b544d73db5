package rtctest

import (
	"io"
	"net"
	"regexp"
	"strconv"
	"sync"
	"time"
)

var tcpCandidate = regexp.MustCompile(`(a=candidate:\S+ 1 tcp \d+ 127\.0\.0\.1 )(\d+)( )`)

// throughRelay makes an answer name a relay in the server's place, through which
// what the server sends comes no faster than Limit says.
func (c *Client) throughRelay(answer string) string {
	found := tcpCandidate.FindStringSubmatch(answer)
	if found == nil {
		c.t.Fatalf("no TCP candidate on loopback in\n%s", answer)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	conns := []io.Closer{l}
	running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", "127.0.0.1:"+found[2])
			if err != nil {
				_ = near.Close()
				continue
			}
			// What a kernel holds would hide that the link is narrow.
			_ = far.(*net.TCPConn).SetReadBuffer(32 << 10)
			_ = near.(*net.TCPConn).SetWriteBuffer(32 << 10)
			mu.Lock()
			conns = append(conns, near, far)
			mu.Unlock()
			running.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
			running.Go(func() { c.trickle(near, far); _ = near.Close() })
		}
	})
	c.t.Cleanup(func() {
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return tcpCandidate.ReplaceAllString(answer, "${1}"+port+"${3}")
}

// trickle copies as fast as Limit allows.
func (c *Client) trickle(to io.Writer, from io.Reader) {
	buf := make([]byte, 4<<10)
	for free := time.Now(); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		if kbps := c.kbps.Load(); kbps > 0 {
			if now := time.Now(); free.Before(now) {
				free = now
			}
			free = free.Add(time.Duration(n) * 8 * time.Millisecond / time.Duration(kbps))
			<-time.After(time.Until(free))
		}
	}
}
