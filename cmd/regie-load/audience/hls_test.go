package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	originPart     = 100 * time.Millisecond
	originParts    = 5 // in a segment
	originSegments = 6 // in the playlist
)

// origin is a live LL-HLS server with sound apart and no delta updates, as
// MediaMTX is; parts appear with the time.
type origin struct {
	began time.Time
	fail  func(path string, n int) int // status for the n-th request to a path, or 0

	mu     sync.Mutex
	asked  map[string]int
	bodies []string // posted
}

func (o *origin) parts() int { return int(time.Since(o.began)/originPart) + originSegments*originParts }

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.asked[r.URL.Path]++
	n := o.asked[r.URL.Path]
	o.mu.Unlock()
	if o.fail != nil {
		if status := o.fail(r.URL.Path, n); status != 0 {
			http.Error(w, "no", status)
			return
		}
	}
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPost:
		b, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		o.bodies = append(o.bodies, string(b))
		o.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(r.URL.Path, "/index.m3u8") && q.Get("session") == "":
		http.Redirect(w, r, "index.m3u8?session=x", http.StatusFound)
	case strings.HasSuffix(r.URL.Path, "/index.m3u8"):
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",DEFAULT=YES,URI=\"audio.m3u8?session=x\"\n"+
			"#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO=\"a\"\nvideo.m3u8?session=x\n")
	case strings.HasSuffix(r.URL.Path, ".m3u8"):
		if q.Get("session") != "x" {
			http.Error(w, "no session", http.StatusForbidden)
			return
		}
		o.wait(r)
		_, _ = io.WriteString(w, o.playlist(strings.TrimSuffix(r.URL.Path[len("/live/"):], ".m3u8")))
	default:
		_, _ = w.Write(append([]byte{0, 0, 0, 8, 'm', 'o', 'o', 'f'}, make([]byte, 5000)...))
	}
}

// wait holds a blocking reload until its part is there.
func (o *origin) wait(r *http.Request) {
	msn, err := strconv.Atoi(r.URL.Query().Get("_HLS_msn"))
	if err != nil {
		return
	}
	part, _ := strconv.Atoi(r.URL.Query().Get("_HLS_part"))
	at := o.began.Add(time.Duration((msn-originSegments)*originParts+part+1) * originPart)
	select {
	case <-r.Context().Done():
	case <-time.After(time.Until(at)):
	}
}

func (o *origin) playlist(kind string) string {
	var b strings.Builder
	n := o.parts()
	first := n/originParts - originSegments + 1
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.3\n"+
		"#EXT-X-PART-INF:PART-TARGET=0.1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-MAP:URI=\"%s/init.mp4\"\n", first, kind)
	for msn := first; msn*originParts < n; msn++ {
		start := o.began.Add(time.Duration((msn-originSegments)*originParts) * originPart)
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", start.UTC().Format("2006-01-02T15:04:05.000Z"))
		for p := range originParts {
			if msn*originParts+p < n {
				fmt.Fprintf(&b, "#EXT-X-PART:DURATION=0.1,URI=\"%s/%d.%d.mp4\",INDEPENDENT=YES\n", kind, msn, p)
			}
		}
		if (msn+1)*originParts <= n {
			fmt.Fprintf(&b, "#EXTINF:0.5,\n%s/%d.mp4\n", kind, msn)
		}
	}
	return b.String()
}

// TestHLS: viewers of a server that is not ours, that fails now and then.
func TestHLS(t *testing.T) {
	o := &origin{began: time.Now(), asked: map[string]int{}}
	o.fail = func(path string, n int) int {
		switch {
		case strings.HasSuffix(path, "video/init.mp4") && n == 1:
			return http.StatusServiceUnavailable // passes
		case strings.HasSuffix(path, "index.m3u8") && n == 2:
			return http.StatusNotFound // ends a viewer's first attempt
		}
		return 0
	}
	server := httptest.NewServer(o)
	defer server.Close()
	a, err := New(t.Context(), Options{HLS: server.URL + "/live/index.m3u8", HLSCount: 3, Join: 300 * time.Millisecond, Beacon: server.URL + "/beacon"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	a.Run(ctx)
	r := a.Report().HLS
	if r.Joined != 3 || r.Watching != 0 || r.Startup.Count != 3 || r.Restarts != 1 || r.Errors["http 503"] != 1 || r.Errors["http 404"] != 1 || r.Failures() != 2 {
		t.Errorf("%+v", r)
	}
	// One of them waited a second to try again; the others were 0.3 s behind.
	if r.Latency.P50 < 250 || r.Latency.P50 > 2500 {
		t.Errorf("latency %+v", r.Latency)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := map[string]int{}
	for path, n := range o.asked {
		if kind, file, ok := strings.Cut(strings.TrimPrefix(path, "/live/"), "/"); ok && strings.Count(file, ".") == 2 {
			parts[kind]++
			if n > 3 {
				t.Errorf("%s was loaded %d times", path, n)
			}
		}
	}
	if parts["video"] < 30 || parts["audio"] < 30 {
		t.Errorf("loaded %v parts", parts)
	}
	if len(o.bodies) != 3 {
		t.Fatalf("%d beacons", len(o.bodies))
	}
	var said map[string]any
	if err := json.Unmarshal([]byte(o.bodies[0]), &said); err != nil || said["cid"] != "live" || said["e"] != "ps" || said["msd"] == nil {
		t.Errorf("%s: %v", o.bodies[0], err)
	}
}

// TestPlaylists: equal playlists are read once, different ones are not mixed up,
// and not all are kept.
func TestPlaylists(t *testing.T) {
	p := newPlaylists()
	text := func(n int) []byte {
		return fmt.Appendf(nil, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXTINF:1,\na.ts\n", n)
	}
	first, err := p.media(text(1), false)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 * maxLists {
		m, err := p.media(text(n), false)
		if err != nil || m.Segments[0].MSN != uint64(n) {
			t.Fatalf("%d: %+v, %v", n, m, err)
		}
		if n == 1 && m != first {
			t.Error("an equal playlist was read again")
		}
	}
	if len(p.known) > maxLists || len(p.order) > maxLists {
		t.Errorf("%d playlists are kept", len(p.known))
	}
	if _, err := p.media([]byte("not gzip"), true); err == nil {
		t.Error("what is not gzip was taken")
	}
}
