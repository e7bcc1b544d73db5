package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway"
)

// sessionCmd makes sessions and puts them on or off air by hand.
type sessionCmd struct {
	List   sessionListCmd   `cmd:"" help:"List the sessions."`
	Add    sessionAddCmd    `cmd:"" help:"Make a session."`
	Change sessionChangeCmd `cmd:"" help:"Change a session that is not in the configuration file."`
	Remove sessionRemoveCmd `cmd:"" help:"Delete a session with its keys and invites."`
	Start  sessionStartCmd  `cmd:"" help:"Put a session on air without waiting for the host."`
	End    sessionEndCmd    `cmd:"" help:"Take a session off air, after a closing slate."`
	Cue    sessionCueCmd    `cmd:"" help:"Send viewers a message that belongs to a moment of the program."`
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

type sessionCueCmd struct {
	source   `embed:""`
	ID       string        `arg:"" help:"The session's id."`
	Class    string        `default:"com.regie.message" help:"What it is, as a reverse DNS name; pages show com.regie.message."`
	Name     string        `help:"Names the cue; a later one with the same name and start replaces it."`
	Start    string        `placeholder:"RFC3339" help:"When it belongs to; default: now."`
	Duration time.Duration `help:"How long it holds; default: until further notice."`
	Text     string        `xor:"data" help:"Short for --data '{\"text\": …}'."`
	Data     string        `xor:"data" placeholder:"JSON" help:"What it says."`
}

func (c sessionCueCmd) Run() error {
	cue := map[string]any{"class": c.Class}
	if c.Name != "" {
		cue["id"] = c.Name
	}
	if c.Start != "" {
		cue["start"] = c.Start
	}
	if c.Duration != 0 {
		cue["duration"] = c.Duration.Seconds()
	}
	switch {
	case c.Text != "":
		cue["data"] = map[string]string{"text": c.Text}
	case c.Data != "" && !json.Valid([]byte(c.Data)):
		return fmt.Errorf("--data %q is not JSON; to show a text, write --text", c.Data)
	case c.Data != "":
		cue["data"] = json.RawMessage(c.Data)
	}
	body, err := json.Marshal(cue)
	if err != nil {
		return err
	}
	said, err := c.post(c.ID, "cues", body)
	if err == nil {
		fmt.Println(said)
	}
	return err
}

func (s source) ask(id, verb string) error {
	said, err := s.post(id, verb, nil)
	if err == nil {
		fmt.Printf("%s is %s\n", id, said)
	}
	return err
}

// post speaks to the appliance on its metrics port, which only this machine
// reaches, and returns its answer.
func (s source) post(id, verb string, body []byte) (string, error) {
	loaded, _, err := s.load()
	if err != nil {
		return "", err
	}
	at := loaded.Config.Metrics.Address
	if !at.On() {
		return "", fmt.Errorf("the appliance takes commands on metrics.address, which is off")
	}
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Post("http://"+gateway.Near(string(at))+"/sessions/"+url.PathEscape(id)+"/"+verb, "application/json", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("the appliance does not answer on %s; is it running? %w", at, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
	if err != nil {
		return "", err
	}
	said := strings.TrimSpace(string(answer))
	if res.StatusCode/100 == 2 {
		return said, nil
	}
	var problem struct{ Detail string }
	if json.Unmarshal(answer, &problem) == nil && problem.Detail != "" {
		said = problem.Detail
	}
	return "", fmt.Errorf("%s: %s", id, said)
}
