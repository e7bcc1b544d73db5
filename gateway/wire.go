package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/audience"
	"github.com/regie-live/regie/gateway/events"
	"github.com/regie-live/regie/gateway/hls"
	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/rtmp"
	"github.com/regie-live/regie/gateway/ingest/rtsp"
	"github.com/regie-live/regie/gateway/ingest/whip"
	"github.com/regie-live/regie/gateway/returns"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/shop"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/stage"
	"github.com/regie-live/regie/gateway/store"
	"github.com/regie-live/regie/gateway/turn"
	"github.com/regie-live/regie/gateway/viewers"
	"github.com/regie-live/regie/gateway/web"
	"github.com/regie-live/regie/gateway/whep"
	"github.com/regie-live/regie/transcode"
)

const (
	aacKbps  = 128
	opusKbps = 96
	// endAfter is how long a deserted session stays on air.
	endAfter = 10 * time.Minute
)

// wiring is what the parts of an appliance share while New joins them.
type wiring struct {
	*Gateway
	o       Options
	reg     *prometheus.Registry
	door    *ingest.Door
	store   *store.Store
	events  *events.Hub
	shop    *shop.Service
	cards   *testCards
	cameras *cameras
	net     *rtc.Net     // nil when WebRTC is off
	turn    *turn.Server // nil when TURN is off
	viewers *viewers.Counter
	stages  *stage.Metrics
	returns *returns.Metrics
	outputs *outputs
	cert    *tls.Config

	moderation *audience.Moderation
	rooms      *audience.Rooms

	cleanups []func() // frees what New has bound, should it fail half-way
}

// New joins the parts and binds every port, so that an address that is taken is
// known before anything starts. Run must follow, also to free the ports.
func New(o Options) (*Gateway, error) { return (&wiring{o: o}).build() }

func (w *wiring) build() (*Gateway, error) {
	w.Gateway = &Gateway{log: w.o.Logger, config: w.o.Config, houses: &houses{}}
	w.reg = prometheus.NewRegistry()
	steps := []func() error{w.observe, w.openStore, w.listenRTC, w.listenTURN, w.openHouses, w.openPeople, w.openWebhooks, w.openEvents, w.openSchedule, w.openShop, w.openRooms, w.listenHTTP, w.listenRTMP, w.listenRTSP, w.pullCameras, w.listenMetrics, w.tell}
	for _, step := range steps {
		if err := step(); err != nil {
			for i := len(w.cleanups) - 1; i >= 0; i-- {
				w.cleanups[i]()
			}
			return nil, err
		}
	}
	return w.Gateway, nil
}

// add registers a part with what frees it if it is never run.
func (w *wiring) add(name string, run func(context.Context) error, free func()) {
	w.parts = append(w.parts, part{name, run})
	w.cleanups = append(w.cleanups, free)
}

func (w *wiring) observe() error {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "regie_build_info", Help: "Build and version of this binary; value is always 1.",
		ConstLabels: prometheus.Labels{"version": w.o.Version, "goversion": runtime.Version()},
	})
	info.Set(1)
	w.reg.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return nil
}

func (w *wiring) listenRTC() error {
	c := w.o.Config.WebRTC
	if !c.Address.On() {
		return nil
	}
	var err error
	w.net, err = rtc.Listen(rtc.Config{
		Address:     string(c.Address),
		PublicHosts: c.PublicHosts,
		ICEServers:  iceServers(c.ICEServers),
		MaxViewers:  cmp.Or(c.MaxViewers, rtc.NoViewers),
		MaxMbps:     c.MaxMbps,
		Logger:      w.log,
		Metrics:     rtc.NewMetrics(w.reg),
	})
	if err != nil {
		return hint(err, "webrtc.address")
	}
	w.addrs.WebRTC = w.net.Addr().String()
	w.add("webrtc", untilDone(w.net.Close), func() { _ = w.net.Close() })
	return nil
}

func (w *wiring) openHouses() error {
	w.door = ingest.NewDoor(ingest.DoorOptions{Seats: seats{w}, Logger: w.log, Metrics: ingest.NewMetrics(w.reg)})
	w.stages, w.returns = stage.NewMetrics(w.reg), returns.NewMetrics(w.reg)
	w.viewers = viewers.New(viewers.Options{Renditions: renditionsOf(w.config.Program), Registerer: w.reg, Logger: w.log})
	w.outputs = &outputs{wiring: w, hls: hls.NewMetrics(w.reg), whep: whep.NewMetrics(w.reg)}
	if err := w.outputs.openDisk(); err != nil {
		return err
	}
	w.add("sessions", w.houses.Run, w.houses.free)
	w.cards = &testCards{command: w.o.Creator, target: w.cardTarget, log: w.log}
	if w.cards.command == nil {
		w.cards.command = ourselves
	}
	w.add("test cards", w.cards.Run, func() {})
	w.cameras = newCameras(w.door, w.config.Outside.Allow, w.log)
	return nil
}

