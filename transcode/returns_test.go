package transcode_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// TestReturns: what a worker codes of a source comes to its owner while that is
// wanted, and a new worker is told.
func TestReturns(t *testing.T) {
	t.Parallel()
	st := newStand(t, "returns")
	host(t, st.s)
	st.s.SetReturn("nobody", true)
	st.s.RequestReturnKeyframe("host") // of nothing
	st.run()
	st.wait("a worker", func() bool { return st.told("tracks") && st.stats.PID != 0 })
	st.s.SetReturn("host", true)
	st.s.SetReturn("host", true)
	st.wait("a unit", func() bool { return len(st.returns) == 2 })
	want := []transcode.ReturnUnit{
		{Source: "host", AccessUnit: media.AccessUnit{Kind: media.Video, Key: true, PTS: 40 * time.Millisecond, Data: []byte("picture")}},
		{Source: "host", AccessUnit: media.AccessUnit{Kind: media.Audio, Key: true, PTS: 20 * time.Millisecond, Data: []byte("sound")}},
	}
	st.mu.Lock()
	if d := cmp.Diff(want, st.returns); d != "" {
		t.Error(d)
	}
	pid := st.stats.PID
	st.mu.Unlock()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	st.wait("the new worker to be told", func() bool { return len(st.returns) == 4 })
	st.s.SetReturn("host", false)
	st.s.Push(key("late")) // answered by units that nobody wants any more
	st.wait("the end of it", func() bool { return st.told(`return 1 0 0 {"on":false}`) && st.told("access unit") })
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.returns) != 4 || st.count("return 1 0 0 {\"on\":true}") != 2 || st.told("return keyframe") {
		t.Errorf("%d units, told %q", len(st.returns), st.got)
	}
}

// TestReturnKeyframes: many wishes are one until it is fulfilled.
func TestReturnKeyframes(t *testing.T) {
	t.Parallel()
	st := newStand(t, "returns")
	host(t, st.s)
	st.s.SetReturn("host", true)
	st.run()
	st.wait("a unit", func() bool { return len(st.returns) == 2 })
	for range 2000 {
		st.s.RequestReturnKeyframe("host")
	}
	st.s.Push(key("answered")) // with a keyframe
	st.wait("a keyframe", func() bool { return len(st.returns) == 4 })
	for range 2000 {
		st.s.RequestReturnKeyframe("host")
	}
	st.s.RequestKeyframe()
	st.wait("all", func() bool { return st.told("keyframe") })
	st.mu.Lock()
	defer st.mu.Unlock()
	if n := st.count("return keyframe"); n != 2 {
		t.Errorf("the worker was asked %d times, want once and once again", n)
	}
}

// TestLogoGoesAlone: the picture is sent when it changes, and to a new worker, and
// not with every scene; what is out of bounds is told and left out.
func TestLogoGoesAlone(t *testing.T) {
	t.Parallel()
	st := newStand(t, "tells")
	st.run()
	st.wait("a worker", func() bool { return st.told("configure") && st.stats.PID != 0 })
	sc := transcode.Scene{Slate: &transcode.Slate{Title: "1"}, Logo: &transcode.Logo{PNG: []byte("one")}, LowerThird: &transcode.LowerThird{Title: "Ana"}}
	st.s.SetScene(sc)
	sc.LowerThird.Title, sc.Slate.Title = "changed by its owner", "2"
	sc.Logo = &transcode.Logo{PNG: []byte("one")}
	sc.Fade = -time.Second
	st.s.SetScene(sc)
	sc.Logo = nil
	st.s.SetScene(sc)
	sc.Logo = &transcode.Logo{PNG: make([]byte, transcode.MaxLogoBytes+1)}
	st.s.SetScene(sc)
	sc.Logo, sc.Slate.Title, sc.Fade = &transcode.Logo{PNG: []byte("two")}, "last", time.Second
	st.s.SetScene(sc)
	st.wait("the last", func() bool { return st.told(`scene 0 0 0 {"slate":{"title":"last"`) })
	st.mu.Lock()
	pid, before := st.stats.PID, len(st.got)
	var logos []string
	for _, g := range st.got {
		if strings.HasPrefix(g, "logo") {
			logos = append(logos, g)
		}
	}
	if d := cmp.Diff([]string{"logo 0 0 0 one", "logo 0 0 0 ", "logo 0 0 0 two"}, logos); d != "" {
		t.Error(d)
	}
	if !st.told(`scene 0 0 0 {"slate":{"title":"1","line":""},"lower_third":{"title":"Ana","line":""},"logo":{}}`) {
		t.Errorf("told %q", st.got)
	}
	if !strings.HasSuffix(st.got[before-1], `"logo":{},"fade":1000000000}`) {
		t.Errorf("told %q at last", st.got[before-1])
	}
	for _, says := range []string{"too large", "fade out of bounds"} {
		if !strings.Contains(st.log.String(), says) {
			t.Errorf("the log has nothing of %q: %s", says, st.log.String())
		}
	}
	st.mu.Unlock()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	st.wait("the new worker to know all", func() bool {
		return len(st.got) > before+2 && strings.HasPrefix(st.got[len(st.got)-1], "scene")
	})
	st.mu.Lock()
	defer st.mu.Unlock()
	want := []string{"logo 0 0 0 two", `scene 0 0 0 {"slate":{"title":"last","line":""},"lower_third":{"title":"changed by its owner","line":""},"logo":{}}`}
	if d := cmp.Diff(want, st.got[before+1:]); d != "" {
		t.Error(d)
	}
}
