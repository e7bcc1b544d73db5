package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/audience"
)

// viewersCmd is an audience of any server.
type viewersCmd struct {
	HLS        string        `help:"Address of a multivariant or media playlist." placeholder:"URL"`
	WHEP       string        `help:"Address of a WHEP endpoint." placeholder:"URL"`
	Number     int           `short:"n" default:"100" help:"How many viewers of each."`
	HLSNumber  int           `help:"How many LL-HLS viewers, if not --number." placeholder:"N"`
	WHEPNumber int           `help:"How many WHEP viewers, if not --number." placeholder:"N"`
	Rendition  string        `default:"first" help:"What LL-HLS viewers play: first, highest, lowest, or a part of its address or resolution."`
	For        time.Duration `default:"60s" help:"How long."`
	Join       time.Duration `default:"5s" help:"Viewers come spread over this time."`
	Beacon     string        `help:"Where LL-HLS viewers report to, as pages do." placeholder:"URL"`
	JSON       string        `help:"Write the result there too; - is standard output, in place of the table." placeholder:"FILE"`
	Quiet      bool          `help:"Show no progress."`
	Insecure   bool          `help:"Take any certificate."`
	HTTP1      bool          `name:"http1" help:"No HTTP/2, even over TLS."`
	Anywhere   bool          `help:"Let the server be another machine than this one."`
}

// viewed is the result of an audience, with what the tool itself has cost.
type viewed struct {
	audience.Report
	CPUSeconds float64 `json:"cpu_seconds"`
}

func (c viewersCmd) Run(ctx context.Context) error {
	a, err := audience.New(ctx, audience.Options{
		HLS: c.HLS, WHEP: c.WHEP, Rendition: c.Rendition, Join: c.Join, Beacon: c.Beacon,
		HLSCount: orElse(c.HLSNumber, c.Number), WHEPCount: orElse(c.WHEPNumber, c.Number),
		Insecure: c.Insecure, HTTP1: c.HTTP1, Anywhere: c.Anywhere,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	show := newProgress(os.Stderr)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c.Quiet {
			return
		}
		show.run(ctx, func() string { return summary(a.Report()) })
	}()
	a.Run(ctx)
	cancel()
	<-done
	r := viewed{a.Report(), seconds(usage(syscall.RUSAGE_SELF))}
	if c.JSON != "-" {
		printReport(os.Stdout, r)
	}
	return writeJSON(c.JSON, r)
}

func orElse(n, other int) int {
	if n > 0 {
		return n
	}
	return other
}

// writeJSON writes to a file, to standard output for "-", to nowhere for "".
func writeJSON(name string, v any) error {
	if name == "" {
		return nil
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if name == "-" {
		_, err = os.Stdout.Write(b)
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

// summary is the progress line.
func summary(r audience.Report) string {
	var parts []string
	for _, s := range []struct {
		name string
		audience.Side
	}{{"LL-HLS", r.HLS}, {"WHEP", r.WHEP}} {
		if s.Joined > 0 {
			parts = append(parts, fmt.Sprintf("%d %s viewers, %s, %d stalls, %d errors", s.Watching, s.name, rate(s.Side, r.Seconds), s.Stalls, s.Failures()))
		}
	}
	return fmt.Sprintf("%3.0f s  %s", r.Seconds, strings.Join(parts, " · "))
}

func rate(s audience.Side, seconds float64) string {
	return fmt.Sprintf("%.1f Mbit/s", float64(s.Bytes)*8/1e6/max(seconds, 1e-3))
}

// printReport prints one column for each way of watching.
func printReport(w io.Writer, r viewed) {
	var sides []audience.Side
	names := []string{""}
	for _, s := range []struct {
		name string
		audience.Side
	}{{"LL-HLS", r.HLS}, {"WHEP", r.WHEP}} {
		if s.Joined > 0 {
			sides, names = append(sides, s.Side), append(names, s.name)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, strings.Join(names, "\t"))
	line := func(name string, value func(audience.Side) string) {
		cells := []string{name}
		for _, s := range sides {
			cells = append(cells, value(s))
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	line("viewers", func(s audience.Side) string { return fmt.Sprint(s.Joined) })
	line("startup p50 / p95 / max", func(s audience.Side) string { return spread(s.Startup, true) })
	line("latency to live p50 / p95", func(s audience.Side) string { return spread(s.Latency, false) })
	line("stalls", func(s audience.Side) string { return fmt.Sprint(s.Stalls) })
	line("shorter dips", func(s audience.Side) string { return fmt.Sprint(s.Dips) })
	line("stood still", func(s audience.Side) string { return fmt.Sprintf("%.1f s", s.StalledSeconds) })
	line("errors", func(s audience.Side) string { return kinds(s.Errors) })
	line("began again", func(s audience.Side) string { return fmt.Sprint(s.Restarts) })
	line("each received, settled", func(s audience.Side) string {
		if s.MbpsEach == 0 {
			return "not known"
		}
		return fmt.Sprintf("%.2f Mbit/s", s.MbpsEach)
	})
	line("requests", func(s audience.Side) string { return fmt.Sprint(s.Requests) })
	line("packets lost / repaired", func(s audience.Side) string { return fmt.Sprintf("%d / %d", s.PacketsLost, s.Repaired) })
	line("received", func(s audience.Side) string {
		return fmt.Sprintf("%.1f MB, %s", float64(s.Bytes)/1e6, rate(s, r.Seconds))
	})
	_ = t.Flush()
	fmt.Fprintf(w, "\n%.1f s, of which this tool computed %.1f s: %.2f cores\n", r.Seconds, r.CPUSeconds, r.CPUSeconds/r.Seconds)
}

func spread(s audience.Spread, most bool) string {
	if s.Count == 0 {
		return "not known"
	}
	text := fmt.Sprintf("%.0f / %.0f", s.P50, s.P95)
	if most {
		text += fmt.Sprintf(" / %.0f", s.Max)
	}
	return text + " ms"
}

func kinds(errors map[string]int64) string {
	if len(errors) == 0 {
		return "0"
	}
	var all []string
	for kind, n := range errors {
		all = append(all, fmt.Sprintf("%d %s", n, kind))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
