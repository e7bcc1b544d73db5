package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

const goodKey = show.StreamKey("GOOD-KEY-1234")

// oneSeat is a Seats with a single host; taken says no.
type oneSeat struct {
	taken bool
	offer Offer
	sink  recorder
}

func (s *oneSeat) Claim(o Offer) (Seat, error) {
	s.offer = o
	switch {
	case !goodKey.Equal(o.Key):
		return Seat{}, &Refusal{Outcome: BadKey, Reason: "no such key", Hint: "copy it again"}
	case s.taken:
		return Seat{Session: "studio", Participant: "host"}, &Refusal{Outcome: SeatTaken, Reason: "taken", Hint: "stop the other"}
	}
	return Seat{Session: "studio", Participant: "host", Role: show.Host, Sink: &s.sink}, nil
}

type recorder struct {
	tracks []media.Track
	units  []media.AccessUnit
	causes []error
}

func (r *recorder) SetTracks(t []media.Track) { r.tracks = t }
func (r *recorder) Write(au media.AccessUnit) { r.units = append(r.units, au) }
func (r *recorder) Close(cause error)         { r.causes = append(r.causes, cause) }

type fixture struct {
	door  *Door
	seats *oneSeat
	reg   *prometheus.Registry
	m     *Metrics
	log   *bytes.Buffer
}

func newFixture() *fixture {
	f := &fixture{seats: &oneSeat{}, reg: prometheus.NewPedanticRegistry(), log: &bytes.Buffer{}}
	f.m = NewMetrics(f.reg)
	f.door = NewDoor(DoorOptions{
		Seats: f.seats, Metrics: f.m, Logger: slog.New(slog.NewTextHandler(f.log, nil)),
	})
	return f
}

func (f *fixture) offer() Offer {
	return Offer{Protocol: RTMP, Key: goodKey, Remote: "192.0.2.7:1000"}
}

var avTracks = []media.Track{
	{Codec: media.H264},
	{Codec: media.Opus, SampleRate: 48000, Channels: 2},
}

func TestPublisherLife(t *testing.T) {
	f := newFixture()
	p, err := f.door.Admit(f.offer())
	if err != nil {
		t.Fatal(err)
	}
	p.Write(media.AccessUnit{Kind: media.Video, Key: true, Data: []byte{1}}) // too early
	if err := p.SetTracks(avTracks); err != nil {
		t.Fatal(err)
	}
	p.Write(media.AccessUnit{Kind: media.Video, Key: true, Data: []byte{1, 2}})
	p.Write(media.AccessUnit{Kind: media.Audio, Key: true, PTS: 100 * time.Millisecond, Data: []byte{3}})
	p.Write(media.AccessUnit{Kind: media.Video, Key: true, PTS: 2 * time.Second, Data: []byte{4}})
	p.Dropped("loss", 3)
	if got := testutil.ToFloat64(f.m.connections); got != 1 {
		t.Errorf("connections = %v, want 1", got)
	}

	p.Close(io.EOF)
	p.Close(errors.New("second"))
	p.Write(media.AccessUnit{Kind: media.Audio, Data: []byte{9}})
	if err := p.SetTracks(avTracks); err == nil {
		t.Error("SetTracks after Close succeeded")
	}

	if n := len(f.seats.sink.units); n != 3 {
		t.Errorf("sink got %d units, want 3", n)
	}
	if c := f.seats.sink.causes; len(c) != 1 || c[0] != io.EOF {
		t.Errorf("sink was closed with %v, want EOF once", c)
	}
	want := `
# HELP regie_ingest_connections Publishing connections open now.
# TYPE regie_ingest_connections gauge
regie_ingest_connections{protocol="rtmp",role="host",session="studio"} 0
# HELP regie_ingest_connects_total Publish attempts by outcome.
# TYPE regie_ingest_connects_total counter
regie_ingest_connects_total{outcome="accepted",protocol="rtmp"} 1
# HELP regie_ingest_disconnects_total Publish connections ended, by reason.
# TYPE regie_ingest_disconnects_total counter
regie_ingest_disconnects_total{protocol="rtmp",reason="peer_closed"} 1
# HELP regie_ingest_frames_dropped_total Frames discarded before the muxer, by reason.
# TYPE regie_ingest_frames_dropped_total counter
regie_ingest_frames_dropped_total{reason="invalid",session="studio"} 0
regie_ingest_frames_dropped_total{reason="loss",session="studio"} 3
# HELP regie_ingest_frames_total Video frames received from publishers.
# TYPE regie_ingest_frames_total counter
regie_ingest_frames_total{session="studio"} 2
# HELP regie_ingest_received_bytes_total Media bytes received from publishers.
# TYPE regie_ingest_received_bytes_total counter
regie_ingest_received_bytes_total{kind="audio",protocol="rtmp",session="studio"} 1
regie_ingest_received_bytes_total{kind="video",protocol="rtmp",session="studio"} 3
`
	names := []string{
		"regie_ingest_connections", "regie_ingest_connects_total", "regie_ingest_disconnects_total",
		"regie_ingest_frames_dropped_total", "regie_ingest_frames_total", "regie_ingest_received_bytes_total",
	}
	if err := testutil.GatherAndCompare(f.reg, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	for _, line := range []string{"publisher connected", "publisher's tracks", "publisher ended"} {
		if strings.Count(f.log.String(), line) != 1 {
			t.Errorf("log does not say %q once:\n%s", line, f.log)
		}
	}
	if strings.Contains(f.log.String(), string(goodKey)) {
		t.Error("the log holds the key")
	}
}

func TestMetricsLint(t *testing.T) {
	f := newFixture()
	p, err := f.door.Admit(f.offer())
	if err != nil {
		t.Fatal(err)
	}
	p.Close(nil)
	problems, err := testutil.GatherAndLint(f.reg)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v", problems, err)
	}
}

