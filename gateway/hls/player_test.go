package hls

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
)

func clipOptions() Options {
	return Options{
		Width: clipWidth, Height: clipHeight, FPS: clipFPS, VideoKbps: 400, AudioKbps: 96,
		Session: "test", Epoch: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

func newStream(t testing.TB, o Options) *Stream {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func serve(t testing.TB, s *Stream) string {
	t.Helper()
	srv := httptest.NewServer(http.StripPrefix("/live/test/", s))
	t.Cleanup(srv.Close)
	return srv.URL + "/live/test/"
}

func write(s *Stream, packets []transcode.Packet) {
	for _, p := range packets {
		s.Write(p)
	}
}

// TestFFmpegReads: the ffmpeg program decodes every frame without a complaint.
func TestFFmpegReads(t *testing.T) {
	s := newStream(t, clipOptions())
	packets := clip(t)
	write(s, packets)
	s.End()
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", serve(t, s)+"index.m3u8",
		"-map", "0:v", "-map", "0:a", "-f", "framecrc", "-")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
	}
	video, audio := 0, 0
	for line := range strings.Lines(string(out)) {
		switch {
		case strings.HasPrefix(line, "0,"):
			video++
		case strings.HasPrefix(line, "1,"):
			audio++
		}
	}
	want := map[transcode.Track]int{}
	for _, p := range packets {
		want[p.Track]++
	}
	if video != want[transcode.Video] || audio != want[transcode.AAC] {
		t.Errorf("%d pictures and %d packets of sound; want %v", video, audio, want)
	}
}
