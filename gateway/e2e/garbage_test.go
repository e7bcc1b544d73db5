package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// TestGarbage: whatever comes in at a port, only that connection ends, and
// nothing is left of it.
func TestGarbage(t *testing.T) {
	a := start(t, setup{})
	people := map[string]*publisher{
		"RTMP": a.publish(overRTMP, "studio", "host", looks[0]),
		"RTSP": a.publish(overRTSP, "studio", "guest1", looks[1]),
	}
	l := looks[2]
	l.audio = media.Opus
	people["WHIP"] = a.publish(overWHIP, "studio", "guest2", l)
	p := a.live("studio")
	p.awaitMix(15*time.Second, looks[:3]...)
	viewer := watchWHEP(t, a.whep("studio"))
	viewer.awaitMix(10*time.Second, looks[:3]...)
	workers := a.workers()
	openBefore := a.descriptors()

	random := rand.New(rand.NewPCG(1, 2)) // the same garbage each time
	for name, port := range map[string]string{
		"http": a.ports.HTTP, "rtmp": a.ports.RTMP, "rtmps": a.ports.RTMPS, "rtsp": a.ports.RTSP,
		"rtsps": a.ports.RTSPS, "webrtc": a.ports.WebRTC, "metrics": a.ports.Metrics,
	} {
		for i, junk := range trash(random) {
			throw(t, fmt.Sprintf("%s %d", name, i), port, junk, name == "rtmps" || name == "rtsps")
		}
	}
	c, err := net.Dial("udp", a.ports.WebRTC)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, junk := range datagrams(random) {
		if _, err := c.Write(junk); err != nil {
			t.Fatalf("datagram %d: %v", i, err)
		}
	}

	p.awaitMix(5*time.Second, looks[:3]...)
	p.hears(looks[:3]...)
	viewer.awaitMix(5*time.Second, looks[:3]...)
	p.playing()
	for by, who := range people {
		who.alive(t, "the publisher over "+by)
	}
	if now := a.workers(); len(now) != 1 || now[0] != workers[0] {
		t.Errorf("the worker was replaced: %v, %v", workers, now)
	}
	// Our own connections are closed; half-open ones have up to 20 s.
	eventually(t, 25*time.Second, "the connections are gone", func() bool { return a.descriptors() <= openBefore+2 })
}

// descriptors is how many files and sockets the appliance has open.
func (a *appliance) descriptors() int {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", a.pid()))
	if err != nil {
		a.t.Fatal(err)
	}
	return len(files)
}

// trash is what a TCP port may get: noise, and beginnings of each protocol that
// end badly.
func trash(random *rand.Rand) [][]byte {
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	framed := func(b []byte) []byte { // RFC 4571, as ICE over TCP
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
	}
	handshake := append([]byte{3}, noise(1536)...) // RTMP C0, C1
	handshake = append(handshake, noise(1536)...)  // C2
	return [][]byte{
		noise(1), noise(64), noise(4096), noise(100_000),
		bytes.Repeat([]byte{0}, 70_000), bytes.Repeat([]byte{0xff}, 70_000),
		[]byte("GET / HTTP/1.1\r\n"),
		[]byte("GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 2<<20) + "\r\n\r\n"),
		[]byte("POST /whip HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nAuthorization: Bearer z\r\nContent-Length: 99999999999\r\n\r\nv=0"),
		[]byte("POST /whip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nffffffffffffffff\r\n"),
		[]byte("GET /live/studio/360p/stream.m3u8?_HLS_msn=99999999999999999999&_HLS_part=-1 HTTP/1.1\r\nHost: x\r\n\r\n"),
		[]byte("GET /live/studio/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
		[]byte("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nANNOUNCE rtsp://x/live/k RTSP/1.0\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: 1000000000\r\n\r\nv=0\r\n"),
		[]byte("SETUP rtsp://x/live/k RTSP/1.0\r\nCSeq: -1\r\nTransport: RTP/AVP;unicast;client_port=0-99999999\r\n\r\n"),
		append([]byte("$\x00\xff\xff"), noise(1000)...),
		handshake,
		append(bytes.Clone(handshake), 0x02, 0, 0, 0, 0xff, 0xff, 0xff, 0x14, 0, 0, 0, 0),                               // a command of 16 MB
		append(bytes.Clone(handshake), 0x02, 0, 0, 0, 0, 0, 4, 0x01, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff),                // a chunk size of 2 GB
		append(bytes.Clone(handshake), 0x03, 0, 0, 0, 0, 0, 20, 0x11, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 'c', 'o', 'n', 'n'), // a string that is longer than its message
		framed(noise(20)), framed(stun(noise)), framed(nil), framed(noise(65535)),
		{0x16, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff}, // a TLS hello that is too long
	}
}

// stun is a binding request (RFC 8489) with credentials nobody has.
func stun(noise func(int) []byte) []byte {
	name := []byte("nobody:nothing!!")
	b := []byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}
	b = append(b, noise(12)...)
	b = append(b, 0, 6, 0, byte(len(name)))
	b = append(b, name...)
	b = append(b, 0, 8, 0, 20)
	b = append(b, noise(20)...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20))
	return b
}

// datagrams is what the media port may get: noise, and what looks like STUN,
// DTLS, RTP and RTCP of somebody who was never let in.
func datagrams(random *rand.Rand) (all [][]byte) {
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for i := range 200 {
		b := noise(1 + i*7)
		switch i % 5 {
		case 0:
			b = stun(noise)
			b = b[:len(b)-i%20]
		case 1:
			b[0] = 22 // DTLS handshake
		case 2:
			b[0] = 0x80 // RTP
		case 3:
			b[0] = 0x80
			if len(b) > 1 {
				b[1] = 200 // RTCP sender report
			}
		}
		all = append(all, b)
	}
	return all
}

// throw sends junk, and waits a moment for the answer or the end: the peer may do
// what it wants, as long as it does not wait for more without a limit.
func throw(t *testing.T, name, port string, junk []byte, secure bool) {
	t.Helper()
	var c net.Conn
	c, err := net.DialTimeout("tcp", port, 5*time.Second)
	if err != nil {
		t.Fatalf("%s: the port does not take connections any more: %v", name, err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	// Half of it goes into the TLS, half instead of it.
	if secure && len(junk)%2 == 0 {
		inner := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		if err := inner.Handshake(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c = inner
	}
	_, _ = c.Write(junk) // it may be cut short
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
}
