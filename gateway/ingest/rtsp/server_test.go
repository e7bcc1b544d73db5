package rtsp

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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
	log   *lockedBuffer
	stop  func()
}

func newDoor(t *testing.T) *studio {
	t.Helper()
	st := &studio{seats: ingesttest.New(t), log: &lockedBuffer{}}
	st.door = ingest.NewDoor(ingest.DoorOptions{
		Seats: st.seats, Logger: slog.New(slog.NewTextHandler(st.log, nil)),
		Metrics: ingest.NewMetrics(prometheus.NewRegistry()),
	})
	return st
}

func newStudio(t *testing.T, change func(*Options)) *studio {
	t.Helper()
	st := newDoor(t)
	o := Options{Address: "127.0.0.1:0", Door: st.door, Logger: slog.New(slog.NewTextHandler(st.log, nil))}
	if change != nil {
		change(&o)
	}
	var err error
	if st.Server, err = Listen(o); err != nil {
		t.Fatal(err)
	}
	st.stop = running(t, st.Run)
	t.Cleanup(st.stop)
	return st
}

// running runs f until the returned function is called, which fails the test if
// stopping takes over two seconds.
func running(t *testing.T, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return sync.OnceFunc(func() {
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
}

func (st *studio) url(rest string) string {
	scheme := "rtsp"
	if st.protocol == ingest.RTSPS {
		scheme = "rtsps"
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
	livePath = "live/" + string(ingesttest.Key)
	x264     = []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"}
	aac      = []string{"-c:a", "aac", "-b:a", "96k"}
)

func over(transport, url string) []string {
	return []string{"-f", "rtsp", "-rtsp_transport", transport, url}
}

func TestFFmpegPublishes(t *testing.T) {
	both := join(ingesttest.VideoInput(2), ingesttest.AudioInput(2))
	video := ingesttest.VideoInput(1.5)
	sound := ingesttest.AudioInput(1.5)
	for _, tc := range []struct {
		name      string
		transport string
		args      []string
		want      []media.Codec
	}{
		{"H.264 with B-frames and AAC", "tcp", join(both, x264, aac), []media.Codec{media.H264, media.AAC}},
		{"H.264 with B-frames and AAC", "udp", join(both, x264, aac), []media.Codec{media.H264, media.AAC}},
		{"H.265 and Opus", "tcp", join(both, []string{"-c:v", "libx265", "-preset", "ultrafast", "-g", "25",
			"-x265-params", "log-level=error", "-c:a", "libopus"}), []media.Codec{media.H265, media.Opus}},
		{"VP8", "udp", join(video, []string{"-c:v", "libvpx", "-deadline", "realtime", "-g", "25"}), []media.Codec{media.VP8}},
		{"VP9", "tcp", join(video, []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25",
			"-strict", "experimental"}), []media.Codec{media.VP9}},
		{"A-law", "udp", join(sound, []string{"-ar", "8000", "-c:a", "pcm_alaw"}), []media.Codec{media.PCMA}},
		{"µ-law", "tcp", join(sound, []string{"-ar", "8000", "-c:a", "pcm_mulaw"}), []media.Codec{media.PCMU}},
		{"L16", "tcp", join(sound, []string{"-ac", "2", "-c:a", "pcm_s16be"}), []media.Codec{media.LPCM}},
		{"L24", "udp", join(sound, []string{"-c:a", "pcm_s24be"}), []media.Codec{media.LPCM}},
		{"MP3", "tcp", join(sound, []string{"-c:a", "libmp3lame"}), []media.Codec{media.MP3}},
		{"LATM", "tcp", join(sound, aac, []string{"-rtpflags", "latm"}), []media.Codec{media.AAC}},
	} {
		t.Run(tc.name+" "+tc.transport, func(t *testing.T) {
			st := newStudio(t, nil)
			started := time.Now()
			said, err := ingesttest.FFmpeg(t, nil, join(tc.args, over(tc.transport, st.url(livePath)))...)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			c := st.seats.WaitClosed(0)
			var got []media.Codec
			for _, tr := range c.Last() {
				got = append(got, tr.Codec)
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) || len(c.Tracks) != 1 {
				t.Fatalf("tracks %+v, want %v", c.Tracks, tc.want)
			}
			for _, codec := range tc.want {
				checkMedia(t, c, codec, time.Since(started))
			}
			if len(tc.want) == 2 {
				checkSync(t, c)
			}
		})
	}
}

// checkMedia decodes what came within took, and checks its amount and times.
func checkMedia(t *testing.T, c ingesttest.Claim, codec media.Codec, took time.Duration) {
	t.Helper()
	units := c.Of(codec.Kind())
	if len(units) < 10 {
		t.Fatalf("%d %s units", len(units), codec)
	}
	if codec.Kind() == media.Video {
		if !units[0].Key {
			t.Error("the first picture is no keyframe")
		}
		n := ingesttest.DecodeVideo(t, codec, c.Elementary(media.Video))
		if n < len(units)-1 || n > len(units) {
			t.Errorf("%d of %d pictures decode", n, len(units))
		}
		if codec == media.H264 && inOrder(units) {
			t.Error("pictures come in presentation order, so B-frames were lost")
		}
	} else if !inOrder(units) {
		t.Error("sound is not in order")
	}
	first, last := units[0].PTS, units[len(units)-1].PTS
	// The first picture may come before the report that puts it in its place,
	// and an encoder that stalls for seconds on a busy machine starts anew.
	if span := last - first; span < 1100*time.Millisecond || span > max(2400*time.Millisecond, took) {
		t.Errorf("%s spans %v", codec, span)
	}
}

// checkSync checks that sound and pictures, which ffmpeg made to begin
// together, still do: x264's look-ahead sends pictures much later than sound.
func checkSync(t *testing.T, c ingesttest.Claim) {
	t.Helper()
	video, audio := c.Of(media.Video), c.Of(media.Audio)
	if d := video[len(video)-1].PTS - audio[len(audio)-1].PTS; d < -150*time.Millisecond || d > 150*time.Millisecond {
		t.Errorf("at the end, pictures and sound are %v apart", d)
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

func TestTrackDetails(t *testing.T) {
	st := newStudio(t, nil)
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.AudioInput(1),
		[]string{"-ac", "2"}, aac, over("tcp", st.url(livePath)))...)
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
	if c.Cause != ingest.ErrPeerClosed {
		t.Errorf("cause = %v", c.Cause)
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
		{"wrong key", "live/WRONG-SECRET-KEY", x264, ingest.BadKey, "403 no seat has this stream key; copy the key again"},
		{"no key", "live", x264, ingest.BadKey, "publish to rtsp://HOST:8554/live/KEY"},
		{"old codec", livePath, []string{"-c:v", "mpeg4"}, ingest.UnsupportedCodec, "415"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, nil)
			said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(5), tc.args, over("tcp", st.url(tc.path)))...)
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

func TestTakenSeatAndStop(t *testing.T) {
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			st := newStudio(t, nil)
			ingesttest.Background(t, join(ingesttest.VideoInput(60), x264, over(transport, st.url(livePath)))...)
			st.seats.Wait(0, "a picture", func(c ingesttest.Claim) bool { return len(c.Units) > 0 })
			said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(5), x264, over("tcp", st.url(livePath)))...)
			if err == nil || !strings.Contains(said, "503 another encoder sends with this key; stop it first") {
				t.Errorf("%v\n%s", err, said)
			}
			st.stop()
			if c := st.seats.WaitClosed(0); c.Cause != ingest.ErrStopping {
				t.Errorf("cause = %v", c.Cause)
			}
		})
	}
}

func TestPlayIsRefused(t *testing.T) {
	st := newStudio(t, nil)
	said, err := ingesttest.FFmpeg(t, nil, "-i", st.url("live/studio"), "-f", "null", "-")
	if err == nil || !strings.Contains(said, "405 streams cannot be played over RTSP here") {
		t.Errorf("%v\n%s", err, said)
	}
	st.waitRefusal(t, ingest.BadRequest)
}

func TestRTSPS(t *testing.T) {
	st := newStudio(t, func(o *Options) { o.TLS = ingesttest.TLS(t) })
	said, err := ingesttest.FFmpeg(t, nil, join(ingesttest.VideoInput(1.5), x264,
		[]string{"-tls_verify", "0"}, over("tcp", st.url(livePath)))...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	c := st.seats.WaitClosed(0)
	if c.Offer.Protocol != ingest.RTSPS || len(c.Units) < 20 {
		t.Errorf("%s over %s", c, c.Offer.Protocol)
	}
}
