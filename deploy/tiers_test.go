package deploy_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestConfigurations: the real programs read what is shipped, as it is shipped.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	for _, vcl := range []string{writeVCL(t, t.TempDir(), "127.0.0.1:8080", ""), writeVCL(t, t.TempDir(), "127.0.0.1:8080", secret)} {
		if out, err := exec.Command("varnishd", "-j", "none", "-n", filepath.Join(t.TempDir(), "work"), "-C", "-f", vcl).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	for _, edits := range [][]string{nil, {"#include", "include", "#internal", "internal"}, {`#"~(`, `"~(`}} {
		dir := t.TempDir()
		conf := writeNginx(t, dir, "127.0.0.1:8080", freePort(t), edits...)
		if out, err := exec.Command("nginx", "-t", "-p", dir, "-c", conf).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestTwoTiers: each cache on the way may add its second to the playlist of now,
// and no more.
func TestTwoTiers(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	near, _ := startVarnish(t, o.address(), "")
	far, _ := startVarnish(t, near, "")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	direct, through := newAudience(o.address()), newAudience(far)
	var all sync.WaitGroup
	all.Go(func() { direct.watch(ctx) })
	all.Go(func() { through.watch(ctx) })
	all.Go(func() { through.look(ctx) })
	for tick := time.Tick(originPart * time.Second / originFPS); ctx.Err() == nil; {
		select {
		case <-tick:
			o.parts(1)
		case <-ctx.Done():
		}
	}
	all.Wait()
	if failures := append(direct.failures, through.failures...); len(failures) > 0 {
		t.Fatal(failures)
	}
	if len(through.seen) < 8 {
		t.Errorf("only %d parts came through", len(through.seen))
	}
	stale(t, through.sights, direct.firsts(), freshness{now: 2250 * time.Millisecond, awaited: 250 * time.Millisecond})
}
