package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/regie-live/regie/transcode/worker"
)

// workerCmd is the child process that mixes one session's program; the gateway
// starts it and speaks to it over its standard input and output.
type workerCmd struct{}

func (workerCmd) Run() error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return worker.Run(context.Background(), os.Stdin, os.Stdout, log)
}
