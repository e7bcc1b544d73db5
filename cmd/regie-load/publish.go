package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/audience"
	"github.com/regie-live/regie/gateway/demo"
)

// publishCmd is synthetic publishers. They play a prepared clip: many of them cost
// next to nothing.
type publishCmd struct {
	RTMP     []string      `help:"rtmp://HOST/APP/KEY; may be given again, as the others." placeholder:"URL"`
	RTSP     []string      `help:"rtsp://HOST/PATH (ANNOUNCE and RECORD over TCP)." placeholder:"URL"`
	WHIP     []string      `help:"Address of a WHIP endpoint." placeholder:"URL"`
	Bearer   []string      `help:"Token of each WHIP endpoint, in their order." placeholder:"KEY"`
	Number   int           `short:"n" default:"1" help:"How many publishers for each address that has %d in it."`
	Clip     string        `default:"generated" help:"What to play: a file that ffmpeg reads, or generated."`
	Kbps     int           `default:"2500" help:"Bitrate of the picture."`
	Opus     bool          `help:"Send Opus over RTSP, not AAC (WHIP always has Opus)."`
	For      time.Duration `help:"How long; default: until stopped." placeholder:"TIME"`
	Anywhere bool          `help:"Let the server be another machine than this one."`
}

// target is where one publisher sends.
type target struct {
	demo.Target
	opus bool
}

func (c publishCmd) Run(ctx context.Context) error {
	targets, err := c.targets()
	if err != nil {
		return err
	}
	for _, t := range targets {
		if !c.Anywhere {
			if err := audience.Local(ctx, t.URL); err != nil {
				return err
			}
		}
	}
	dir, err := os.MkdirTemp("", "regie-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clips := map[bool]clip{}
	for _, opus := range []bool{false, true} {
		if slices.ContainsFunc(targets, func(t target) bool { return t.opus == opus }) {
			if clips[opus], err = makeLoopClip(ctx, dir, c.Clip, loopSeconds, opus, c.Kbps); err != nil {
				return err
			}
		}
	}
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	var sending atomic.Int64
	done := make(chan struct{})
	showing, stop := context.WithCancel(ctx)
	go func() {
		defer close(done)
		began := time.Now()
		newProgress(os.Stderr).run(showing, func() string {
			return fmt.Sprintf("%3.0f s  %d of %d publishers send", time.Since(began).Seconds(), sending.Load(), len(targets))
		})
	}()
	err = publishAll(ctx, targets, clips, &sending)
	stop()
	<-done
	return err
}

// targets reads the flags.
func (c publishCmd) targets() ([]target, error) {
	var all []target
	for i, address := range slices.Concat(c.RTMP, c.RTSP, c.WHIP) {
		whip := i - len(c.RTMP) - len(c.RTSP)
		n := 1
		if strings.Contains(address, "%d") {
			n = c.Number
		}
		for k := range n {
			t := target{opus: whip >= 0 || i >= len(c.RTMP) && c.Opus}
			t.URL = strings.ReplaceAll(address, "%d", fmt.Sprint(k+1))
			if whip >= 0 {
				if whip < len(c.Bearer) {
					t.Key = strings.ReplaceAll(c.Bearer[whip], "%d", fmt.Sprint(k+1))
				}
				all = append(all, t)
				continue
			}
			u, err := url.Parse(t.URL)
			if err != nil {
				return nil, err
			}
			if path.Base(u.Path) == "/" || path.Base(u.Path) == "." {
				return nil, fmt.Errorf("%s has no key in its path", u.Redacted())
			}
			t.Key = path.Base(u.Path)
			u.Path = path.Dir(u.Path)
			t.URL = strings.TrimSuffix(u.String(), "/")
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("give --rtmp, --rtsp or --whip")
	}
	return all, nil
}

// publishAll plays to all targets until ctx ends. A publisher that is cut off
// comes back after a second, as encoders do; one that never got in is an error.
// How many send now is counted in sending.
func publishAll(ctx context.Context, targets []target, clips map[bool]clip, sending *atomic.Int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var publishers sync.WaitGroup
	for i, t := range targets {
		publishers.Go(func() {
			// Not all at the same instant: their keyframes would come together.
			if sleep(ctx, time.Duration(i)*130*time.Millisecond) != nil {
				return
			}
			for once := false; ; once = true {
				began := time.Now()
				l, err := newLoop(clips[t.opus])
				if err == nil {
					sending.Add(1)
					err = demo.Publish(ctx, l, t.Target)
					sending.Add(-1)
				}
				if ctx.Err() != nil {
					return
				}
				if !once && time.Since(began) < time.Second {
					cancel(err)
					return
				}
				fmt.Fprintln(os.Stderr, "publisher:", err)
				if sleep(ctx, time.Second) != nil {
					return
				}
			}
		})
	}
	publishers.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
