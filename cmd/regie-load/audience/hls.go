package audience

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/h1"
	"github.com/regie-live/regie/cmd/regie-load/m3u8"
)

var (
	errPlaylist = errors.New("no playlist")
	errMedia    = errors.New("no media")
	errBehind   = errors.New("fell behind")
)

// How hls.js 1.7 loads by default (fragLoadPolicy and playlistLoadPolicy of its
// config.ts): what it waits for, and how often it tries again after errors.
const (
	firstByte       = 10 * time.Second
	wholePlaylist   = 20 * time.Second
	wholeMedia      = 120 * time.Second
	playlistRetries = 2
	mediaRetries    = 6
	maxRetryDelay   = 8 * time.Second
)

// hlsViewer is one player. With sound apart, its two streams run at once.
type hlsViewer struct {
	*Audience
	arrived time.Time

	mu       sync.Mutex // guards the rest: the streams meet in the buffer
	buffer   *buffer
	edge     time.Time // media time 0 of the buffer, as a date
	counted  buffer    // what of the buffer's counts the tally has
	fetchers []fetcher
	client   *http.Client // for https: all of a viewer's requests share connections
	beacon   beacon
}

// watchHLS plays until ctx ends. After an error that hls.js calls fatal it begins
// again, as pages do, after a wait that doubles.
func (a *Audience) watchHLS(ctx context.Context) {
	a.tally.hls.joined.Add(1)
	a.tally.hls.watching.Add(1)
	defer a.tally.hls.watching.Add(-1)
	id := newID()
	for wait := time.Second; ; wait = min(2*wait, maxRetryDelay) {
		v := &hlsViewer{Audience: a, arrived: time.Now(), beacon: beacon{sid: id}}
		err := v.play(ctx)
		v.end()
		if err == nil || ctx.Err() != nil {
			return
		}
		a.tally.hls.fail(kind(err))
		a.tally.hls.restarts.Add(1)
		if sleep(ctx, wait) != nil {
			return
		}
	}
}

func (v *hlsViewer) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.buffer != nil {
		v.buffer.stop(time.Now())
		v.account()
	}
	for _, f := range v.fetchers {
		f.Close()
	}
}

func (v *hlsViewer) fetcher(address string) fetcher {
	v.mu.Lock()
	defer v.mu.Unlock()
	var f fetcher = h1.New()
	if strings.HasPrefix(address, "https://") {
		if v.client == nil {
			v.client = newClient(v.o)
		}
		f = &stdFetcher{client: v.client}
	}
	v.fetchers = append(v.fetchers, f)
	return f
}

// play returns nil at the end of the stream.
func (v *hlsViewer) play(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := v.fetcher(v.o.HLS)
	// What waits for the network ends with ctx.
	defer context.AfterFunc(ctx, v.hangUp)()
	address, res, err := v.text(ctx, first, v.o.HLS, 1)
	if err != nil {
		return err
	}
	text, err := plain(res.Body, res.Gzip)
	if err != nil {
		return fmt.Errorf("%w: %w", errPlaylist, err)
	}
	streams := []*stream{{viewer: v, address: address, lists: first}}
	if strings.Contains(text, "#EXT-X-STREAM-INF") {
		if streams, err = v.choose(text, address, first); err != nil {
			return fmt.Errorf("%w: %w", errPlaylist, err)
		}
	}
	v.beacon.rendition(streams[0].address)
	for i, s := range streams {
		s.track, s.media = i, v.fetcher(s.address)
	}
	return playAll(ctx, cancel, streams)
}

// playAll plays all streams at once; the first error ends them.
func playAll(ctx context.Context, cancel context.CancelFunc, streams []*stream) error {
	if len(streams) == 1 {
		return streams[0].play(ctx, 1)
	}
	errs := make([]error, len(streams))
	var playing sync.WaitGroup
	for i, s := range streams {
		playing.Go(func() {
			if errs[i] = s.play(ctx, len(streams)); errs[i] != nil {
				cancel()
			}
		})
	}
	playing.Wait()
	for _, err := range errs { // the others only say that they were ended
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return errors.Join(errs...)
}

// hangUp ends what waits for an answer; net/http goes by the context.
func (v *hlsViewer) hangUp() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range v.fetchers {
		if c, ok := f.(*h1.Conn); ok {
			c.Close()
		}
	}
}

