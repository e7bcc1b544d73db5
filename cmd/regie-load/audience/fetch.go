package audience

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/regie-live/regie/cmd/regie-load/h1"
)

// fetcher is a connection that carries one request at a time. Answers may be left
// waiting: a blocking reload is under way while parts are loaded elsewhere.
type fetcher interface {
	Send(context.Context, h1.Request) error
	Receive(context.Context) (h1.Response, error)
	Close()
}

// newClient is the dear way, for https: without TLS there is h1.
func newClient(o Options) *http.Client {
	return &http.Client{
		Transport:     tlsTransport(o),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func tlsTransport(o Options) *http.Transport {
	return &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: o.Insecure},
		ForceAttemptHTTP2:  !o.HTTP1,
		DisableCompression: true, // playlists are unpacked once for all
	}
}

// stdFetcher is net/http: for https, and HTTP/2.
type stdFetcher struct {
	client *http.Client
	answer chan stdAnswer
	doing  sync.WaitGroup
	cancel context.CancelFunc
}

type stdAnswer struct {
	h1.Response
	err error
}

func (f *stdFetcher) Send(ctx context.Context, q h1.Request) error {
	var cancel context.CancelFunc = func() {}
	if q.Whole > 0 {
		ctx, cancel = context.WithTimeout(ctx, q.Whole)
	}
	answer := make(chan stdAnswer, 1)
	f.answer, f.cancel = answer, cancel
	f.doing.Go(func() {
		defer cancel()
		r, err := f.do(ctx, q)
		answer <- stdAnswer{r, err}
	})
	return nil
}

func (f *stdFetcher) Receive(context.Context) (h1.Response, error) {
	a := <-f.answer
	return a.Response, a.err
}

func (f *stdFetcher) Close() {
	if f.cancel != nil {
		f.cancel()
	}
	f.doing.Wait()
	f.client.CloseIdleConnections()
}

func (f *stdFetcher) do(ctx context.Context, q h1.Request) (r h1.Response, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
	if err != nil {
		return r, err
	}
	if q.Text {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if q.Range != "" {
		req.Header.Set("Range", q.Range)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return r, err
	}
	defer res.Body.Close()
	r.Status, r.Location, r.RetryAfter = res.StatusCode, res.Header.Get("Location"), res.Header.Get("Retry-After")
	r.Gzip = res.Header.Get("Content-Encoding") == "gzip"
	if q.Text && r.Status < 300 {
		r.Body, err = io.ReadAll(io.LimitReader(res.Body, 8<<20))
		r.Bytes = int64(len(r.Body))
		return r, err
	}
	var first [16]byte
	n, err := io.ReadFull(res.Body, first[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return r, err
	}
	rest, err := io.Copy(io.Discard, res.Body)
	r.Head, r.Bytes = first[:n], int64(n)+rest
	return r, err
}

// statusError is an answer that is no success.
type statusError struct{ status int }

func (e statusError) Error() string { return fmt.Sprintf("http %d", e.status) }

// retryable is when hls.js loads again by itself: not after 4xx.
func retryable(err error) bool {
	var s statusError
	return !errors.As(err, &s) || s.status >= 500
}

// kind is the name under which an error is counted.
func kind(err error) string {
	var s statusError
	var n net.Error
	switch {
	case errors.As(err, &s):
		return s.Error()
	case errors.As(err, &n) && n.Timeout():
		return "timeout"
	case errors.Is(err, h1.ErrShort):
		return "short body"
	case errors.Is(err, errPlaylist):
		return "playlist"
	case errors.Is(err, errMedia):
		return "not media"
	case errors.Is(err, errBehind):
		return "fell behind"
	}
	return "network"
}

// resolve is ref relative to base; the plain case without parsing either.
func resolve(base, ref string) (string, error) {
	simple := ref != "" && ref[0] != '/' && ref[0] != '?' && !strings.Contains(ref, "..") && !strings.Contains(ref, ":")
	if simple {
		path, _, _ := strings.Cut(base, "?")
		if i := strings.LastIndexByte(path, '/'); i > len("https://") {
			return path[:i+1] + ref, nil
		}
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	if u, err = u.Parse(ref); err != nil {
		return "", err
	}
	return u.String(), nil
}
