package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/regie-live/regie/transcode/media"
)

// player is an LL-HLS client as near to the live edge as one can be: it fetches
// every part at the moment it exists, by blocking reloads, and never reopens.
type player struct {
	*screen
	client *http.Client
	stop   func()
	done   chan struct{}
	err    error // after done; nil when it was stopped or the playlist ended

	init  []byte
	epoch string // as the addresses of the media spell it
	video int    // track ids
	audio int
	scale map[int]uint32

	lists []observed // every media playlist, for the tests of conformity
}

// observed is a media playlist as it came.
type observed struct {
	at   time.Time
	text string
	list *playlist.Media
}

// program AAC is what every program's sound is coded as.
var programAAC = media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, Config: []byte{0x11, 0x90}}

// play watches a session from the address of its multivariant playlist.
func play(t testing.TB, address string) *player {
	t.Helper()
	p := &player{
		screen: newScreen(t, "LL-HLS", programAAC),
		client: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second},
		done:   make(chan struct{}),
		scale:  map[int]uint32{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = func() { cancel(); <-p.done }
	go func() {
		defer close(p.done)
		defer p.screen.close()
		defer p.client.CloseIdleConnections()
		if err := p.run(ctx, address); ctx.Err() == nil {
			p.err = err
			if err != nil {
				p.complain("it stopped: %v", err)
			}
		}
	}()
	t.Cleanup(p.stop)
	return p
}

func (p *player) run(ctx context.Context, address string) error {
	index, at, err := p.get(ctx, address)
	if err != nil {
		return err
	}
	var variants playlist.Multivariant
	if err := variants.Unmarshal(index); err != nil {
		return err
	}
	media, err := at.Parse(variants.Variants[0].URI)
	if err != nil {
		return err
	}
	list, err := p.reload(ctx, media, "")
	if err != nil {
		return err
	}
	if err := p.readInit(ctx, media, list); err != nil {
		return err
	}
	// Begin with the last part that a picture can begin with.
	msn := list.MediaSequence + len(list.Segments)
	next := 0
	for i, part := range list.Parts {
		if part.Independent {
			next = i
		}
	}
	if len(list.Parts) == 0 {
		msn--
	}
	for {
		if list.Endlist && msn >= list.MediaSequence+len(list.Segments) {
			return nil
		}
		parts, ended := partsOf(list, msn)
		for ; next < len(parts); next++ {
			if err := p.fetch(ctx, media, parts[next].URI); err != nil {
				return err
			}
		}
		if ended {
			msn, next = msn+1, 0
			if parts, _ = partsOf(list, msn); len(parts) > 0 || list.Endlist {
				continue
			}
		}
		if list, err = p.reload(ctx, media, fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, next)); err != nil {
			return err
		}
	}
}

// partsOf returns the parts of a segment as far as the playlist has them, and
// whether the segment is complete.
func partsOf(list *playlist.Media, msn int) (parts []*playlist.MediaPart, ended bool) {
	i := msn - list.MediaSequence
	if i < 0 || i > len(list.Segments) {
		return nil, false
	}
	if i == len(list.Segments) {
		return list.Parts, false
	}
	return list.Segments[i].Parts, true
}

func (p *player) get(ctx context.Context, address string) ([]byte, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %.200s", address, res.Status, body)
	}
	return body, res.Request.URL, err
}

func (p *player) reload(ctx context.Context, media *url.URL, query string) (*playlist.Media, error) {
	at := *media
	at.RawQuery = query
	text, _, err := p.get(ctx, at.String())
	if err != nil {
		return nil, err
	}
	var list playlist.Media
	if err := list.Unmarshal(text); err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, text)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lists = append(p.lists, observed{time.Now(), string(text), &list})
	return &list, nil
}

func (p *player) readInit(ctx context.Context, base *url.URL, list *playlist.Media) error {
	p.epoch, _, _ = strings.Cut(list.Map.URI, "/")
	at, err := base.Parse(list.Map.URI)
	if err != nil {
		return err
	}
	if p.init, _, err = p.get(ctx, at.String()); err != nil {
		return err
	}
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(p.init)); err != nil {
		return err
	}
	for _, t := range init.Tracks {
		p.scale[t.ID] = t.TimeScale
		if picture, ok := t.Codec.(*codecs.H264); ok {
			p.video = t.ID
			p.configure(picture.SPS, picture.PPS)
		} else {
			p.audio = t.ID
		}
	}
	if p.video == 0 || p.audio == 0 {
		return fmt.Errorf("the initialisation has %d tracks, want picture and sound", len(init.Tracks))
	}
	return nil
}

// fetch shows one part.
func (p *player) fetch(ctx context.Context, base *url.URL, uri string) error {
	at, err := base.Parse(uri)
	if err != nil {
		return err
	}
	body, _, err := p.get(ctx, at.String())
	if err != nil {
		return err
	}
	came := time.Now()
	var parts fmp4.Parts
	if err := parts.Unmarshal(body); err != nil {
		return fmt.Errorf("%s: %w", uri, err)
	}
	for _, part := range parts {
		for _, track := range part.Tracks {
			if err := p.samples(track, came); err != nil {
				return fmt.Errorf("%s: %w", uri, err)
			}
		}
	}
	return nil
}

func (p *player) samples(track *fmp4.PartTrack, came time.Time) error {
	at := int64(track.BaseTime)
	scale := int64(p.scale[track.ID])
	for _, s := range track.Samples {
		pts := at + int64(s.PTSOffset)
		when := time.Duration(pts/scale)*time.Second + time.Duration(pts%scale)*time.Second/time.Duration(scale)
		at += int64(s.Duration)
		if track.ID == p.audio {
			p.screen.audio(s.Payload, when)
			continue
		}
		var nals h264.AVCC
		if err := nals.Unmarshal(s.Payload); err != nil {
			return err
		}
		au, err := h264.AnnexB(nals).Marshal()
		if err != nil {
			return err
		}
		p.screen.video(au, when, came)
	}
	return nil
}

// playlists returns what was loaded so far.
func (p *player) playlists() []observed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]observed(nil), p.lists...)
}

// playing fails if the player has stopped, or met anything that a viewer would
// notice.
func (p *player) playing() {
	p.t.Helper()
	select {
	case <-p.done:
		p.t.Fatalf("the player stopped: %v", p.err)
	default:
	}
	for _, e := range p.complaints() {
		p.t.Errorf("the player met: %s", e)
	}
}

// live waits until a session can be watched, and watches it.
func (a *appliance) live(session string) *player {
	a.t.Helper()
	a.awaitLive(session)
	return play(a.t, a.hls(session))
}

func (a *appliance) awaitLive(session string) {
	a.t.Helper()
	eventually(a.t, 15*time.Second, "the session is live", func() bool {
		code, _, _ := fetch(a.t, http.MethodGet, a.hls(session), nil)
		return code == http.StatusOK
	})
}

// fetch makes one request on a connection of its own.
func fetch(t testing.TB, method, address string, header http.Header) (status int, body []byte, answered http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: 20 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body, res.Header
}