// choose picks a variant, and its sound if that is apart.
func (v *hlsViewer) choose(text, address string, first fetcher) ([]*stream, error) {
	m, err := m3u8.ParseMultivariant(text)
	if err != nil {
		return nil, err
	}
	chosen := m.Variants[0]
	byRate := func(a, b m3u8.Variant) int { return cmp.Compare(a.Bandwidth, b.Bandwidth) }
	switch want := v.o.Rendition; want {
	case "", "first":
	case "highest":
		chosen = slices.MaxFunc(m.Variants, byRate)
	case "lowest":
		chosen = slices.MinFunc(m.Variants, byRate)
	default:
		i := slices.IndexFunc(m.Variants, func(o m3u8.Variant) bool {
			return strings.Contains(o.URI, want) || strings.Contains(o.Resolution, want)
		})
		if i < 0 {
			return nil, fmt.Errorf("no rendition %q", want)
		}
		chosen = m.Variants[i]
	}
	uris := []string{chosen.URI}
	if chosen.Audio != "" {
		own := func(a m3u8.Audio) bool { return a.Group == chosen.Audio }
		i := slices.IndexFunc(m.Audio, func(a m3u8.Audio) bool { return own(a) && a.Default })
		if i < 0 {
			i = slices.IndexFunc(m.Audio, own)
		}
		if i >= 0 && m.Audio[i].URI != chosen.URI {
			uris = append(uris, m.Audio[i].URI)
		}
	}
	var streams []*stream
	for i, uri := range uris {
		full, err := resolve(address, uri)
		if err != nil {
			return nil, err
		}
		s := &stream{viewer: v, address: full, lists: first}
		if i > 0 {
			s.lists = v.fetcher(full)
		}
		streams = append(streams, s)
	}
	return streams, nil
}

// text loads a playlist and follows redirects; it returns where it was in the end.
func (v *hlsViewer) text(ctx context.Context, f fetcher, address string, retries int) (string, h1.Response, error) {
	for range 5 {
		r, err := v.get(ctx, f, h1.Request{URL: address, Text: true, FirstByte: firstByte, Whole: wholePlaylist}, retries)
		var s statusError
		if errors.As(err, &s) && s.status/100 == 3 && r.Location != "" {
			next, err := resolve(address, r.Location)
			if err != nil {
				return "", r, err
			}
			if !v.o.Anywhere && host(next) != host(address) {
				if err := Local(ctx, next); err != nil {
					return "", r, err
				}
			}
			address = next
			continue
		}
		return address, r, err
	}
	return "", h1.Response{}, fmt.Errorf("%w: it redirects without end", errPlaylist)
}

// host is the scheme and host of an address.
func host(address string) string {
	if i := strings.Index(address, "://"); i >= 0 {
		if j := strings.IndexAny(address[i+3:], "/?"); j >= 0 {
			return address[:i+3+j]
		}
	}
	return address
}

// get sends a request and takes the answer, again after errors that pass.
func (v *hlsViewer) get(ctx context.Context, f fetcher, q h1.Request, retries int) (h1.Response, error) {
	return v.retry(ctx, retries, func() (h1.Response, error) {
		if err := f.Send(ctx, q); err != nil {
			return h1.Response{}, err
		}
		return v.receive(ctx, f)
	})
}

// retry waits a second before the first new try, twice as long before the next.
func (v *hlsViewer) retry(ctx context.Context, retries int, do func() (h1.Response, error)) (h1.Response, error) {
	wait := time.Second
	for try := 0; ; try++ {
		r, err := do()
		if err == nil || ctx.Err() != nil || try == retries || !retryable(err) || r.Status/100 == 3 {
			return r, err
		}
		v.tally.hls.fail(kind(err))
		if err := sleep(ctx, wait); err != nil {
			return r, err
		}
		wait = min(2*wait, maxRetryDelay)
	}
}

func (v *hlsViewer) receive(ctx context.Context, f fetcher) (h1.Response, error) {
	r, err := f.Receive(ctx)
	v.tally.hls.requests.Add(1)
	v.tally.hls.bytes.Add(r.Bytes)
	if err != nil {
		return r, err
	}
	if r.Status != 200 && r.Status != 206 {
		return r, statusError{r.Status}
	}
	return r, nil
}
