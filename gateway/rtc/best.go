package rtc

import (
	"strings"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/transcode/media"
)

// Best is what we send of the codecs that both sides have: of a picture H.264,
// constrained baseline before any other profile, of sound Opus. ok is false when
// there is none.
func Best(kind media.Kind, both []webrtc.RTPCodecParameters) (p webrtc.RTPCodecParameters, ok bool) {
	want := []string{webrtc.MimeTypeOpus}
	if kind == media.Video {
		want = []string{webrtc.MimeTypeH264 + " 42e0", webrtc.MimeTypeH264 + " 42", webrtc.MimeTypeH264}
	}
	for _, w := range want {
		mime, profile, _ := strings.Cut(w, " ")
		for _, p := range both {
			if strings.EqualFold(p.MimeType, mime) && strings.Contains(strings.ToLower(p.SDPFmtpLine), profile) {
				return p, true
			}
		}
	}
	return p, false
}
