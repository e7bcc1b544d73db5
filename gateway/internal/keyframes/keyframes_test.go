package keyframes

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAsksAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []time.Duration
		start := time.Now()
		k := New(time.Second, func() {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, time.Since(start))
		})
		for range 100 { // ten asks a second for ten seconds; no keyframe comes
			k.Ask()
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if len(asked) != 11 { // at 0, 1, … 10 s
			t.Errorf("asked %d times in 10 s: %v", len(asked), asked)
		}
		for i, at := range asked {
			if i > 0 && at-asked[i-1] < time.Second {
				t.Errorf("asked at %v and %v", asked[i-1], at)
			}
		}
		// an early ask that a keyframe has answered is forgotten
		k.Ask()
		k.Came()
		n := len(asked)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(asked) != n {
			t.Error("asked after the keyframe had come")
		}
		k.Ask()
		k.Ask()
		k.Close()
		k.Ask()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(asked) != n+1 {
			t.Errorf("asked %d times more, want 1", len(asked)-n)
		}
	})
}
