package whep

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/transcode/media"
)

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
