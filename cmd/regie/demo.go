package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway"
	"github.com/regie-live/regie/gateway/demo"
	"github.com/regie-live/regie/transcode/testcard"
)

// demoCmd puts a session with four synthetic creators on air, each over a real
// protocol, in a folder that is gone afterwards.
type demoCmd struct {
	Set []string `placeholder:"KEY=VALUE" sep:"none" help:"Set one value, such as http.address=:8081."`
}

// creation is what a creator process is told on its standard input.
type creation struct {
	Card   testcard.Options `json:"card"`
	Target demo.Target      `json:"target"`
}

func (c demoCmd) Run() error {
	dir, err := os.MkdirTemp("", "regie-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	loaded, err := config.Load(config.Sources{Environ: os.Environ(), Set: append([]string{"data.dir=" + dir}, c.Set...)})
	if err != nil {
		return err
	}
	conf := loaded.Config
	conf.Sessions = []config.Session{demoSession()}
	log := newLogger(conf.Log)
	g, err := gateway.New(gateway.Options{Config: conf, Version: version(), Logger: log})
	if err != nil {
		return err
	}
	greet(conf, g.Addrs(), "made up for this demo")
	return runUntilSignal(log, func(ctx context.Context) error {
		return running(ctx, log, g, func(ctx context.Context) {
			var creators sync.WaitGroup
			for _, creator := range cast(conf, g.Addrs()) {
				creators.Go(func() { keepCreating(ctx, log, creator) })
			}
			if err := g.ImportEvent(ctx, demo.Event(time.Now(), localZone())); err != nil {
				log.Error("the demo goes on without its event", "error", err)
			}
			creators.Go(func() { announce(ctx, g, scheme(conf)) })
			creators.Wait()
		})
	})
}

// localZone is this machine's time zone by its IANA name, else UTC.
func localZone() *time.Location {
	name := os.Getenv("TZ")
	if link, err := os.Readlink("/etc/localtime"); err == nil && name == "" {
		_, name, _ = strings.Cut(link, "zoneinfo/")
	}
	if zone, err := time.LoadLocation(name); err == nil && name != "Local" {
		return zone // of an empty name: UTC
	}
	return time.UTC
}

// demoSession is a host and three guests with fresh keys.
func demoSession() config.Session {
	someone := func(name string) config.Participant {
		return config.Participant{Name: name, Key: config.NewKey(), Gain: 1}
	}
	return config.Session{
		ID: "studio", Title: "First session", Autostart: true,
		Host:   someone("Ana"),
		Guests: []config.Participant{someone("Théo"), someone("Mei"), someone("Lou")},
	}
}

// cast gives each participant a face, a voice and a way in; ways that are
// switched off are replaced by WHIP.
func cast(conf config.Config, at gateway.Addrs) []creation {
	s := conf.Sessions[0]
	whip := scheme(conf) + gateway.Near(at.HTTP) + "/whip"
	or := func(scheme, addr, rest string) string {
		if addr == "" {
			return whip
		}
		return scheme + gateway.Near(addr) + rest
	}
	card := func(p config.Participant, c color.RGBA, hz float64, w, h int, url string) creation {
		o := testcard.Options{Name: p.Name, Color: c, ToneHz: hz, W: w, H: h, Kbps: 800}
		if url == whip {
			o.AudioCodec = "opus"
		}
		return creation{o, demo.Target{URL: url, Key: p.Key.Reveal()}}
	}
	return []creation{
		card(s.Host, color.RGBA{0xA8, 0x4B, 0x2A, 0xFF}, 220, 1280, 720, or("rtmp://", at.RTMP, "/live")),
		card(s.Guests[0], color.RGBA{0x2F, 0x6B, 0x66, 0xFF}, 330, 640, 360, or("rtsp://", at.RTSP, "/live")),
		card(s.Guests[1], color.RGBA{0x5D, 0x47, 0x7A, 0xFF}, 440, 640, 360, whip),
		card(s.Guests[2], color.RGBA{0x8A, 0x6A, 0x1E, 0xFF}, 550, 640, 360, or("rtsp://", at.RTSP, "/live?udp")),
	}
}

// keepCreating runs one creator process, and another when it ends early.
func keepCreating(ctx context.Context, log *slog.Logger, c creation) {
	log = log.With("creator", c.Card.Name)
	spec, err := json.Marshal(c)
	if err != nil {
		panic("demo: a creation is always JSON: " + err.Error())
	}
	for {
		cmd := exec.CommandContext(ctx, "/proc/self/exe", "creator")
		cmd.Stdin = bytes.NewReader(spec)
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true} // Ctrl-C is for us
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 2 * time.Second
		err := cmd.Run()
		if ctx.Err() != nil {
			return
		}
		log.Warn("a demo creator ended; another follows", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// announce prints the page's address once the session is on air.
func announce(ctx context.Context, g *gateway.Gateway, scheme string) {
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if g.OnAir("studio") == 4 {
			fmt.Printf("\nOn air. Open %s%s/s/studio  (Ctrl-C ends the demo)\n", scheme, gateway.Near(g.Addrs().HTTP))
			return
		}
	}
}

// creatorCmd is one synthetic creator. It reads a creation from its standard
// input, so that the stream key appears in no process list.
type creatorCmd struct{}

func (creatorCmd) Run() error {
	var c creation
	if err := json.NewDecoder(os.Stdin).Decode(&c); err != nil {
		return fmt.Errorf("a creator reads what it is to do from its standard input: %w", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})).With("creator", c.Card.Name)
	return runUntilSignal(log, func(ctx context.Context) error {
		card, err := testcard.Open(c.Card)
		if err != nil {
			return err
		}
		defer card.Close()
		return demo.Publish(ctx, card, c.Target)
	})
}
