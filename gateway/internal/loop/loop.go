// Package loop runs closures one after another on one goroutine, so that a
// stage's state needs no lock.
//
// It guarantees: closures run in the order in which Do and Post were called
// from any one goroutine, never two at once, and none after Run has returned.
// The queue holds 256; a Post that finds it full waits, so closures must not
// post to their own loop from within (use the state at hand instead).
package loop

import (
	"context"
	"errors"
)

// ErrStopped is what Do returns once the loop has ended.
var ErrStopped = errors.New("loop: stopped")

// Loop is ready after New and works while Run does.
type Loop struct {
	tasks chan func()
	done  chan struct{}
}

// New returns a loop that nobody runs yet.
func New() *Loop {
	return &Loop{tasks: make(chan func(), 256), done: make(chan struct{})}
}

// Run executes closures until ctx ends. Call it once.
func (l *Loop) Run(ctx context.Context) {
	defer close(l.done)
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-l.tasks:
			f()
		}
	}
}

// Post queues f. It reports false when the loop has ended.
func (l *Loop) Post(f func()) bool {
	select {
	case <-l.done:
		return false
	default:
	}
	select {
	case l.tasks <- f:
		return true
	case <-l.done:
		return false
	}
}

// Do runs f on the loop and waits for it.
func (l *Loop) Do(f func()) error {
	ran := make(chan struct{})
	if !l.Post(func() { defer close(ran); f() }) {
		return ErrStopped
	}
	select {
	case <-ran:
		return nil
	case <-l.done:
		select {
		case <-ran: // it was the last one
			return nil
		default:
			return ErrStopped
		}
	}
}
