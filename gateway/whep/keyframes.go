package whep

import (
	"sync"
	"time"
)

const keyframeInterval = time.Second

// keyframes asks the encoder for keyframes, at most once per keyframeInterval. An
// ask that comes too early is kept until the interval is over, and forgotten if a
// keyframe comes before.
type keyframes struct {
	request func()

	mu      sync.Mutex
	last    time.Time // when one was asked for
	latest  time.Time // when one came
	pending *time.Timer
	closed  bool
}

func newKeyframes(request func()) *keyframes {
	if request == nil {
		request = func() {}
	}
	return &keyframes{request: request}
}

func (k *keyframes) ask() {
	k.mu.Lock()
	if k.closed || k.pending != nil {
		k.mu.Unlock()
		return
	}
	if wait := keyframeInterval - time.Since(k.last); wait > 0 {
		k.pending = time.AfterFunc(wait, k.fire)
		k.mu.Unlock()
		return
	}
	k.last = time.Now()
	k.mu.Unlock()
	k.request()
}

// fire is an ask whose time has come.
func (k *keyframes) fire() {
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

// age is how long ago the latest keyframe came.
func (k *keyframes) age() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.latest)
}

// came says that a keyframe is on its way to everyone who asked.
func (k *keyframes) came() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.latest = time.Now()
	if k.pending != nil {
		k.pending.Stop()
		k.pending = nil
	}
}

func (k *keyframes) close() {
	k.came()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
}
