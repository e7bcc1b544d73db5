package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// progress is a line that says how things go: redrawn every second on a terminal,
// written every ten seconds elsewhere.
type progress struct {
	to       *os.File
	terminal bool
}

func newProgress(to *os.File) progress {
	_, err := unix.IoctlGetTermios(int(to.Fd()), unix.TCGETS)
	return progress{to, err == nil}
}

// run shows what say says until ctx ends.
func (p progress) run(ctx context.Context, say func() string) {
	every := 10 * time.Second
	if p.terminal {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if p.terminal {
				fmt.Fprint(p.to, "\r\x1b[K")
			}
			return
		case <-tick.C:
			if p.terminal {
				fmt.Fprintf(p.to, "\r\x1b[K%s", say())
			} else {
				fmt.Fprintln(p.to, say())
			}
		}
	}
}
