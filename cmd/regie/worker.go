package main

import (
	"context"
	"os"

	"github.com/regie-live/regie/transcode/worker"
)

// workerCmd is the child process that mixes one session's program; the gateway
// starts it and speaks to it over its standard input and output.
type workerCmd struct{}

func (workerCmd) Run() error {
	os.Exit(worker.Main(context.Background()))
	return nil
}
