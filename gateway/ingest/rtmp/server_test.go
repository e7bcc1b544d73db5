package rtmp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/transcode/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// studio is a running server and what it lets in.
type studio struct {
	*Server
	seats *ingesttest.Seats
	door  *ingest.Door
	reg   *prometheus.Registry
	log   *lockedBuffer
	stop  func()
}

func newStudio(t *testing.T, change func(*Options)) *studio {
	t.Helper()
	st := &studio{seats: ingesttest.New(t), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(st.log, nil))
	st.door = ingest.NewDoor(ingest.DoorOptions{
		Seats: st.seats, Logger: logger, Metrics: ingest.NewMetrics(st.reg),
	})
	o := Options{Address: "127.0.0.1:0", Door: st.door, Logger: logger}
	if change != nil {
		change(&o)
	}
	var err error
	if st.Server, err = Listen(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.Run(ctx) }()
	st.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(2 * time.Second):
			t.Error("stopping took over 2 s")
		}
	})
	t.Cleanup(st.stop)
	return st
}

func (st *studio) url(rest string) string {
	scheme := "rtmp"
	if st.protocol == ingest.RTMPS {
		scheme = "rtmps"
	}
	return fmt.Sprintf("%s://%s/%s", scheme, st.Addr(), rest)
}

// waitRefusal waits until the last refusal at the door has that outcome.
func (st *studio) waitRefusal(t *testing.T, want ingest.Outcome) ingest.Attempt {
	t.Helper()
	deadline := time.Now().Add(ingesttest.Patience)
	for time.Now().Before(deadline) {
		if as := st.door.Refusals(); len(as) > 0 && as[len(as)-1].Refusal.Outcome == want {
			return as[len(as)-1]
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("no refusal %s; have %+v", want, st.door.Refusals())
	return ingest.Attempt{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func join(parts ...[]string) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var (
	x264 = []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"}
	aac  = []string{"-c:a", "aac", "-b:a", "96k"}
)

func TestFFmpegPublishes(t *testing.T) {
	for _, tc := range []struct {
		name string
		path string // after the host
		args []string
		want []media.Codec
	}{
		{"H.264 with B-frames and AAC", "live/" + string(ingesttest.Key),
			join(ingesttest.VideoInput(2), ingesttest.AudioInput(2), x264, aac), []media.Codec{media.H264, media.AAC}},
		{"only a picture", "live/" + string(ingesttest.Key) + "?token=1",
			join(ingesttest.VideoInput(1), x264), []media.Codec{media.H264}},
		{"only sound", "live/" + string(ingesttest.Key),
			join(ingesttest.AudioInput(1), aac), []media.Codec{media.AAC}},
		{"MP3", "live/" + string(ingesttest.Key),
			join(ingesttest.AudioInput(1), []string{"-ar", "44100", "-c:a", "libmp3lame"}), []media.Codec{media.MP3}},
		{"A-law", "live/" + string(ingesttest.Key),
			join(ingesttest.AudioInput(1), []string{"-ar", "8000", "-c:a", "pcm_alaw"}), []media.Codec{media.PCMA}},
		{"linear PCM", "live/" + string(ingesttest.Key),
			join(ingesttest.AudioInput(1), []string{"-ar", "44100", "-ac", "2", "-c:a", "pcm_s16le"}), []media.Codec{media.LPCM}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, nil)
			said, err := ingesttest.FFmpeg(t, nil, join(tc.args, []string{"-f", "flv", st.url(tc.path)})...)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			c := st.seats.WaitClosed(0)
			checkCodecs(t, c, tc.want)
			for _, codec := range tc.want {
				checkMedia(t, c, codec)
			}
		})
	}
}

func checkCodecs(t *testing.T, c ingesttest.Claim, want []media.Codec) {
	t.Helper()
	if len(c.Tracks) != 1 {
		t.Errorf("tracks were told %d times, want once: %+v", len(c.Tracks), c.Tracks)
	}
	var got []media.Codec
	for _, tr := range c.Last() {
		got = append(got, tr.Codec)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("tracks %v, want %v", got, want)
	}
}

// checkMedia decodes what came and checks its amount and times.
func checkMedia(t *testing.T, c ingesttest.Claim, codec media.Codec) {
	t.Helper()
	units := c.Of(codec.Kind())
	if len(units) < 10 {
		t.Fatalf("%d %s units", len(units), codec)
	}
	if codec.Kind() == media.Video {
		if !units[0].Key {
			t.Error("the first picture is no keyframe")
		}
		if n := ingesttest.DecodeVideo(t, codec, c.Elementary(media.Video)); n != len(units) {
			t.Errorf("%d of %d pictures decode", n, len(units))
		}
		if codec == media.H264 && len(units) > 40 && inOrder(units) {
			t.Error("pictures come in presentation order, so B-frames were lost")
		}
	} else if !inOrder(units) {
		t.Error("sound is not in order")
	}
	first, last := units[0].PTS, units[len(units)-1].PTS
	if span := last - first; span < 700*time.Millisecond || span > 2100*time.Millisecond {
		t.Errorf("%s spans %v", codec, span)
	}
}

func inOrder(units []media.AccessUnit) bool {
	for i := range units[1:] {
		if units[i+1].PTS < units[i].PTS {
			return false
		}
	}
	return true
}

func TestAACConfig(t *testing.T) {
	st := newStudio(t, nil)
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.AudioInput(1),
		[]string{"-ac", "2"}, aac, []string{"-f", "flv", st.url("live/" + string(ingesttest.Key))})...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	c := st.seats.WaitClosed(0)
	tr := c.Last()[0]
	if tr.SampleRate != 48000 || tr.Channels != 2 || !bytes.HasPrefix(tr.Config, []byte{0x11, 0x90}) {
		t.Errorf("track = %+v", tr)
	}
	said, err = ingesttest.FFmpeg(t, c.Elementary(media.Audio), "-f", "aac", "-i", "-", "-f", "null", "-")
	if err != nil || strings.Contains(said, "rror") {
		t.Errorf("decoding: %v\n%s", err, said)
	}
}

func TestFFmpegIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name    string
		path    string
		args    []string
		outcome ingest.Outcome
		says    string // what ffmpeg tells its user
	}{
		{"wrong key", "live/WRONG-SECRET-KEY", join(ingesttest.VideoInput(5), x264),
			ingest.BadKey, "no seat has this stream key; copy the key again"},
		{"no key", "live", join(ingesttest.VideoInput(5), x264),
			ingest.BadKey, "the address holds no stream key"},
		{"old codec", "live/" + string(ingesttest.Key), join(ingesttest.VideoInput(5), []string{"-c:v", "flv1"}),
			ingest.UnsupportedCodec, ""},
		{"old sound", "live/" + string(ingesttest.Key),
			join(ingesttest.AudioInput(5), []string{"-ar", "44100", "-c:a", "adpcm_swf"}),
			ingest.UnsupportedCodec, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, nil)
			said, err := ingesttest.FFmpeg(t, nil, join(tc.args, []string{"-f", "flv", st.url(tc.path)})...)
			if err == nil {
				t.Fatalf("ffmpeg was content:\n%s", said)
			}
			if !strings.Contains(said, tc.says) {
				t.Errorf("ffmpeg does not say %q:\n%s", tc.says, said)
			}
			st.waitRefusal(t, tc.outcome)
			if strings.Contains(st.log.String(), "SECRET") {
				t.Error("the key is in the log")
			}
		})
	}
}

