package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// hlsViewer behaves as hls.js does: it reloads the playlist with a blocking delta
// request, takes every new part, and plays a buffer that must not run dry.
type hlsViewer struct {
	client http.Client
	tally  *tally
	media  *url.URL // the media playlist

	msn, part int // the newest part taken
	playedTo  time.Time
}

func watchHLS(ctx context.Context, address string, t *tally) error {
	v := &hlsViewer{tally: t, client: http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
	}}
	defer v.client.CloseIdleConnections()
	base, err := url.Parse(address)
	if err != nil {
		return err
	}
	text, err := v.get(ctx, base, true)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			if v.media, err = base.Parse(line); err != nil {
				return err
			}
			break
		}
	}
	if v.media == nil {
		return fmt.Errorf("%s names no media playlist", address)
	}
	for query := ""; ; query = fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d&_HLS_skip=YES", v.msn, v.part+1) {
		u := *v.media
		u.RawQuery = query
		text, err := v.get(ctx, &u, true)
		if err != nil {
			return err
		}
		if err := v.takeParts(ctx, string(text), query == ""); err != nil {
			return err
		}
	}
}

// takeParts fetches the parts that are new; at the start the last three only.
func (v *hlsViewer) takeParts(ctx context.Context, playlist string, first bool) error {
	type piece struct {
		uri       string
		msn, part int
		duration  time.Duration
	}
	var pieces []piece
	for line := range strings.Lines(playlist) {
		attributes, ok := strings.CutPrefix(line, "#EXT-X-PART:")
		if !ok {
			continue
		}
		p := piece{uri: attribute(attributes, `URI="`, `"`)}
		name := p.uri[strings.LastIndexByte(p.uri, '/')+1:]
		if _, err := fmt.Sscanf(name, "%d.%d.m4s", &p.msn, &p.part); err != nil {
			return fmt.Errorf("part %q: %w", name, err)
		}
		s, err := strconv.ParseFloat(attribute(attributes, "DURATION=", ","), 64)
		if err != nil {
			return err
		}
		p.duration = time.Duration(s * float64(time.Second))
		if p.msn > v.msn || p.msn == v.msn && p.part > v.part {
			pieces = append(pieces, p)
		}
	}
	if first && len(pieces) > 3 {
		pieces = pieces[len(pieces)-3:]
	}
	for _, p := range pieces {
		u, err := v.media.Parse(p.uri)
		if err != nil {
			return err
		}
		if _, err := v.get(ctx, u, false); err != nil {
			return err
		}
		v.msn, v.part = p.msn, p.part
		v.play(time.Now(), p.duration)
	}
	return nil
}

// play adds to the buffer. It counts a stall when the buffer ran dry before.
func (v *hlsViewer) play(now time.Time, d time.Duration) {
	if v.playedTo.IsZero() {
		v.playedTo = now
	} else if now.After(v.playedTo) {
		v.tally.stalls.Add(1)
		v.playedTo = now.Add(time.Second) // a player waits for more before it goes on
	}
	v.playedTo = v.playedTo.Add(d)
}

func (v *hlsViewer) get(ctx context.Context, u *url.URL, text bool) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if text {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	v.tally.requests.Add(1)
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", u, res.Status)
	}
	if !text {
		n, err := io.Copy(io.Discard, res.Body)
		v.tally.bytes.Add(n)
		return nil, err
	}
	body := io.Reader(res.Body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(res.Body); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(body, 1<<20))
}

func attribute(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}
