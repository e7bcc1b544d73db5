package transcode_test

import (
	"context"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

func TestNewRefuses(t *testing.T) {
	output := transcode.Events{Output: func(transcode.Packet) {}}
	for _, c := range []struct {
		name   string
		change func(*transcode.Program, *transcode.Options)
		says   string
	}{
		{"odd size", func(p *transcode.Program, _ *transcode.Options) { p.Width = 641 }, "even"},
		{"too large", func(p *transcode.Program, _ *transcode.Options) { p.Height = 2160 }, "160 to 1920"},
		{"too fast", func(p *transcode.Program, _ *transcode.Options) { p.FPS = 120 }, "10 to 60"},
		{"no bitrate", func(p *transcode.Program, _ *transcode.Options) { p.Kbps = 0 }, "kbps"},
		{"part longer than a GOP", func(p *transcode.Program, _ *transcode.Options) { p.Part = 61 }, "at most one GOP"},
		{"nobody listens", func(_ *transcode.Program, o *transcode.Options) { o.Events.Output = nil }, "Output"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, o := program, transcode.Options{Events: output}
			c.change(&p, &o)
			if _, err := transcode.New(p, o); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	s, err := transcode.New(transcode.Program{Width: 720, Height: 1280, FPS: 25, Kbps: 2000}, transcode.Options{Events: transcode.Events{Output: func(transcode.Packet) {}}})
	if err != nil {
		t.Fatal(err)
	}
	want := transcode.Program{Width: 720, Height: 1280, FPS: 25, Kbps: 2000, GOP: 50, Part: 8, AACKbps: 128, OpusKbps: 96, MaxPixels: 2560 * 1440}
	if d := cmp.Diff(want, s.Program()); d != "" {
		t.Error(d)
	}
	if d := time.Since(s.Epoch()); d < 0 || d > time.Minute {
		t.Errorf("epoch %v ago", d)
	}
}

func key(data string) transcode.Input {
	return transcode.Input{Source: "host", AccessUnit: media.AccessUnit{Kind: media.Video, Key: true, PTS: 1, Data: []byte(data)}}
}

func delta(data string) transcode.Input {
	in := key(data)
	in.Key = false
	return in
}

func host(t *testing.T, s *transcode.Session) {
	t.Helper()
	if err := s.SetSource(transcode.Source{ID: "host", Name: "Ana", Gain: 1}); err != nil {
		t.Fatal(err)
	}
	s.SetTracks("host", []media.Track{{Codec: media.H264}, {Codec: media.Opus, SampleRate: 48000, Channels: 2}})
}

// TestReplacement: a new worker is told everything that the one before knew, in an
// order that makes sense, and goes on in time.
func TestReplacement(t *testing.T) {
	st := newStand(t, "tells")
	host(t, st.s)
	st.s.SetScene(transcode.Scene{Slate: &transcode.Slate{Title: "Soon"}})
	st.run()
	st.wait("scene", func() bool { return st.told("scene") })
	st.s.SetGain("host", math.NaN())
	for _, in := range []transcode.Input{key("old"), delta("old"), key("I"), delta("P1")} {
		st.s.Push(in)
	}
	st.s.Push(transcode.Input{Source: "host", AccessUnit: media.AccessUnit{Kind: media.Audio, Key: true, Data: []byte("sound")}})
	st.s.Push(delta("P2"))
	st.s.Push(transcode.Input{Source: "nobody", AccessUnit: media.AccessUnit{Data: []byte("x")}})
	st.s.SetScene(transcode.Scene{Slate: &transcode.Slate{Title: "Now"}})
	st.wait("all", func() bool { return st.told("scene 0 0 0 {\"slate\":{\"title\":\"Now\"") && st.stats.PID != 0 })
	st.mu.Lock()
	pid, before := st.stats.PID, len(st.got)
	frames := st.stats.Frames
	st.mu.Unlock()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	time0 := time.Now()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	st.wait("the new worker to know all", func() bool { return len(st.got) > before && strings.HasSuffix(st.got[len(st.got)-1], "P2") })
	t.Logf("replaced and told in %v", time.Since(time0))
	st.wait("counters to go on", func() bool {
		return st.stats.PID != pid && st.stats.Frames > frames && st.stats.SourceStats[0].Errors == 2
	})
	st.mu.Lock()
	defer st.mu.Unlock()
	told := st.got[before:]
	if !strings.Contains(told[0], `"replays":1`) || strings.Contains(told[0], `"video_next":0,`) {
		t.Errorf("configured with %s", told[0])
	}
	want := []string{
		`source 1 0 0 {"id":"host","name":"Ana","gain":0}`,
		`tracks 1 0 0 [{"codec":"h264"},{"codec":"opus","sample_rate":48000,"channels":2}]`,
		`scene 0 0 0 {"slate":{"title":"Now","line":""}}`,
		"access unit 1 3 1 I",  // key and replay
		"access unit 1 2 1 P1", // replay
		"access unit 1 6 1 P2", // replay and last
	}
	if d := cmp.Diff(want, told[1:]); d != "" {
		t.Error(d)
	}
	for i := 1; i < len(st.pts); i++ {
		if st.pts[i] != st.pts[i-1]+3000 {
			t.Errorf("packet %d at %d after %d", i, st.pts[i], st.pts[i-1])
		}
	}
	if len(st.causes) != 1 || !strings.Contains(st.causes[0].Error(), "killed") {
		t.Errorf("causes %v", st.causes)
	}
}

// TestHalfFrame: a worker that dies between two rungs of a frame leaves no rung
// ahead of another, no frame twice and none missing.
func TestHalfFrame(t *testing.T) {
	t.Parallel()
	st := newStand(t, "dies in mid-frame", transcode.Rung{Width: 480, Height: 270, Kbps: 500}, transcode.Rung{Width: 320, Height: 180, Kbps: 300})
	host(t, st.s)
	st.run()
	begun := func(n int) bool { // that many workers know all
		configured := 0
		for _, g := range st.got {
			if strings.HasPrefix(g, "configure") {
				configured++
			}
		}
		return configured == 3*n && strings.HasPrefix(st.got[len(st.got)-1], "tracks") && st.rungs[len(st.rungs)-1] == 2
	}
	for n := 1; n <= 3; n++ {
		st.wait("a worker", func() bool { return begun(n) })
		st.s.Push(delta("deadly")) // no keyframe: the next worker is not given it
		st.wait("it to die", func() bool { return len(st.causes) == n })
		if c := st.causes[n-1]; !strings.Contains(c.Error(), "exit status 7") {
			t.Fatalf("died of %v", c)
		}
	}
	st.wait("the last", func() bool { return begun(4) })
	st.stop()
	if err := st.end(); err != nil {
		t.Fatal(err)
	}
	if len(st.pts)%3 != 0 || len(st.pts) < 4*3*3 {
		t.Fatalf("%d packets, want those of whole frames", len(st.pts))
	}
	for i, rung := range st.rungs {
		if want := st.pts[0] + int64(i/3)*3000; rung != i%3 || st.pts[i] != want {
			t.Fatalf("packet %d is rung %d at %d, want rung %d at %d", i, rung, st.pts[i], i%3, want)
		}
	}
	if st.told("access unit") {
		t.Error("half a frame came out")
	}
}

// TestPoison: access units that kill workers are not replayed for ever, and
// workers do not follow each other without a pause.
func TestPoison(t *testing.T) {
	st := newStand(t, "poisoned")
	host(t, st.s)
	st.run()
	st.wait("a worker", func() bool { return st.stats.PID != 0 })
	st.s.Push(key("poison"))
	st.wait("two to die", func() bool { return len(st.causes) == 2 })
	st.wait("the third to live", func() bool {
		return len(st.causes) == 2 && st.stats.Frames > 0 && strings.HasPrefix(st.got[len(st.got)-1], "tracks")
	})
	if !strings.Contains(st.causes[1].Error(), "exit status 6") {
		t.Errorf("cause %v", st.causes[1])
	}
}

func TestNoWorker(t *testing.T) {
	for _, c := range []struct{ mode, says string }{
		{"crashes at once", "boom: no such library"},
		{"prints", "something else writes to this pipe"},
		{"another version", "restart the gateway"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			st := newStand(t, c.mode)
			st.run()
			if err := st.end(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Run returned %v, want %q", err, c.says)
			}
		})
	}
	t.Run("no such file", func(t *testing.T) {
		s, err := transcode.New(program, transcode.Options{
			Command: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "/nonexistent/regie") },
			Events:  transcode.Events{Output: func(transcode.Packet) {}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no worker could be started") {
			t.Errorf("Run returned %v", err)
		}
		if err := s.Run(t.Context()); err == nil {
			t.Error("Run could be called twice")
		}
	})
}

func TestHang(t *testing.T) {
	t.Parallel()
	st := newStand(t, "hangs")
	st.run()
	st.wait("the worker to be replaced", func() bool { return len(st.causes) > 0 })
	if !strings.Contains(st.causes[0].Error(), "hangs") {
		t.Errorf("cause %v", st.causes[0])
	}
	st.wait("where it hung", func() bool { return strings.Contains(st.log.String(), "fake_test.go") })
}

// TestStop: Run ends at once with a willing worker, and after the time limit with
// one that does not go. (A program built with the race detector takes a second to
// exit.)
func TestStop(t *testing.T) {
	for mode, limit := range map[string]time.Duration{"tells": 1900 * time.Millisecond, "stays": 4 * time.Second, "deaf": 4 * time.Second} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			st := newStand(t, mode)
			st.run()
			st.wait("a worker", func() bool { return st.stats.PID != 0 })
			start := time.Now()
			st.stop()
			if err := st.end(); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d > limit {
				t.Errorf("took %v, want at most %v", d, limit)
			}
		})
	}
}