func TestTakenSeat(t *testing.T) {
	st := newStudio(t, nil)
	ingesttest.Background(t, join(ingesttest.VideoInput(60), x264,
		[]string{"-f", "flv", st.url("live/" + string(ingesttest.Key))})...)
	st.seats.Wait(0, "a picture", func(c ingesttest.Claim) bool { return len(c.Units) > 0 })
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(5), x264,
		[]string{"-f", "flv", st.url("live/" + string(ingesttest.Key))})...)
	if err == nil || !strings.Contains(said, "another encoder sends with this key; stop it first") {
		t.Errorf("%v\n%s", err, said)
	}
	st.stop()
	if c := st.seats.WaitClosed(0); c.Cause != ingest.ErrStopping {
		t.Errorf("cause = %v", c.Cause)
	}
}

func TestPlayIsRefused(t *testing.T) {
	st := newStudio(t, nil)
	said, err := ingesttest.FFmpeg(t, nil, "-i", st.url("live/studio"), "-f", "null", "-")
	if err == nil || !strings.Contains(said, "cannot be played over RTMP") {
		t.Errorf("%v\n%s", err, said)
	}
	st.waitRefusal(t, ingest.BadRequest)
}

func TestRTMPS(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.TLS = ingesttest.TLS(t) })
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(1), x264,
		[]string{"-tls_verify", "0", "-f", "flv", st.url("live/" + string(ingesttest.Key))})...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	c := st.seats.WaitClosed(0)
	if c.Offer.Protocol != ingest.RTMPS || len(c.Units) < 20 {
		t.Errorf("%s over %s", c, c.Offer.Protocol)
	}
}

