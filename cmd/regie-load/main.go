// Command regie-load puts load on Regie or on any other server: synthetic
// publishers, LL-HLS and WHEP viewers, and a hostile audience. Its bench and soak
// measure Regie with them: what mixing costs beside the ffmpeg program doing the
// same job, how long a frame is under way, what viewers cost, and what holds.
//
// It guarantees: traffic goes to this machine's loopback only, unless --anywhere
// says otherwise; bench and soak are bounded in time; Ctrl-C ends every command
// and all it started, with the result so far; and no figure is printed that was
// not measured in this run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/regie-live/regie/transcode/worker"
)

type cli struct {
	Bench   benchCmd   `cmd:"" help:"Measure everything, and print the table of deploy/BENCH.md."`
	Viewers viewersCmd `cmd:"" help:"Be an audience of any server: LL-HLS and WHEP."`
	Chat    chatCmd    `cmd:"" help:"Be an audience that talks: 2000 listen, 20 messages a second."`
	Publish publishCmd `cmd:"" help:"Publish a clip to any server: RTMP, RTSP and WHIP."`
	Hostile hostileCmd `cmd:"" help:"Be an audience that nobody wants."`
	Soak    soakCmd    `cmd:"" help:"See what Regie holds at once on this machine."`
	Worker  workerCmd  `cmd:"" hidden:"" help:"Mix one program; started by bench."`
}

// workerCmd lets the sessions of a benchmark start this very program.
type workerCmd struct{}

func (workerCmd) Run(ctx context.Context) error {
	if code := worker.Main(ctx); code != 0 {
		return fmt.Errorf("the worker ended with %d", code)
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	var c cli
	parser := kong.Must(&c, kong.Name("regie-load"), kong.Description("Puts load on Regie and other servers, and measures."), kong.BindTo(ctx, (*context.Context)(nil)))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	err = command.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "regie-load:", err)
		os.Exit(1)
	}
}
