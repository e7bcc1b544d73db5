package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// sessionCmd puts a session on or off air by hand.
type sessionCmd struct {
	Start sessionStartCmd `cmd:"" help:"Put a session on air without waiting for the host."`
	End   sessionEndCmd   `cmd:"" help:"Take a session off air, after a closing slate."`
}

type sessionStartCmd struct {
	source `embed:""`
	ID     string `arg:"" help:"The session's id."`
}

type sessionEndCmd struct {
	source `embed:""`
	ID     string `arg:"" help:"The session's id."`
}

func (c sessionStartCmd) Run() error { return c.ask(c.ID, "start") }
func (c sessionEndCmd) Run() error   { return c.ask(c.ID, "end") }

// ask speaks to the appliance on its metrics port, which only this machine
// reaches.
func (s source) ask(id, verb string) error {
	loaded, _, err := s.load()
	if err != nil {
		return err
	}
	at := loaded.Config.Metrics.Address
	if !at.On() {
		return fmt.Errorf("the appliance takes commands on metrics.address, which is off")
	}
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Post("http://"+near(string(at))+"/sessions/"+url.PathEscape(id)+"/"+verb, "", nil)
	if err != nil {
		return fmt.Errorf("the appliance does not answer on %s; is it running? %w", at, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", id, strings.TrimSpace(string(body)))
	}
	fmt.Printf("%s is %s\n", id, strings.TrimSpace(string(body)))
	return nil
}
