package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/regie-live/regie/transcode/testcard"
	"github.com/regie-live/regie/transcode/worker"
)

// workerCmd is the child process that mixes one session's program; the gateway
// starts it and speaks to it over its standard input and output.
type workerCmd struct {
	Probe  bool `help:"Say how fast this machine encodes a program, and end."`
	Width  int  `default:"1280"`
	Height int  `default:"720"`
	FPS    int  `default:"30"`
	Kbps   int  `default:"2500"`
}

func (c workerCmd) Run() error {
	if c.Probe {
		return c.probe()
	}
	os.Exit(worker.Main(context.Background()))
	return nil
}

// probeFor is how much program a probe encodes.
const probeFor = 2 * time.Second

// probe draws and encodes a test picture with sound and prints how many seconds
// of it one core makes in a second.
func (c workerCmd) probe() error {
	card, err := testcard.Open(testcard.Options{Name: "Regie", ToneHz: 440, W: c.Width, H: c.Height, FPS: c.FPS, Kbps: c.Kbps})
	if err != nil {
		return err
	}
	defer card.Close()
	began := time.Now()
	for due := time.Duration(0); due < probeFor; {
		if _, due, err = card.Next(); err != nil {
			return err
		}
	}
	fmt.Printf("%.1f\n", probeFor.Seconds()/time.Since(began).Seconds())
	return nil
}