func TestForgetIsFinal(t *testing.T) {
	f := newFixture()
	p, err := f.door.Admit(f.offer())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetTracks(avTracks); err != nil {
		t.Fatal(err)
	}
	f.m.Forget("studio")
	p.Write(media.AccessUnit{Kind: media.Video, Key: true, Data: []byte{1}})
	p.Dropped("loss", 1)
	p.Close(nil)
	families, err := f.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, fam := range families {
		for _, m := range fam.Metric {
			for _, l := range m.Label {
				if l.GetName() == "session" {
					t.Errorf("%s still has session %s", fam.GetName(), l.GetValue())
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name    string
		do      func(f *fixture)
		outcome Outcome
	}{
		{"wrong key", func(f *fixture) {
			o := f.offer()
			o.Key = "WRONG-SECRET"
			if _, err := f.door.Admit(o); err == nil {
				panic("admitted")
			}
		}, BadKey},
		{"taken seat", func(f *fixture) {
			f.seats.taken = true
			if _, err := f.door.Admit(f.offer()); err == nil {
				panic("admitted")
			}
		}, SeatTaken},
		{"nothing sent", func(f *fixture) {
			p, _ := f.door.Admit(f.offer())
			p.Close(io.EOF)
		}, NoMedia},
		{"bad codec", func(f *fixture) {
			p, _ := f.door.Admit(f.offer())
			p.Close(p.SetTracks([]media.Track{{Codec: "sorenson"}}))
		}, UnsupportedCodec},
		{"two pictures", func(f *fixture) {
			p, _ := f.door.Admit(f.offer())
			p.Close(p.SetTracks([]media.Track{{Codec: media.H264}, {Codec: media.VP8}}))
		}, UnsupportedCodec},
		{"we stop", func(f *fixture) {
			p, _ := f.door.Admit(f.offer())
			p.Close(ErrStopping)
		}, Unavailable},
		{"garbage", func(f *fixture) {
			f.door.Refuse(f.offer(), &Refusal{Outcome: BadRequest, Reason: "not RTMP", Hint: "use an encoder"})
		}, BadRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture()
			tc.do(f)
			if got := testutil.ToFloat64(f.m.connects.WithLabelValues("rtmp", string(tc.outcome))); got != 1 {
				t.Errorf("outcome %s counted %v times, want 1", tc.outcome, got)
			}
			if got := testutil.CollectAndCount(f.m.connects); got != 1 {
				t.Errorf("%d outcomes counted, want 1", got)
			}
			if got := testutil.CollectAndCount(f.m.disconnects); got != 0 {
				t.Errorf("%d disconnects counted of a publisher that was never accepted", got)
			}
			as := f.door.Refusals()
			if len(as) != 1 || as[0].Refusal.Outcome != tc.outcome || as[0].Refusal.Hint == "" {
				t.Errorf("refusals = %+v", as)
			}
			if strings.Contains(f.log.String()+fmt.Sprintf("%+v", as), "SECRET") {
				t.Error("the key leaked")
			}
			if !strings.Contains(f.log.String(), "hint=") {
				t.Errorf("no hint in the log: %s", f.log)
			}
		})
	}
}

// An encoder tries again by itself, a hundred times; what others did must not be
// lost over it.
func TestRefusalsOfOneEncoderAreOne(t *testing.T) {
	f := newFixture()
	other := Offer{Protocol: RTMP, Remote: "192.0.2.9:40000"}
	f.door.Refuse(other, NewNoMedia())
	for i := range 2 * maxRefusals {
		f.door.Refuse(Offer{Protocol: RTMP, Remote: fmt.Sprintf("192.0.2.7:%d", 50000+i)}, NewNoMedia())
	}
	f.door.Refuse(Offer{Protocol: WHIP, Remote: "192.0.2.7:50000"}, NewNoMedia())
	as := f.door.Refusals()
	if len(as) != 3 || as[0].Remote != other.Remote || as[0].Times != 1 || as[1].Times != 2*maxRefusals || as[1].Remote != "192.0.2.7:50099" || as[2].Times != 1 {
		t.Errorf("%+v", as)
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	f := newFixture()
	for i := range 2 * maxRefusals {
		f.door.Refuse(Offer{Protocol: RTMP, Remote: fmt.Sprint(i)}, NewNoMedia())
	}
	as := f.door.Refusals()
	if len(as) != maxRefusals || as[len(as)-1].Remote != "99" {
		t.Errorf("%d kept, the last from %s", len(as), as[len(as)-1].Remote)
	}
}

func TestSilentReachesSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		p, err := f.door.Admit(f.offer())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close(nil)
		if err := p.SetTracks(avTracks); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // the bubble's clock
		if got := f.seats.offer.Silent(); got != 3*time.Second {
			t.Errorf("silent for %v, want 3 s", got)
		}
		p.Write(media.AccessUnit{Kind: media.Audio, Data: []byte{1}})
		if got := f.seats.offer.Silent(); got != 0 {
			t.Errorf("silent for %v after a write, want 0", got)
		}
	})
}