// TestHostilePeers has peers that waste our time: each must be closed within
// the handshake time, counted, and leave the server as it was.
func TestHostilePeers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		do      func(nc net.Conn)
		outcome ingest.Outcome
	}{
		{"says nothing", func(net.Conn) {}, ingest.NoMedia},
		{"leaves at once", func(nc net.Conn) { nc.Close() }, ingest.NoMedia},
		{"half a handshake", func(nc net.Conn) { nc.Write(make([]byte, 700)) }, ingest.BadRequest},
		{"version 3 and silence", func(nc net.Conn) { nc.Write(append([]byte{3}, make([]byte, 700)...)) }, ingest.NoMedia},
		{"HTTP", func(nc net.Conn) { io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, ingest.BadRequest},
		{"a huge message", func(nc net.Conn) {
			nc.Write(append([]byte{3}, make([]byte, 2*1536)...))
			nc.Write([]byte{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}) // chunk size
			nc.Write([]byte{3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0})               // 16 MiB command
		}, ingest.BadRequest},
		{"commands for ever", func(nc net.Conn) {
			nc.Write(append([]byte{3}, make([]byte, 2*1536)...))
			ping := append([]byte{3, 0, 0, 0, 0, 0, 13, 20, 0, 0, 0, 0}, 2, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0)
			for range 1000 {
				if _, err := nc.Write(ping); err != nil {
					return
				}
			}
		}, ingest.BadRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, func(o *Options) { o.HandshakeTimeout = 300 * time.Millisecond })
			nc, err := net.Dial("tcp", st.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			go io.Copy(io.Discard, nc)
			tc.do(nc)
			st.waitRefusal(t, tc.outcome)
			if n := st.seats.Claims(); n != 0 {
				t.Errorf("%d seats taken", n)
			}
		})
	}
}

func TestSlowLoris(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.HandshakeTimeout = 300 * time.Millisecond })
	nc, err := net.Dial("tcp", st.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	start := time.Now()
	for {
		if _, err := nc.Write([]byte{3}); err != nil {
			break // closed by the server
		}
		if time.Since(start) > ingesttest.Patience {
			t.Fatal("a byte now and then keeps the connection open")
		}
		<-time.After(10 * time.Millisecond)
	}
	st.waitRefusal(t, ingest.NoMedia)
}

func TestTooManyConns(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.MaxConns = 2 })
	for range 3 {
		nc, err := net.Dial("tcp", st.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	st.waitRefusal(t, ingest.Unavailable)
}

func TestPortTaken(t *testing.T) {
	st := newStudio(t, nil)
	_, err := Listen(Options{Address: st.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "rtmp.address") {
		t.Errorf("err = %v", err)
	}
}

func TestPlainToTLS(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.TLS = ingesttest.TLS(t) })
	nc, err := net.Dial("tcp", st.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.Write(append([]byte{3}, make([]byte, 1536)...))
	st.waitRefusal(t, ingest.BadRequest)
}
