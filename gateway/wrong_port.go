package gateway

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/regie-live/regie/gateway/ingest"
)

// listenFor notices on the port of HTTP who sends RTMP: encoders say nothing but
// that it does not work, and HTTP would wait for the end of its first line.
type listenFor struct {
	*net.TCPListener
	rtmp func(remote string)
}

// Accept implements net.Listener.
func (l listenFor) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return &listenedTo{TCPConn: c, rtmp: l.rtmp}, nil
}

// listenedTo looks at the first byte. It is still a TCP connection, to which files
// are sent without copies.
type listenedTo struct {
	*net.TCPConn
	rtmp func(remote string)
	once sync.Once
}

var errRTMP = errors.New("RTMP was sent to the port of HTTP")

func (c *listenedTo) Read(p []byte) (n int, err error) {
	n, err = c.TCPConn.Read(p)
	if n > 0 {
		c.once.Do(func() {
			if p[0] == 3 { // RTMP's version; no request and no TLS begins so
				c.rtmp(c.RemoteAddr().String())
				n, err = 0, errRTMP
			}
		})
	}
	return n, err
}

// refuseRTMP tells those who look for an encoder that does not come.
func (w *wiring) refuseRTMP(remote string) {
	hint := "RTMP is switched off; set rtmp.address, or publish by WHIP"
	if _, port, err := net.SplitHostPort(w.addrs.RTMP); err == nil {
		hint = fmt.Sprintf("send to port %s: rtmp://HOST:%s/live", port, port)
	}
	w.door.Refuse(ingest.Offer{Protocol: ingest.RTMP, Remote: remote}, &ingest.Refusal{Outcome: ingest.BadRequest, Reason: errRTMP.Error(), Hint: hint})
}
