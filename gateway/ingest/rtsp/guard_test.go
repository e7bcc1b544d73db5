package rtsp

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
)

const announcement = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=audio 0 RTP/AVP 8\r\na=control:streamid=0\r\n"

func request(method, url string, headers ...string) string {
	return fmt.Sprintf("%s %s RTSP/1.0\r\nCSeq: 1\r\n%s\r\n", method, url, strings.Join(headers, ""))
}

func announce(st *studio) string {
	return request("ANNOUNCE", st.url(livePath), "Content-Type: application/sdp\r\n",
		fmt.Sprintf("Content-Length: %d\r\n", len(announcement))) + announcement
}

// TestHostilePeers has peers that waste our time: each must be closed within
// the handshake time, counted, and leave the server as it was.
func TestHostilePeers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		do      func(st *studio, nc net.Conn)
		outcome ingest.Outcome
	}{
		{"says nothing", func(*studio, net.Conn) {}, ingest.NoMedia},
		{"leaves at once", func(_ *studio, nc net.Conn) { nc.Close() }, ingest.NoMedia},
		{"garbage", func(_ *studio, nc net.Conn) { nc.Write(bytes.Repeat([]byte{0xa5}, 100000)) }, ingest.NoMedia},
		{"HTTP", func(_ *studio, nc net.Conn) { io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, ingest.BadRequest},
		{"half a request", func(_ *studio, nc net.Conn) { io.WriteString(nc, "ANNOUNCE rtsp://x/li") }, ingest.NoMedia},
		{"options for ever", func(st *studio, nc net.Conn) {
			for {
				if _, err := io.WriteString(nc, request("OPTIONS", "*")); err != nil {
					return
				}
			}
		}, ingest.NoMedia},
		{"announces, never records", func(st *studio, nc net.Conn) { io.WriteString(nc, announce(st)) }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, func(o *Options) { o.HandshakeTimeout = 300 * time.Millisecond })
			nc, err := net.Dial("tcp", st.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			closed := make(chan struct{})
			go func() {
				defer close(closed)
				io.Copy(io.Discard, nc)
			}()
			tc.do(st, nc)
			select {
			case <-closed:
			case <-time.After(ingesttest.Patience):
				t.Fatal("the connection is still open")
			}
			if tc.outcome == "" {
				st.seats.WaitClosed(0)
				return
			}
			st.waitRefusal(t, tc.outcome)
			if n := st.seats.Claims(); n != 0 {
				t.Errorf("%d seats taken", n)
			}
		})
	}
}

func TestTooManyConns(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.MaxConns = 2 })
	for range 3 {
		nc, err := net.Dial("tcp", st.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	st.waitRefusal(t, ingest.Unavailable)
}

func TestPorts(t *testing.T) {
	st := newStudio(t, nil)
	if _, err := Listen(Options{Address: st.Addr().String()}); err == nil || !strings.Contains(err.Error(), "rtsp.address") {
		t.Errorf("a taken port: %v", err)
	}
	if _, err := Listen(Options{Address: "127.0.0.1:0", UDPAddress: "127.0.0.1:8001"}); err == nil || !strings.Contains(err.Error(), "even") {
		t.Errorf("an odd RTP port: %v", err)
	}
	if rtp, rtcp := port(st.udp[0]), port(st.udp[1]); rtp%2 != 0 || rtcp != rtp+1 {
		t.Errorf("ports %d and %d", rtp, rtcp)
	}
	st = newStudio(t, func(o *Options) { o.UDPAddress = "off" })
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(1), x264, over("udp", st.url(livePath)))...)
	if err == nil {
		t.Errorf("UDP is off, but ffmpeg sent over it:\n%s", said)
	}
}

func port(c *net.UDPConn) int { return c.LocalAddr().(*net.UDPAddr).Port }
