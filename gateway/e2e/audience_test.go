package e2e

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestViewersAreCounted: two pages whose media comes out of a cache are two
// viewers, and what they tell stands in the metrics. One that goes is not
// counted any more.
func TestViewersAreCounted(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	b := startBrowser(t)
	llhls := label("delivery", "llhls")

	direct := b.open(a.url("/s/studio"))
	direct.playing(15*time.Second, 30)
	eventually(t, 10*time.Second, "one page is one viewer", func() bool { return a.metric("regie_viewers", llhls) == 1 })
	eventually(t, 5*time.Second, "its startup is known", func() bool { return a.metric("regie_player_startup_seconds_count", llhls) == 1 })
	startup := a.metric("regie_player_startup_seconds_sum", llhls)
	if figure(t, "page.beacon.startup", startup, "s"); startup <= 0 || startup > 10 {
		t.Errorf("the picture came after %v s", startup)
	}
	evaluate[bool](direct, `(location.href = 'about:blank', true)`)
	// The last whole window of reloads may still have it.
	eventually(t, 12*time.Second, "the page that went is not counted", func() bool { return a.metric("regie_viewers", llhls) == 0 })

	// In two browsers: one would be a cache itself.
	cache := newCache(t, a.url(""))
	for _, b := range []*browser{b, startBrowser(t)} {
		b.open(cache.URL+"/s/studio").playing(15*time.Second, 30)
	}
	eventually(t, 15*time.Second, "two behind the cache are two", func() bool { return a.metric("regie_viewers", llhls) == 2 })
	eventually(t, 20*time.Second, "they tell how they watch", func() bool {
		return a.metric("regie_player_watched_seconds_total", llhls) > 12 && a.metric("regie_player_received_bytes_total", llhls) > 1e5 &&
			a.metric("regie_player_latency_seconds_count", llhls) >= 2
	})
	if n := a.metric("regie_player_startup_seconds_count", llhls); n != 3 {
		t.Errorf("%v startups of three pages", n)
	}
	if n := cache.hits(); n < 20 {
		t.Errorf("the cache answered %d requests by itself: it is none", n)
	}
	_, body, _ := fetch(t, http.MethodGet, a.url("/api/v1/sessions/studio"), nil)
	if !bytes.Contains(body, []byte(`"viewers":2`)) {
		t.Errorf("the API counts otherwise: %s", body)
	}
	if n := a.metric("regie_player_beacons_total") - a.metric("regie_player_beacons_total", label("outcome", "accepted")); n != 0 {
		t.Errorf("%v of the page's beacons were refused", n)
	}
}

// cache is the simplest HTTP cache there can be: an answer is kept for ever, and
// asked for once, however many wait. It is right for LL-HLS media, whose
// addresses never change what they mean, and for blocking reloads.
type cache struct {
	*httptest.Server
	mu     sync.Mutex
	kept   map[string]func() *httptest.ResponseRecorder
	stored int
	asked  int
}

func newCache(t *testing.T, origin string) *cache {
	to, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	c := &cache{kept: map[string]func() *httptest.ResponseRecorder{}}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() }}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cacheable := strings.HasPrefix(r.URL.Path, "/live/") && (strings.Contains(r.URL.RawQuery, "_HLS_msn=") || !strings.HasSuffix(r.URL.Path, ".m3u8"))
		if !cacheable {
			pass.ServeHTTP(w, r)
			return
		}
		key := r.URL.String()
		c.mu.Lock()
		c.asked++
		once := c.kept[key]
		if once == nil {
			c.stored++
			alone := r.Clone(t.Context()) // whoever asked first may go: the others wait for it
			alone.Header.Del("Accept-Encoding")
			once = sync.OnceValue(func() *httptest.ResponseRecorder {
				answer := httptest.NewRecorder()
				pass.ServeHTTP(answer, alone)
				return answer
			})
			c.kept[key] = once
		}
		c.mu.Unlock()
		answer := once()
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(func() { c.CloseClientConnections(); c.Close() })
	return c
}

func (c *cache) hits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked - c.stored
}

