package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway"
)

// operating is a command that asks the running appliance, on its metrics port,
// which only this machine reaches.
type operating struct {
	source `embed:""`
	JSON   bool `help:"Print JSON instead of a table."`
}

// call sends a request with in as its JSON, unless that is nil, and reads the
// answer into out. With --json it prints the answer and says so.
func (c operating) call(method, path string, in, out any) (printed bool, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return false, err
	}
	return c.send(method, "/people/"+path, "application/json", body, out)
}

// ask is call for webhooks.
func (c operating) ask(method, path string, in, out any) (printed bool, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return false, err
	}
	return c.send(method, "/webhooks"+path, "application/json", body, out)
}

// send is call with a body of any type.
func (c operating) send(method, path, contentType string, body []byte, out any) (printed bool, err error) {
	loaded, _, err := c.load()
	if err != nil {
		return false, err
	}
	at, err := operatorPort(loaded.Config)
	if err != nil {
		return false, err
	}
	req, err := http.NewRequest(method, "http://"+at+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", contentType)
	client := http.Client{Timeout: 20 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return false, fmt.Errorf("the appliance does not answer on %s; is it running? %w", at, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return false, err
	}
	if res.StatusCode/100 != 2 {
		var problem struct{ Detail string }
		if json.Unmarshal(answer, &problem) != nil || problem.Detail == "" {
			problem.Detail = fmt.Sprintf("%s answered %s; is it a Regie of this version?", at, res.Status)
		}
		return false, errors.New(problem.Detail)
	}
	if c.JSON {
		if len(answer) == 0 {
			answer = []byte("{}\n")
		}
		_, err = os.Stdout.Write(answer)
		return true, err
	}
	if out == nil || len(answer) == 0 {
		return false, nil
	}
	return false, json.Unmarshal(answer, out)
}

// operatorPort is where the appliance takes commands. A port that was left to the
// system stands in its data folder.
func operatorPort(c config.Config) (string, error) {
	if !c.Metrics.Address.On() {
		return "", errors.New("the appliance takes commands on metrics.address, which is off")
	}
	at := string(c.Metrics.Address)
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return "", fmt.Errorf("metrics.address %q: %w", at, err)
	}
	if port != "0" {
		return net.JoinHostPort(cmp.Or(host, "localhost"), port), nil
	}
	var now gateway.Addrs
	b, err := os.ReadFile(filepath.Join(c.Data.Dir, "ports.json"))
	if err == nil {
		err = json.Unmarshal(b, &now)
	}
	if err != nil {
		return "", fmt.Errorf("metrics.address is any free port, and which one is not known; is the appliance running? %w", err)
	}
	return now.Metrics, nil
}

// do is call for what has nothing to show but that it was done.
func (c operating) do(method, path string, in any, done string) error {
	printed, err := c.call(method, path, in, nil)
	if err == nil && !printed {
		fmt.Println(done)
	}
	return err
}

// under builds a path of names that may hold anything.
func under(names ...string) string {
	for i := range names {
		names[i] = url.PathEscape(names[i])
	}
	return strings.Join(names, "/")
}

// table prints rows under their headings.
func table(head string, rows int, row func(int) []any) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(head, " ", "\t"))
	for i := range rows {
		for j, cell := range row(i) {
			if j > 0 {
				fmt.Fprint(w, "\t")
			}
			if t, ok := cell.(time.Time); ok {
				cell = day(t)
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
}

// day is a time for people, in their own time zone.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// dash is s, or a dash where a table would have a hole.
func dash[S ~string](s S) string {
	if s == "" {
		return "-"
	}
	return string(s)
}

// moment reads a time that was given on the command line; "none" takes it away.
func moment(flag, s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	if s == "none" {
		return new(time.Time), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf(`--%s %q is no time; write 2026-12-31T20:00:00+01:00, or "2026-12-31 20:00" in this machine's time zone`, flag, s)
}
