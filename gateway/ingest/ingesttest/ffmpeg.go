package ingesttest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/regie-live/regie/transcode/media"
)

// FFmpeg runs the ffmpeg program to its end and returns what it said.
func FFmpeg(t testing.TB, stdin []byte, args ...string) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-hide_banner", "-loglevel", "info"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	err = cmd.Run()
	if _, missing := exec.LookPath("ffmpeg"); missing != nil {
		t.Fatal("the ffmpeg program is needed: apt-get install ffmpeg")
	}
	return out.String(), err
}

// VideoInput is a moving picture of so many seconds, in real time.
func VideoInput(seconds float64) []string {
	return []string{"-re", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=320x180:rate=25:duration=%g", seconds)}
}

// AudioInput is a tone of so many seconds, in real time.
func AudioInput(seconds float64) []string {
	return []string{"-re", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%g", seconds)}
}

var frameCount = regexp.MustCompile(`frame=\s*(\d+)`)

// DecodeVideo has ffmpeg decode an elementary stream and returns how many
// pictures came out; any complaint of the decoder fails the test.
func DecodeVideo(t testing.TB, codec media.Codec, stream []byte) int {
	t.Helper()
	format := "ivf"
	switch codec {
	case media.H264:
		format = "h264"
	case media.H265:
		format = "hevc"
	}
	said, err := FFmpeg(t, stream, "-f", format, "-i", "-", "-fps_mode", "passthrough", "-f", "null", "-")
	if err != nil {
		t.Fatalf("decoding %s: %v\n%s", codec, err, said)
	}
	for _, bad := range []string{"error", "Invalid", "corrupt", "missing"} {
		if strings.Contains(said, bad) {
			t.Errorf("the %s decoder complains:\n%s", codec, said)
			break
		}
	}
	all := frameCount.FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1][1])
	return n
}

// Clip has ffmpeg make an elementary stream of testsrc2 (320x180, 25 a second).
func Clip(t testing.TB, pictures int, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*Patience)
	defer cancel()
	all := []string{"-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25",
		"-frames:v", strconv.Itoa(pictures)}
	cmd := exec.CommandContext(ctx, "ffmpeg", append(append(all, args...), "-")...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, &said)
	}
	return out.Bytes()
}

// Background runs the ffmpeg program until stop is called.
func Background(t testing.TB, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return stop
}
