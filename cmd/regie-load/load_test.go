package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/cmd/regie-load/audience"
)

// TestLoad: publishers over all three protocols, viewers of both kinds and hostile
// ones, against the real binary.
func TestLoad(t *testing.T) {
	defer goleak.VerifyNone(t)
	began := time.Now()
	dir := t.TempDir()
	binary := filepath.Join(dir, "regie")
	if out, err := exec.Command("go", "build", "-o", binary, "../regie").CombinedOutput(); err != nil {
		t.Fatalf("build regie: %v\n%s", err, out)
	}
	t.Setenv("REGIE_BINARY", binary)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	clips, err := loopClips(ctx, dir, 4) // a seam that is heard, but sooner made
	if err != nil {
		t.Fatal(err)
	}
	s, err := startRegie(ctx, dir, clips, stage{part: parts, seats: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	if err := poll(ctx, 5*time.Second, func() bool { return s.sending.Load() == 3 }); err != nil {
		t.Fatalf("%d of 3 publishers send", s.sending.Load())
	}
	before, err := s.residue()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("on air after %v", time.Since(began))
	watch(t, ctx, s)
	harass(t, ctx, s)
	h := held{Before: before}
	t.Logf("done after %v", time.Since(began))
	if err := s.recover(ctx, &h); err != nil || h.After.Files > before.Files+4 {
		t.Errorf("%d open files, %d before; %v", h.After.Files, before.Files, err)
	}
	// One that a busy machine has cut off comes back.
	if err := poll(ctx, 5*time.Second, func() bool { return s.sending.Load() == 3 }); err != nil {
		t.Errorf("%d of 3 publishers still send", s.sending.Load())
	}
}

func watch(t *testing.T, ctx context.Context, s *server) {
	a, err := audience.New(ctx, audience.Options{HLS: s.hls, WHEP: s.whep, HLSCount: 6, WHEPCount: 4, Join: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	small, err := audience.New(ctx, audience.Options{HLS: s.hls, HLSCount: 2, Rendition: "360p"})
	if err != nil {
		t.Fatal(err)
	}
	watching, stop := context.WithTimeout(ctx, 6*time.Second)
	defer stop()
	var others sync.WaitGroup
	others.Go(func() { small.Run(watching) })
	a.Run(watching)
	others.Wait()
	r := a.Report()
	if g := small.Report().HLS; g.Startup.Count != 2 || g.Failures() > 0 || g.MbpsEach < 0.1 || g.MbpsEach > r.HLS.MbpsEach*0.7 {
		t.Errorf("of the small picture each received %.2f Mbit/s, of the large one %.2f; errors %v", g.MbpsEach, r.HLS.MbpsEach, g.Errors)
	}
	for _, c := range []struct {
		name string
		side audience.Side
		n    int64
	}{{"LL-HLS", r.HLS, 6}, {"WHEP", r.WHEP, 4}} {
		g := c.side
		// A machine that has no time left refuses WHEP viewers; they come again.
		refused := g.Errors["http 503"]
		if g.Joined != c.n || g.Watching != 0 || g.Startup.Count == 0 || g.Startup.Count < c.n-refused || g.Failures() != refused {
			t.Errorf("%s: %d came, %d never left, %d saw a picture, errors %v", c.name, g.Joined, g.Watching, g.Startup.Count, g.Errors)
		}
		if g.Latency.Count < 10 || g.Latency.P50 < 0 || g.Latency.P50 > 5000 {
			t.Errorf("%s: latency %+v", c.name, g.Latency)
		}
		// The program of a clip that is noise has the bitrate it is configured for, if
		// the machine has the time to make it.
		if g.MbpsEach < 0.3 || g.MbpsEach > 5 {
			t.Errorf("%s: %.2f Mbit/s each", c.name, g.MbpsEach)
		}
	}
	var out bytes.Buffer
	printReport(&out, viewed{r, 1})
	if text := out.String(); !strings.Contains(text, "LL-HLS") || !strings.Contains(text, "WHEP") {
		t.Errorf("the table:\n%s", text)
	}
}

func harass(t *testing.T, ctx context.Context, s *server) {
	file := filepath.Join(t.TempDir(), "hostile.json")
	c := hostileCmd{HLS: s.hls, Slow: 3, Silent: 10, Leavers: 6, For: 3 * time.Second, JSON: file, Quiet: true}
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var did map[string]int64
	if err := json.Unmarshal(b, &did); err != nil {
		t.Fatal(err)
	}
	if did["opened"] < 10 || did["left"] == 0 || did["bytes_read_slowly"] == 0 || did["refused"] > 0 {
		t.Errorf("%v", did)
	}
}

// TestElsewhere: other machines are left alone unless somebody says so.
func TestElsewhere(t *testing.T) {
	for _, run := range []func(context.Context) error{
		viewersCmd{HLS: "http://192.0.2.1/live/x/index.m3u8", Number: 1, For: time.Second}.Run,
		viewersCmd{WHEP: "https://192.0.2.1/whep", Number: 1, For: time.Second}.Run,
		viewersCmd{HLS: "http://127.0.0.1/x.m3u8", Beacon: "http://192.0.2.1/", Number: 1, For: time.Second}.Run,
		publishCmd{RTMP: []string{"rtmp://192.0.2.1/live/key"}}.Run,
		hostileCmd{HLS: "http://192.0.2.1/live/x/index.m3u8", For: time.Second}.Run,
	} {
		if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "is not this machine") {
			t.Errorf("%v", err)
		}
	}
}
