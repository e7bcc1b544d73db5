package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// viewersCmd is an audience: one goroutine a viewer. It prints a report.
type viewersCmd struct {
	HLS    string        `help:"Address of a multivariant playlist."`
	WHEP   string        `help:"Address of a WHEP endpoint."`
	Number int           `default:"100" help:"How many viewers."`
	For    time.Duration `default:"20s" help:"How long."`
}

// report is what an audience has seen, all viewers together.
type report struct {
	Viewers  int   `json:"viewers"`
	Stalls   int64 `json:"stalls"`
	Errors   int64 `json:"errors"`
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// tally is shared by all viewers.
type tally struct{ stalls, errors, requests, bytes atomic.Int64 }

func (c viewersCmd) Run(ctx context.Context) error {
	watch := watchHLS
	address := c.HLS
	if c.WHEP != "" {
		watch, address = watchWHEP, c.WHEP
	}
	if address == "" {
		return errors.New("give --hls or --whep")
	}
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	var t tally
	var audience sync.WaitGroup
	for i := range c.Number {
		audience.Go(func() {
			// They come over four seconds, as a crowd does, and not in step.
			if sleep(ctx, time.Duration(i)*4*time.Second/time.Duration(c.Number)) != nil {
				return
			}
			if err := watch(ctx, address, &t); err != nil && ctx.Err() == nil {
				t.errors.Add(1)
			}
		})
	}
	audience.Wait()
	return json.NewEncoder(os.Stdout).Encode(report{
		Viewers: c.Number, Stalls: t.stalls.Load(), Errors: t.errors.Load(),
		Requests: t.requests.Load(), Bytes: t.bytes.Load(),
	})
}
