package deploy_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   string
}

// plain follows no redirect, and leaves compression to the test.
var plain = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask sends a request; headers are pairs of name and value, or of nothing. The
// path is sent as it is.
func request(t *testing.T, method, address, target, body string, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "//" + address + target
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] != "" && headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	answer, err := plain.Do(r)
	if err != nil {
		t.Error(err)
		return reply{}
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return reply{answer.StatusCode, answer.Header, string(b)}
}

const stream = "/live/studio/180p/stream.m3u8"

// now is the media playlist as the origin has it.
func (o *origin) now() (l listing, init string) {
	o.t.Helper()
	l, err := readListing([]byte(request(o.t, "GET", o.address(), stream, "").body))
	if err != nil {
		o.t.Fatal(err)
	}
	o.requests()
	return l, path.Join(path.Dir(stream), l.init)
}

// TestVarnishRules: what is stored, under which key, and what is not.
func TestVarnishRules(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	cache, _ := startVarnish(t, o.address(), "")
	l, init := o.now()
	blocked := fmt.Sprintf("%s?_HLS_msn=%d&_HLS_part=%d", stream, l.last.msn, l.last.part)

	for _, c := range []struct {
		what, method, target string
		headers              string // name=value, or none
		status               int
		hit                  bool
		atOrigin             string // what came to the origin, or nothing
	}{
		{"a playlist", "GET", stream, "", 200, false, stream},
		{"again", "GET", stream, "", 200, true, ""},
		{"with a token in the query", "GET", stream + "?token=x", "", 200, true, ""},
		{"with a cookie", "GET", stream, "Cookie=a=b", 200, true, ""},
		{"HEAD", "HEAD", stream, "", 200, true, ""},
		{"for whom takes gzip", "GET", stream, "Accept-Encoding=br, gzip", 200, true, ""},
		{"part of it", "GET", stream, "Range=bytes=0-9", 200, true, ""},
		{"what was waited for", "GET", blocked, "", 200, false, blocked},
		{"in another order, with a token", "GET", fmt.Sprintf("%s?_HLS_part=%d&t=1&_HLS_msn=%d", stream, l.last.part, l.last.msn), "", 200, true, ""},
		{"delta", "GET", blocked + "&_HLS_skip=YES", "", 200, false, blocked + "&_HLS_skip=YES"},
		{"twice the same directive", "GET", stream + "?_HLS_msn=1&_HLS_msn=x", "", 200, false, stream + "?_HLS_msn=1"},
		{"which spoils nothing", "GET", stream + "?_HLS_msn=1", "", 200, true, ""},
		{"a malformed directive", "GET", stream + "?_HLS_msn=x", "", 400, false, stream + "?_HLS_msn=x"},
		{"too far ahead", "GET", stream + "?_HLS_msn=99", "", 400, false, stream + "?_HLS_msn=99"},
		{"again", "GET", stream + "?_HLS_msn=99", "", 400, true, ""},
		{"unknown media", "GET", "/live/studio/180p/x/1.m4s", "", 404, false, "/live/studio/180p/x/1.m4s"},
		{"again", "GET", "/live/studio/180p/x/1.m4s", "", 404, true, ""},
		{"initialisation with a cookie", "GET", init + "?token=x", "Cookie=a=b", 200, false, init},
		{"part of it", "GET", init, "Range=bytes=0-9", 206, true, ""},
		{"a preflight for media", "OPTIONS", init, "Origin=https://x.example", 204, false, ""},
		{"not for media", "DELETE", init, "", 405, false, init},
		{"a page", "GET", "/s/studio?a=b", "Cookie=a=b", 200, false, "/s/studio?a=b"},
		{"each time", "GET", "/s/studio?a=b", "Cookie=a=b", 200, false, "/s/studio?a=b"},
		{"a beacon", "POST", "/api/v1/beacon", "", 200, false, "/api/v1/beacon"},
		{"WHEP", "POST", "/live/studio/whep", "", 201, false, "/live/studio/whep"},
		{"its preflight", "OPTIONS", "/live/studio/whep", "", 201, false, "/live/studio/whep"},
		{"another spelling", "GET", "/%6cive/studio/180p/stream.m3u8", "", 400, false, ""},
		{"and another", "GET", "//live/studio/180p/stream.m3u8", "", 400, false, ""},
		{"and another", "GET", "/s/../live/studio/180p/stream.m3u8", "", 400, false, ""},
	} {
		body := ""
		if c.method == "POST" {
			body = "hello"
		}
		name, value, _ := strings.Cut(c.headers, "=")
		got := request(t, c.method, cache, c.target, body, name, value)
		seen := ""
		for _, r := range o.requests() {
			seen += r.URL.RequestURI()
			if strings.HasPrefix(c.target, "/live/") && c.method == "GET" && (r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "") {
				t.Errorf("%s: the origin saw %v", c.what, r.Header)
			}
		}
		if got.status != c.status || (got.header.Get("X-Cache") == "HIT") != c.hit || seen != c.atOrigin {
			t.Errorf("%s (%s %s): %d %s, at the origin %q; want %d, hit %v, %q\n%.200s",
				c.what, c.method, c.target, got.status, got.header.Get("X-Cache"), seen, c.status, c.hit, c.atOrigin, got.body)
		}
		if strings.HasPrefix(c.target, "/live/studio/1") && got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: pages of other origins cannot read it: %v", c.what, got.header)
		}
		if c.method == "POST" && !strings.HasSuffix(got.body, "hello") && c.target != "/api/v1/beacon" {
			t.Errorf("%s: the body was lost: %q", c.what, got.body)
		}
	}
	for told, want := range map[string]string{"": "127.0.0.1", "203.0.113.7": "203.0.113.7", "203.0.113.6, 203.0.113.7": "203.0.113.6, 203.0.113.7"} {
		request(t, "POST", cache, "/api/v1/beacon", "", "X-Forwarded-For", told)
		for _, r := range o.requests() {
			if got := r.Header.Get("X-Forwarded-For"); got != want {
				t.Errorf("told that %q is asking, the origin is told %q", told, got)
			}
		}
	}
	encodings(t, cache)
	upgrades(t, cache)
	together(t, o, cache)
	stalls(t, o, cache)
	anew(t, o, cache)

	o.CloseClientConnections()
	o.Listener.Close()
	if got := request(t, "GET", cache, "/live/studio/180p/y/1.m4s", ""); got.status != 503 || got.header.Get("Content-Type") != "application/problem+json" || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("without an origin: %+v", got)
	}
}