// newHouse makes a session's stage and what counts its viewers.
func (w *wiring) newHouse(s show.Session) *house {
	h := &house{session: s, width: w.config.Program.Width, height: w.config.Program.Height}
	h.audience = w.viewers.Open(viewers.Session{
		ID: s.ID, Peers: h.peers,
		PartsPerSecond: float64(w.config.Program.FPS) / float64(w.config.PartFrames()),
	})
	o := stage.Options{
		Session:    s,
		Grace:      w.config.Stage.Grace,
		EndAfter:   endAfter,
		NewProgram: func(e transcode.Events) (stage.Program, error) { return w.newProgram(h, e) },
		OpenOutput: func(epoch time.Time, keyframe func()) (stage.Output, error) {
			out, err := w.outputs.open(h, epoch, keyframe)
			if err == nil {
				w.shop.OnAir(s.ID)
			}
			return out, err
		},
		Changed: func(c show.Change) {
			if d, ok := c.Value.(show.Desk); ok {
				if d.Phase == show.Ended {
					w.cards.stop(s.ID)
				}
				w.schedule.Phase(s.ID, d.Phase)
				w.hookPhase(s.ID, d)
			}
			w.events.Desk(s.ID, c)
		},
		Logo:    func() []byte { return *h.logo.Load() },
		Logger:  w.log,
		Metrics: w.stages,
	}
	o.Program.Width, o.Program.Height, o.Program.Rungs = h.width, h.height, len(rungsOf(w.config.Program))
	if w.net != nil {
		h.returns = returns.New(returns.Options{
			Session: s.ID, Net: w.net, BasePath: "/api/v1/sessions/" + string(s.ID) + "/",
			Keyframe: func(from show.ParticipantID) { h.stage.RequestKeyframe(from) },
			Present:  func(id show.ParticipantID, here bool) { h.stage.Receive(id, here) },
			Logger:   w.log, Metrics: w.returns,
		})
		o.Returns = w.relayed(s.ID, h.returns)
	}
	w.loadLogo(h)
	h.stage = stage.New(o)
	return h
}

// newProgram starts the mixer of a session.
func (w *wiring) newProgram(h *house, events transcode.Events) (stage.Program, error) {
	p := w.config.Program
	return transcode.New(transcode.Program{
		Width: p.Width, Height: p.Height, FPS: p.FPS, Kbps: p.Kbps, Ladder: rungsOf(p)[1:],
		GOP: w.config.SegmentFrames(), Part: w.config.PartFrames(),
		AACKbps: aacKbps, OpusKbps: opusKbps,
		MaxPixels: p.MaxPixels,
	}, transcode.Options{Command: w.o.Worker, Logger: w.log.With("session", h.session.ID), Events: events})
}

func (w *wiring) listenHTTP() error {
	var creators http.Handler = http.HandlerFunc(whipOff)
	if w.net != nil {
		server := whip.New(whip.Options{Net: w.net, Door: w.door, Logger: w.log})
		creators = server
		w.add("whip", untilDone(func() error { server.Close(); return nil }), func() {})
	}
	var err error
	if w.cert, err = w.certificate(); err != nil {
		return err
	}
	if !w.o.Config.HTTP.Address.On() {
		return nil
	}
	l, err := net.Listen("tcp", string(w.o.Config.HTTP.Address))
	if err != nil {
		return hint(err, "http.address")
	}
	w.addrs.HTTP = l.Addr().String()
	pages := web.Handler(web.Options{Sessions: w.houses, Event: w.schedule, Visitors: visitors{w}, Encoders: w.encoders, Logger: w.log})
	routes := newHTTPMetrics(w.reg).wrap(w.routes(pages, w.api(), creators))
	var cert *tls.Config
	if w.o.Config.TLS.Cert != "" {
		cert = w.cert
	}
	w.add("http", webServer(listenFor{l.(*net.TCPListener), w.refuseRTMP}, routes, cert, w.log), func() { _ = l.Close() })
	return nil
}

