package rtsp

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

var (
	sps = []byte{0x67, 0x64, 0x00, 0x0c, 0xac, 0x3b, 0x50, 0xb0, 0x4b, 0x42, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x3d, 0x08}
	pps = []byte{0x68, 0xee, 0x3c, 0x80}
	idr = []byte{0x65, 0x88, 0x84, 0x00, 0x10}
	non = []byte{0x41, 0x9a, 0x24, 0x6c}
)

const cameraPassword = "SECRET-of-the-camera"

// camera is an RTSP server with H.264, µ-law and a track of metadata, behind a
// password.
type camera struct {
	server *gortsplib.Server
	stream *gortsplib.ServerStream
	motion *gortsplib.ServerStream // of motion JPEG alone, at …/motion
	h264   *format.H264
	ready  chan struct{} // closed once stream is set: the server runs before
	stop   func()
}

func newCamera(t *testing.T, address string) *camera {
	t.Helper()
	c := &camera{h264: &format.H264{PayloadTyp: 96, SPS: sps, PPS: pps, PacketizationMode: 1}, ready: make(chan struct{})}
	c.server = &gortsplib.Server{Handler: c, RTSPAddress: address}
	if err := c.server.Start(); err != nil {
		t.Fatal(err)
	}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: []*description.Media{
		{Type: description.MediaTypeVideo, Formats: []format.Format{c.h264}},
		{Type: description.MediaTypeAudio, Formats: []format.Format{
			&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}}},
		{Type: description.MediaTypeApplication, Formats: []format.Format{
			&format.Generic{PayloadTyp: 107, RTPMa: "vnd.onvif.metadata/90000", ClockRat: 90000}}},
	}}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	c.motion = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: []*description.Media{
		{Type: description.MediaTypeVideo, Formats: []format.Format{&format.MJPEG{}}},
	}}}
	if err := c.motion.Initialize(); err != nil {
		t.Fatal(err)
	}
	close(c.ready)
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c.film(stopped)
	}()
	c.stop = sync.OnceFunc(func() {
		close(stopped)
		<-done
		c.stream.Close()
		c.motion.Close()
		c.server.Close()
	})
	t.Cleanup(c.stop)
	return c
}

func (c *camera) address() string { return c.server.RTSPAddress }

// film sends a keyframe and three other pictures again and again, at 100 a
// second, and sound with them.
func (c *camera) film(stopped chan struct{}) {
	encoder := &rtph264.Encoder{PayloadType: 96, PacketizationMode: 1}
	if err := encoder.Init(); err != nil {
		panic(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-stopped:
			return
		case <-tick.C:
		}
		au := [][]byte{non}
		if n%4 == 0 {
			au = [][]byte{sps, pps, idr}
		}
		packets, err := encoder.Encode(au)
		if err != nil {
			panic(err)
		}
		for _, p := range packets {
			p.Timestamp = n * 900
			_ = c.stream.WritePacketRTP(c.stream.Desc.Medias[0], p)
		}
		_ = c.stream.WritePacketRTP(c.stream.Desc.Medias[1], &rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 0, SequenceNumber: uint16(n), Timestamp: n * 80, SSRC: 7},
			Payload: make([]byte, 80),
		})
	}
}

