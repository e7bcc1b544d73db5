package rtmp

import (
	"testing"

	"github.com/regie-live/regie/transcode/media"
)

func TestBeginsHere(t *testing.T) {
	for _, c := range []struct {
		name  string
		codec media.Codec
		data  []byte
		want  bool
	}{
		{"H.264 IDR after its sets", media.H264, []byte{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 1}, true},
		{"H.264 sets alone", media.H264, []byte{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x41, 1}, false},
		{"H.265 CRA", media.H265, []byte{0, 0, 0, 1, 21 << 1, 1}, true},
		{"H.265 trailing", media.H265, []byte{0, 0, 0, 1, 1 << 1, 1}, false},
		{"H.265 VPS", media.H265, []byte{0, 0, 0, 1, 32 << 1, 1}, false},
		{"a start code at the end", media.H264, []byte{0, 0, 0, 1}, false},
		{"AV1 with a sequence header", media.AV1, []byte{0x0a, 1, 0, 0x32, 1, 0}, true},
		{"AV1 without", media.AV1, []byte{0x32, 1, 0}, false},
		{"VP8 key", media.VP8, []byte{0x10}, true},
		{"VP8 inter", media.VP8, []byte{0x11}, false},
		{"VP9 key, profile 0", media.VP9, []byte{0x82}, true},
		{"VP9 inter, profile 0", media.VP9, []byte{0x86}, false},
		{"VP9 shows an old frame", media.VP9, []byte{0x88}, false},
		{"VP9 key, profile 3", media.VP9, []byte{0xb1}, true},
		{"VP9 inter, profile 3", media.VP9, []byte{0xb2}, false},
		{"not VP9", media.VP9, []byte{0x02}, false},
		{"nothing", media.H264, nil, false},
	} {
		if got := beginsHere(c.codec, c.data); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
