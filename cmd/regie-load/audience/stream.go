package audience

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/h1"
	"github.com/regie-live/regie/cmd/regie-load/m3u8"
)

// stream follows one media playlist. It has two connections, as a browser would:
// the reload for the next part waits on one while parts come over the other.
type stream struct {
	viewer  *hlsViewer
	address string
	lists   fetcher
	media   fetcher
	track   int

	begun  bool
	init   string        // the initialisation segment that is loaded
	next   place         // what is wanted next
	loaded time.Duration // media time up to which everything is loaded
	base   time.Time     // media time 0
}

// place is a part of a segment.
type place struct {
	msn  uint64
	part int
}

func (s *stream) play(ctx context.Context, tracks int) error {
	list, err := s.take(ctx, s.address, s.send(ctx, s.address))
	if err != nil {
		return err
	}
	for {
		if !s.begun && len(list.Segments) > 0 {
			s.begin(list, tracks)
		}
		if list.Ended {
			if err := s.load(ctx, list); err != nil {
				return err
			}
			return sleep(ctx, s.viewer.remaining(time.Now()))
		}
		address := s.reload(list)
		var sent error
		if list.CanBlock {
			sent = s.send(ctx, address)
		}
		began := time.Now()
		if err := s.load(ctx, list); err != nil {
			return err
		}
		if !list.CanBlock {
			// RFC 8216bis section 6.3.4: half a target duration after no change.
			if err := sleep(ctx, list.Target/2-time.Since(began)); err != nil {
				return err
			}
			sent = s.send(ctx, address)
		}
		if list, err = s.take(ctx, address, sent); err != nil {
			return err
		}
		if s.begun && len(list.Segments) > 0 && list.Segments[0].MSN > s.next.msn {
			if list, err = s.catchUp(ctx, list); err != nil {
				return err
			}
		}
	}
}

func (s *stream) send(ctx context.Context, address string) error {
	return s.lists.Send(ctx, h1.Request{URL: address, Text: true, FirstByte: firstByte, Whole: wholePlaylist})
}

// take takes the answer to a reload that was sent, or failed to be.
func (s *stream) take(ctx context.Context, address string, sent error) (*m3u8.Media, error) {
	again := false
	r, err := s.viewer.retry(ctx, playlistRetries, func() (h1.Response, error) {
		if again {
			sent = s.send(ctx, address)
		}
		again = true
		if sent != nil {
			return h1.Response{}, sent
		}
		return s.viewer.receive(ctx, s.lists)
	})
	if err != nil {
		return nil, err
	}
	m, err := s.viewer.lists.media(r.Body, r.Gzip)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPlaylist, err)
	}
	return m, nil
}

// reload is the address of the playlist with the next part in it (RFC 8216bis
// section 6.2.5.2), as a delta update where there is one.
func (s *stream) reload(m *m3u8.Media) string {
	if !m.CanBlock || len(m.Segments) == 0 {
		return s.address
	}
	var q strings.Builder
	q.WriteString(s.address)
	if strings.Contains(s.address, "?") {
		q.WriteByte('&')
	} else {
		q.WriteByte('?')
	}
	last := &m.Segments[len(m.Segments)-1]
	switch {
	case last.URI != "" && m.PartTarget > 0:
		fmt.Fprintf(&q, "_HLS_msn=%d&_HLS_part=0", last.MSN+1)
	case last.URI != "":
		fmt.Fprintf(&q, "_HLS_msn=%d", last.MSN+1)
	default:
		fmt.Fprintf(&q, "_HLS_msn=%d&_HLS_part=%d", last.MSN, len(last.Parts))
	}
	if s.begun && m.CanSkip > 0 {
		if m.CanSkipDateRanges {
			q.WriteString("&_HLS_skip=v2")
		} else {
			q.WriteString("&_HLS_skip=YES")
		}
	}
	return q.String()
}

// catchUp is for a viewer who wants what a delta update leaves out: it loads the
// whole playlist, and goes to the live edge if that is not enough.
func (s *stream) catchUp(ctx context.Context, m *m3u8.Media) (*m3u8.Media, error) {
	if m.Skipped > 0 {
		var err error
		if m, err = s.take(ctx, s.address, s.send(ctx, s.address)); err != nil {
			return nil, err
		}
	}
	if len(m.Segments) == 0 || m.Segments[0].MSN <= s.next.msn {
		return m, nil
	}
	s.viewer.tally.hls.fail(kind(errBehind))
	s.start(m)
	s.viewer.jump(s.loaded)
	return m, nil
}

// begin chooses where to start, and makes the buffer when it is the first stream.
func (s *stream) begin(m *m3u8.Media, tracks int) {
	s.begun = true
	v := s.viewer
	v.mu.Lock()
	defer v.mu.Unlock()
	edge := edge(m)
	if v.buffer == nil {
		v.edge = edge
		v.buffer = newBuffer(tracks, 0)
	}
	s.base = v.edge
	head := s.start(m)
	if v.buffer.state == waiting && s.track == 0 {
		v.buffer.head = head
	}
}

