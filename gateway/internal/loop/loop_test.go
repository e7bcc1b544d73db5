package loop

import (
	"context"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOrderAndExclusion(t *testing.T) {
	l := New()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { l.Run(ctx) })

	n, inside := 0, false // touched by the loop only: the race detector is the judge
	var posters sync.WaitGroup
	for range 8 {
		posters.Go(func() {
			last := 0
			for i := 1; i <= 200; i++ {
				l.Post(func() {
					if inside || i != last+1 {
						t.Errorf("closure %d ran after %d, inside=%v", i, last, inside)
					}
					inside, last = true, i
					n++
					inside = false
				})
			}
		})
	}
	posters.Wait()
	if err := l.Do(func() {
		if n != 1600 {
			t.Errorf("%d closures ran before Do's, want 1600", n)
		}
	}); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()
	if err := l.Do(func() { t.Error("ran after the end") }); !errors.Is(err, ErrStopped) {
		t.Errorf("Do after the end: %v", err)
	}
}
