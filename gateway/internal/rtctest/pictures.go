package rtctest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pion/webrtc/v4/pkg/media/h264reader"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
)

// Silence is 20 ms of Opus (RFC 6716 section 3.1: TOC 0xf8 is CELT, fullband).
var Silence = []byte{0xf8, 0xff, 0xfe}

// encode has the ffmpeg program make a file of 2 s of moving picture, 25 pictures
// a second.
func encode(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	all := append([]string{"-hide_banner", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"}, args...)
	if said, err := exec.CommandContext(t.Context(), "ffmpeg", append(all, file)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg (apt-get install ffmpeg): %v\n%s", err, said)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// H264 returns 50 access units of Constrained Baseline in Annex B form with two
// slices each, the first and the 26th of them keyframes with parameter sets.
func H264(t testing.TB, kbps string) [][]byte {
	t.Helper()
	b := encode(t, "a.h264", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline",
		"-g", "25", "-bf", "0", "-b:v", kbps+"k", "-x264-params", "slices=2:repeat-headers=1:aud=1")
	r, err := h264reader.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for {
		nalu, err := r.NextNAL()
		if errors.Is(err, io.EOF) {
			return pictures
		}
		if err != nil {
			t.Fatal(err)
		}
		if nalu.UnitType == h264reader.NalUnitTypeAUD {
			pictures = append(pictures, nil)
		}
		last := &pictures[len(pictures)-1]
		*last = append(append(*last, 0, 0, 0, 1), nalu.Data...)
	}
}

// VP8 returns 50 frames, the first and the 26th of them keyframes.
func VP8(t testing.TB) [][]byte {
	return ivf(t, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "1M")
}

// VP9 is like VP8.
func VP9(t testing.TB) [][]byte {
	return ivf(t, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "1M")
}

// AV1 is like VP8.
func AV1(t testing.TB) [][]byte {
	return ivf(t, "-c:v", "libsvtav1", "-preset", "12", "-g", "25", "-b:v", "1M")
}

func ivf(t testing.TB, args ...string) [][]byte {
	t.Helper()
	r, _, err := ivfreader.NewWith(bytes.NewReader(encode(t, "a.ivf", args...)))
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for {
		p, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return pictures
		}
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, p)
	}
}
