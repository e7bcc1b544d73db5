package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/audience"
	"github.com/regie-live/regie/cmd/regie-load/m3u8"
)

// hostileCmd is an audience that nobody wants. It must cost the others nothing.
type hostileCmd struct {
	HLS      string        `required:"" help:"Address of a multivariant playlist over plain HTTP." placeholder:"URL"`
	Slow     int           `default:"50" help:"Viewers who read one byte a second."`
	Silent   int           `default:"1000" help:"Connections that send nothing."`
	Leavers  int           `default:"50" help:"Viewers who leave in mid-request, again and again."`
	For      time.Duration `default:"60s" help:"How long."`
	JSON     string        `help:"Write the result there; - is standard output." placeholder:"FILE"`
	Quiet    bool          `help:"Show no progress."`
	Anywhere bool          `help:"Let the server be another machine than this one."`
}

// hostility is what they did, and what the server did about it.
type hostility struct {
	Connected atomic.Int64 // now
	Opened    atomic.Int64 // connections in all
	Closed    atomic.Int64 // by the server
	Refused   atomic.Int64 // could not connect
	Left      atomic.Int64 // requests left before their answer
	Bytes     atomic.Int64 // read by the slow ones
}

func (h *hostility) counts() map[string]int64 {
	return map[string]int64{
		"connected": h.Connected.Load(), "opened": h.Opened.Load(), "closed_by_server": h.Closed.Load(),
		"refused": h.Refused.Load(), "left": h.Left.Load(), "bytes_read_slowly": h.Bytes.Load(),
	}
}

func (c hostileCmd) Run(ctx context.Context) error {
	if !c.Anywhere {
		if err := audience.Local(ctx, c.HLS); err != nil {
			return err
		}
	}
	u, err := url.Parse(c.HLS)
	if err != nil || u.Scheme != "http" {
		return fmt.Errorf("%q must begin with http://", c.HLS)
	}
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	prey, err := findPrey(ctx, c.HLS)
	if err != nil {
		return err
	}
	var h hostility
	var crowd sync.WaitGroup
	for kind, n := range map[string]int{"slow": c.Slow, "silent": c.Silent, "leaver": c.Leavers} {
		for i := range n {
			crowd.Go(func() {
				if sleep(ctx, 3*time.Second*time.Duration(i)/time.Duration(n)) == nil {
					h.be(ctx, kind, i, u.Host, prey)
				}
			})
		}
	}
	defer http.DefaultClient.CloseIdleConnections()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if !c.Quiet {
			newProgress(os.Stderr).run(ctx, func() string { return fmt.Sprint(h.counts()) })
		}
	}()
	<-ctx.Done()
	connected := h.Connected.Load()
	crowd.Wait()
	<-done
	result := h.counts()
	result["connected"] = connected
	if c.JSON != "-" {
		for _, k := range []string{"connected", "opened", "refused", "closed_by_server", "left", "bytes_read_slowly"} {
			fmt.Printf("%-20s %d\n", strings.ReplaceAll(k, "_", " "), result[k])
		}
	}
	return writeJSON(c.JSON, result)
}

// prey are addresses worth asking for.
type prey struct {
	playlist, waiting, media string // paths; waiting is answered much later
}

func findPrey(ctx context.Context, address string) (prey, error) {
	text, base, err := fetchText(ctx, address)
	if err != nil {
		return prey{}, err
	}
	all, err := m3u8.ParseMultivariant(text)
	if err != nil {
		return prey{}, err
	}
	list, err := base.Parse(all.Variants[0].URI)
	if err != nil {
		return prey{}, err
	}
	if text, list, err = fetchText(ctx, list.String()); err != nil {
		return prey{}, err
	}
	m, err := m3u8.ParseMedia(text)
	if err != nil {
		return prey{}, err
	}
	for i := len(m.Segments) - 1; i >= 0; i-- {
		if s := m.Segments[i]; s.URI != "" {
			media, err := list.Parse(s.URI)
			if err != nil {
				return prey{}, err
			}
			separator := "?"
			if list.RawQuery != "" {
				separator = "&"
			}
			return prey{list.RequestURI(), list.RequestURI() + separator + "_HLS_msn=%d", media.RequestURI()}, nil
		}
	}
	return prey{}, errors.New("no segment yet")
}

func fetchText(ctx context.Context, address string) (string, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return string(b), res.Request.URL, err
}

// be is one of them until ctx ends. Cut off, it comes back.
func (h *hostility) be(ctx context.Context, kind string, i int, host string, p prey) {
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", host)
		if err != nil {
			if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
				h.Refused.Add(1)
			}
			_ = sleep(ctx, time.Second)
			continue
		}
		h.Opened.Add(1)
		h.Connected.Add(1)
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		switch kind {
		case "silent":
			h.silent(conn)
		case "slow":
			_ = conn.(*net.TCPConn).SetReadBuffer(4096)
			h.slow(ctx, conn, host, p)
		default:
			h.leave(ctx, conn, i, host, p)
		}
		stop()
		_ = conn.Close()
		h.Connected.Add(-1)
		_ = sleep(ctx, 100*time.Millisecond)
	}
}

// silent waits for the server to lose its patience.
func (h *hostility) silent(conn net.Conn) {
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		h.Closed.Add(1)
	}
}

// slow asks for a segment and reads a byte of it each second.
func (h *hostility) slow(ctx context.Context, conn net.Conn, host string, p prey) {
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", p.media, host)
	for b := make([]byte, 1); ; {
		n, err := conn.Read(b)
		h.Bytes.Add(int64(n))
		if err != nil {
			if ctx.Err() == nil {
				h.Closed.Add(1)
			}
			return
		}
		if sleep(ctx, time.Second) != nil {
			return
		}
	}
}

// leave goes in the middle of a request, of a wait, or of an answer, in turns.
func (h *hostility) leave(ctx context.Context, conn net.Conn, i int, host string, p prey) {
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	switch i % 3 {
	case 0:
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: ", p.playlist)
	case 1:
		if text, _, err := fetchText(ctx, "http://"+host+p.playlist); err == nil {
			if m, err := m3u8.ParseMedia(text); err == nil && len(m.Segments) > 0 {
				next := m.Segments[len(m.Segments)-1].MSN + 1
				fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", fmt.Sprintf(p.waiting, next), host)
			}
		}
	default:
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", p.media, host)
		_, _ = io.ReadFull(conn, make([]byte, 512))
	}
	_ = sleep(ctx, 50*time.Millisecond)
	h.Left.Add(1)
}
