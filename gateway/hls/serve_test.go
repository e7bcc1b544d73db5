package hls

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// live is a stream with ten whole segments (1 to 10) and two parts of segment 11.
func live(t testing.TB) *source {
	s := newSource(t, testOptions())
	s.parts(6*10 + 2)
	return s
}

// TestAnswers: what is answered at once, by section of RFC 8216bis.
func TestAnswers(t *testing.T) {
	s := live(t)
	for _, c := range []struct {
		rule, path string
		code       int
		cache      string
	}{
		{"4.4.6: multivariant playlist", "index.m3u8", 200, "public, max-age=2, must-revalidate"},
		{"a token in the query is somebody else's", "index.m3u8?token=a", 200, "public, max-age=2, must-revalidate"},
		{"6.2.1: playlist for now", playlistPath, 200, cacheNow},
		{"6.2.5: an unknown directive is ignored", playlistPath + "?_HLS_new=1&x=2", 200, cacheNow},
		{"6.2.5.1: delta for now", playlistPath + "?_HLS_skip=YES", 200, cacheNow},
		{"6.2.5.2: a segment that is there", playlistPath + "?_HLS_msn=10", 200, cacheAwaited},
		{"6.2.5.2: a part that is there", playlistPath + "?_HLS_msn=11&_HLS_part=1", 200, cacheAwaited},
		{"6.2.5.2: one past the last part of a whole segment is part 0 of the next", playlistPath + "?_HLS_msn=10&_HLS_part=6", 200, cacheAwaited},
		{"6.2.5.2: long gone", playlistPath + "?_HLS_msn=0&_HLS_part=99", 200, cacheAwaited},
		{"6.2.5.2: part without msn", playlistPath + "?_HLS_part=1", 400, cacheSoon},
		{"6.2.5.2: msn more than two ahead", playlistPath + "?_HLS_msn=14", 400, cacheSoon},
		{"6.2.5.2: msn far ahead", playlistPath + "?_HLS_msn=999999999999999999", 400, cacheSoon},
		{"6.2.5.2: part beyond the Advance Part Limit (9)", playlistPath + "?_HLS_msn=11&_HLS_part=11", 400, cacheSoon},
		{"6.2.5.2: the same across segments: 4 to come, 6, and the fifth", playlistPath + "?_HLS_msn=12&_HLS_part=5", 400, cacheSoon},
		{"4.2: not a number", playlistPath + "?_HLS_msn=x", 400, cacheSoon},
		{"4.2: not a decimal-integer", playlistPath + "?_HLS_msn=-1", 400, cacheSoon},
		{"4.2: too large", playlistPath + "?_HLS_msn=99999999999999999999", 400, cacheSoon},
		{"one spelling for each thing", playlistPath + "?_HLS_msn=010", 400, cacheSoon},
		{"twice", playlistPath + "?_HLS_msn=1&_HLS_msn=2", 400, cacheSoon},
		{"empty", playlistPath + "?_HLS_part=", 400, cacheSoon},
		{"4.4.4.5: initialisation", mediaPath("init0.mp4"), 200, cacheMedia},
		{"a part", mediaPath("11.1.m4s"), 200, cacheMedia},
		{"6.2.2: a part that is no longer listed", mediaPath("2.3.m4s"), 200, cacheMedia},
		{"a segment", mediaPath("10.m4s"), 200, cacheMedia},
		{"6.2.6: a segment that is not announced", mediaPath("11.m4s"), 404, cacheSoon},
		{"6.2.6: a part that is not hinted", mediaPath("11.3.m4s"), 404, cacheSoon},
		{"6.2.6: nor the next segment's first", mediaPath("12.0.m4s"), 404, cacheSoon},
		{"a part that never was", mediaPath("10.6.m4s"), 404, cacheSoon},
		{"another initialisation", mediaPath("init1.mp4"), 404, cacheSoon},
		{"media of an earlier run", "180p/m0000000/10.m4s", 404, cacheSoon},
		{"another rendition", "720p/stream.m3u8", 404, cacheSoon},
		{"nothing", "", 404, cacheSoon},
		{"only the rendition", "180p", 404, cacheSoon},
		{"a name with the rendition in front", "180px/stream.m3u8", 404, cacheSoon},
		{"a directory", mediaPath(""), 404, cacheSoon},
	} {
		got := s.get(c.path)
		if got.Code != c.code || got.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: GET %s: %d, %q; want %d, %q", c.rule, c.path, got.Code, got.Header().Get("Cache-Control"), c.code, c.cache)
		}
		checkHeader(t, c.path, got)
	}
}

