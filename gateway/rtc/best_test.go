package rtc

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/transcode/media"
)

func TestBest(t *testing.T) {
	codec := func(mime, line string) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, SDPFmtpLine: line}}
	}
	high, base := codec("video/H264", "profile-level-id=64001f"), codec("video/h264", "profile-level-id=42001F")
	constrained, vp8, opus := codec("video/H264", "profile-level-id=42E01F"), codec("video/VP8", ""), codec("audio/OPUS", "minptime=10")
	for _, tt := range []struct {
		name string
		kind media.Kind
		both []webrtc.RTPCodecParameters
		want string // its format parameters; none if nothing fits
	}{
		{"constrained baseline first", media.Video, []webrtc.RTPCodecParameters{vp8, high, base, constrained}, constrained.SDPFmtpLine},
		{"then baseline", media.Video, []webrtc.RTPCodecParameters{high, base}, base.SDPFmtpLine},
		{"then any H.264", media.Video, []webrtc.RTPCodecParameters{vp8, high}, high.SDPFmtpLine},
		{"no other picture", media.Video, []webrtc.RTPCodecParameters{vp8, opus}, ""},
		{"sound", media.Audio, []webrtc.RTPCodecParameters{vp8, opus}, opus.SDPFmtpLine},
		{"no sound", media.Audio, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Best(tt.kind, tt.both); got.SDPFmtpLine != tt.want || ok != (tt.want != "") {
				t.Errorf("%+v, %v", got, ok)
			}
		})
	}
}