func (c *camera) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	<-c.ready
	if strings.HasSuffix(ctx.Path, "motion") {
		return &base.Response{StatusCode: base.StatusOK}, c.motion, nil
	}
	if !ctx.Conn.VerifyCredentials(ctx.Request, "regie", cameraPassword) {
		return &base.Response{StatusCode: base.StatusUnauthorized, Header: base.Header{
			"WWW-Authenticate": {`Basic realm="camera"`}}}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *camera) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *camera) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func newPuller(t *testing.T, st *studio, source string, change ...func(*PullOptions)) *Puller {
	t.Helper()
	o := PullOptions{
		Source: show.SourceURL(source), Key: ingesttest.Key, Door: st.door, Logger: slog.New(slog.NewTextHandler(st.log, nil)),
		FirstWait: 10 * time.Millisecond, LastWait: 100 * time.Millisecond,
	}
	for _, f := range change {
		f(&o)
	}
	p, err := NewPuller(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPullAndReconnect(t *testing.T) {
	st := newDoor(t)
	cam := newCamera(t, freeAddress(t))
	var told statuses
	p := newPuller(t, st, "rtsp://regie:"+cameraPassword+"@"+cam.address()+"/stream", told.listen)
	stop := running(t, p.Run)
	defer stop()

	enough := func(c ingesttest.Claim) bool { return len(c.Of(media.Video)) > 12 && len(c.Of(media.Audio)) > 12 }
	c := st.seats.Wait(0, "pictures and sound", enough)
	checkCamera(t, c)
	told.await(t, show.CameraConnecting, show.CameraConnected)
	if c.Offer.Protocol != ingest.Pull || c.Offer.Remote != cam.address() {
		t.Errorf("offer = %+v", c.Offer)
	}

	address := cam.address()
	cam.stop()
	st.seats.WaitClosed(0)
	newCamera(t, address)
	checkCamera(t, st.seats.Wait(1, "pictures and sound", enough))
	told.await(t, show.CameraConnecting, show.CameraConnected, show.CameraRetrying, show.CameraConnected)

	stop()
	if c := st.seats.WaitClosed(1); !errors.Is(c.Cause, ingest.ErrStopping) {
		t.Errorf("cause = %v", c.Cause)
	}
	if strings.Contains(st.log.String(), "SECRET") {
		t.Errorf("a secret is in the log:\n%s", st.log)
	}
}

func checkCamera(t *testing.T, c ingesttest.Claim) {
	t.Helper()
	if ts := c.Last(); len(ts) != 2 || ts[0].Codec != media.H264 || ts[1].Codec != media.PCMU || len(ts[0].Config) == 0 {
		t.Fatalf("tracks = %+v", ts)
	}
	video := c.Of(media.Video)
	for i, au := range video {
		if au.Key != (i%4 == 0) {
			t.Fatalf("picture %d: key %v", i, au.Key)
		}
	}
	if d := video[12].PTS - video[0].PTS; d != 120*time.Millisecond {
		t.Errorf("12 pictures take %v, want 120 ms", d)
	}
}

func TestPullIsToldToLeave(t *testing.T) {
	st := newDoor(t)
	cam := newCamera(t, freeAddress(t))
	stop := running(t, newPuller(t, st, "rtsp://regie:"+cameraPassword+"@"+cam.address()+"/stream").Run)
	defer stop()
	c := st.seats.Wait(0, "a picture", func(c ingesttest.Claim) bool { return len(c.Units) > 0 })
	c.Offer.Disconnect(ingest.ErrReplaced)
	if c := st.seats.WaitClosed(0); !errors.Is(c.Cause, ingest.ErrReplaced) {
		t.Errorf("cause = %v", c.Cause)
	}
}

// statuses is what a Puller said of its camera, each state once in a row.
type statuses struct {
	mu    sync.Mutex
	all   []show.CameraStatus
	times int // that it was to be tried again
}

func (s *statuses) listen(o *PullOptions) {
	o.Tell = func(now show.CameraStatus) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if now.State == show.CameraRetrying {
			s.times++
		}
		if n := len(s.all); n == 0 || s.all[n-1].State != now.State {
			s.all = append(s.all, now)
		}
	}
}

// await waits until the states were these, and returns the last.
func (s *statuses) await(t *testing.T, want ...show.CameraState) show.CameraStatus {
	t.Helper()
	for deadline := time.Now().Add(ingesttest.Patience); ; <-time.After(5 * time.Millisecond) {
		var got []show.CameraState
		s.mu.Lock()
		for _, one := range s.all {
			got = append(got, one.State)
		}
		all := s.all
		s.mu.Unlock()
		if slices.Equal(got, want) {
			return all[len(all)-1]
		}
		if time.Now().After(deadline) {
			t.Fatalf("the camera was %v, want %v", got, want)
		}
	}
}

func TestPullFails(t *testing.T) {
	closed := freeAddress(t)
	inside := outside.New(outside.Options{})
	defer inside.Close()
	for _, tc := range []struct {
		name, source, says string
		outcome            ingest.Outcome
		trouble            show.CameraTrouble
		change             func(*PullOptions)
	}{
		{"nobody there", "rtsp://a:SECRET-PASSWORD@" + closed + "/x", "see that the camera is on", ingest.NoMedia, show.CameraUnreachable, nil},
		{"wrong password", "rtsp://regie:SECRET-PASSWORD@CAMERA/x", "does not accept the user or the password", ingest.BadKey, show.CameraPassword, nil},
		{"password in the path", "rtsp://CAMERA/user=regie_password=SECRET", "does not accept the user or the password", ingest.BadKey, show.CameraPassword, nil},
		{"beyond its reach", "rtsp://regie:" + cameraPassword + "@CAMERA/x", "is not on the public internet", ingest.NoMedia, show.CameraForbidden,
			func(o *PullOptions) { o.Dial = inside.Dial }},
		{"no coding that we know", "rtsp://regie:" + cameraPassword + "@CAMERA/motion", "no picture or sound that we can mix", ingest.UnsupportedCodec, show.CameraCodec, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newDoor(t)
			cam := newCamera(t, freeAddress(t))
			var told statuses
			whose := ingest.Seat{Session: "studio", Participant: "guest1"}
			stop := running(t, newPuller(t, st, strings.ReplaceAll(tc.source, "CAMERA", cam.address()), told.listen, func(o *PullOptions) {
				o.Whose = whose
				if tc.change != nil {
					tc.change(o)
				}
			}).Run)
			defer stop()
			deadline := time.Now().Add(ingesttest.Patience)
			for tried := 0; tried < 3; {
				if time.Now().After(deadline) {
					t.Fatalf("not tried three times:\n%s", st.log)
				}
				<-time.After(5 * time.Millisecond)
				told.mu.Lock()
				tried = told.times
				told.mu.Unlock()
			}
			now := told.await(t, show.CameraConnecting, show.CameraRetrying)
			if now.Trouble != tc.trouble || now.Reason == "" || now.Hint == "" || now.Retry.IsZero() || strings.Contains(now.Reason+now.Hint, "SECRET") {
				t.Errorf("told %+v, want %s", now, tc.trouble)
			}
			log := st.log.String()
			if !strings.Contains(log, tc.says) || strings.Contains(log, "SECRET") {
				t.Errorf("log:\n%s", log)
			}
			if n := strings.Count(log, "level=WARN"); n != 1 {
				t.Errorf("%d warnings for one trouble:\n%s", n, log)
			}
			all := st.door.Refusals()
			if r := all[0]; len(all) != 1 || r.Refusal.Outcome != tc.outcome || r.Protocol != ingest.Pull || r.Session != whose.Session || r.Participant != whose.Participant {
				t.Errorf("counted as %+v", all)
			}
		})
	}
}

func TestPullSources(t *testing.T) {
	for _, source := range []string{"", "http://x/y", "rtsp://", "rtsp://:554/x", "rtsp://u:SECRET@ho st/x", "camera"} {
		if _, err := NewPuller(PullOptions{Source: show.SourceURL(source)}); err == nil {
			t.Errorf("%q is taken", source)
		} else if strings.Contains(err.Error(), "SECRET") || !strings.Contains(err.Error(), "rtsp://user:password@host") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

// TestPullStopsWhileConnecting: a camera that accepts and never answers must
// not hold up the end.
func TestPullStopsWhileConnecting(t *testing.T) {
	st := newDoor(t)
	deaf, accepted := deafListener(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- newPuller(t, st, "rtsp://"+deaf+"/x").Run(ctx) }()
	<-accepted
	cancel()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		t.Fatal("stopping took over 2 s")
	}
}
