package whip

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// enough says that a claim has so many units of each kind.
func enough(video, audio int) func(ingesttest.Claim) bool {
	return func(c ingesttest.Claim) bool {
		return len(c.Of(media.Video)) >= video && len(c.Of(media.Audio)) >= audio
	}
}

func TestPublish(t *testing.T) {
	h264 := func(t testing.TB) [][]byte { return rtctest.H264(t, "1000") }
	for _, tc := range []struct {
		codec media.Codec
		mime  string
		tcp   bool
		make  func(testing.TB) [][]byte
	}{
		{media.H264, webrtc.MimeTypeH264, false, h264},
		{media.H264, webrtc.MimeTypeH264, true, h264},
		{media.VP8, webrtc.MimeTypeVP8, false, rtctest.VP8},
		{media.VP9, webrtc.MimeTypeVP9, false, rtctest.VP9},
		{media.AV1, webrtc.MimeTypeAV1, false, rtctest.AV1},
	} {
		t.Run(fmt.Sprintf("%s tcp=%v", tc.codec, tc.tcp), func(t *testing.T) {
			b := newBench(t, rtc.Config{})
			video, audio := rtctest.NewTrack(t, tc.mime), rtctest.NewTrack(t, webrtc.MimeTypeOpus)
			c := b.publish(rtctest.Options{TCP: tc.tcp, Send: []webrtc.TrackLocal{video, audio}})
			c.Play(video, 40*time.Millisecond, tc.make(t))
			c.Play(audio, 20*time.Millisecond, [][]byte{rtctest.Silence})
			claim := b.seats.Wait(0, "pictures and sound", enough(50, 50))
			want := []media.Track{{Codec: tc.codec}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}}
			if got := claim.Last(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("tracks %v, want %v", got, want)
			}
			if !claim.Of(media.Video)[0].Key {
				t.Error("the first picture is not a keyframe")
			}
			if got, sent := ingesttest.DecodeVideo(t, tc.codec, claim.Elementary(media.Video)), len(claim.Of(media.Video)); got != sent {
				t.Errorf("ffmpeg decodes %d of %d pictures", got, sent)
			}
			if !strings.Contains(c.Answer, "x-google-start-bitrate=2500") {
				t.Errorf("no start bitrate in\n%s", c.Answer)
			}
			if res, body := c.Delete(); res.StatusCode != http.StatusOK {
				t.Errorf("DELETE: %d %s", res.StatusCode, body)
			}
			if cause := b.seats.WaitClosed(0).Cause; !errors.Is(cause, ingest.ErrPeerClosed) {
				t.Errorf("ended with %v", cause)
			}
			if res, _ := c.Delete(); res.StatusCode != http.StatusNotFound {
				t.Errorf("second DELETE: %d", res.StatusCode)
			}
		})
	}
}
