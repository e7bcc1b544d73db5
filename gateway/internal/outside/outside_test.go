package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRefuse(t *testing.T) {
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16",
		"224.0.0.1", "255.255.255.255", "ff02::1", "198.18.0.1", "240.0.0.1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
	} {
		var refused *RefusedError
		if err := refuse("h", netip.MustParseAddr(a), false); !errors.As(err, &refused) {
			t.Errorf("%s is let through (%v)", a, err)
		}
	}
	for _, a := range []string{"1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001::1"} {
		if err := refuse("h", netip.MustParseAddr(a), false); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// An administrator's camera may stand in the house, and is not what clouds keep there.
func TestPrivate(t *testing.T) {
	for a, good := range map[string]bool{
		"10.0.0.1": true, "172.16.0.1": true, "172.31.255.255": true, "192.168.1.64": true, "fd12:3456::7": true, "::ffff:192.168.1.64": true,
		"1.1.1.1": true, "2606:4700:4700::1111": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "169.254.169.254": false, "fe80::1": false, "100.100.100.200": false, "192.0.0.192": false,
		"168.63.129.16": false, "fd00:ec2::254": false, "fd20:ce::254": false, "::ffff:127.0.0.1": false, "64:ff9b::a00:1": false, "224.0.0.1": false, "198.18.0.1": false,
	} {
		var refused *RefusedError
		err := refuse("h", netip.MustParseAddr(a), true)
		if (err == nil) != good || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestOwnAddressesAreRefused(t *testing.T) {
	own, err := net.InterfaceAddrs()
	if err != nil || len(own) == 0 {
		t.Fatal(own, err)
	}
	for _, o := range own {
		a, _ := netip.AddrFromSlice(o.(*net.IPNet).IP)
		if refuse("h", a, false) == nil || refuse("h", a, true) == nil {
			t.Errorf("%s is this machine and is let through", a)
		}
	}
}

func TestCheck(t *testing.T) {
	c := New(Options{Allow: []string{"inside.example", "127.0.0.1:8001", "[::1]"}})
	defer c.Close()
	for address, good := range map[string]bool{
		"https://shop.example.org/cup.jpg":  true,
		"https://1.1.1.1/":                  true,
		"http://inside.example/hook":        true,
		"http://INSIDE.example./hook":       true,
		"http://127.0.0.1:8001/":            true,
		"http://[::1]:9/":                   true,
		"http://shop.example.org/":          false,
		"http://127.0.0.1:8002/":            false,
		"https://127.0.0.1/":                false,
		"https://[::ffff:10.0.0.1]/":        false,
		"https://user:pass@shop.example/":   false,
		"ftp://inside.example/":             false,
		"file:///etc/passwd":                false,
		"gopher://inside.example/_x":        false,
		"https:shop.example.org":            false,
		"//shop.example.org/":               false,
		"":                                  false,
		"https://sub.inside.example.evil./": true, // a name like any other
		"http://notinside.example/":         false,
	} {
		if err := c.Check(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// server answers, and counts who connected.
func server(t *testing.T, h http.HandlerFunc) (url string, connected *atomic.Int32) {
	t.Helper()
	connected = &atomic.Int32{}
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connected.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connected
}

func hostOf(url string) string { return strings.TrimPrefix(url, "http://") }

func client(t *testing.T, o Options) *Client {
	t.Helper()
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func TestPost(t *testing.T) {
	url, connected := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Header.Get("Webhook-Id"), r.UserAgent(), body)
	})
	c := client(t, Options{Allow: []string{hostOf(url)}})
	for range 3 {
		a, err := c.Post(t.Context(), url, http.Header{"Webhook-Id": {"7"}}, []byte("hello"))
		if err != nil || !a.OK() || a.Status != 202 || string(a.Body) != "POST 7 Regie hello" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if n := connected.Load(); n != 1 {
		t.Errorf("%d connections for three requests", n)
	}
}

// A host that is inside is not connected to, however the way there looks.
func TestInsideIsNotReached(t *testing.T) {
	inside, reached := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the crown jewels") })
	_, port, _ := net.SplitHostPort(hostOf(inside))
	door, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	c := client(t, Options{Allow: []string{hostOf(door)}, Redirects: 3, Resolver: resolver(t, "127.0.0.1")})
	for name, address := range map[string]string{
		"straight":                    "https://127.0.0.1:" + port,
		"mapped":                      "https://[::ffff:127.0.0.1]:" + port,
		"by a name":                   "https://shop.example:" + port,
		"by a redirect":               door + "?to=" + inside,
		"by a redirect to a name":     door + "?to=https://shop.example:" + port,
		"by two redirects":            door + "?to=" + door + "/?to=" + inside,
		"by a redirect of the scheme": door + "?to=file:///etc/passwd",
	} {
		a, err := c.Get(t.Context(), address)
		var refused *RefusedError
		if !errors.As(err, &refused) || a != nil {
			t.Errorf("%s: %v, %v; want it refused", name, a, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the inside was connected to %d times", n)
	}
}

// What is true of HTTP is true of any protocol.
func TestDial(t *testing.T) {
	inside, reached := server(t, func(http.ResponseWriter, *http.Request) {})
	host, port, _ := net.SplitHostPort(hostOf(inside))
	for _, private := range []bool{false, true} {
		c := client(t, Options{Private: private, Resolver: resolver(t, "127.0.0.1")})
		for _, name := range []string{host, "camera.example"} {
			var refused *RefusedError
			if _, err := c.Dial(t.Context(), "tcp", net.JoinHostPort(name, port)); !errors.As(err, &refused) {
				t.Errorf("%s: %v, want it refused", name, err)
			}
		}
		if c.CheckHost(host, port) == nil || c.CheckHost("camera.example", port) != nil {
			t.Error("what can be told before dialling is not")
		}
		if err := c.CheckHost("192.168.1.64", "554"); (err == nil) != private {
			t.Errorf("a camera in the house, private %v: %v", private, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the inside was connected to %d times", n)
	}
	conn, err := client(t, Options{Allow: []string{hostOf(inside)}}).Dial(t.Context(), "tcp", hostOf(inside))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// A name may answer another address each time it is asked: what counts is the one
// that is dialled.
func TestRebinding(t *testing.T) {
	inside, reached := server(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(hostOf(inside))
	c := client(t, Options{Timeout: time.Second, Resolver: resolver(t, "203.0.113.1", "127.0.0.1", "::1", "169.254.169.254")})
	for range 8 {
		var refused *RefusedError
		if _, err := c.Get(t.Context(), "https://shop.example:"+port); !errors.As(err, &refused) {
			t.Errorf("%v, want it refused", err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the inside was connected to %d times", n)
	}
}

func TestRedirects(t *testing.T) {
	var url string
	url, _ = server(t, func(w http.ResponseWriter, r *http.Request) {
		if n := r.URL.Path; n != "/3" {
			http.Redirect(w, r, "/3"[:1]+string(n[1]+1), http.StatusTemporaryRedirect)
			return
		}
		fmt.Fprint(w, "here")
	})
	for _, c := range []struct {
		follow int
		from   string
		status int // 0: an error
	}{{0, "/0", 307}, {2, "/0", 0}, {3, "/0", 200}, {1, "/3", 200}} {
		a, err := client(t, Options{Allow: []string{hostOf(url)}, Redirects: c.follow}).Get(t.Context(), url+c.from)
		if c.status == 0 && err == nil || c.status != 0 && (err != nil || a.Status != c.status) {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
	}
	a, err := client(t, Options{Allow: []string{hostOf(url)}, Redirects: 9}).Post(t.Context(), url+"/0", nil, []byte("secret"))
	if err != nil || a.Status != 307 {
		t.Errorf("a post was redirected: %+v, %v", a, err)
	}
}

func TestBounds(t *testing.T) {
	url, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(make([]byte, 1000))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 100)); err != nil {
					return
				}
			}
		case "/silent":
			<-r.Context().Done()
		case "/slow":
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/exact":
			_, _ = w.Write(make([]byte, 999))
		}
	})
	c := client(t, Options{Allow: []string{hostOf(url)}, MaxBytes: 999, Timeout: time.Minute})
	for _, path := range []string{"/long", "/endless"} {
		if _, err := c.Get(t.Context(), url+path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if a, err := c.Get(t.Context(), url+"/exact"); err != nil || len(a.Body) != 999 {
		t.Errorf("%v", err)
	}
	hasty := client(t, Options{Allow: []string{hostOf(url)}, Timeout: 50 * time.Millisecond})
	for _, path := range []string{"/silent", "/slow"} {
		if _, err := hasty.Get(t.Context(), url+path+"?key=secret"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// resolver asks a name server of the test's own, which answers with one of the
// addresses after the other.
func resolver(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for asked := 0; ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			a := netip.MustParseAddr(answers[asked%len(answers)])
			m := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true}, Questions: q.Questions}
			head := dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: q.Questions[0].Type, Class: dnsmessage.ClassINET}
			switch {
			case a.Is4() && head.Type == dnsmessage.TypeA:
				m.Answers, asked = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: a.As4()}}}, asked+1
			case a.Is6() && head.Type == dnsmessage.TypeAAAA:
				m.Answers, asked = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}, asked+1
			}
			packed, err := m.Pack()
			if err != nil {
				continue
			}
			_, _ = conn.WriteTo(packed, from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
