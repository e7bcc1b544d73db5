package guess

import (
	"fmt"
	"testing"
	"time"
)

const (
	burst = 10
	every = 3 * time.Second
)

func TestAddresses(t *testing.T) {
	now := time.Unix(1e9, 0)
	g := NewAddresses(burst, every, func() time.Time { return now })
	const a, b = "[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff::1]:2" // one subscriber
	for range burst {
		if w := g.Wait(a); w != 0 {
			t.Fatalf("made to wait %v before the burst was spent", w)
		}
		g.Wrong(a)
	}
	if w := g.Wait(b); w <= 0 || w > every {
		t.Errorf("wait = %v, want up to %v", w, every)
	}
	if w := g.Wait("192.0.2.1:1"); w != 0 {
		t.Errorf("another address waits %v", w)
	}
	now = now.Add(every)
	if w := g.Wait(b); w != 0 {
		t.Errorf("still waits %v", w)
	}
	for range 100 {
		g.Wrong("127.0.0.1:9")
		g.Wrong("[::1]:9")
	}
	if g.Wait("127.0.0.1:9") != 0 || g.Wait("[::1]:9") != 0 {
		t.Error("this machine is limited")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := New[string](burst, every, time.Now)
	for i := range 2 * maxGuessers {
		l.Wrong(fmt.Sprint(i))
	}
	if len(l.by) > maxGuessers {
		t.Errorf("%d guessers held", len(l.by))
	}
}
