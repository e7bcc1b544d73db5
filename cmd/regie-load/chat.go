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
	Deaf     int           `default:"5" help:"How many listen and never read."`
	Rate     float64       `default:"20" help:"Messages a second."`
	For      time.Duration `default:"60s" help:"How long they talk."`
	JSON     string        `help:"Write the result there too; - is standard output, in place of the table." placeholder:"FILE"`
	Anywhere bool          `help:"Let the server be another machine than this one."`
}

// talked is the result, with what the tool itself has cost.
type talked struct {
	chat.Report
	CPUSeconds float64 `json:"cpu_seconds"`
}

func (c chatCmd) Run(ctx context.Context) error {
	if !c.Anywhere {
		if err := audience.Local(ctx, c.Server); err != nil {
			return err
		}
	}
	got, err := chat.Run(ctx, chat.Options{
		Server: c.Server, Session: c.Session, Readers: c.Number, Talkers: max(1, c.Talkers), Deaf: c.Deaf, Rate: max(.1, c.Rate), For: c.For,
	})
	if err != nil {
		return err
	}
	r := talked{got, seconds(usage(syscall.RUSAGE_SELF))}
	if c.JSON != "-" {
		printTalk(r, c.Deaf)
	}
	return writeJSON(c.JSON, r)
}

func printTalk(r talked, deaf int) {
	var refused []string
	for why, n := range r.Refused {
		refused = append(refused, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(refused)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "readers, at the end\t%d, %d\n", r.Connected, r.Reading)
	fmt.Fprintf(t, "messages kept\t%d\n", r.Sent)
	fmt.Fprintf(t, "not kept\t%s\n", strings.Join(refused, ", "))
	fmt.Fprintf(t, "not heard by all\t%d\n", r.Lost)
	fmt.Fprintf(t, "copies\t%d\n", r.Heard)
	fmt.Fprintf(t, "to the answer p50 / p99 / max\t%.0f / %.0f / %.0f ms\n", r.Ack.P50, r.Ack.P99, r.Ack.Max)
	fmt.Fprintf(t, "to the last reader p50 / p99 / max\t%.0f / %.0f / %.0f ms\n", r.Last.P50, r.Last.P99, r.Last.Max)
	fmt.Fprintf(t, "deaf, ended by the server\t%d, %d\n", deaf, r.DeafEnded)
	_ = t.Flush()
	fmt.Printf("\nthis tool computed for %.1f s\n", r.CPUSeconds)
}
