package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntil(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		stopping time.Duration // how long run takes to stop
		fails    error         // what run returns by itself, at once
		signals  []os.Signal   // sent apart
		apart    time.Duration // one second unless said otherwise
		want     error
		took     time.Duration
		logged   string
	}{
		"ends by itself": {fails: broken, want: broken},
		"graceful":       {stopping: 4 * time.Second, signals: []os.Signal{syscall.SIGTERM}, took: 5 * time.Second},
		"interrupted":    {signals: []os.Signal{os.Interrupt}, took: time.Second, logged: "signal=interrupt"},
		"too slow":       {stopping: time.Minute, signals: []os.Signal{syscall.SIGTERM}, want: errSlowStop, took: 6 * time.Second},
		"second signal":  {stopping: time.Minute, signals: []os.Signal{syscall.SIGTERM, syscall.SIGINT}, want: errStoppedTwice, took: 2 * time.Second},
		"one wish, twice": {
			stopping: 3 * time.Second, signals: []os.Signal{syscall.SIGINT, syscall.SIGINT}, apart: 100 * time.Millisecond,
			took: 3100 * time.Millisecond,
		},
		"hangup is no stop": {
			stopping: time.Second, signals: []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGHUP},
			took: 3 * time.Second, logged: "restart to apply",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				signals := make(chan os.Signal)
				end := make(chan struct{})
				go func() {
					for _, s := range test.signals {
						time.Sleep(cmp.Or(test.apart, time.Second))
						select {
						case signals <- s:
						case <-end:
							return
						}
					}
				}()
				stopped := make(chan struct{})
				start := time.Now()
				err := until(slog.New(slog.NewTextHandler(&logged, nil)), signals, func(ctx context.Context) error {
					defer close(stopped)
					if test.fails != nil {
						return test.fails
					}
					<-ctx.Done()
					time.Sleep(test.stopping)
					return ctx.Err()
				})
				if err != test.want {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if !strings.Contains(logged.String(), test.logged) {
					t.Errorf("%q was not logged:\n%s", test.logged, &logged)
				}
				close(end)
				<-stopped // what until did not wait for
			})
		})
	}
}
