package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/regie-live/regie/cmd/regie-load/audience"
	"github.com/regie-live/regie/cmd/regie-load/chat"
)

// chatCmd is an audience that talks.
type chatCmd struct {
	Server   string        `required:"" help:"Where Regie's pages are." placeholder:"http://HOST:PORT"`
	Session  string        `default:"studio" help:"In whose room."`
	Number   int           `short:"n" default:"2000" help:"How many listen."`
	Talkers  int           `default:"60" help:"How many take turns to speak."`
	Stuck    int           `default:"5" help:"How many more listen and never read; a server notices within 35 s."`
	Rate     float64       `default:"20" help:"Messages a second."`
	For      time.Duration `default:"60s" help:"How long they talk."`
	PID      int           `name:"pid" help:"The server's process on this machine: what the talk costs it is measured too."`
	JSON     string        `help:"Write the result there too; - is standard output, in place of the table." placeholder:"FILE"`
	Anywhere bool          `help:"Let the server be another machine than this one."`
}

// talked is the result, with what it has cost this tool and, if it was named, the
// server, connecting included.
type talked struct {
	chat.Report
	Seconds       float64 `json:"seconds"`
	CPUSeconds    float64 `json:"cpu_seconds"`
	ServerSeconds float64 `json:"server_cpu_seconds,omitempty"`
}

func (c chatCmd) Run(ctx context.Context) error {
	if !c.Anywhere {
		if err := audience.Local(ctx, c.Server); err != nil {
			return err
		}
	}
	before, err := c.serverCPU()
	if err != nil {
		return err
	}
	began := time.Now()
	got, err := chat.Run(ctx, chat.Options{
		Server: c.Server, Session: c.Session, Readers: c.Number, Talkers: max(1, c.Talkers), Stuck: c.Stuck, Rate: max(.1, c.Rate), For: c.For,
	})
	if err != nil {
		return err
	}
	after, err := c.serverCPU()
	if err != nil {
		return err
	}
	r := talked{got, time.Since(began).Seconds(), seconds(usage(syscall.RUSAGE_SELF)), (after - before).Seconds()}
	if c.JSON != "-" {
		printTalk(r, c.Stuck)
	}
	return writeJSON(c.JSON, r)
}

// serverCPU is what the server has used so far; 0 if it was not named.
func (c chatCmd) serverCPU() (used time.Duration, err error) {
	if c.PID != 0 {
		_, used, err = readStat(c.PID)
	}
	return used, err
}

func printTalk(r talked, stuck int) {
	var refused []string
	for why, n := range r.Refused {
		refused = append(refused, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(refused)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "readers, at the end\t%d, %d\n", r.Connected, r.Reading)
	fmt.Fprintf(t, "to the room p50 / p99 / max\t%.0f / %.0f / %.0f ms\n", r.Connect.P50, r.Connect.P99, r.Connect.Max)
	fmt.Fprintf(t, "messages kept\t%d\n", r.Sent)
	fmt.Fprintf(t, "not kept\t%s\n", strings.Join(refused, ", "))
	fmt.Fprintf(t, "not heard by all\t%d\n", r.Lost)
	fmt.Fprintf(t, "copies\t%d\n", r.Heard)
	fmt.Fprintf(t, "to the answer p50 / p99 / max\t%.0f / %.0f / %.0f ms\n", r.Ack.P50, r.Ack.P99, r.Ack.Max)
	fmt.Fprintf(t, "to the last reader p50 / p99 / max\t%.0f / %.0f / %.0f ms\n", r.Last.P50, r.Last.P99, r.Last.Max)
	fmt.Fprintf(t, "stuck, ended by the server\t%d, %d\n", stuck, r.StuckEnded)
	_ = t.Flush()
	fmt.Printf("\nthis tool computed for %.1f s of %.1f", r.CPUSeconds, r.Seconds)
	if r.ServerSeconds > 0 {
		fmt.Printf(", the server for %.1f s", r.ServerSeconds)
	}
	fmt.Println()
}
