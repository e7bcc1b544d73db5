package deploy_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/hls"
	"github.com/regie-live/regie/transcode"
)

// origin is Regie's packager behind an HTTP server, with a program that goes on
// when a test says so. It keeps what it was asked.
type origin struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	stream *hls.Stream     // guarded by mu
	asked  []*http.Request // guarded by mu
	frame  int64
}

const originFPS, originPart, originSegment = 30, 3, 30 // in frames

func newOrigin(t *testing.T) *origin {
	o := &origin{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("/live/studio/", func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		s := o.stream
		o.mu.Unlock()
		http.StripPrefix("/live/studio/", s).ServeHTTP(w, r)
	})
	mux.HandleFunc("/live/studio/whep", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s", r.Method, body)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprintf(w, "%s %s", r.Method, r.URL)
			return
		}
		c, in, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		line, _ := in.ReadString('\n')
		fmt.Fprint(c, line)
	})
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.asked = append(o.asked, r.Clone(r.Context()))
		o.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		o.stream.Close() // who waits is answered
		o.Server.Close()
	})
	o.begin()
	return o
}

func (o *origin) address() string { return o.Listener.Addr().String() }

// begin puts the session on air anew: three segments and a part.
func (o *origin) begin() {
	s, err := hls.New(hls.Options{
		Rungs: []transcode.Rung{{Width: 320, Height: 180, Kbps: 400}}, FPS: originFPS, AudioKbps: 96,
		Part: 100 * time.Millisecond, Segment: time.Second, Session: "studio",
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	if o.stream != nil {
		o.stream.Close()
	}
	o.stream, o.frame = s, 0
	o.mu.Unlock()
	o.parts(3*originSegment/originPart + 1)
}

// parts lets the program go on. The first picture after a part completes it.
func (o *origin) parts(n int) {
	if o.frame == 0 {
		o.picture()
	}
	for range n * originPart {
		o.picture()
	}
}

func (o *origin) picture() {
	au := []byte{0, 0, 0, 1, 0x09, 0xf0}
	key := o.frame%originSegment == 0
	if key {
		for _, set := range []string{"6742c00dda05067e7c0440000003004000000f23c50aa8", "68ce0fc8"} { // x264's for 320×180
			b, err := hex.DecodeString(set)
			if err != nil {
				o.t.Fatal(err)
			}
			au = append(append(au, 0, 0, 0, 1), b...)
		}
		au = fmt.Appendf(append(au, 0, 0, 1, 0x65), "picture %d", o.frame)
	} else {
		au = fmt.Appendf(append(au, 0, 0, 1, 0x41), "picture %d", o.frame)
	}
	o.stream.Write(transcode.Packet{Track: transcode.Video, PTS: o.frame * transcode.VideoClock / originFPS, Key: key, Data: au})
	o.frame++
}

// requests takes what was asked since the last time.
func (o *origin) requests() []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	asked := o.asked
	o.asked = nil
	return asked
}
