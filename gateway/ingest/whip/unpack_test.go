package whip

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/transcode/media"
)

func sc(nalu ...byte) []byte { return append([]byte{0, 0, 0, 1}, nalu...) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestUnpack(t *testing.T) {
	for name, tc := range map[string]struct {
		codec media.Codec
		in    [][]byte
		want  []byte
		key   bool
		bad   bool
	}{
		"h264 single":             {codec: media.H264, in: [][]byte{{0x41, 9}}, want: sc(0x41, 9)},
		"h264 key":                {codec: media.H264, in: [][]byte{{0x67, 1}, {0x68, 2}, {0x65, 3}}, want: join(sc(0x67, 1), sc(0x68, 2), sc(0x65, 3)), key: true},
		"h264 STAP-A":             {codec: media.H264, in: [][]byte{{0x78, 0, 2, 0x67, 1, 0, 2, 0x65, 2}}, want: join(sc(0x67, 1), sc(0x65, 2)), key: true},
		"h264 FU-A":               {codec: media.H264, in: [][]byte{{0x7c, 0x85, 1}, {0x7c, 0x05, 2}, {0x7c, 0x45, 3}}, want: sc(0x65, 1, 2, 3), key: true},
		"h264 FU-A without start": {codec: media.H264, in: [][]byte{{0x7c, 0x05, 2}, {0x7c, 0x45, 3}}, bad: true},
		"h264 FU-A without end":   {codec: media.H264, in: [][]byte{{0x7c, 0x85, 1}, {0x41, 1}}, bad: true},
		"h264 FU-A open":          {codec: media.H264, in: [][]byte{{0x7c, 0x85, 1}}, bad: true},
		"h264 STAP-A too long":    {codec: media.H264, in: [][]byte{{0x78, 0, 9, 0x67, 1}}, bad: true},
		"h264 MTAP":               {codec: media.H264, in: [][]byte{{26, 0, 0}}, bad: true},
		"h264 short":              {codec: media.H264, in: [][]byte{{0x41}}, bad: true},

		"h265 single":             {codec: media.H265, in: [][]byte{{1 << 1, 1, 9}}, want: sc(1<<1, 1, 9)},
		"h265 key":                {codec: media.H265, in: [][]byte{{19 << 1, 1, 9}}, want: sc(19<<1, 1, 9), key: true},
		"h265 aggregation":        {codec: media.H265, in: [][]byte{{48 << 1, 1, 0, 3, 32 << 1, 1, 7, 0, 3, 20 << 1, 1, 8}}, want: join(sc(32<<1, 1, 7), sc(20<<1, 1, 8)), key: true},
		"h265 fragments":          {codec: media.H265, in: [][]byte{{49 << 1, 1, 0x80 | 19, 1}, {49 << 1, 1, 0x40 | 19, 2}}, want: sc(19<<1, 1, 1, 2), key: true},
		"h265 fragment, no start": {codec: media.H265, in: [][]byte{{49 << 1, 1, 0x40 | 19, 2}}, bad: true},
		"h265 PACI":               {codec: media.H265, in: [][]byte{{50 << 1, 1, 0, 0}}, bad: true},

		"vp8 key":         {codec: media.VP8, in: [][]byte{{0x10, 0, 1}, {0, 2}}, want: []byte{0, 1, 2}, key: true},
		"vp8 other":       {codec: media.VP8, in: [][]byte{{0x10, 1, 1}}, want: []byte{1, 1}},
		"vp8 no start":    {codec: media.VP8, in: [][]byte{{0, 0, 1}}, bad: true},
		"vp9 no start":    {codec: media.VP9, in: [][]byte{{0x04, 1}}, bad: true},
		"vp9 no end":      {codec: media.VP9, in: [][]byte{{0x08, 1}}, bad: true},
		"av1 with sizes":  {codec: media.AV1, in: [][]byte{{0x00, 2, 0x12, 0, 3, 0x0a, 1, 5, 2, 0x30, 7}}, want: []byte{0x0a, 1, 5, 0x32, 1, 7}, key: true},
		"av1 W=2":         {codec: media.AV1, in: [][]byte{{0x20, 2, 0x08, 5, 0x30, 7, 8}}, want: []byte{0x0a, 1, 5, 0x32, 2, 7, 8}, key: true},
		"av1 parts":       {codec: media.AV1, in: [][]byte{{0x50, 0x30, 7}, {0xd0, 8}, {0x90, 9}}, want: []byte{0x32, 3, 7, 8, 9}},
		"av1 no start":    {codec: media.AV1, in: [][]byte{{0x90, 9}}, bad: true},
		"av1 no end":      {codec: media.AV1, in: [][]byte{{0x50, 0x30, 7}}, bad: true},
		"av1 wrong count": {codec: media.AV1, in: [][]byte{{0x30, 1, 0x30}}, bad: true},
		"av1 wrong size":  {codec: media.AV1, in: [][]byte{{0x00, 9, 0x30}}, bad: true},
		"another codec":   {codec: media.AAC, in: [][]byte{{1, 2}}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, key, err := unpack(tc.codec, tc.in)
			if tc.bad {
				if err == nil {
					t.Errorf("got % x, want an error", got)
				}
				return
			}
			if err != nil || !bytes.Equal(got, tc.want) || key != tc.key {
				t.Errorf("got % x (key %v, %v), want % x (key %v)", got, key, err, tc.want, tc.key)
			}
		})
	}
}

