package libav

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/regie-live/regie/transcode/media"
)

// watch decodes units and counts what came of them.
func watch(d *VideoDecoder, units [][]byte) (frames, corrupt, failed int) {
	for i, au := range units {
		if err := d.Decode(au, frameTime(i), func(f *Frame) {
			frames++
			if f.Corrupt {
				corrupt++
			}
		}); err != nil {
			failed++
		}
	}
	return frames, corrupt, failed
}

// TestLoss: an access unit that never came is noticed in every codec that can
// notice, at once, and only once.
func TestLoss(t *testing.T) {
	tests := []struct {
		codec media.Codec
		sign  string
	}{
		{media.H264, "corrupt"},
		{media.H265, "corrupt"},
		{media.VP9, "error"},
		{media.AV1, "error"},
		// VP8 has neither frame numbers nor anything else to tell by.
	}
	for _, tt := range tests {
		t.Run(string(tt.codec), func(t *testing.T) {
			clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 1500, Codec: tt.codec}, 40)
			d := openVideo(t, tt.codec)
			if frames, corrupt, failed := watch(d, clip[:10]); frames != 10 || corrupt+failed != 0 {
				t.Fatalf("before the loss: %d frames, %d corrupt, %d failed", frames, corrupt, failed)
			}
			_, corrupt, failed := watch(d, clip[11:])
			if tt.sign == "corrupt" && corrupt != 1 || tt.sign == "error" && failed == 0 {
				t.Errorf("after the loss: %d corrupt, %d failed", corrupt, failed)
			}
			d.Flush()
			if frames, corrupt, failed := watch(d, clip); frames != 40 || corrupt+failed != 0 {
				t.Errorf("from a keyframe on: %d frames, %d corrupt, %d failed", frames, corrupt, failed)
			}
		})
	}
}

// TestDamage: bits that flip inside H.264 pictures are told of.
func TestDamage(t *testing.T) {
	clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 1500}, 20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := 10; i < 15; i++ {
		clip[i] = bytes.Clone(clip[i])
		for range 5 {
			clip[i][10+r.IntN(len(clip[i])-10)] ^= 1 << r.IntN(8)
		}
	}
	if frames, corrupt, failed := watch(openVideo(t, media.H264), clip); corrupt+failed < 4 {
		t.Errorf("%d frames, %d corrupt, %d failed", frames, corrupt, failed)
	}
}

// TestJoin: starting at a keyframe in the middle is clean, also where the pictures
// after it still need those before (open groups) or where there is no whole key
// picture at all (a refresh that wanders through the picture).
func TestJoin(t *testing.T) {
	for _, params := range []string{"bframes=0", "open-gop=1:bframes=3", "open-gop=1:bframes=0", "bframes=0:intra-refresh=1"} {
		t.Run(params, func(t *testing.T) {
			units := splitH264(ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-frames:v", "120",
				"-c:v", "libx264", "-x264-params", "aud=1:repeat-headers=1:keyint=30:scenecut=0:"+params, "-f", "h264", "-"))
			if len(units) != 120 {
				t.Fatalf("got %d access units", len(units))
			}
			hasSPS := func(au []byte) bool { return bytes.Contains(au, []byte{0, 0, 1, 0x67}) }
			second := 1 + slices.IndexFunc(units[1:], hasSPS)
			d := openVideo(t, media.H264)
			watch(d, units[:second-5])
			d.Flush()
			frames, corrupt, failed := watch(d, units[second:])
			if corrupt+failed != 0 || frames < 120-second-30 {
				t.Errorf("joined at %d: %d frames, %d corrupt, %d failed", second, frames, corrupt, failed)
			}
		})
	}
}

// TestGapsAllowed: a stream whose frame numbers may have gaps is not taken for
// damaged. The sequence parameter set is x264's own with the one bit set.
func TestGapsAllowed(t *testing.T) {
	clip := encodeClip(t, VideoEncoderConfig{W: 640, H: 360, FPS: 30, Kbps: 1500}, 2)
	var g gaps
	g.observe(clip[0])
	if g.sps == nil || g.allowed {
		t.Fatalf("x264's own parameter set: %x, allowed %v", g.sps, g.allowed)
	}
	g.observe(clip[1])
	g.observe(nil)
	g.observe([]byte{0, 0, 1})
	// Baseline, no colour format: profile, constraints, level, then
	// ue(0) sps_id, ue(0) log2_max_frame_num, ue(2) poc type, ue(1) references,
	// gaps flag, ue(39) ue(22) size, frame_mbs_only, direct_8x8, no cropping, no VUI.
	bits := "1" + "1" + "011" + "010" + "1" + "00000101000" + "000010111" + "1" + "1" + "0" + "0" + "1"
	sps := []byte{0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e}
	for len(bits)%8 != 0 {
		bits += "0"
	}
	for ; bits != ""; bits = bits[8:] {
		var b byte
		for _, c := range bits[:8] {
			b = b<<1 | byte(c-'0')
		}
		sps = append(sps, b)
	}
	g.observe(append(sps, clip[1]...))
	if !g.allowed {
		t.Error("the flag was not read")
	}
	g.observe(clip[0])
	if g.allowed {
		t.Error("the flag outlived its parameter set")
	}
}
