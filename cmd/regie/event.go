package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

// eventCmd is the event as a whole: what a file can hold.
type eventCmd struct {
	Import eventImportCmd `cmd:"" help:"Take days, creators and sessions from a YAML or CSV file."`
	Export eventExportCmd `cmd:"" help:"Print the event as a file that import takes."`
	Show   eventShowCmd   `cmd:"" help:"Print the schedule."`
}

type eventImportCmd struct {
	operating `embed:""`
	Path      string `arg:"" type:"existingfile" help:"The file; its name ends in .yml, .yaml or .csv."`
	DryRun    bool   `help:"Only say what would change."`
}

func (c eventImportCmd) Run() error {
	format := map[string]string{".yml": "yaml", ".yaml": "yaml", ".csv": "csv"}[strings.ToLower(filepath.Ext(c.Path))]
	if format == "" {
		return fmt.Errorf("%s: name it .yml or .csv, for what it is", c.Path)
	}
	text, err := os.ReadFile(c.Path)
	if err != nil {
		return err
	}
	var done show.Imported
	path := fmt.Sprintf("/event/import?%s", url.Values{"format": {format}, "dry_run": {fmt.Sprint(c.DryRun)}}.Encode())
	if printed, err := c.send(http.MethodPost, path, "application/octet-stream", text, &done); err != nil || printed {
		return err
	}
	for _, change := range done.Changes {
		fmt.Println(change)
	}
	for _, warning := range done.Warnings {
		fmt.Fprintln(os.Stderr, "note:", warning)
	}
	switch {
	case len(done.Changes) == 0:
		fmt.Println("Nothing changes.")
	case c.DryRun:
		fmt.Println("Nothing was changed; leave --dry-run away to do it.")
	}
	return nil
}

type eventExportCmd struct {
	operating `embed:""`
	Format    string `enum:"yaml,csv" default:"yaml" help:"yaml or csv."`
}

func (c eventExportCmd) Run() error {
	c.JSON = true // the answer as it is
	_, err := c.send(http.MethodGet, "/event/export?format="+c.Format, "", nil, nil)
	return err
}

type eventShowCmd struct {
	operating `embed:""`
}

func (c eventShowCmd) Run() error {
	var s show.Schedule
	if printed, err := c.send(http.MethodGet, "/event", "", nil, &s); err != nil || printed {
		return err
	}
	fmt.Printf("%s (%s), %d days, %d creators\n", cmp.Or(s.Name, "No event yet: regie event import FILE"), s.TimeZone, len(s.Days), len(s.Creators))
	table("STARTS ENDS PHASE ID CATEGORY TITLE", len(s.Slots), func(i int) []any {
		at := s.Slots[i]
		phase := string(at.Phase)
		if at.Cancelled {
			phase = "cancelled"
		}
		return []any{at.Starts, at.Ends, phase, at.Session, dash(at.Category), at.Title}
	})
	return nil
}
