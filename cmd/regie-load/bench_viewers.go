package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/audience"
)

const footnote = `
A viewer's cost is what the gateway process uses with viewers and a host on air,
less what it uses with the host alone, each by the time it computes, scaled to
2.5 Mbit/s a viewer where viewers receive something else by more than 5 %. The
worker that mixes is not in it: MediaMTX mixes nothing. Loopback bills the
kernel's part of receiving to whoever sends; WHEP viewers read their sockets by
the clock, so that it bills no waking of them. Of two runs of each server, in
turns, the cheaper counts; memory is of the run in which these viewers came first.
`

// The marks of the viewers' figures.
const (
	hlsMark    = 0.35
	whepMark   = 0.3
	memoryMark = 0.6e6
	parts      = 333 * time.Millisecond
)

// paid is what an audience has cost a server.
type paid struct {
	cores  float64 // per 100 viewers, as measured
	mbps   float64 // that each received
	memory float64 // bytes per viewer
	side   audience.Side
}

// per100 is the cost of 100 viewers of 2.5 Mbit/s.
func (p paid) per100() float64 {
	if p.mbps > 0 && math.Abs(p.mbps/2.5-1) > 0.05 {
		return p.cores * 2.5 / p.mbps
	}
	return p.cores
}

// viewers measures Regie and, if there is one, MediaMTX in turns, two runs each.
// In the first WHEP viewers come first, in the second LL-HLS viewers: whoever
// comes first finds no memory that others have left.
func (b benchCmd) viewers(ctx context.Context, dir string) ([]row, error) {
	clips, err := loopClips(ctx, dir, loopSeconds)
	if err != nil {
		return nil, err
	}
	type runs struct{ hls, whep []paid }
	var all []runs
	starts := []func() (*server, error){
		func() (*server, error) { return startRegie(ctx, dir, clips, stage{part: parts, seats: 1}) },
	}
	if b.Peer != "" {
		starts = append(starts, func() (*server, error) { return startMediaMTX(ctx, b.Peer, dir, clips, parts) })
	}
	all = make([]runs, len(starts))
	for round := range 2 {
		for i, start := range starts {
			kinds := []string{"whep", "hls"}
			if round == 1 {
				kinds = []string{"hls", "whep"}
			}
			p, err := b.measure(ctx, start, kinds)
			if err != nil {
				return nil, err
			}
			all[i].hls, all[i].whep = append(all[i].hls, p["hls"]), append(all[i].whep, p["whep"])
		}
	}
	var rows []row
	for _, k := range []struct {
		name  string
		n     int
		mark  float64
		first int // the run in which it came first
		of    func(runs) []paid
	}{
		{"LL-HLS, 333 ms parts", b.HLS, hlsMark, 1, func(r runs) []paid { return r.hls }},
		{"WHEP", b.WHEP, whepMark, 0, func(r runs) []paid { return r.whep }},
	} {
		ours := cheapest(k.of(all[0]))
		ours.memory = k.of(all[0])[k.first].memory
		rows = append(rows, viewerRows(k.name, k.n, ours, k.mark == whepMark)...)
		if len(all) == 1 {
			rows = append(rows, row{k.name + ", ratio to MediaMTX", "not measured: give a MediaMTX binary, bench --peer FILE or REGIE_BENCH_MEDIAMTX", fmt.Sprintf("≤ %.2f ×", k.mark)})
			continue
		}
		theirs := cheapest(k.of(all[1]))
		theirs.memory = k.of(all[1])[k.first].memory
		rows = append(rows, viewerRows(k.name+", MediaMTX", k.n, theirs, false)...)
		rows = append(rows, row{k.name + ", ratio to MediaMTX", fmt.Sprintf("%.2f ×", ours.per100()/theirs.per100()), fmt.Sprintf("≤ %.2f ×", k.mark)})
	}
	return rows, nil
}

func cheapest(runs []paid) paid {
	best := runs[0]
	for _, r := range runs[1:] {
		if r.per100() < best.per100() {
			best = r
		}
	}
	return best
}

func viewerRows(name string, n int, p paid, bounded bool) []row {
	hold := ""
	if bounded {
		hold = fmt.Sprintf("≤ %.1f MB", memoryMark/1e6)
	}
	return []row{
		{name + ", cores per 100 viewers of 2.5 Mbit/s", fmt.Sprintf("%.3f (each received %.2f Mbit/s)", p.per100(), p.mbps), ""},
		{name + ", memory per viewer", fmt.Sprintf("%.0f kB", p.memory/1e3), hold},
		{fmt.Sprintf("%s, stalls, dips and errors of %d viewers", name, n), counts(p.side), ""},
	}
}

