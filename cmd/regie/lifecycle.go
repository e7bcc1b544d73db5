package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopTimeout is how long a graceful stop may take.
const stopTimeout = 5 * time.Second

// sameSignal: timeout(1) and others signal a process and then its group, which
// is one wish that arrives twice.
const sameSignal = 300 * time.Millisecond

var (
	errStoppedTwice = errors.New("stopped at once by a second signal; what was not finished is lost")
	errSlowStop     = fmt.Errorf("not stopped after %s, so ended without waiting any longer", stopTimeout)
)

// runUntilSignal runs the appliance until it ends by itself or a signal asks for
// it: run's context ends, and run has stopTimeout to return.
func runUntilSignal(log *slog.Logger, run func(context.Context) error) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	return until(log, signals, run)
}

// until is runUntilSignal with the signals given. When it returns errStoppedTwice
// or errSlowStop, run is still running: the process must exit.
func until(log *slog.Logger, signals <-chan os.Signal, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()

	var tooLate <-chan time.Time
	var asked time.Time
	for {
		select {
		case err := <-done:
			if tooLate != nil && errors.Is(err, context.Canceled) {
				return nil // this is what a stop looks like
			}
			return err
		case s := <-signals:
			switch {
			case s == syscall.SIGHUP:
				log.Warn("SIGHUP: the configuration is read at start only; restart to apply a change", "hint", "systemctl restart regie")
			case tooLate != nil && time.Since(asked) < sameSignal:
			case tooLate != nil:
				return errStoppedTwice
			default:
				log.Info("stopping; a second signal ends at once", "signal", s.String())
				cancel()
				asked = time.Now()
				tooLate = time.After(stopTimeout)
			}
		case <-tooLate:
			return errSlowStop
		}
	}
}
