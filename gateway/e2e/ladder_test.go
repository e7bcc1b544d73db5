package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const smallRung = "{width: 320, height: 180, kbps: 400}"

// TestLadder: every rendition shows the same program at its own size, by both ways
// out.
func TestLadder(t *testing.T) {
	a := start(t, setup{ladder: smallRung})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.publish(overRTSP, "studio", "guest1", looks[1])
	a.awaitLive("studio")

	_, body, _ := fetch(t, http.MethodGet, a.hls("studio"), nil)
	for _, want := range []string{"RESOLUTION=640x360", "RESOLUTION=320x180", "360p/stream.m3u8", "180p/stream.m3u8", "audio/stream.m3u8"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the multivariant playlist lacks %s:\n%s", want, body)
		}
	}
	t.Run("LL-HLS", func(t *testing.T) {
		small := readFFmpeg(t, a.url("/live/studio/180p/stream.m3u8"), 320, 180)
		small.awaitMix(30*time.Second, looks[0], looks[1])
		small.hears(looks[0], looks[1])
	})
	t.Run("real time", func(t *testing.T) {
		p := watchWHEP(t, a.whep("studio")+"?rendition=180p")
		s := p.awaitMix(10*time.Second, looks[0], looks[1])
		if s.pic.W != 320 || s.pic.H != 180 {
			t.Errorf("180p is %d × %d", s.pic.W, s.pic.H)
		}
		p.hears(looks[0], looks[1])
		status, body, _ := send(t, http.MethodPost, a.whep("studio")+"?rendition=4k", "application/sdp", p.pc.LocalDescription().SDP, nil)
		if status/100 != 4 || !strings.Contains(body, "180p") {
			t.Errorf("a rendition that does not exist: %d %s", status, body)
		}
	})
}
