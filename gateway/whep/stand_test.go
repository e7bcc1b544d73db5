package whep

import (
	"bytes"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
)

// stand is a feed on loopback with an encoder of two rungs that plays a clip of a
// second and begins it again when a keyframe is asked for.
type stand struct {
	t     *testing.T
	reg   *prometheus.Registry
	net   *rtc.Net
	feed  *Feed
	url   string
	asked atomic.Int64
	done  chan struct{}
	over  sync.WaitGroup
}

// The clips are the same for all tests.
var (
	encodeClips sync.Once
	clips       [][][]byte
)

func newStand(t *testing.T) *stand { return newStandOf(t, rtc.Config{}) }

func newStandOf(t *testing.T, c rtc.Config) *stand {
	t.Helper()
	t.Parallel() // most of a test is waiting for pictures in real time
	s := &stand{t: t, reg: prometheus.NewRegistry(), done: make(chan struct{})}
	c.Address, c.Metrics = "127.0.0.1:0", rtc.NewMetrics(s.reg)
	var err error
	if s.net, err = rtc.Listen(c); err != nil {
		t.Fatal(err)
	}
	restart := make(chan struct{}, 1)
	s.feed = NewFeed(Options{Session: "studio", Net: s.net, BasePath: "/live/studio/", Rungs: threeRungs[:2], Metrics: NewMetrics(s.reg), RequestKeyframe: func() {
		s.asked.Add(1)
		select {
		case restart <- struct{}{}:
		default:
		}
	}})
	server := httptest.NewServer(s.feed)
	s.url = server.URL + "/live/studio/whep"
	encodeClips.Do(func() { clips = [][][]byte{rtctest.H264(t, "2500"), rtctest.H264(t, "500")} })
	s.over.Go(func() { s.encode(clips, restart) })
	t.Cleanup(func() {
		server.Close()
		close(s.done)
		s.over.Wait()
		s.feed.Close()
		if err := s.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// encode writes a picture and two packets of sound every 40 ms. Only the first
// picture of the clip is a keyframe unless the encoder is asked for one. The program
// has run for an hour when its feed is opened, and is in the middle of the clip.
func (s *stand) encode(clips [][][]byte, restart <-chan struct{}) {
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	next := 7
	for n := int64(3600 * 25); ; n++ {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		select {
		case <-restart:
			next = 0
		default:
		}
		for rung, clip := range clips {
			s.feed.Write(transcode.Packet{Track: transcode.Video, Rung: rung, PTS: n * 3600, Key: next == 0, Data: clip[next]})
		}
		for i := range int64(2) {
			s.feed.Write(transcode.Packet{Track: transcode.Opus, PTS: (2*n + i) * 960, Key: true, Data: rtctest.Silence})
		}
		next = (next + 1) % 25
	}
}

// screen is what a viewer has received.
type screen struct {
	mu      sync.Mutex
	changed chan struct{}
	h264    bytes.Buffer
	frames  int
	sound   int
	lost    int // pictures with a hole
	last    uint16
	started bool
	gaps    int // holes in the numbers of packets as they came
	player
}

func newScreen() *screen {
	return &screen{changed: make(chan struct{}), player: player{packets: map[uint16]*rtp.Packet{}}}
}

func (s *screen) onTrack(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	go func() { // pion looks at sender reports on the way to whoever reads them
		for {
			if _, _, err := r.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	b := samplebuilder.New(500, &codecs.H264Packet{}, 90000)
	for {
		p, _, err := tr.ReadRTP()
		if err != nil {
			return
		}
		s.mu.Lock()
		if tr.Kind() == webrtc.RTPCodecTypeAudio {
			s.sound++
		} else {
			if s.started && p.SequenceNumber != s.last+1 {
				s.gaps++
			}
			s.last, s.started = p.SequenceNumber, true
			s.play(p, time.Now())
			b.Push(p)
			for f := b.Pop(); f != nil; f = b.Pop() {
				s.h264.Write(f.Data)
				s.frames++
				s.lost += int(f.PrevDroppedPackets)
			}
		}
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
}

func (s *screen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frames
}

// wait returns when ok says so of the screen.
func (s *screen) wait(t *testing.T, what string, ok func(*screen) bool) {
	t.Helper()
	late := time.After(rtctest.Patience)
	for {
		s.mu.Lock()
		changed, good := s.changed, ok(s)
		s.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited in vain for %s: %d pictures, %d packets of sound", what, s.frames, s.sound)
		}
	}
}

func (s *stand) view(o rtctest.Options) (*rtctest.Client, *screen) {
	s.t.Helper()
	sc := newScreen()
	o.URL, o.OnTrack = s.url, sc.onTrack
	if o.Receive == nil {
		o.Receive = []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio}
	}
	return rtctest.Connect(s.t, o), sc
}

// viewersOf is what the gauge says.
func (s *stand) viewersOf(rendition string) float64 {
	return testutil.ToFloat64(s.feed.opts.Metrics.viewers.WithLabelValues(rendition))
}

// watching are the viewers.
func (s *stand) watching() (list []*viewer) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for v := range s.feed.viewers {
		list = append(list, v)
	}
	return list
}
