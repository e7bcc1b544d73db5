package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/show"
)

// roof is a camera with a microphone: an RTSP server behind a password.
type roof struct {
	server *gortsplib.Server
	stream *gortsplib.ServerStream
	ready  chan struct{} // closed once stream is set
	stop   func()
}

const roofPassword = "SECRET-of-the-roof"

func newRoof(t *testing.T, address string) *roof {
	t.Helper()
	c := &roof{ready: make(chan struct{})}
	c.server = &gortsplib.Server{Handler: c, RTSPAddress: address}
	if err := c.server.Start(); err != nil {
		t.Fatal(err)
	}
	sound := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}}}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: []*description.Media{sound}}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	close(c.ready)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := uint32(0); ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			_ = c.stream.WritePacketRTP(sound, &rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: n * 160, SSRC: 7},
				Payload: make([]byte, 160),
			})
		}
	})
	c.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		c.stream.Close()
		c.server.Close()
	})
	t.Cleanup(c.stop)
	return c
}

func (c *roof) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	<-c.ready
	if !ctx.Conn.VerifyCredentials(ctx.Request, "regie", roofPassword) {
		return &base.Response{StatusCode: base.StatusUnauthorized, Header: base.Header{"WWW-Authenticate": {`Basic realm="roof"`}}}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *roof) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *roof) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// lockedLog is a log that can be read while others write.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// housed is an appliance whose people and stages a test reaches.
func housed(t *testing.T, c config.Config, log *lockedLog) (w *wiring, stop func()) {
	t.Helper()
	w = &wiring{o: Options{
		Config: c, Version: "test", Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Worker: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "false") },
	}}
	g, err := w.build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return w, stop
}

// TestCameraOfAStoredSession: it is fetched from when it is added until it is
// removed, over restarts and its own absences; and its password is nobody's to read.
func TestCameraOfAStoredSession(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String() // the camera's own, which must outlive it
	_ = free.Close()
	cam := newRoof(t, address)
	c, log := testConfig(t), &lockedLog{}
	c.Outside.Allow = []string{address}
	w, stop := housed(t, c, log)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, token, _ := strings.Cut(w.SetupLink(), "#")
	in, err := w.people.Setup(ctx, "127.0.0.1", show.Token(token), "Ana", "clay, fire and patience")
	must(err)
	s, err := w.people.AddSession(ctx, in.Principal, show.NewSession{Title: "Glaze", HostName: "Ana"})
	must(err)
	added, err := w.people.AddCamera(ctx, in.Principal, s.ID, show.NewCamera{Name: "Roof", Address: "rtsp://regie:" + roofPassword + "@" + address + "/1"})
	must(err)

	until := func(what string, ok func(show.Person, show.CameraStatus) bool) {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); ; <-time.After(10 * time.Millisecond) {
			var p show.Person
			for _, one := range w.houses.get(s.ID).stage.Desk().People {
				if one.ID == added.Participant {
					p = one
				}
			}
			list, err := w.people.Cameras(ctx, in.Principal, s.ID)
			must(err)
			if len(list) == 1 && ok(p, list[0].CameraStatus) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: never; the camera is %+v, on the stage %+v", what, list, p)
			}
		}
	}
	backstage := func(p show.Person, c show.CameraStatus) bool {
		return p.Place == show.Backstage && p.Via == "pull" && c.State == show.CameraConnected
	}
	until("it comes backstage", backstage)
	cam.stop()
	until("it is away", func(p show.Person, c show.CameraStatus) bool { return p.Via == "" && c.State == show.CameraRetrying })
	cam = newRoof(t, address)
	until("it is back by itself", backstage)

	stop()
	w, stop = housed(t, c, log) // with all that was acknowledged, and no more
	until("it is back after a restart", backstage)
	must(w.people.RemoveCamera(ctx, in.Principal, s.ID, added.Participant))
	if len(w.cameras.all) != 0 {
		t.Error("a camera that was removed is still fetched")
	}
	wrong, err := w.people.AddCamera(ctx, in.Principal, s.ID, show.NewCamera{Name: "Wrong", Address: "rtsp://regie:SECRET-guess@" + address + "/1"})
	must(err)
	added = wrong
	until("a wrong password is told", func(_ show.Person, c show.CameraStatus) bool {
		return c.State == show.CameraRetrying && c.Trouble == show.CameraPassword
	})
	must(w.people.RemoveSession(ctx, in.Principal, s.ID))
	if len(w.cameras.all) != 0 {
		t.Error("the camera of a session that was removed is still fetched")
	}
	stop()
	for _, a := range w.door.Refusals() {
		if strings.Contains(a.Refusal.Error(), "SECRET") || a.Session != s.ID {
			t.Errorf("refused: %+v", a)
		}
	}
	if text := log.String(); strings.Contains(text, "SECRET") || !strings.Contains(text, "camera is not connected") {
		t.Errorf("the log:\n%s", text)
	}
}

// TestRTMPOnThePortOfHTTP leaves a line for whoever looks why the encoder fails.
func TestRTMPOnThePortOfHTTP(t *testing.T) {
	log := &lockedLog{}
	w, _ := housed(t, testConfig(t), log)
	c, err := net.Dial("tcp", w.addrs.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(append([]byte{3}, make([]byte, 1536)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(w.addrs.RTMP)
	all := w.door.Refusals()
	if len(all) != 1 || all[0].Refusal.Reason != "RTMP was sent to the port of HTTP" || !strings.Contains(all[0].Refusal.Hint, "rtmp://HOST:"+port+"/live") {
		t.Errorf("refused: %+v", all)
	}
	if text := log.String(); strings.Count(text, "RTMP was sent to the port of HTTP") != 1 {
		t.Errorf("the log:\n%s", text)
	}
	if res, _ := ask(t, "GET", "http://"+w.addrs.HTTP+"/healthz"); res.StatusCode != 200 {
		t.Errorf("others get %d", res.StatusCode)
	}
}

// TestWhereCamerasMayBe: what is plain from an address is said before it is stored.
func TestWhereCamerasMayBe(t *testing.T) {
	cs := newCameras(nil, []string{"10.0.0.7", "127.0.0.1:8554"}, slog.New(slog.DiscardHandler))
	for address, want := range map[string]struct{ public, private bool }{
		"rtsp://cam.example/1":         {true, true},
		"rtsp://1.1.1.1/1":             {true, true},
		"rtsp://192.168.1.64/1":        {false, true},
		"rtsp://[fd12::64]:554/1":      {false, true},
		"rtsp://10.0.0.7/1":            {true, true},
		"rtsp://127.0.0.1:8554/1":      {true, true},
		"rtsp://127.0.0.1/1":           {false, false},
		"rtsps://[::1]/1":              {false, false},
		"rtsp://169.254.169.254/1":     {false, false},
		"rtsp://[fd00:ec2::254]/1":     {false, false},
		"rtsp://[::ffff:10.0.0.1]/1":   {false, true},
		"rtsp://[::ffff:127.0.0.1]/1":  {false, false},
		"rtsp://100.100.100.200:554/1": {false, false},
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		for reach, good := range map[show.Reach]bool{show.Public: want.public, show.Private: want.private, "of another version": want.public} {
			if err := cs.check(u, reach); (err == nil) != good || err != nil && show.KindOf(err) != show.Invalid {
				t.Errorf("%s, reach %q: %v", address, reach, err)
			}
		}
	}
}
