package deploy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// place is a part's: part -1 is before the first of its segment.
type place struct{ msn, part int }

func (p place) before(q place) bool { return p.msn < q.msn || p.msn == q.msn && p.part < q.part }

// listing is what a viewer reads in a media playlist.
type listing struct {
	init  string
	parts map[place]string // addresses
	last  place
	hint  place
}

func readListing(text []byte) (l listing, err error) {
	l.parts = map[place]string{}
	for line := range strings.Lines(string(text)) {
		tag, rest, _ := strings.Cut(line, ":")
		_, uri, _ := strings.Cut(rest, `URI="`)
		uri, _, _ = strings.Cut(uri, `"`)
		var at place
		switch tag {
		case "#EXT-X-MAP":
			l.init = uri
		case "#EXT-X-PART":
			if _, err := fmt.Sscanf(path.Base(uri), "%d.%d.m4s", &at.msn, &at.part); err != nil {
				return l, fmt.Errorf("%q: %w", line, err)
			}
			l.parts[at], l.last = uri, at
		case "#EXT-X-PRELOAD-HINT":
			_, err = fmt.Sscanf(path.Base(uri), "%d.%d.m4s", &l.hint.msn, &l.hint.part)
		}
	}
	if err != nil || len(l.parts) == 0 {
		return l, fmt.Errorf("no playlist with parts: %v\n%s", err, text)
	}
	return l, nil
}

// viewer plays LL-HLS as hls.js does: a blocking reload, then the new parts. It is
// written by hand to cost little: two hundred share two cores with what they
// measure.
type viewer struct {
	address string // of the server
	name    string // in Host
	conn    net.Conn
	in      *bufio.Reader
	zip     *gzip.Reader
	body    bytes.Buffer
}

func (v *viewer) close() {
	if v.conn != nil {
		_ = v.conn.Close()
		v.conn = nil
	}
}

// get returns the status, the header and the body, which the next get overwrites.
func (v *viewer) get(ctx context.Context, target string) (int, http.Header, []byte, error) {
	if v.conn == nil {
		var d net.Dialer
		var err error
		if v.conn, err = d.DialContext(ctx, "tcp", v.address); err != nil {
			return 0, nil, nil, err
		}
		v.in = bufio.NewReader(v.conn)
	}
	conn := v.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintf(v.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\n\r\n", target, v.name); err != nil {
		return 0, nil, nil, err
	}
	answer, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	var from io.Reader = answer.Body
	if answer.Header.Get("Content-Encoding") == "gzip" {
		if v.zip == nil {
			v.zip = new(gzip.Reader)
		}
		if err := v.zip.Reset(answer.Body); err != nil {
			return 0, nil, nil, err
		}
		from = v.zip
	}
	v.body.Reset()
	_, err = v.body.ReadFrom(from)
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.Close {
		v.close()
	}
	return answer.StatusCode, answer.Header, v.body.Bytes(), err
}

// sight is a playlist that a viewer got.
type sight struct {
	began  time.Time // when it asked
	asked  place     // the zero place: for now
	newest place
}

// audience is all who watch by one way.
type audience struct {
	address string
	name    string

	mu       sync.Mutex
	seen     map[place][]time.Time // when each had the part; guarded by mu, as all below
	sights   []sight
	requests int
	failures []string
}

func newAudience(address string) *audience {
	return &audience{address: address, name: address, seen: map[place][]time.Time{}}
}

func (a *audience) fail(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = append(a.failures, fmt.Sprintf(format, args...))
}

// get is a request that must be answered with 200.
func (a *audience) get(ctx context.Context, v *viewer, target string) ([]byte, bool) {
	status, header, body, err := v.get(ctx, target)
	if ctx.Err() != nil {
		return nil, false
	}
	a.mu.Lock()
	a.requests++
	a.mu.Unlock()
	if err != nil || status != http.StatusOK {
		a.fail("GET %s: %d %v %v %.200s", target, status, err, header, body)
		return nil, false
	}
	return body, true
}

// playlist asks for a media playlist; at is the part to wait for, or the zero place.
func (a *audience) playlist(ctx context.Context, v *viewer, target string, at place) (listing, bool) {
	s := sight{began: time.Now(), asked: at}
	if at != (place{}) {
		target += fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d&_HLS_skip=YES", at.msn, at.part)
	}
	body, ok := a.get(ctx, v, target)
	if !ok {
		return listing{}, false
	}
	l, err := readListing(body)
	if err != nil {
		a.fail("GET %s: %v", target, err)
		return listing{}, false
	}
	s.newest = l.last
	a.mu.Lock()
	a.sights = append(a.sights, s)
	a.mu.Unlock()
	return l, true
}

// rendition finds the first media playlist, from the multivariant one.
func (a *audience) rendition(ctx context.Context, v *viewer) (string, bool) {
	const index = "/live/studio/index.m3u8"
	body, ok := a.get(ctx, v, index)
	if !ok {
		return "", false
	}
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return path.Join(path.Dir(index), line), true
		}
	}
	a.fail("no rendition in %s", body)
	return "", false
}

// watch plays until ctx ends.
func (a *audience) watch(ctx context.Context) {
	v := &viewer{address: a.address, name: a.name}
	defer v.close()
	playlist, ok := a.rendition(ctx, v)
	if !ok {
		return
	}
	l, ok := a.playlist(ctx, v, playlist, place{})
	if !ok {
		return
	}
	if _, ok := a.get(ctx, v, path.Join(path.Dir(playlist), l.init)); !ok {
		return
	}
	for {
		at := l.hint
		if l, ok = a.playlist(ctx, v, playlist, at); !ok {
			return
		}
		if l.last.before(at) {
			a.fail("asked for %v, the playlist ends at %v", at, l.last)
			return
		}
		for p, uri := range l.parts {
			if p.before(at) {
				continue
			}
			if _, ok := a.get(ctx, v, path.Join(path.Dir(playlist), uri)); !ok {
				return
			}
			now := time.Now()
			a.mu.Lock()
			a.seen[p] = append(a.seen[p], now)
			a.mu.Unlock()
		}
	}
}

// look asks for the playlist of now, ten times a second.
func (a *audience) look(ctx context.Context) {
	v := &viewer{address: a.address, name: a.name}
	defer v.close()
	playlist, ok := a.rendition(ctx, v)
	for tick := time.Tick(100 * time.Millisecond); ok; {
		_, ok = a.playlist(ctx, v, playlist, place{})
		select {
		case <-tick:
		case <-ctx.Done():
			return
		}
	}
}
