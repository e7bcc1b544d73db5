package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test stream: 90 segments of one second, in two renditions.
const (
	clipSegments = 90
	clipHead     = 6 // segments that are there at the start
)

var clipRenditions = []struct{ name, size string }{{"180p", "320x180"}, {"90p", "160x90"}}

// clipFolder is where clip put it; "" before.
var clipFolder string

// clip is a folder with one for each rendition, of an init segment and
// seg0.m4s…, coded once for all tests.
var clip = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "regie-clip-")
	if err != nil {
		return "", err
	}
	clipFolder = folder
	for _, r := range clipRenditions {
		cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin",
			"-f", "lavfi", "-i", "testsrc2=rate=15:size="+r.size, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
			"-t", fmt.Sprint(clipSegments), "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p",
			"-g", "15", "-keyint_min", "15", "-sc_threshold", "0", "-b:v", "200k", "-c:a", "aac", "-b:a", "64k",
			"-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4", "-hls_segment_filename", "seg%d.m4s", "all.m3u8")
		cmd.Dir = filepath.Join(folder, r.name)
		if err := os.Mkdir(cmd.Dir, 0o700); err != nil {
			return folder, err
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return folder, fmt.Errorf("%w: %s", err, out)
		}
	}
	return folder, nil
})

// liveStream serves the clip as if it were coded now.
type liveStream struct {
	folder string

	mu     sync.Mutex
	start  time.Time
	past   int           // segments that are there at the start
	window int           // segments in the playlist
	held   time.Duration // how long the stream stood still so far
	heldAt time.Time     // zero while it goes on
	ended  bool
	ranges strings.Builder // EXT-X-DATERANGE
}

func newLiveStream(t *testing.T) *liveStream {
	t.Helper()
	folder, err := clip()
	if err != nil {
		t.Fatalf("coding the test stream (apt install ffmpeg): %v", err)
	}
	return &liveStream{folder: folder, start: time.Now(), past: clipHead, window: 20}
}

// long lets the stream have begun 40 s ago, with all of it in the playlist.
func (s *liveStream) long() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past, s.window = 40, clipSegments
}

// announce puts a message on the playlist.
func (s *liveStream) announce(id, text string, start time.Time, duration time.Duration) {
	s.cue(id, "com.regie.message", map[string]any{"text": text}, start, duration)
}

// cue puts something on the playlist that belongs to a moment.
func (s *liveStream) cue(id, class string, data map[string]any, start time.Time, duration time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, _ := json.Marshal(data)
	fmt.Fprintf(&s.ranges, "#EXT-X-DATERANGE:ID=%q,CLASS=%q,START-DATE=%q,DURATION=%.3f,X-DATA=%q\n",
		id, class, start.UTC().Format("2006-01-02T15:04:05.000Z"), duration.Seconds(), base64.StdEncoding.EncodeToString(text))
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
	return min(clipSegments, s.past+int(age.Seconds())), s.ended
}

func (s *liveStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	switch {
	case name == "index.m3u8":
		fmt.Fprintln(w, "#EXTM3U")
		for _, r := range clipRenditions {
			fmt.Fprintf(w, "#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS=\"avc1.42c00d,mp4a.40.2\",RESOLUTION=%s\n%s/stream.m3u8\n", r.size, r.name)
		}
	case path.Base(name) == "stream.m3u8":
		s.servePlaylist(w)
	default:
		w.Header().Del("Content-Type")
		http.ServeFile(w, r, filepath.Join(s.folder, filepath.FromSlash(name)))
	}
}

func (s *liveStream) servePlaylist(w http.ResponseWriter) {
	edge, ended := s.edge()
	s.mu.Lock()
	defer s.mu.Unlock()
	first := max(0, edge-s.window)
	began := s.start.Add(-time.Duration(s.past) * time.Second).UTC()
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-MAP:URI=\"init.mp4\"\n%s", first, &s.ranges)
	for i := first; i < edge; i++ {
		made := began.Add(time.Duration(i) * time.Second)
		fmt.Fprintf(w, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:1,\nseg%d.m4s\n", made.Format("2006-01-02T15:04:05.000Z"), i)
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