func counts(s audience.Side) string {
	return fmt.Sprintf("%d, %d and %d", s.Stalls, s.Dips, s.Failures())
}

// ways measures Regie alone: other parts, and TLS with HTTP/1.1 and HTTP/2.
func (b benchCmd) ways(ctx context.Context, dir string) ([]row, error) {
	clips, err := loopClips(ctx, dir, loopSeconds)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, w := range []struct {
		name string
		stage
		kinds []string
	}{
		{"200 ms parts", stage{part: 200 * time.Millisecond, seats: 1}, []string{"hls"}},
		{"500 ms parts", stage{part: 500 * time.Millisecond, seats: 1}, []string{"hls"}},
		{"TLS", stage{part: parts, seats: 1, tls: true}, []string{"h1", "h2"}},
	} {
		p, err := b.measure(ctx, func() (*server, error) { return startRegie(ctx, dir, clips, w.stage) }, w.kinds)
		if err != nil {
			return nil, err
		}
		for _, k := range w.kinds {
			name := "LL-HLS, " + w.name
			if w.tls {
				name = map[string]string{"h1": "LL-HLS, 333 ms parts, HTTP/1.1 over TLS", "h2": "LL-HLS, 333 ms parts, HTTP/2 over TLS"}[k]
			}
			rows = append(rows, viewerRows(name, b.HLS, p[k], false)[0], viewerRows(name, b.HLS, p[k], false)[2])
		}
	}
	return rows, nil
}

// loopClips makes the same pictures with AAC and with Opus, by whether it is Opus.
func loopClips(ctx context.Context, dir string, seconds int) (map[bool]clip, error) {
	aac, err := makeLoopClip(ctx, dir, "generated", seconds, false, 2500)
	if err != nil {
		return nil, err
	}
	opus, err := makeLoopClip(ctx, dir, aac.file, seconds, true, 2500)
	return map[bool]clip{false: aac, true: opus}, err
}

// measure starts a server and has the audiences come one after the other.
func (b benchCmd) measure(ctx context.Context, start func() (*server, error), kinds []string) (map[string]paid, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	idle, err := s.busy(ctx, b.Measure)
	if err != nil {
		return nil, err
	}
	all := map[string]paid{}
	for _, kind := range kinds {
		args, n := []string{"--hls", s.hls}, b.HLS
		switch kind {
		case "whep":
			args, n = []string{"--whep", s.whep}, b.WHEP
		case "h1":
			args = append(args, "--insecure", "--http1")
		case "h2":
			args = append(args, "--insecure")
		}
		before, err := s.memory()
		if err != nil {
			return nil, err
		}
		const join, settle = 3 * time.Second, 4 * time.Second
		crowd := startAudience(ctx, join+settle+b.Measure+time.Second, append(args, fmt.Sprint("--number=", n), fmt.Sprint("--join=", join))...)
		if err := sleep(ctx, join+settle); err != nil {
			return nil, err
		}
		busy, err := s.busy(ctx, b.Measure)
		if err != nil {
			return nil, err
		}
		after, err := s.memory()
		if err != nil {
			return nil, err
		}
		said, err := crowd()
		if err != nil {
			return nil, err
		}
		p := paid{cores: (busy - idle) * 100 / float64(n), memory: float64(after-before) / float64(n), side: said.HLS}
		if kind == "whep" {
			p.side = said.WHEP
		}
		p.mbps = p.side.MbpsEach
		all[kind] = p
		fmt.Fprintf(os.Stderr, "  %s %s: %.3f cores for %d viewers of %.2f Mbit/s, stalls, dips and errors %s\n", s.name, kind, busy-idle, n, p.mbps, counts(p.side))
	}
	return all, nil
}

// busy is how many cores the process uses.
func (p process) busy(ctx context.Context, d time.Duration) (float64, error) {
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	return float64(after-before) / float64(time.Since(began)), err
}

// startAudience runs viewers in a process of their own; what it returns waits for
// their report.
func startAudience(ctx context.Context, d time.Duration, args ...string) func() (viewed, error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", append([]string{"viewers", "--quiet", "--json=-", fmt.Sprint("--for=", d)}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	err := cmd.Start()
	return func() (viewed, error) {
		var said viewed
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			return said, fmt.Errorf("the audience failed: %w", err)
		}
		return said, json.Unmarshal(out.Bytes(), &said)
	}
}
