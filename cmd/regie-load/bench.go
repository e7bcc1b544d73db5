package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

type benchCmd struct {
	HLS     int           `default:"100" help:"LL-HLS viewers."`
	WHEP    int           `default:"50" help:"WHEP viewers."`
	Measure time.Duration `default:"15s" help:"How long each load is measured."`
	Only    string        `enum:"all,mix,latency,viewers" default:"all" help:"Measure one thing: mix, latency or viewers."`
}

// row is one line of the table.
type row struct{ what, value, hold string }

func (b benchCmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "regie-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var rows []row
	for _, part := range []struct {
		name, say string
		do        func(context.Context, string) ([]row, error)
	}{
		{"mix", "mixing four 720p30 streams, beside the ffmpeg program", b.mixing},
		{"latency", "a frame's way through the mixer", b.latency},
		{"viewers", "viewers", b.viewers},
	} {
		if b.Only != "all" && b.Only != part.name {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", part.say)
		more, err := part.do(ctx, dir)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	fmt.Printf("Measured on %s with %d cores, %s.\n\n", processor(), runtime.NumCPU(), runtime.Version())
	fmt.Println("| figure | measured | to hold |\n|---|---|---|")
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.what, r.value, r.hold)
	}
	return nil
}

// mixing takes turns, so that both see the same machine, and keeps the cheaper
// of two runs each.
func (benchCmd) mixing(ctx context.Context, dir string) ([]row, error) {
	clips, err := makeClips(ctx, dir)
	if err != nil {
		return nil, err
	}
	jobs := []struct {
		mix   func() (cost, error)
		least float64
	}{
		{mix: func() (cost, error) { return mixRegie(ctx, clips, program) }},
		{mix: func() (cost, error) { return mixFFmpeg(ctx, clips, program, true) }},
		{mix: func() (cost, error) { return mixFFmpeg(ctx, clips, program, false) }},
		{mix: func() (cost, error) { return mixRegie(ctx, clips, ladder) }},
		{mix: func() (cost, error) { return mixFFmpeg(ctx, clips, ladder, true) }},
	}
	for turn := range 2 {
		for i := range jobs {
			j := &jobs[i]
			c, err := j.mix()
			if err != nil {
				return nil, err
			}
			if turn == 0 || c.cpu < j.least {
				j.least = c.cpu
			}
		}
	}
	cpu := func(i int) string { return fmt.Sprintf("%.3f", jobs[i].least) }
	ratio := func(i, to int) string { return fmt.Sprintf("%.2f ×", jobs[i].least/jobs[to].least) }
	return []row{
		{"mix 4 × 720p30 → 720p30 + AAC + Opus, live, CPU seconds per second", cpu(0), ""},
		{"the same by the ffmpeg program, live, one thread each", cpu(1), ""},
		{"ratio", ratio(0, 1), "≤ 1.0 ×"},
		{"by the ffmpeg program from files as fast as it can, and ratio", cpu(2) + ", " + ratio(0, 2), ""},
		{"mix 4 × 720p30 → 720p30 and 360p30 + AAC + Opus, live, CPU seconds per second", cpu(3), ""},
		{"the same by the ffmpeg program, live, one thread each", cpu(4), ""},
		{"ratio", ratio(3, 4), "≤ 1.0 ×"},
	}, nil
}

func (benchCmd) latency(ctx context.Context, _ string) ([]row, error) {
	l, err := measureLatency(ctx, ladder, 12*time.Second)
	if err != nil {
		return nil, err
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/1e6) }
	return []row{
		{"frame in → program frame out, median", ms(l.median), "≤ 45 ms"},
		{"frame in → program frame out, 99th percentile", ms(l.p99), ""},
	}, nil
}

func (b benchCmd) viewers(ctx context.Context, dir string) ([]row, error) {
	a, err := startAppliance(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer a.stop()
	idle, _, err := b.load(ctx, a)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, kind := range []struct {
		name string
		n    int
		args []string
	}{
		{"LL-HLS", b.HLS, []string{"--hls", "http://" + a.http + "/live/studio/index.m3u8"}},
		{"WHEP", b.WHEP, []string{"--whep", "http://" + a.http + "/live/studio/whep"}},
	} {
		before, err := a.memory()
		if err != nil {
			return nil, err
		}
		busy, said, err := b.load(ctx, a, append(kind.args, fmt.Sprintf("--number=%d", kind.n))...)
		if err != nil {
			return nil, err
		}
		side := said.HLS
		if side.Joined == 0 {
			side = said.WHEP
		}
		rows = append(rows,
			row{kind.name + ", cores per 100 viewers of 2.5 Mbit/s", fmt.Sprintf("%.3f", (busy.cores-idle.cores)*100/float64(kind.n)), ""},
			row{fmt.Sprintf("%s, stalls and errors of %d viewers in %v", kind.name, kind.n, b.Measure), fmt.Sprintf("%d and %d", side.Stalls, side.Failures()), "0"},
			row{kind.name + ", memory per viewer", fmt.Sprintf("%.0f kB", float64(busy.memory-before)/float64(kind.n)/1e3), ""},
		)
	}
	return rows, nil
}

type used struct {
	cores  float64
	memory int64
}

// load runs an audience in a process of its own and measures the gateway while
// all of it plays. Without arguments nobody watches.
func (b benchCmd) load(ctx context.Context, a *appliance, args ...string) (used, viewed, error) {
	var said viewed
	var output []byte
	done := make(chan error, 1)
	if len(args) > 0 {
		cmd := exec.CommandContext(ctx, "/proc/self/exe", append([]string{"viewers", "--json=-", "--for", (b.Measure + 12*time.Second).String()}, args...)...)
		cmd.Stderr = os.Stderr
		go func() {
			var err error
			output, err = cmd.Output()
			done <- err
		}()
		if err := sleep(ctx, 8*time.Second); err != nil { // until all have joined
			return used{}, said, err
		}
	}
	before, err := a.cpu()
	if err != nil {
		return used{}, said, err
	}
	began := time.Now()
	if err := sleep(ctx, b.Measure); err != nil {
		return used{}, said, err
	}
	after, err := a.cpu()
	if err != nil {
		return used{}, said, err
	}
	u := used{cores: float64(after-before) / float64(time.Since(began))}
	if u.memory, err = a.memory(); err != nil {
		return u, said, err
	}
	if len(args) > 0 {
		if err := <-done; err != nil {
			return u, said, fmt.Errorf("the audience failed: %w", err)
		}
		err = json.Unmarshal(output, &said)
	}
	return u, said, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}
