package whip

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/transcode/media"
)

// enough says that a claim has so many units of each kind.
func enough(video, audio int) func(ingesttest.Claim) bool {
	return func(c ingesttest.Claim) bool {
		return len(c.Of(media.Video)) >= video && len(c.Of(media.Audio)) >= audio
	}
}

// opusSilence is a packet of 20 ms (RFC 6716: TOC 0xf8 is CELT, fullband).
var opusSilence = []byte{0xf8, 0xff, 0xfe}

func TestPublish(t *testing.T) {
	for _, tc := range []struct {
		codec media.Codec
		mime  string
		tcp   bool
		make  func(*testing.T) [][]byte
	}{
		{media.H264, webrtc.MimeTypeH264, false, h264Pictures},
		{media.H264, webrtc.MimeTypeH264, true, h264Pictures},
		{media.VP8, webrtc.MimeTypeVP8, false, func(t *testing.T) [][]byte {
			return ivfPictures(t, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "1M")
		}},
		{media.VP9, webrtc.MimeTypeVP9, false, func(t *testing.T) [][]byte {
			return ivfPictures(t, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "1M")
		}},
		{media.AV1, webrtc.MimeTypeAV1, false, func(t *testing.T) [][]byte {
			return ivfPictures(t, "-c:v", "libsvtav1", "-preset", "12", "-g", "25", "-b:v", "1M")
		}},
	} {
		t.Run(fmt.Sprintf("%s tcp=%v", tc.codec, tc.tcp), func(t *testing.T) {
			b := newBench(t)
			video, audio := localTrack(t, tc.mime), localTrack(t, webrtc.MimeTypeOpus)
			c := b.connect(clientOptions{tcp: tc.tcp, tracks: []webrtc.TrackLocal{video, audio}})
			c.play(video, tc.make(t))
			c.play(audio, [][]byte{opusSilence})
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
			if !strings.Contains(c.answer, "x-google-start-bitrate=2500") {
				t.Errorf("no start bitrate in\n%s", c.answer)
			}
			if res, body := b.do("DELETE", c.location, ""); res.StatusCode != http.StatusOK {
				t.Errorf("DELETE: %d %s", res.StatusCode, body)
			}
			if cause := b.seats.WaitClosed(0).Cause; !errors.Is(cause, ingest.ErrPeerClosed) {
				t.Errorf("ended with %v", cause)
			}
			if res, _ := b.do("DELETE", c.location, ""); res.StatusCode != http.StatusNotFound {
				t.Errorf("second DELETE: %d", res.StatusCode)
			}
		})
	}
}