// encodings: one stored variant serves who takes gzip and who does not.
func encodings(t *testing.T, cache string) {
	without := request(t, "GET", cache, stream, "")
	with := request(t, "GET", cache, stream, "", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(strings.NewReader(with.body))
	if err != nil {
		t.Fatalf("%v: %v", with.header, err)
	}
	if text, err := io.ReadAll(z); err != nil || string(text) != without.body || !strings.HasPrefix(without.body, "#EXTM3U") {
		t.Errorf("%v: %.100q and %.100q", err, text, without.body)
	}
	if with.header.Get("Vary") != "Accept-Encoding" || without.header.Get("Content-Encoding") != "" {
		t.Errorf("%v\n%v", with.header, without.header)
	}
	if got := request(t, "GET", cache, stream, "", "Accept-Encoding", "gzip", "If-None-Match", with.header.Get("ETag")); got.status != http.StatusNotModified {
		t.Errorf("with its ETag: %d", got.status)
	}
}

// upgrades: a WebSocket goes through.
func upgrades(t *testing.T, cache string) {
	c, err := net.Dial("tcp", cache)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /api/v1/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(c)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	fmt.Fprintln(c, "hello")
	if line, err := in.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q %v", line, err)
	}
}

// crowd asks for the same at once, and does something when the origin was asked.
func crowd(t *testing.T, o *origin, cache, target string, then func()) []reply {
	const viewers = 50
	o.requests()
	replies := make([]reply, viewers)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() { replies[i] = request(t, "GET", cache, target, "") })
	}
	then()
	all.Wait()
	return replies
}

// together: those who wait for a part, and for the playlist that names it, are one
// to the origin.
func together(t *testing.T, o *origin, cache string) {
	l, _ := o.now()
	base := path.Dir(stream)
	for _, target := range []string{
		fmt.Sprintf("%s?_HLS_msn=%d&_HLS_part=%d", stream, l.hint.msn, l.hint.part),
		path.Join(base, path.Dir(l.parts[l.last]), fmt.Sprintf("%d.%d.m4s", l.hint.msn, l.hint.part+1)),
	} {
		replies := crowd(t, o, cache, target, func() {
			for deadline := time.Now().Add(10 * time.Second); len(o.requests()) == 0 && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond) // until the first has come
			}
			o.parts(1)
		})
		if more := len(o.requests()); more > 0 {
			t.Errorf("%s: %d more requests at the origin", target, more)
		}
		for _, r := range replies {
			if r.status != http.StatusOK || r.body != replies[0].body {
				t.Fatalf("%s: %+v", target, r)
			}
		}
	}
}

// stalls: when nothing comes, all who wait are told at once, by one request; and
// nobody after them is told the same.
func stalls(t *testing.T, o *origin, cache string) {
	l, _ := o.now()
	target := fmt.Sprintf("%s?_HLS_msn=%d&_HLS_part=%d", stream, l.hint.msn, l.hint.part)
	began := time.Now()
	replies := crowd(t, o, cache, target, func() {})
	took := time.Since(began)
	for _, r := range replies {
		if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
			t.Fatalf("%d %v %s", r.status, r.header, r.body)
		}
	}
	// Three target durations of a second; one after the other it would be minutes.
	if n := len(o.requests()); took < 3*time.Second || took > 5900*time.Millisecond || n > 2 {
		t.Errorf("%d requests at the origin, after %v", n, took)
	}
	o.parts(1)
	time.Sleep(200 * time.Millisecond) // twice as long as the answer lives
	if got := request(t, "GET", cache, target, ""); got.status != http.StatusOK {
		t.Errorf("%d when the part is there", got.status)
	}
}

// anew: a session that begins anew says the same addresses of other media.
func anew(t *testing.T, o *origin, cache string) {
	target := stream + "?_HLS_msn=2&_HLS_part=1"
	before := request(t, "GET", cache, target, "")
	o.begin()
	began := time.Now()
	for request(t, "GET", cache, target, "").body == before.body {
		if time.Since(began) > 3*time.Second {
			t.Fatal("the playlist of the session before is served for more than two seconds")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("the session before was served for %v", time.Since(began))
}
