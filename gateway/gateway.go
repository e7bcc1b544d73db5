package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/schedule"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/webhooks"
)

// stopWithin bounds a graceful stop.
const stopWithin = 5 * time.Second

// Options configure New.
type Options struct {
	Config  config.Config
	Version string
	Logger  *slog.Logger
	// Worker starts a worker process; nil runs this binary's own.
	Worker func(context.Context) *exec.Cmd
	// Creator starts a process that publishes a test card; nil runs this binary's own.
	Creator func(context.Context) *exec.Cmd
}

// Gateway is a running appliance. Several can live in one process.
type Gateway struct {
	log      *slog.Logger
	config   config.Config
	parts    []part // in the order in which they start
	addrs    Addrs
	houses   *houses
	people   *people.Service
	schedule *schedule.Service
	webhooks *webhooks.Service
	ready    atomic.Bool
}

// part is something that runs from start to stop.
type part struct {
	name string
	run  func(context.Context) error
}

// Addrs are the addresses that are really listened on, empty for what is off.
type Addrs struct {
	HTTP    string `json:"http,omitempty"`
	RTMP    string `json:"rtmp,omitempty"`
	RTMPS   string `json:"rtmps,omitempty"`
	RTSP    string `json:"rtsp,omitempty"`
	RTSPS   string `json:"rtsps,omitempty"`
	WebRTC  string `json:"webrtc,omitempty"`
	TURN    string `json:"turn,omitempty"`
	Metrics string `json:"metrics,omitempty"`
}

// Near is an address as one would type it on this machine.
func Near(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Addrs tells where the appliance listens.
func (g *Gateway) Addrs() Addrs { return g.addrs }

// SetupLink is the address of the page that makes the first administrator, for
// one hour and one use; empty once there is one.
func (g *Gateway) SetupLink() string {
	if link := g.people.SetupLink(); link != "" {
		return g.origin() + link
	}
	return ""
}

// origin is where the pages are, as seen from this machine.
func (g *Gateway) origin() string {
	if g.config.TLS.Cert != "" {
		return "https://" + Near(g.addrs.HTTP)
	}
	return "http://" + Near(g.addrs.HTTP)
}

// OnAir is how many participants of a live session send now.
func (g *Gateway) OnAir(id show.SessionID) int {
	h := g.houses.get(id)
	if h == nil || h.now.Load() == nil {
		return 0
	}
	return len(h.stage.View().OnAir)
}

// Run works until ctx ends or a part fails. Parts stop in the opposite order of
// their start: first nobody new comes in, then what is on air ends, then the
// ports close.
func (g *Gateway) Run(ctx context.Context) error {
	type ending struct {
		name string
		err  error
	}
	endings := make(chan ending, len(g.parts))
	cancels := make([]context.CancelFunc, len(g.parts))
	done := make([]chan struct{}, len(g.parts))
	for i, p := range g.parts {
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i], done[i] = cancel, make(chan struct{})
		go func() {
			defer close(done[i])
			endings <- ending{p.name, p.run(partCtx)}
		}()
	}
	g.ready.Store(true)

	var failed error
	select {
	case <-ctx.Done():
		g.log.Info("stopping")
	case e := <-endings:
		failed = fmt.Errorf("%s stopped: %w", e.name, e.err)
		if e.err == nil {
			failed = fmt.Errorf("%s stopped by itself", e.name)
		}
		g.log.Error("a part failed, stopping", "part", e.name, "error", e.err)
	}
	g.ready.Store(false)
	return errors.Join(failed, g.stop(cancels, done))
}

func (g *Gateway) stop(cancels []context.CancelFunc, done []chan struct{}) error {
	deadline := time.NewTimer(stopWithin)
	defer deadline.Stop()
	defer func() {
		for _, cancel := range cancels {
			cancel()
		}
	}()
	for i := len(cancels) - 1; i >= 0; i-- {
		began := time.Now()
		cancels[i]()
		select {
		case <-done[i]:
			g.log.Debug("stopped", "part", g.parts[i].name, "took", time.Since(began))
		case <-deadline.C:
			return fmt.Errorf("%s did not stop within %v", g.parts[i].name, stopWithin)
		}
	}
	g.log.Info("stopped")
	return nil
}
