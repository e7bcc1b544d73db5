package whep

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/transcode/media"
)

// TestLossIsRepaired drops packets at the viewer's socket: what the shared ring
// sends again completes every picture.
func TestLossIsRepaired(t *testing.T) {
	s := newStand(t)
	c, sc := s.view(rtctest.Options{Loss: 0.02})
	sc.wait(t, "four seconds of program", pictures(100))
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if c.Lost.Load() < 5 {
		t.Errorf("only %d packets were lost: this proves nothing", c.Lost.Load())
	}
	if got := ingesttest.DecodeVideo(t, media.H264, sc.h264.Bytes()); got != sc.frames || sc.lost != 0 {
		t.Errorf("ffmpeg decodes %d of %d pictures, %d packets never came", got, sc.frames, sc.lost)
	}
	t.Logf("%d packets lost, %d pictures whole", c.Lost.Load(), sc.frames)
}

func TestRestartICE(t *testing.T) {
	for name, o := range map[string]rtctest.Options{"udp": {}, "tcp": {TCP: true}} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			c, sc := s.view(o)
			sc.wait(t, "program", pictures(5))
			c.RestartICE()
			sc.mu.Lock()
			have := sc.frames
			sc.mu.Unlock()
			sc.wait(t, "program after the restart", pictures(have+25))
			if n := s.feed.Viewers(); n != 1 {
				t.Errorf("%d viewers, want 1", n)
			}
		})
	}
}

// TestFeedCloses: viewers see the end at once, and latecomers are told.
func TestFeedCloses(t *testing.T) {
	s := newStand(t)
	c, sc := s.view(rtctest.Options{})
	sc.wait(t, "program", pictures(3))
	s.feed.Close()
	c.State(webrtc.PeerConnectionStateClosed)
	if n := s.feed.Viewers(); n != 0 {
		t.Errorf("%d viewers after the end", n)
	}
	late := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}})
	if res, body := rtctest.Request(t, "POST", s.url, late.Offer(), "Content-Type", "application/sdp"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d %s", res.StatusCode, body)
	}
}

func TestOneKind(t *testing.T) {
	s := newStand(t)
	_, sc := s.view(rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio}})
	sc.wait(t, "sound", func(s *screen) bool { return s.sound >= 20 })
	_, sc = s.view(rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}})
	sc.wait(t, "pictures", func(s *screen) bool { return s.frames >= 20 })
}

func TestRefusals(t *testing.T) {
	s := newStand(t)
	offer := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}}).Offer()
	for name, tc := range map[string]struct {
		offer  string
		status int
	}{
		"not SDP":   {"hello", 400},
		"no H.264":  {strings.ReplaceAll(offer, "H264/90000", "H261/90000"), 422},
		"no mode 1": {strings.ReplaceAll(offer, "packetization-mode=1", "packetization-mode=0"), 422},
		"publisher": {strings.ReplaceAll(offer, "a=recvonly", "a=sendonly"), 422},
	} {
		if res, body := rtctest.Request(t, "POST", s.url, tc.offer, "Content-Type", "application/sdp"); res.StatusCode != tc.status {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if len(s.feed.viewers) != 0 {
		t.Errorf("%d viewers are left over", len(s.feed.viewers))
	}
}

// TestReportsAlign: the sender reports put both tracks on one clock, and the
// viewer's own come back as metrics.
func TestReportsAlign(t *testing.T) {
	s := newStand(t)
	clocks := make(chan *rtcp.SenderReport, 100)
	c := rtctest.Connect(t, rtctest.Options{
		URL: s.url, Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio},
		OnTrack: func(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
			go func() {
				for {
					packets, _, err := r.ReadRTCP()
					if err != nil {
						return
					}
					for _, p := range packets {
						if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == uint32(tr.SSRC()) {
							clocks <- sr
						}
					}
				}
			}()
			for {
				if _, _, err := tr.ReadRTP(); err != nil {
					return
				}
			}
		},
	})
	last := map[media.Kind]*rtcp.SenderReport{}
	late := time.After(rtctest.Patience)
	for len(last) < 2 || last[media.Video].NTPTime != last[media.Audio].NTPTime {
		select {
		case sr := <-clocks:
			kind := media.Video
			if sr.SSRC == uint32(c.PC.GetReceivers()[1].Track().SSRC()) {
				kind = media.Audio
			}
			last[kind] = sr
		case <-late:
			t.Fatal("no reports")
		}
	}
	video := float64(last[media.Video].RTPTime-s.feed.clock.offset[media.Video]) / 90000
	audio := float64(last[media.Audio].RTPTime-s.feed.clock.offset[media.Audio]) / 48000
	if d := video - audio; d > 0.001 || d < -0.001 {
		t.Errorf("at one moment the picture is at %.4f s, the sound at %.4f s", video, audio)
	}
	if last[media.Audio].PacketCount == 0 || last[media.Audio].OctetCount == 0 {
		t.Errorf("counts %+v", last[media.Audio])
	}
	for end := time.Now().Add(rtctest.Patience); !strings.Contains(exposition(t, s.reg), `regie_rtc_round_trip_seconds{role="viewer"}`); {
		if time.Now().After(end) {
			t.Fatalf("no round-trip time in\n%s", exposition(t, s.reg))
		}
		<-time.After(20 * time.Millisecond)
	}
}

func exposition(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			b.WriteString(f.GetName() + "{")
			for _, l := range m.Label {
				fmt.Fprintf(&b, "%s=%q", l.GetName(), l.GetValue())
			}
			fmt.Fprintf(&b, "} %g\n", m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
	return b.String()
}

func TestMetricsLint(t *testing.T) {
	reg := prometheus.NewRegistry()
	NewMetrics(reg).dropped.WithLabelValues("overload").Inc()
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

func pictures(n int) func(*screen) bool {
	return func(s *screen) bool { return s.frames >= n && s.sound >= n }
}

func TestView(t *testing.T) {
	for name, o := range map[string]rtctest.Options{"udp": {}, "tcp": {TCP: true}} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			c, sc := s.view(o)
			sc.wait(t, "a second of program", pictures(30))
			sc.mu.Lock()
			if got := ingesttest.DecodeVideo(t, media.H264, sc.h264.Bytes()); got != sc.frames {
				t.Errorf("ffmpeg decodes %d of %d pictures", got, sc.frames)
			}
			if sc.gaps != 0 {
				t.Errorf("%d gaps in the sequence numbers", sc.gaps)
			}
			sc.mu.Unlock()
			if n := s.feed.Viewers(); n != 1 {
				t.Errorf("%d viewers, want 1", n)
			}
			v := s.watching()[0]
			if short := v.peer.Shortcut(v.worker.batch) != nil; short == o.TCP {
				t.Errorf("goes past pion: %v", short)
			}
			if path := c.Header.Get("Location"); !strings.HasPrefix(path, "/live/studio/whep/") {
				t.Errorf("Location %q is not the bare path", path)
			}
			if res, body := c.Delete(); res.StatusCode != http.StatusOK {
				t.Errorf("DELETE: %d %s", res.StatusCode, body)
			}
			c.State(webrtc.PeerConnectionStateClosed)
			if res, _ := c.Delete(); res.StatusCode != http.StatusNotFound {
				t.Errorf("second DELETE: %d", res.StatusCode)
			}
		})
	}
}
