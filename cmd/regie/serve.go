package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway"
)

type serveCmd struct {
	source `embed:""`
}

func (c serveCmd) Run() error {
	loaded, file, err := c.load()
	if err != nil {
		return err
	}
	log := newLogger(loaded.Config.Log)
	for _, w := range loaded.Warnings {
		log.Warn(w)
	}
	g, err := gateway.New(gateway.Options{Config: loaded.Config, Version: version(), Logger: log})
	if err != nil {
		return err
	}
	from := "keys are in " + file
	if file == "" {
		from = "none in a configuration file; people make them at /admin"
	}
	greet(loaded.Config, g.Addrs(), from)
	if link := g.SetupLink(); link != "" {
		fmt.Printf("\nNobody runs this appliance yet. Open this link within an hour to do so:\n  %s\n\n", link)
	}
	return runUntilSignal(log, g.Run)
}

// greet says on standard output where everything is, in a dozen lines. Logs go
// to standard error.
func greet(c config.Config, at gateway.Addrs, keys string) {
	web := scheme(c)
	var b strings.Builder
	fmt.Fprintf(&b, "Regie %s\n", version())
	for _, line := range []struct{ label, before, addr, after string }{
		{"pages", web, at.HTTP, "/"},
		{"RTMP", "rtmp://", at.RTMP, "/live  and the stream key"},
		{"RTMPS", "rtmps://", at.RTMPS, "/live  and the stream key"},
		{"RTSP", "rtsp://", at.RTSP, "/live/KEY"},
		{"RTSPS", "rtsps://", at.RTSPS, "/live/KEY"},
		{"WHIP", web, at.HTTP, "/whip  and the stream key as bearer token"},
		{"WebRTC", "udp and tcp ", at.WebRTC, ""},
		{"TURN", "udp and tcp ", at.TURN, ""},
		{"metrics", "http://", at.Metrics, "/metrics"},
	} {
		if line.addr != "" {
			fmt.Fprintf(&b, "  %-9s%s%s%s\n", line.label, line.before, gateway.Near(line.addr), line.after)
		}
	}
	fmt.Fprintf(&b, "  %-9s%d (%s)\n", "sessions", len(c.Sessions), keys)
	_, _ = os.Stdout.WriteString(b.String())
}

// scheme is how HTTP is spoken.
func scheme(c config.Config) string {
	if c.TLS.Cert != "" {
		return "https://"
	}
	return "http://"
}

// running is a gateway with what else a command runs beside it.
func running(ctx context.Context, log *slog.Logger, g *gateway.Gateway, beside func(context.Context)) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); beside(ctx) }()
	err := g.Run(ctx)
	cancel()
	<-done
	return err
}
