package worker

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// memoryLimit makes the garbage collector work harder instead of growing: Go's
// part of a worker with four 720p sources is about 60 MB.
const memoryLimit = 512 << 20

// Main is the whole process `regie worker`; it returns the exit code. Only a
// gateway starts it: it speaks transcode/wire on standard input and output and
// logs JSON lines on standard error.
func Main(ctx context.Context) int {
	// Ctrl-C and systemd signal the whole group. The gateway decides when its
	// workers go, and tells them by closing their input.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	debug.SetMemoryLimit(memoryLimit)
	out, err := takeStdout()
	if err != nil {
		log.Error("standard output cannot be used; a worker is started by the gateway, not by hand", "error", err)
		return 1
	}
	in, err := takeStdin()
	if err != nil {
		log.Error("standard input cannot be used; a worker is started by the gateway, not by hand", "error", err)
		return 1
	}
	written := findFonts() // no file can be opened once it is confined
	confine(log, int(out.Fd()))
	if err := Run(ctx, in, out, log, written); err != nil {
		log.Error("the worker ends", "cause", err)
		return 1
	}
	return 0
}
