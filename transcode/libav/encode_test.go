package libav

import (
	"bytes"
	"slices"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

func TestKeyframes(t *testing.T) {
	for _, codec := range videoCodecs {
		t.Run(string(codec), func(t *testing.T) {
			e, err := OpenVideoEncoder(VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500, Codec: codec})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for i := range 100 {
				// A new scene every 10 frames must not bring keyframes by itself.
				e.Canvas().Fill(byte(16+i/10%2*200), 128, 128)
				asked := i == 0 || i == 33 || i == 34
				if _, key, err := e.Encode(int64(i), asked); err != nil {
					t.Fatal(err)
				} else if key != asked {
					t.Errorf("frame %d: key is %v", i, key)
				}
			}
		})
	}
}

// TestProgramStream holds what viewers rely on: Constrained Baseline, no reordering,
// parameter sets and an IDR picture in every keyframe, long start codes only, and
// no picture so large that it would take a second to send.
func TestProgramStream(t *testing.T) {
	const kbps = 1500
	e, err := OpenVideoEncoder(VideoEncoderConfig{W: 720, H: 1280, FPS: 30, Kbps: kbps})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	total := 0
	for i := range 90 {
		drawQuadrants(e.Canvas(), i)
		key := i%30 == 0
		data, _, err := e.Encode(int64(i), key)
		if err != nil {
			t.Fatal(err)
		}
		if total += len(data); len(data) > kbps*1000/8 {
			t.Errorf("frame %d has %d bytes", i, len(data))
		}
		var units h264.AnnexB
		if err := units.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte{0, 0, 1}); n != bytes.Count(data, []byte{0, 0, 0, 1}) || n != len(units) {
			t.Errorf("frame %d has short start codes", i)
		}
		var types []h264.NALUType
		for _, u := range units {
			if typ := h264.NALUType(u[0] & 0x1f); typ != h264.NALUTypeSEI {
				types = append(types, typ)
			}
		}
		want := []h264.NALUType{h264.NALUTypeNonIDR}
		if key {
			want = []h264.NALUType{h264.NALUTypeSPS, h264.NALUTypePPS, h264.NALUTypeIDR}
			var sps h264.SPS
			if err := sps.Unmarshal(units[0]); err != nil {
				t.Fatal(err)
			}
			if sps.ProfileIdc != 66 || !sps.ConstraintSet1Flag || sps.Width() != 720 || sps.Height() != 1280 {
				t.Errorf("profile %d, constrained %v, %d×%d", sps.ProfileIdc, sps.ConstraintSet1Flag, sps.Width(), sps.Height())
			}
			if sps.VUI == nil || sps.VUI.BitstreamRestriction == nil || sps.VUI.BitstreamRestriction.MaxNumReorderFrames != 0 {
				t.Error("the stream does not say that it never reorders")
			}
		}
		if !slices.Equal(types, want) {
			t.Errorf("frame %d consists of %v", i, types)
		}
	}
	if rate := total * 8 / 3 / 1000; rate > kbps*11/10 {
		t.Errorf("the stream takes %d kbit/s, asked for %d", rate, kbps)
	}
}

// TestLevels: a stream says the lowest H.264 level that its size, rate and bitrate
// need (ITU-T H.264 table A-1), which is what players look at.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		w, h, fps, kbps int
		level           uint8
	}{
		{1920, 1080, 60, 6000, 42}, {1920, 1080, 30, 4500, 40}, {1280, 720, 30, 2500, 31}, {854, 480, 30, 1200, 31}, {640, 360, 30, 700, 30}, {320, 180, 30, 300, 13},
	} {
		e, err := OpenVideoEncoder(VideoEncoderConfig{W: c.w, H: c.h, FPS: c.fps, Kbps: c.kbps})
		if err != nil {
			t.Fatal(err)
		}
		data, _, err := e.Encode(0, true)
		e.Close()
		var units h264.AnnexB
		var sps h264.SPS
		if err != nil || units.Unmarshal(data) != nil || sps.Unmarshal(units[0]) != nil {
			t.Fatal("no parameter set", err)
		}
		if sps.LevelIdc != c.level {
			t.Errorf("%d×%d, %d frames/s, %d kbit/s: level %d, want %d", c.w, c.h, c.fps, c.kbps, sps.LevelIdc, c.level)
		}
	}
}

// TestCanvas: what was drawn stays on the canvas for the next frame.
func TestCanvas(t *testing.T) {
	e, err := OpenVideoEncoder(VideoEncoderConfig{W: 320, H: 180, FPS: 30, Kbps: 500})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	checkColor(t, "a fresh canvas", e.Canvas(), 100, 100, [3]byte{16, 128, 128}, 0)
	drawQuadrants(e.Canvas(), 0)
	for i := range 5 {
		if _, _, err := e.Encode(int64(i), false); err != nil {
			t.Fatal(err)
		}
		checkQuadrants(t, "after Encode", e.Canvas(), 0)
	}
}