// TestUnpackWhatPionPacks cuts real pictures with pion's payloaders; what comes
// out must be what went in (H.264 without its delimiters).
func TestUnpackWhatPionPacks(t *testing.T) {
	for _, tc := range []struct {
		codec    media.Codec
		payloads rtp.Payloader
		pictures [][]byte
	}{
		{media.H264, &codecs.H264Payloader{}, rtctest.H264(t, "4000")},
		{media.VP8, &codecs.VP8Payloader{EnablePictureID: true}, rtctest.VP8(t)},
		{media.VP9, &codecs.VP9Payloader{FlexibleMode: true}, rtctest.VP9(t)},
		{media.VP9, &codecs.VP9Payloader{}, rtctest.VP9(t)},
	} {
		keys := 0
		for i, p := range tc.pictures {
			packets := tc.payloads.Payload(1100, p)
			got, key, err := unpack(tc.codec, packets)
			if tc.codec == media.H264 {
				p = p[6:] // the delimiter
			}
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("%s picture %d: %v, %d bytes became %d", tc.codec, i, err, len(p), len(got))
			}
			if key {
				keys++
			}
			if len(packets) > 1 && tc.codec != media.H264 {
				if _, _, err := unpack(tc.codec, packets[1:]); !errors.Is(err, errPart) {
					t.Errorf("%s picture %d without its start: %v", tc.codec, i, err)
				}
			}
		}
		if keys != 2 {
			t.Errorf("%s: %d keyframes, want 2", tc.codec, keys)
		}
	}
}

func TestHasHead(t *testing.T) {
	for _, tc := range []struct {
		codec media.Codec
		data  []byte
		want  bool
	}{
		{media.H264, join(sc(9, 0xf0), sc(0x67, 1), sc(0x65, 2)), true},
		{media.H264, join(sc(0x68, 1), sc(0x65, 2)), false},
		{media.H264, sc(), false},
		{media.H265, join(sc(32<<1, 1), sc(33<<1, 1), sc(19<<1, 1)), true},
		{media.H265, sc(19<<1, 1), false},
	} {
		if got := hasHead(tc.codec, tc.data); got != tc.want {
			t.Errorf("%s % x: %v", tc.codec, tc.data, got)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for i := range 5 {
		f.Add(i, []byte{0x7c, 0x85, 1}, []byte{0x7c, 0x45, 3})
		f.Add(i, []byte{49 << 1, 1, 0x80 | 19, 1}, []byte{49 << 1, 1, 0x40 | 19, 2})
		f.Add(i, []byte{0x10, 0, 1}, []byte{0, 2})
		f.Add(i, []byte{0x8c, 1, 0x82, 0x49}, []byte{0x04, 2})
		f.Add(i, []byte{0x50, 0x30, 7}, []byte{0x90, 9})
	}
	all := []media.Codec{media.H264, media.H265, media.VP8, media.VP9, media.AV1}
	f.Fuzz(func(t *testing.T, codec int, a, b []byte) {
		c := all[uint(codec)%uint(len(all))]
		in := [][]byte{bytes.Clone(a), bytes.Clone(b)}
		out, _, err := unpack(c, in)
		if err == nil && len(out) > 6*(len(a)+len(b)) {
			t.Errorf("%s: %d bytes became %d", c, len(a)+len(b), len(out))
		}
		if !bytes.Equal(in[0], a) || !bytes.Equal(in[1], b) {
			t.Error("the packets were written to")
		}
	})
}
