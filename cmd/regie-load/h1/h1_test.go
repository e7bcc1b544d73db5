package h1

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, c *Conn, q Request) (Response, error) {
	t.Helper()
	if err := c.Send(t.Context(), q); err != nil {
		return Response{}, err
	}
	return c.Receive(t.Context())
}

// TestServer asks Go's own server, over one connection.
func TestServer(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	connections := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/media":
			_, _ = w.Write(big)
		case "/length":
			w.Header().Set("Content-Length", "1048576")
			_, _ = w.Write(big)
		case "/text":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "Hello "+r.URL.RawQuery+r.Header.Get("Accept-Encoding"))
			_ = z.Close()
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/range":
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(big))
		case "/moved":
			http.Redirect(w, r, "/text", http.StatusFound)
		case "/bye":
			w.Header().Set("Connection", "close")
			_, _ = w.Write(big)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	c := New()
	defer c.Close()
	for range 2 {
		for _, q := range []struct {
			path, ranges string
			text         bool
			status       int
			bytes        int64
			head, body   string
		}{
			{"/media", "", false, 200, 1 << 20, "0123456789abcdef", ""}, // chunked
			{"/media", "", true, 200, 1 << 20, "0123456789abcdef", string(big)},
			{"/length", "", false, 200, 1 << 20, "0123456789abcdef", ""},
			{"/length", "", true, 200, 1 << 20, "0123456789abcdef", string(big)},
			{"/text?a=b&", "", true, 200, -1, "", "Hello a=b&gzip"},
			{"/empty", "", true, 204, 0, "", ""},
			{"/range", "bytes=16-31", false, 206, 16, "0123456789abcdef", ""},
			{"/moved", "", true, 302, -1, "", ""},
			{"/none", "", true, 200, 0, "", ""},
			{"/bye", "", false, 200, 1 << 20, "0123456789abcdef", ""},
		} {
			r, err := get(t, c, Request{URL: server.URL + q.path, Range: q.ranges, Text: q.text, FirstByte: 5 * time.Second, Whole: 10 * time.Second})
			body := string(r.Body)
			if r.Gzip {
				z, e := gzip.NewReader(strings.NewReader(body))
				if e != nil {
					t.Fatal(e)
				}
				b, _ := io.ReadAll(z)
				body = string(b)
			}
			if err != nil || r.Status != q.status || q.bytes >= 0 && r.Bytes != q.bytes || q.head != "" && string(r.Head) != q.head || body != q.body {
				t.Fatalf("%s: %d, %d bytes, %q, %d of text, %v", q.path, r.Status, r.Bytes, r.Head, len(body), err)
			}
		}
	}
	if connections != 2 { // /bye ends one, the second round's the other
		t.Errorf("%d connections", connections)
	}
}

// serve answers every connection with the same bytes and closes it.
func serve(t *testing.T, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String() + "/x"
}

// TestErrors: an answer that is not whole is an error.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         error
		bytes        int64
	}{
		{"nothing", "", ErrShort, 0},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", ErrShort, 0},
		{"another protocol", "SSH-2.0-x\r\n\r\n", ErrMalformed, 0},
		{"no number", "HTTP/1.1 abc\r\n\r\n", ErrMalformed, 0},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", ErrMalformed, 0},
		{"a field without name", "HTTP/1.1 200 OK\r\n: 1\r\n\r\n", ErrMalformed, 0},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", ErrShort, 5},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello", ErrShort, 5},
		{"no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", ErrMalformed, 0},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ErrShort, 5},
		{"an endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 9000) + "\r\n\r\n", ErrTooLarge, 0},
		{"until the end", "HTTP/1.0 200 OK\r\n\r\nhello", nil, 5},
		{"a hint first", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", nil, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range []bool{false, true} {
				conn := New()
				r, err := get(t, conn, Request{URL: serve(t, c.answer), Text: text})
				if !errors.Is(err, c.want) || r.Bytes != c.bytes {
					t.Errorf("text %v: %d bytes, %v", text, r.Bytes, err)
				}
				conn.Close()
			}
		})
	}
}

// TestKeptAlive: a server may close a connection between two requests.
func TestKeptAlive(t *testing.T) {
	address := serve(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	c := New()
	defer c.Close()
	for i := range 3 {
		if r, err := get(t, c, Request{URL: address, Text: true}); err != nil || string(r.Body) != "ok" {
			t.Fatalf("request %d: %q, %v", i, r.Body, err)
		}
	}
}

// TestTimes: what does not come in time is an error, and Close ends what waits.
func TestTimes(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	c := New()
	_, err := get(t, c, Request{URL: server.URL, FirstByte: 20 * time.Millisecond})
	var n net.Error
	if !errors.As(err, &n) || !n.Timeout() {
		t.Errorf("after the time: %v", err)
	}
	if err := c.Send(t.Context(), Request{URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { _, err := c.Receive(context.Background()); ended <- err }()
	c.Close()
	if err := <-ended; err == nil {
		t.Error("an answer after Close")
	}
	if err := c.Send(t.Context(), Request{URL: "https://127.0.0.1/"}); !errors.Is(err, ErrScheme) {
		t.Error(err)
	}
	if err := c.Send(t.Context(), Request{URL: server.URL + "/a b"}); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

// FuzzAnswer: no answer makes a client panic, wait or take more than was sent.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), true)
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), false)
	f.Add([]byte("HTTP/1.1 304 Not Modified\r\nEtag: \"x\"\r\n\r\n"), true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	f.Fuzz(func(t *testing.T, answer []byte, text bool) {
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = c.Write(answer)
			_ = c.Close()
		}()
		c := New()
		defer c.Close()
		r, err := get(t, c, Request{URL: "http://" + l.Addr().String() + "/", Text: text, FirstByte: time.Second})
		<-served
		if r.Bytes > int64(len(answer)) || len(r.Body) > len(answer) {
			t.Errorf("%d bytes of %d", r.Bytes, len(answer))
		}
		if err == nil && r.Status < 100 {
			t.Errorf("status %d", r.Status)
		}
	})
}