func TestWatch(t *testing.T) {
	for _, tc := range []struct {
		name   string
		writes int // one a second
		want   time.Duration
		cause  error
	}{
		{"never sends", 0, 10 * time.Second, NewNoMedia()},
		{"stops", 12, 12*time.Second + 5*time.Second, ErrSilent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture()
				start := time.Now()
				ended := make(chan error, 10)
				o := f.offer()
				o.Disconnect = func(err error) { ended <- err }
				p, err := f.door.Admit(o)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close(nil)
				p.Watch(10*time.Second, 5*time.Second)
				if err := p.SetTracks(avTracks); err != nil {
					t.Fatal(err)
				}
				for range tc.writes {
					time.Sleep(time.Second) // the bubble's clock
					p.Write(media.AccessUnit{Kind: media.Audio, Data: []byte{1}})
				}
				cause := <-ended
				if got := time.Since(start); got != tc.want {
					t.Errorf("ended after %v, want %v", got, tc.want)
				}
				if cause.Error() != tc.cause.Error() {
					t.Errorf("cause = %v, want %v", cause, tc.cause)
				}
			})
		})
	}
}

func TestManyWrongKeys(t *testing.T) {
	f := newFixture()
	o := f.offer()
	o.Key = "WRONG-SECRET"
	for range guessBurst {
		_, _ = f.door.Admit(o)
	}
	_, err := f.door.Admit(f.offer()) // the right key, from the same address
	var r *Refusal
	if !errors.As(err, &r) || r.Outcome != RateLimited {
		t.Fatalf("err = %v", err)
	}
}

func TestFloodIsLoggedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		for range 1000 {
			f.door.Refuse(f.offer(), NewNoMedia())
		}
		if n := strings.Count(f.log.String(), "publisher refused"); n != 20 {
			t.Errorf("%d lines, want 20", n)
		}
		if got := testutil.ToFloat64(f.m.connects.WithLabelValues("rtmp", "no_media")); got != 1000 {
			t.Errorf("%v counted", got)
		}
		time.Sleep(time.Second) // the bubble's clock
		f.door.Refuse(f.offer(), NewNoMedia())
		if !strings.Contains(f.log.String(), "unlogged=980") {
			t.Error("the log does not say what it left out")
		}
	})
}
