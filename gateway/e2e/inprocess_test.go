package e2e

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway"
	"github.com/regie-live/regie/transcode/media"
)

// startInProcess runs the gateway within the test, where the race detector and
// the leak check see it; its workers are the binary's.
func startInProcess(t *testing.T, s setup) (a *appliance, stop func() error) {
	t.Helper()
	a = prepare(t, s)
	loaded, err := config.Load(config.Sources{File: a.config})
	if err != nil {
		t.Fatal(err)
	}
	worker := executable(t)
	g, err := gateway.New(gateway.Options{
		Config:  loaded.Config,
		Version: "test",
		Logger:  slog.New(slog.NewJSONHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Worker:  func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, worker, "worker") },
	})
	if err != nil {
		t.Fatal(err)
	}
	at := g.Addrs()
	a.ports = ports{at.HTTP, at.RTMP, at.RTMPS, at.RTSP, at.RTSPS, at.WebRTC, at.Metrics}
	ctx, cancel := context.WithCancel(context.Background())
	a.exited = make(chan struct{})
	go func() { a.exitErr = g.Run(ctx); close(a.exited) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case <-a.exited:
			return a.exitErr
		case <-time.After(10 * time.Second):
			return errors.New("the gateway did not stop within 10 s")
		}
	})
	t.Cleanup(func() {
		_ = stop()
		a.checkLog()
		if t.Failed() {
			t.Logf("log of regie:\n%s", a.log.tail(120))
		}
	})
	return a, stop
}

// TestNothingIsLeft: two appliances in one process do not know of each other, and
// when they have stopped no goroutine is left of them, their publishers and
// viewers.
func TestNothingIsLeft(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("two appliances", func(t *testing.T) {
		var stops []func() error
		for i := range 2 {
			a, stop := startInProcess(t, setup{})
			stops = append(stops, stop)
			a.publish(overRTMP, "studio", "host", looks[i])
			l := looks[i+2]
			l.audio = media.Opus
			a.publish(overWHIP, "studio", "guest1", l)
			a.publish(overRTSP, "studio", "guest2", looks[1-i])
			p := a.live("studio")
			p.awaitMix(15*time.Second, looks[i], l, looks[1-i])
			viewer := watchWHEP(t, a.whep("studio"))
			viewer.awaitMix(10*time.Second, looks[i], l, looks[1-i])
			p.playing()
		}
		for _, stop := range stops {
			began := time.Now()
			if err := stop(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("stopping took %v", took)
			}
		}
	})
	goleak.VerifyNone(t, before)
}