// TestDeafWorker: a worker that does not read blocks nobody and makes nothing
// grow; what does not fit is counted, and a keyframe is asked for.
func TestDeafWorker(t *testing.T) {
	t.Parallel()
	st := newStand(t, "deaf")
	host(t, st.s)
	st.run()
	st.wait("a worker", func() bool { return st.stats.PID != 0 })
	first, next := key(""), delta("")
	first.Data = make([]byte, 20000)
	next.Data = first.Data
	start := time.Now()
	for i := range 20000 {
		if i%600 == 0 {
			st.s.Push(first)
		} else {
			st.s.Push(next)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("20000 pushes took %v", d)
	}
	st.wait("drops", func() bool { return st.stats.Dropped > 19000 })
	st.wait("a keyframe to be asked for", func() bool { return st.keys > 0 })
	if st.keys > 6 {
		t.Errorf("asked %d times", st.keys)
	}
}

// TestAsks: a worker's wish for a keyframe reaches the publisher, once a second.
func TestAsks(t *testing.T) {
	t.Parallel()
	st := newStand(t, "asks")
	host(t, st.s)
	st.run()
	st.wait("a worker", func() bool { return st.told("tracks") })
	for range 50 {
		st.s.Push(delta("P"))
	}
	st.wait("a wish", func() bool { return st.keys > 0 })
	if st.keys > 2 {
		t.Errorf("asked %d times at once", st.keys)
	}
}

// TestRelog: what a worker logs appears in the gateway's log with its level.
func TestRelog(t *testing.T) {
	t.Parallel()
	st := newStand(t, "logs")
	st.run()
	st.wait("the log line", func() bool {
		return strings.Contains(st.log.String(), `level=WARN msg="decoder is unwell" worker=`) && strings.Contains(st.log.String(), "participant=host")
	})
}

func TestSources(t *testing.T) {
	t.Parallel()
	st := newStand(t, "tells")
	st.run()
	st.wait("a worker", func() bool { return st.told("configure") })
	host(t, st.s)
	st.s.RemoveSource("host")
	st.s.Push(key("late"))
	host(t, st.s)
	st.s.RequestKeyframe()
	st.wait("all", func() bool { return st.told("keyframe") })
	if !st.told("source 1 ") || !st.told("remove source 1") || !st.told("source 2 ") || st.told("access unit") {
		t.Errorf("told %q", st.got)
	}
	for i := range 100 {
		if err := st.s.SetSource(transcode.Source{ID: transcode.SourceID(rune('A' + i))}); err != nil {
			if i < 60 || !strings.Contains(err.Error(), "at most 64") {
				t.Errorf("source %d: %v", i, err)
			}
			return
		}
	}
	t.Error("any number of sources was taken")
}
