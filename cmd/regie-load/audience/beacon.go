package audience

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

const beaconInterval = 10 * time.Second

// beacon is what a viewer will say next: CMCD version 2 keys (CTA-5004-B).
type beacon struct {
	sid, level        string
	sent              time.Time
	startup           time.Duration
	latency, buffered time.Duration
	bytes             int64
	stalls            int64
	stalled, watched  time.Duration
}

func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// rendition remembers the folder of a media playlist: its name.
func (b *beacon) rendition(address string) {
	address, _, _ = strings.Cut(address, "?")
	b.level = path.Base(path.Dir(address))
}

// take renders the beacon and begins the next.
func (b *beacon) take(now time.Time, buffer *buffer, first bool) []byte {
	event := "t"
	if first {
		event = "ps"
	}
	said := map[string]any{
		"sid": b.sid, "sf": "h", "e": event, "sta": "p",
		"ltc": b.latency.Milliseconds(), "bl": b.buffered.Milliseconds(),
		"bs": buffer.stalls > b.stalls, "bsd": (buffer.stalled - b.stalled).Milliseconds(),
		"com.regie-delivery": "llhls", "com.regie-rendition": b.level,
		"com.regie-bytes": b.bytes, "com.regie-watched": (buffer.watched - b.watched).Milliseconds(),
	}
	if first {
		said["msd"] = b.startup.Milliseconds()
	}
	b.sent, b.bytes, b.stalls = now, 0, buffer.stalls
	b.stalled, b.watched = buffer.stalled, buffer.watched
	doc, err := json.Marshal(said)
	if err != nil {
		panic(err) // strings, numbers and bools
	}
	return doc
}

// beacons posts for all viewers over a few connections. It holds up to 1000 and
// then drops: viewers do not wait for it.
type beacons struct {
	url, cid string
	queue    chan []byte
	client   *http.Client
}

const posters = 4

func newBeacons(o Options) *beacons {
	t := tlsTransport(o)
	t.MaxIdleConnsPerHost = posters
	// The session's id is what stands before index.m3u8.
	address, _, _ := strings.Cut(o.HLS, "?")
	return &beacons{url: o.Beacon, cid: path.Base(path.Dir(address)), queue: make(chan []byte, 1000), client: &http.Client{Transport: t, Timeout: 10 * time.Second}}
}

func (b *beacons) put(doc []byte) {
	select {
	case b.queue <- bytes.Replace(doc, []byte("{"), []byte(`{"cid":"`+b.cid+`",`), 1):
	default:
	}
}

func (b *beacons) run(ctx context.Context) {
	defer b.client.CloseIdleConnections()
	var posting sync.WaitGroup
	for range posters {
		posting.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case doc := <-b.queue:
					b.send(ctx, doc)
				}
			}
		})
	}
	posting.Wait()
}

func (b *beacons) send(ctx context.Context, doc []byte) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(doc))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := b.client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	res.Body.Close()
}
