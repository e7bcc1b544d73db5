package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test stream: 90 segments of one second.
const (
	clipSegments = 90
	clipHead     = 6 // segments that are there at the start
)

// clipFolder is where clip put it; "" before.
var clipFolder string

// clip is a folder with an init segment and seg0.m4s…, coded once for all tests.
var clip = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "regie-clip-")
	if err != nil {
		return "", err
	}
	clipFolder = folder
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-t", fmt.Sprint(clipSegments), "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p",
		"-g", "15", "-keyint_min", "15", "-sc_threshold", "0", "-b:v", "200k", "-c:a", "aac", "-b:a", "64k",
		"-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4", "-hls_segment_filename", "seg%d.m4s", "all.m3u8")
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		return folder, fmt.Errorf("%w: %s", err, out)
	}
	return folder, nil
})

// liveStream serves the clip as if it were coded now.
type liveStream struct {
	folder string

	mu     sync.Mutex
	start  time.Time
	held   time.Duration // how long the stream stood still so far
	heldAt time.Time     // zero while it goes on
	ended  bool
}

func newLiveStream(t *testing.T) *liveStream {
	t.Helper()
	folder, err := clip()
	if err != nil {
		t.Fatalf("coding the test stream (apt install ffmpeg): %v", err)
	}
	return &liveStream{folder: folder, start: time.Now()}
}

// hold stops the stream as a server does that hangs: nothing new comes.
func (s *liveStream) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heldAt = time.Now()
}

func (s *liveStream) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held += time.Since(s.heldAt)
	s.heldAt = time.Time{}
}

func (s *liveStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// edge is how many segments exist.
func (s *liveStream) edge() (n int, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := time.Since(s.start) - s.held
	if !s.heldAt.IsZero() {
		age -= time.Since(s.heldAt)
	}
	return min(clipSegments, clipHead+int(age.Seconds())), s.ended
}

func (s *liveStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name != "index.m3u8" {
		http.ServeFile(w, r, filepath.Join(s.folder, filepath.Base(name)))
		return
	}
	edge, ended := s.edge()
	first := max(0, edge-20)
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-MAP:URI=\"init.mp4\"\n", first)
	for i := first; i < edge; i++ {
		fmt.Fprintf(w, "#EXTINF:1,\nseg%d.m4s\n", i)
	}
	if ended {
		fmt.Fprintln(w, "#EXT-X-ENDLIST")
	}
}

// serveSessions is the API as far as the pages need it; gateway/api has its own
// tests, and both take their shape from show.SessionView.
func (s *eventServer) serveSessions(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sessions": s.List()})
}
