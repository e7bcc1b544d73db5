package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

type benchCmd struct {
	HLS     int           `default:"100" help:"LL-HLS viewers."`
	WHEP    int           `default:"100" help:"WHEP viewers."`
	Measure time.Duration `default:"8s" help:"How long each load is measured."`
	Only    string        `enum:"all,mix,latency,viewers,ways,soak" default:"all" help:"Measure one thing: mix, latency, viewers (beside MediaMTX), ways (other parts, TLS) or soak."`
	Peer    string        `env:"REGIE_BENCH_MEDIAMTX" placeholder:"FILE" help:"A MediaMTX binary to measure beside Regie."`
	JSON    string        `placeholder:"FILE" help:"Write the rows there too."`
}

// row is one line of the table.
type row struct {
	What  string `json:"figure"`
	Value string `json:"measured"`
	Hold  string `json:"hold,omitempty"`
}

func (b benchCmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "regie-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var rows []row
	var failed error // with the result so far, as after Ctrl-C
	for _, part := range []struct {
		name, say string
		do        func(context.Context, string) ([]row, error)
	}{
		{"mix", "mixing four 720p30 streams, beside the ffmpeg program", b.mixing},
		{"latency", "a frame's way through the mixer", b.latency},
		{"viewers", "viewers", b.viewers},
		{"ways", "viewers, with other parts and over TLS", b.ways},
		{"soak", "what holds at once", b.soak},
	} {
		if b.Only != "all" && b.Only != part.name {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", part.say)
		more, err := part.do(ctx, dir)
		rows = append(rows, more...)
		if failed = err; failed != nil {
			break
		}
	}
	if err := writeJSON(b.JSON, rows); err != nil {
		return err
	}
	fmt.Printf("Measured on %s with %d cores, %s.\n\n", processor(), runtime.NumCPU(), runtime.Version())
	fmt.Println("| figure | measured | to hold |\n|---|---|---|")
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.What, r.Value, r.Hold)
	}
	if b.Only == "all" || b.Only == "viewers" || b.Only == "ways" {
		fmt.Print(footnote)
	}
	return failed
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
