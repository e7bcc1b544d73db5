package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

// cameraCmd is how cameras come in, which are servers that want to be asked.
type cameraCmd struct {
	List   cameraListCmd   `cmd:"" help:"List the cameras of a session and how it goes with each, without their passwords."`
	Add    cameraAddCmd    `cmd:"" help:"Make a guest of a camera: it waits backstage."`
	Remove cameraRemoveCmd `cmd:"" help:"Take a camera away."`
}

type cameraListCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
}

func (c cameraListCmd) Run() error {
	var all []show.Camera
	if printed, err := c.call("GET", under("sessions", c.Session, "cameras"), nil, &all); err != nil || printed {
		return err
	}
	table("PARTICIPANT NAME ADDRESS STATE WHY", len(all), func(i int) []any {
		why := strings.TrimSuffix(all[i].Reason+"; "+all[i].Hint, "; ")
		return []any{all[i].Participant, all[i].Name, all[i].Address, all[i].State, cmp.Or(why, "-")}
	})
	return nil
}

type cameraAddCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
	Name      string `arg:"" help:"What the camera is called in the picture."`
	Address   string `arg:"" help:"rtsp://user:password@camera:554/path, or - to read it from the first line of standard input, since other users of this machine see command lines."`
}

func (c cameraAddCmd) Run() error {
	if c.Address == "-" {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if c.Address = strings.TrimSpace(line); c.Address == "" {
			return errors.Join(errors.New("standard input has no address in its first line"), err)
		}
	}
	var made show.Camera
	printed, err := c.call("POST", under("sessions", c.Session, "cameras"), show.NewCamera{Name: c.Name, Address: c.Address}, &made)
	if err == nil && !printed {
		fmt.Printf("%s\nnext: regie camera list %s says how it goes\n", made.Participant, c.Session)
	}
	return err
}

type cameraRemoveCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
	ID        string `arg:"" help:"The camera's participant, as regie camera list says it."`
}

func (c cameraRemoveCmd) Run() error {
	return c.do("DELETE", under("sessions", c.Session, "cameras", c.ID), nil, "removed")
}
