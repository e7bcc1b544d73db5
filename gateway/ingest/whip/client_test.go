package whip

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
)

// bench is a server with one seat, on loopback.
type bench struct {
	t     *testing.T
	seats *ingesttest.Seats
	door  *ingest.Door
	net   *rtc.Net
	url   string
}

func newBench(t *testing.T, config rtc.Config) *bench {
	t.Helper()
	t.Parallel() // most of a test is waiting for pictures in real time
	b := &bench{t: t, seats: ingesttest.New(t)}
	if config.Address == "" {
		config.Address = "127.0.0.1:0"
	}
	var err error
	if b.net, err = rtc.Listen(config); err != nil {
		t.Fatal(err)
	}
	b.door = ingest.NewDoor(ingest.DoorOptions{Seats: b.seats})
	server := New(Options{Door: b.door, Net: b.net, MediaTimeout: 5 * time.Second})
	web := httptest.NewServer(server)
	b.url = web.URL + "/whip"
	t.Cleanup(func() {
		web.Close()
		server.Close()
		if err := b.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// publish connects a client with the right key.
func (b *bench) publish(o rtctest.Options) *rtctest.Client {
	b.t.Helper()
	o.URL, o.Bearer = b.url, string([]byte(ingesttest.Key))
	return rtctest.Connect(b.t, o)
}