func (w *wiring) listenRTMP() error {
	for _, s := range []struct {
		key  string
		at   config.Address
		cert *tls.Config
		addr *string
	}{
		{"rtmp.address", w.o.Config.RTMP.Address, nil, &w.addrs.RTMP},
		{"rtmps.address", w.o.Config.RTMPS.Address, w.cert, &w.addrs.RTMPS},
	} {
		if !s.at.On() {
			continue
		}
		server, err := rtmp.Listen(rtmp.Options{Address: string(s.at), TLS: s.cert, Door: w.door, Logger: w.log})
		if err != nil {
			return hint(err, s.key)
		}
		*s.addr = server.Addr().String()
		w.add(s.key, server.Run, func() { runStopped(server.Run) })
	}
	return nil
}

func (w *wiring) listenRTSP() error {
	for _, s := range []struct {
		key  string
		at   config.Address
		cert *tls.Config
		addr *string
	}{
		{"rtsp.address", w.o.Config.RTSP.Address, nil, &w.addrs.RTSP},
		{"rtsps.address", w.o.Config.RTSPS.Address, w.cert, &w.addrs.RTSPS},
	} {
		if !s.at.On() {
			continue
		}
		server, err := rtsp.Listen(rtsp.Options{Address: string(s.at), TLS: s.cert, Door: w.door, Logger: w.log})
		if err != nil {
			return hint(err, s.key)
		}
		*s.addr = server.Addr().String()
		w.add(s.key, server.Run, func() { runStopped(server.Run) })
	}
	return nil
}

// pullCameras connects to every participant's camera that we fetch ourselves. More
// come with people.Changes.
func (w *wiring) pullCameras() error {
	for _, h := range w.houses.all() {
		for _, p := range h.session.Participants {
			if p.Source == "" {
				continue
			}
			if err := w.cameras.add(h.session.ID, p); err != nil {
				return err
			}
		}
	}
	w.add("cameras", w.cameras.Run, func() {})
	return nil
}

func (w *wiring) listenMetrics() error {
	if !w.o.Config.Metrics.Address.On() {
		return nil
	}
	l, err := net.Listen("tcp", string(w.o.Config.Metrics.Address))
	if err != nil {
		return hint(err, "metrics.address")
	}
	w.addrs.Metrics = l.Addr().String()
	w.add("metrics", webServer(l, w.operatorRoutes(w.reg), nil, w.log), func() { _ = l.Close() })
	return nil
}

// tell writes where we listen to DIR/ports.json, for scripts and for ports that
// were left to the system.
func (w *wiring) tell() error {
	b, err := json.MarshalIndent(w.addrs, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(w.o.Config.Data.Dir, "ports.json"), append(b, '\n'), 0o644)
}

// certificate is the operator's, or one of our own.
func (w *wiring) certificate() (*tls.Config, error) {
	c := w.o.Config
	if c.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("tls.cert and tls.key: %w", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
	}
	if !c.RTMPS.Address.On() && !c.RTSPS.Address.On() {
		return nil, nil
	}
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, c.WebRTC.PublicHosts...)
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	cert, err := selfSigned(filepath.Join(c.Data.Dir, "tls"), hosts)
	if err != nil {
		return nil, err
	}
	w.log.Info("RTMPS and RTSPS use a self-signed certificate, which OBS and others that verify refuse", "hint", "set tls.cert and tls.key")
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// sessionOf brings a declared session into the domain's words.
func sessionOf(c config.Session) show.Session {
	s := show.Session{ID: show.SessionID(c.ID), Title: c.Title, Autostart: c.Autostart}
	add := func(id string, role show.Role, p config.Participant) {
		s.Participants = append(s.Participants, show.Participant{
			ID: show.ParticipantID(id), Name: p.Name, Role: role, Gain: p.Gain,
			Key: show.StreamKey(p.Key.Reveal()), Source: show.SourceURL(p.Source.Reveal()), Reach: show.Anywhere, Direct: true,
		})
	}
	add("host", show.Host, c.Host)
	for i, p := range c.Guests {
		add(fmt.Sprintf("guest%d", i+1), show.Guest, p)
	}
	return s
}

func whipOff(rw http.ResponseWriter, _ *http.Request) {
	answer(rw, http.StatusNotFound, "WebRTC is switched off; set webrtc.address to publish by WHIP\n")
}

// untilDone makes a part of something that works by itself and must be closed.
func untilDone(closer func() error) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		return closer()
	}
}

// runStopped frees a server that was bound but never run.
func runStopped(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = run(ctx)
}

// hint says which key to change when a port cannot be had.
func hint(err error, key string) error {
	var op *net.OpError
	if errors.As(err, &op) {
		off := `, switch it off with "off",`
		if key == "http.address" {
			off = "" // cannot be off
		}
		return fmt.Errorf("%s: %w; choose another port there%s or stop what holds it", key, err, off)
	}
	return fmt.Errorf("%s: %w", key, err)
}