// checkHeader: what every answer has.
func checkHeader(t *testing.T, path string, got *httptest.ResponseRecorder) {
	t.Helper()
	h := got.Header()
	if len(h["Content-Length"]) != 1 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Accept-Ranges") != "none" {
		t.Errorf("GET %s: %v", path, h)
	}
	if got.Code == http.StatusOK {
		if h.Get("Etag") == "" {
			t.Errorf("GET %s: no ETag", path)
		}
		if playlist := strings.Contains(path, ".m3u8"); playlist != (h.Get("Vary") == "Accept-Encoding") {
			t.Errorf("GET %s: Vary %q", path, h.Get("Vary"))
		}
		return
	}
	var doc struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil || h.Get("Content-Type") != "application/problem+json" ||
		doc.Status != got.Code || doc.Title == "" || doc.Detail == "" {
		t.Errorf("GET %s: RFC 9457 asks for a problem document, got %s", path, got.Body)
	}
}

func TestGzip(t *testing.T) {
	s := live(t)
	for header, want := range map[string]bool{
		"":                      false,
		"identity":              false,
		"gzip":                  true,
		"gzip, deflate, br":     true,
		"br;q=1.0, gzip;q=0.5":  true,
		"deflate, GZIP":         true,
		"gzip;q=0":              false,
		"gzip; q=0.000, br":     false,
		"*":                     true,
		"br, *;q=0":             false,
		"x-gzip2, gzipped;q=1.": false,
	} {
		for _, path := range []string{playlistPath, "index.m3u8", playlistPath + "?_HLS_skip=v2&_HLS_msn=10"} {
			plain, got := s.get(path), s.get(path, "Accept-Encoding", header)
			if zipped := got.Header().Get("Content-Encoding") == "gzip"; zipped != want {
				t.Errorf("Accept-Encoding %q: gzip is %v", header, zipped)
				continue
			}
			if !want {
				continue
			}
			r, err := gzip.NewReader(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil || string(text) != plain.Body.String() {
				t.Errorf("%s: %v, the encodings differ", path, err)
			}
			if got.Header().Get("Etag") == plain.Header().Get("Etag") {
				t.Error("RFC 9110 8.8.3: both encodings have one entity tag")
			}
		}
	}
}

func TestNotModified(t *testing.T) {
	s := live(t)
	for _, path := range []string{playlistPath, "index.m3u8", mediaPath("init0.mp4"), mediaPath("3.2.m4s"), mediaPath("3.m4s")} {
		tag := s.get(path).Header().Get("Etag")
		for header, code := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, tag[:len(tag)-2] + `"`: 200} {
			got := s.get(path, "If-None-Match", header)
			if got.Code != code || code == 304 && got.Body.Len() > 0 {
				t.Errorf("%s with If-None-Match %s: %d, %d bytes; want %d", path, header, got.Code, got.Body.Len(), code)
			}
			if h := got.Header(); h.Get("Etag") != tag || h.Get("Cache-Control") == "" {
				t.Errorf("RFC 9110 15.4.5: a 304 has ETag and Cache-Control, got %v", h)
			}
		}
	}
	before := s.get(playlistPath).Header().Get("Etag")
	s.parts(1)
	if s.get(playlistPath, "If-None-Match", before).Code != http.StatusOK {
		t.Error("a new part, and the playlist's tag is the same")
	}
}

func TestMethods(t *testing.T) {
	s := live(t)
	for _, path := range []string{playlistPath, mediaPath("3.m4s"), mediaPath("99.m4s")} {
		get, head := s.get(path), ask(s.stream, http.MethodHead, path)
		if head.Body.Len() > 0 || head.Code != get.Code || head.Header().Get("Content-Length") != get.Header().Get("Content-Length") {
			t.Errorf("HEAD %s: %d, %d bytes, %v", path, head.Code, head.Body.Len(), head.Header())
		}
	}
	preflight := ask(s.stream, http.MethodOptions, playlistPath, "Origin", "https://example.org", "Access-Control-Request-Method", "GET")
	if h := preflight.Header(); preflight.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "GET") || h.Get("Access-Control-Max-Age") == "" {
		t.Errorf("OPTIONS: %d %v", preflight.Code, preflight.Header())
	}
	if post := ask(s.stream, http.MethodPost, playlistPath); post.Code != http.StatusMethodNotAllowed || post.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("POST: %d %v", post.Code, post.Header())
	}
}