// TestRealTimeDies: in the middle of real time the way of the media is cut. The
// page goes on with LL-HLS, says why, and nothing else is lost.
func TestRealTimeDies(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	way := newRelay(t, a.ports.WebRTC)
	site := newSite(t, a.url(""), way.port())
	b := startBrowser(t)
	p := b.open(site.URL + "/s/studio")
	p.playing(15*time.Second, 30)
	evaluate[bool](p, `(document.querySelector('video').muted = false, document.querySelector('video').volume = 0.4, document.querySelector('button.real-time').click(), true)`)
	eventually(t, 10*time.Second, "real time plays through the relay", func() bool {
		return way.carried() > 100 && evaluate[bool](p, `document.querySelector('video').srcObject instanceof MediaStream`)
	})
	p.playing(10*time.Second, 60)
	eventually(t, 5*time.Second, "the peer is counted", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 1 })

	p.fresh()
	way.cut()
	eventually(t, 10*time.Second, "the page says why it fell back", func() bool {
		return strings.Contains(evaluate[string](p, `document.querySelector('.notice').innerText`), "did not get through")
	})
	s := p.playing(10*time.Second, 60)
	figure(t, "page.real_time_dies.freeze", s.Freeze/1000, "s")
	if s.Freeze > 7000 {
		t.Errorf("the picture stood still for %.0f ms", s.Freeze)
	}
	if !evaluate[bool](p, `(() => { const v = document.querySelector('video'); return !v.muted && v.volume === 0.4 && v.srcObject === null && !v.paused })()`) {
		t.Error("the sound is not as it was, or the picture is not LL-HLS")
	}
	eventually(t, 5*time.Second, "the error is counted", func() bool {
		return a.metric("regie_player_errors_total", label("delivery", "whep"), label("kind", "network")) == 1
	})
	p.noErrors()
}

// relay carries UDP between browsers and the media port until it is cut.
type relay struct {
	front net.PacketConn
	mu    sync.Mutex
	back  map[string]net.Conn // by the browser's address
	n     int
	isCut bool
	wg    sync.WaitGroup
}

func newRelay(t *testing.T, to string) *relay {
	front, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{front: front, back: map[string]net.Conn{}}
	r.wg.Go(func() { r.in(to) })
	t.Cleanup(func() {
		r.cut()
		front.Close()
		r.mu.Lock()
		for _, c := range r.back {
			c.Close()
		}
		r.mu.Unlock()
		r.wg.Wait()
	})
	return r
}

func (r *relay) in(to string) {
	buf := make([]byte, 2048)
	for {
		n, from, err := r.front.ReadFrom(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		c := r.back[from.String()]
		if c == nil {
			if c, err = net.Dial("udp", to); err != nil {
				r.mu.Unlock()
				return
			}
			r.back[from.String()] = c
			r.wg.Go(func() { r.out(c, from) })
		}
		if !r.isCut {
			_, _ = c.Write(buf[:n])
		}
		r.mu.Unlock()
	}
}

func (r *relay) out(c net.Conn, to net.Addr) {
	buf := make([]byte, 2048)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		if !r.isCut {
			r.n++
			_, _ = r.front.WriteTo(buf[:n], to)
		}
		r.mu.Unlock()
	}
}

func (r *relay) port() int { return r.front.LocalAddr().(*net.UDPAddr).Port }

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
}

func (r *relay) carried() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

var candidate = regexp.MustCompile(`(?m)^a=candidate:(\S+ \d+) (\S+) (\d+) (\S+) (\d+) (.*)\r\n`)

// newSite is the appliance seen through a proxy that leads its media through a
// port of ours.
func newSite(t *testing.T, origin string, port int) *httptest.Server {
	to, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // as any proxy must, or the events' socket is another site's
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Header.Get("Content-Type") != "application/sdp" {
				return nil
			}
			sdp, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			sdp = candidate.ReplaceAllFunc(sdp, func(line []byte) []byte {
				m := candidate.FindSubmatch(line)
				if !strings.EqualFold(string(m[2]), "udp") {
					return nil
				}
				return []byte("a=candidate:" + string(m[1]) + " udp " + string(m[3]) + " 127.0.0.1 " + strconv.Itoa(port) + " " + string(m[6]) + "\r\n")
			})
			r.Body = io.NopCloser(bytes.NewReader(sdp))
			r.ContentLength = int64(len(sdp))
			r.Header.Set("Content-Length", strconv.Itoa(len(sdp)))
			return nil
		},
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}
