// Package keyframes asks an encoder for keyframes on behalf of many who each want
// one.
//
// It guarantees: the encoder is asked at most once per interval; an ask that comes
// too early is kept until the interval is over, and forgotten if a keyframe comes
// before. Methods may be called from any goroutine.
package keyframes

import (
	"sync"
	"time"
)

// Asker asks one encoder.
type Asker struct {
	interval time.Duration
	request  func()

	mu      sync.Mutex
	last    time.Time // when one was asked for
	latest  time.Time // when one came
	pending *time.Timer
	closed  bool
}

// New makes an Asker that calls request, which must not block and may be nil.
func New(interval time.Duration, request func()) *Asker {
	if request == nil {
		request = func() {}
	}
	return &Asker{interval: interval, request: request}
}

// Ask asks for a keyframe, now or when the interval is over.
func (k *Asker) Ask() {
	k.mu.Lock()
	if k.closed || k.pending != nil {
		k.mu.Unlock()
		return
	}
	if wait := k.interval - time.Since(k.last); wait > 0 {
		k.pending = time.AfterFunc(wait, k.fire)
		k.mu.Unlock()
		return
	}
	k.last = time.Now()
	k.mu.Unlock()
	k.request()
}

// fire is an ask whose time has come.
func (k *Asker) fire() {
	k.mu.Lock()
	due := k.pending != nil && !k.closed
	k.pending = nil
	if due {
		k.last = time.Now()
	}
	k.mu.Unlock()
	if due {
		k.request()
	}
}

// Age is how long ago the latest keyframe came.
func (k *Asker) Age() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.latest)
}

// Came says that a keyframe is on its way to everyone who asked.
func (k *Asker) Came() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.latest = time.Now()
	if k.pending != nil {
		k.pending.Stop()
		k.pending = nil
	}
}

// Close ends it: nothing is asked any more.
func (k *Asker) Close() {
	k.Came()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
}
