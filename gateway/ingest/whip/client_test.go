package whip

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/h264reader"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/rtc"
)

// bench is a server with one seat, on loopback.
type bench struct {
	t      *testing.T
	seats  *ingesttest.Seats
	server *Server
	http   *httptest.Server
	net    *rtc.Net
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, seats: ingesttest.New(t)}
	var err error
	if b.net, err = rtc.Listen(rtc.Config{Address: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	b.server = New(Options{Door: ingest.NewDoor(ingest.DoorOptions{Seats: b.seats}), Net: b.net})
	b.http = httptest.NewServer(b.server)
	t.Cleanup(func() {
		b.http.Close()
		b.server.Close()
		if err := b.net.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return b
}

// do sends a request with headers in pairs.
func (b *bench) do(method, path, body string, headers ...string) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.http.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(text)
}

func (b *bench) post(offer string) (*http.Response, string) {
	return b.do("POST", "/whip", offer, "Content-Type", "application/sdp", "Authorization", "Bearer "+string(rawKey()))
}

func rawKey() []byte { return []byte(ingesttest.Key) }

// client is a publisher that nobody here wrote: pion's own.
type client struct {
	b        *bench
	pc       *webrtc.PeerConnection
	location string
	etag     string
	answer   string
	done     chan struct{}
}

type clientOptions struct {
	tcp    bool
	tracks []webrtc.TrackLocal
}

func loopbackEngine(tcp bool) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if tcp {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	return s
}

func (b *bench) connect(o clientOptions) *client {
	b.t.Helper()
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(loopbackEngine(o.tcp))).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		b.t.Fatal(err)
	}
	c := &client{b: b, pc: pc, done: make(chan struct{})}
	b.t.Cleanup(func() {
		close(c.done)
		if err := pc.GracefulClose(); err != nil {
			b.t.Error(err)
		}
	})
	for _, track := range o.tracks {
		tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			b.t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 1500)
			for {
				if _, _, err := tr.Sender().Read(buf); err != nil {
					return
				}
			}
		}()
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	res, answer := b.post(pc.LocalDescription().SDP)
	if res.StatusCode != http.StatusCreated {
		b.t.Fatalf("POST: %d %s", res.StatusCode, answer)
	}
	c.location, c.etag, c.answer = res.Header.Get("Location"), res.Header.Get("ETag"), answer
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatal(err)
	}
	return c
}

func localTrack(t *testing.T, mime string) *webrtc.TrackLocalStaticSample {
	t.Helper()
	tr, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime[6:], "cam")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// play sends pictures over and over at 25 per second until the test ends.
func (c *client) play(tr *webrtc.TrackLocalStaticSample, pictures [][]byte) {
	go func() {
		tick := time.NewTicker(40 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-c.done:
				return
			}
			if err := tr.WriteSample(pionmedia.Sample{Data: pictures[i%len(pictures)], Duration: 40 * time.Millisecond}); err != nil {
				return
			}
		}
	}()
}

// encode has the ffmpeg program make a file of 2 s of moving picture.
func encode(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	all := append([]string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"}, args...)
	if said, err := ingesttest.FFmpeg(t, nil, append(all, file)...); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// h264Pictures returns access units in Annex B form, a keyframe every 25.
func h264Pictures(t *testing.T) [][]byte {
	t.Helper()
	b := encode(t, "a.h264", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline",
		"-g", "25", "-bf", "0", "-b:v", "1M", "-x264-params", "slices=2:repeat-headers=1:aud=1")
	r, err := h264reader.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for {
		nalu, err := r.NextNAL()
		if errors.Is(err, io.EOF) {
			return pictures
		}
		if err != nil {
			t.Fatal(err)
		}
		if nalu.UnitType == h264reader.NalUnitTypeAUD {
			pictures = append(pictures, nil)
		}
		last := &pictures[len(pictures)-1]
		*last = append(append(*last, 0, 0, 0, 1), nalu.Data...)
	}
}

func ivfPictures(t *testing.T, args ...string) [][]byte {
	t.Helper()
	r, _, err := ivfreader.NewWith(bytes.NewReader(encode(t, "a.ivf", args...)))
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for {
		p, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return pictures
		}
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, p)
	}
}