// TestRange: with Accept-Ranges: none a range is ignored (RFC 9110 14.2).
func TestRange(t *testing.T) {
	s := live(t)
	whole, part := s.get(mediaPath("3.m4s")), s.get(mediaPath("3.m4s"), "Range", "bytes=0-9")
	if part.Code != http.StatusOK || part.Body.String() != whole.Body.String() {
		t.Errorf("%d, %d bytes", part.Code, part.Body.Len())
	}
}

// TestMemory: what left the playlist stays for a window, and then goes (6.2.2).
func TestMemory(t *testing.T) {
	s := newSource(t, testOptions())
	const window, written = 15, 100
	s.parts(6 * written)
	l := check(t, s.get(playlistPath).Body.String())
	if l.sequence != firstMSN+written-window {
		t.Errorf("playlist begins at %d", l.sequence)
	}
	for back := range uint64(window) {
		if got := s.get(mediaPath("%d.m4s", l.sequence-1-back)); got.Code != http.StatusOK {
			t.Errorf("6.2.2: the segment %d before the window is gone", back+1)
		}
	}
	if n := len(s.stream.current.Load().segments); n > 2*window+2 {
		t.Errorf("%d segments in memory", n)
	}
	if got := s.get(mediaPath("%d.m4s", l.sequence-window-2)); got.Code != http.StatusNotFound {
		t.Errorf("%d for a segment that should be gone", got.Code)
	}
}

func TestEnd(t *testing.T) {
	s := live(t)
	s.frames(4)
	before := check(t, s.get(playlistPath).Body.String())
	s.stream.End()
	last := check(t, s.get(playlistPath).Body.String())
	if last.ended || len(last.segments) != len(before.segments) || last.segments[len(last.segments)-1].micros == 0 {
		t.Errorf("the last parts are not listed before the end: %+v", last.segments[len(last.segments)-1])
	}
	over(s.stream)
	over(s.stream)
	final := check(t, s.get(playlistPath).Body.String())
	if !final.ended || final.segments[len(final.segments)-1].micros != 800_000 {
		t.Errorf("4.4.3.4: %+v", final.segments[len(final.segments)-1])
	}
	for rule, query := range map[string]string{
		"6.2.5.1: skip is ignored":         "?_HLS_skip=YES",
		"6.2.5.2: msn and part are":        "?_HLS_msn=999&_HLS_part=1",
		"6.2.5.2: even a part without msn": "?_HLS_part=1",
	} {
		if got := s.get(playlistPath + query); got.Code != http.StatusOK || !check(t, got.Body.String()).ended {
			t.Errorf("%s: %d", rule, got.Code)
		}
	}
	s.parts(6)
	if got := s.get(playlistPath).Body.String(); len(check(t, got).segments) != len(final.segments) {
		t.Error("4.4.3.4: something came after the end")
	}
	if got := s.get(mediaPath("12.0.m4s")); got.Code != http.StatusNotFound {
		t.Errorf("the part that was hinted: %d", got.Code)
	}
	s.stream.Close()
	s.stream.Close()
	for _, path := range []string{"index.m3u8", playlistPath, mediaPath("3.m4s")} {
		if got := s.get(path); got.Code != http.StatusNotFound || s.stream.Ready() {
			t.Errorf("GET %s after Close: %d", path, got.Code)
		}
	}
}

func TestEndBeforeAnything(t *testing.T) {
	s := newSource(t, testOptions())
	over(s.stream)
	for _, path := range []string{"index.m3u8", playlistPath, playlistPath + "?_HLS_msn=1", mediaPath("1.0.m4s"), mediaPath("init0.mp4")} {
		if got := s.get(path); got.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, got.Code)
		}
	}
}

func TestOptions(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"no width":                       func(o *Options) { o.Rungs[0].Width = 0 },
		"no frame rate":                  func(o *Options) { o.FPS = 0 },
		"no bitrate":                     func(o *Options) { o.Rungs[0].Kbps = 0 },
		"a part longer than a segment":   func(o *Options) { o.Part = 3 * time.Second },
		"a negative window":              func(o *Options) { o.Window = -1 },
		"audio that is not an AAC":       func(o *Options) { o.AudioConfig = []byte{0xff} },
		"audio that is not at 48 000 Hz": func(o *Options) { o.AudioConfig = []byte{0x12, 0x10} },
	} {
		o := testOptions()
		spoil(&o)
		if s, err := New(o); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		} else if !strings.HasPrefix(err.Error(), "hls: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