// edge is the date of a playlist's end. Without dates it is taken to be now, the
// earliest that it can be.
func edge(m *m3u8.Media) time.Time {
	last := &m.Segments[len(m.Segments)-1]
	if last.Start.IsZero() {
		return time.Now()
	}
	return last.Start.Add(last.Length())
}

// start sets what to load first: the last part a picture can begin with that is
// not after the live position, PART-HOLD-BACK before the end (hls.js' getNextPart).
// It returns the live position.
func (s *stream) start(m *m3u8.Media) time.Duration {
	back := m.PartHoldBack
	if back == 0 {
		if back = m.HoldBack; back == 0 {
			back = 3 * m.Target
		}
	}
	at := edge(m).Sub(s.base)
	live := at - back
	s.next, s.loaded = place{msn: m.Segments[0].MSN}, at
	for i := len(m.Segments) - 1; i >= 0; i-- {
		seg := &m.Segments[i]
		at -= seg.Length()
		if at > live && i > 0 {
			continue
		}
		s.next, s.loaded = place{msn: seg.MSN}, at
		from := at
		for n, p := range seg.Parts {
			if p.Independent && from <= live {
				s.next.part, s.loaded = n, from
			}
			from += p.Duration
		}
		break
	}
	return max(live, s.loaded)
}

// load takes all that is new in the playlist.
func (s *stream) load(ctx context.Context, m *m3u8.Media) error {
	for i := range m.Segments {
		seg := &m.Segments[i]
		if seg.MSN < s.next.msn {
			continue
		}
		if seg.MSN > s.next.msn {
			s.next = place{msn: seg.MSN}
		}
		if s.next.part == 0 && !seg.Start.IsZero() {
			// EXTINF and dates differ a little, and the media goes by EXTINF; where
			// something is missing they differ a lot.
			if at := seg.Start.Sub(s.base); (at - s.loaded).Abs() > time.Second {
				s.loaded = at
			}
		}
		if err := s.initialise(ctx, seg); err != nil {
			return err
		}
		if seg.URI != "" && len(seg.Parts) == 0 {
			length := seg.Duration
			if s.next.part > 0 && !seg.Start.IsZero() { // its parts are gone: all of it again
				length = max(seg.Start.Sub(s.base)+seg.Duration-s.loaded, 0)
			}
			if err := s.fetch(ctx, seg.URI, seg.Range, length, seg.Gap); err != nil {
				return err
			}
		}
		for s.next.part < len(seg.Parts) {
			p := &seg.Parts[s.next.part]
			if err := s.fetch(ctx, p.URI, p.Range, p.Duration, p.Gap); err != nil {
				return err
			}
			s.next.part++
		}
		if seg.URI != "" {
			s.next = place{msn: seg.MSN + 1}
		}
	}
	return nil
}

// initialise loads the segment's EXT-X-MAP when it is another than before.
func (s *stream) initialise(ctx context.Context, seg *m3u8.Segment) error {
	if seg.Map == "" || seg.Map == s.init {
		return nil
	}
	s.init = seg.Map
	_, err := s.get(ctx, seg.Map, seg.MapRange)
	return err
}

func (s *stream) get(ctx context.Context, uri, byteRange string) (h1.Response, error) {
	address, err := resolve(s.address, uri)
	if err != nil {
		return h1.Response{}, fmt.Errorf("%w: %w", errPlaylist, err)
	}
	return s.viewer.get(ctx, s.media, h1.Request{URL: address, Range: byteRange, FirstByte: firstByte, Whole: wholeMedia}, mediaRetries)
}

func (s *stream) fetch(ctx context.Context, uri, byteRange string, length time.Duration, gap bool) error {
	if gap {
		s.loaded += length
		s.viewer.tally.hls.fail("gap")
		s.viewer.jump(s.loaded)
		return nil
	}
	r, err := s.get(ctx, uri, byteRange)
	var status statusError
	if errors.As(err, &status) && status.status == 404 {
		// The playlist promised it. hls.js would try another rendition, then end.
		return err
	} else if err != nil {
		return err
	}
	if !isMedia(r) {
		return fmt.Errorf("%w: %s", errMedia, uri)
	}
	s.loaded += length
	s.viewer.appended(s, r.Bytes)
	return nil
}

// isMedia looks at the first box of an fMP4 file, or the first byte of MPEG-TS.
func isMedia(r h1.Response) bool {
	if len(r.Head) < 8 {
		return false
	}
	switch string(r.Head[4:8]) {
	case "moof", "styp", "ftyp", "emsg", "prft", "sidx", "moov":
		return true
	}
	return r.Head[0] == 0x47 || strings.HasPrefix(string(r.Head), "ID3")
}
