// Command regie is the appliance and everything an operator does with it.
//
// It guarantees:
//   - Exit status 0 means done, 1 that something is wrong (one line on standard
//     error for each thing, with what to do about it), 80 a wrong command line.
//   - Nothing it prints holds a secret, except what is asked for one: config init,
//     config key, config show --secrets, setup-link, user add and password, key new,
//     invite new, webhook add; and serve, the setup link.
//   - The first SIGINT or SIGTERM ends it gracefully within five seconds, the
//     second at once.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Run the appliance."`
	Demo        demoCmd        `cmd:"" help:"Run the appliance with a host and three guests who do not exist."`
	Session     sessionCmd     `cmd:"" help:"Make and change sessions, put them on or off air by hand."`
	Event       eventCmd       `cmd:"" help:"Take an event from a file, and write it to one."`
	Webhook     webhookCmd     `cmd:"" help:"Say which other systems are told what happens."`
	User        userCmd        `cmd:"" help:"Say who may sign in, and as what."`
	Key         keyCmds        `cmd:"" help:"Make and revoke the stream keys of a session."`
	Camera      cameraCmd      `cmd:"" help:"Say which cameras are fetched for a session."`
	Invite      inviteCmd      `cmd:"" help:"Make and revoke the invites to a session."`
	SetupLink   setupLinkCmd   `cmd:"" help:"Print the link that makes the first administrator."`
	Audit       auditCmd       `cmd:"" help:"Print who changed what, the newest first."`
	Config      configCmd      `cmd:"" help:"Check, show or begin a configuration file."`
	Doctor      doctorCmd      `cmd:"" help:"Say whether this machine is ready, and what to do if not."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask the appliance on this machine whether it is well (for containers)."`
	Worker      workerCmd      `cmd:"" hidden:"" help:"Mix one program; started by serve."`
	Creator     creatorCmd     `cmd:"" hidden:"" help:"Be a synthetic creator; started by demo."`
}

func main() {
	var c cli
	parser := kong.Must(&c,
		kong.Name("regie"),
		kong.Description("A studio's control room for live events: RTMP, RTSP and WHIP in, one mixed program out as LL-HLS and WebRTC."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	ctx, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
