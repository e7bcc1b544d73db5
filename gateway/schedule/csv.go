package schedule

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/internal/sheet"
)

// columns are those of a CSV file. Each row is of a kind; without that column all
// are sessions, which is what somebody writes in a spreadsheet. An empty cell says
// nothing: what is there stays.
var columns = []string{"kind", "id", "title", "starts", "ends", "host", "creators", "category", "description", "links", "cancelled", "time_zone"}

// cells say which column holds which key of a kind of row, where their names differ.
var cells = map[string]map[string]string{
	"event":   {"title": "name", "description": "description", "time_zone": "time_zone"},
	"day":     {"starts": "date", "title": "title"},
	"creator": {"id": "id", "title": "name", "description": "bio", "links": "links"},
	"session": {"id": "id", "title": "title", "starts": "starts", "ends": "ends", "host": "host", "creators": "creators", "category": "category", "description": "description", "cancelled": "cancelled"},
}

// readCSV reads a table as the same that readYAML makes of a file.
func readCSV(text []byte) (value, *draft) {
	d := &draft{}
	r := sheet.Reader(text)
	names, err := r.Read()
	if err != nil {
		d.add(1, "The first row names the columns: %s.", strings.Join(columns, ", "))
		return value{}, d
	}
	for i, name := range names {
		names[i] = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, names[i]) {
			d.add(1, "There is no column %.40q; there are %s.", name, strings.Join(columns, ", "))
		} else if slices.Index(names, names[i]) < i {
			d.add(1, "The column %s is there twice.", names[i])
		}
	}
	file := value{kind: "keys", line: 1, keys: map[string]value{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return file, d
		}
		if err != nil {
			line := 0
			if e := (*csv.ParseError)(nil); errors.As(err, &e) {
				line, err = e.Line, e.Err
			}
			d.add(line, "This row is not CSV: %v.", err)
			return file, d
		}
		line, _ := r.FieldPos(0)
		d.row(&file, names, row, line)
	}
}

func (d *draft) row(file *value, names, row []string, line int) {
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return
	}
	if len(row) > len(names) {
		d.add(line, "This row has %d cells for %d columns; put quotes around cells with commas.", len(row), len(names))
		return
	}
	kind := "session"
	if i := slices.Index(names, "kind"); i >= 0 && i < len(row) {
		kind = strings.ToLower(strings.TrimSpace(row[i]))
	}
	known, ok := cells[kind]
	if !ok {
		d.add(line, "%.40q is no kind of row; write event, day, creator or session.", kind)
		return
	}
	at := value{kind: "keys", line: line, keys: map[string]value{}}
	for i, cell := range row {
		if names[i] == "kind" || strings.TrimSpace(cell) == "" {
			continue
		}
		key, ok := known[names[i]]
		if !ok {
			d.add(line, "A row of kind %s has nothing under %s; leave that cell empty.", kind, names[i])
			continue
		}
		at.keys[key] = cellValue(key, sheet.Unguard(cell), line)
	}
	switch kind {
	case "event":
		if _, twice := file.keys["event"]; twice {
			if _, name := file.keys["event"].keys["name"]; name {
				d.add(line, "A second event begins here; keep one row of that kind.")
				return
			}
			if days, ok := file.keys["event"].keys["days"]; ok {
				at.keys["days"] = days
			}
		}
		file.keys["event"] = at
	case "day":
		e, ok := file.keys["event"]
		if !ok {
			e = value{kind: "keys", line: line, keys: map[string]value{}}
		}
		appendTo(&e, "days", at)
		file.keys["event"] = e
	default:
		appendTo(file, kind+"s", at)
	}
}

func appendTo(v *value, key string, one value) {
	list, ok := v.keys[key]
	if !ok {
		list = value{kind: "list", line: one.line}
	}
	list.list = append(list.list, one)
	v.keys[key] = list
}

// cellValue takes the lists apart: creators by their ids, links a line each, as
// "Label https://…".
func cellValue(key, cell string, line int) value {
	text := func(s string) value { return value{kind: "text", text: s, line: line} }
	list := value{kind: "list", line: line}
	switch key {
	case "creators":
		for _, id := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) }) {
			list.list = append(list.list, text(id))
		}
		return list
	case "links":
		for l := range strings.Lines(cell) {
			l = strings.TrimSpace(l)
			if l == "" {
				continue
			}
			i := strings.LastIndexAny(l, " \t")
			list.list = append(list.list, value{kind: "keys", line: line, keys: map[string]value{
				"label": text(strings.TrimSpace(l[:max(i, 0)])), "url": text(l[i+1:]),
			}})
		}
		return list
	}
	return text(cell)
}

func (e exported) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	write := func(cells map[string]string) {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = sheet.Guard(cells[c])
		}
		_ = w.Write(row) // into a buffer
	}
	_ = w.Write(columns)
	if e.Name != "" {
		write(map[string]string{"kind": "event", "title": e.Name, "description": e.Description, "time_zone": e.TimeZone})
	}
	for _, d := range e.Days {
		write(map[string]string{"kind": "day", "starts": d.Date, "title": d.Title})
	}
	for _, c := range e.Creators {
		var links []string
		for _, l := range c.Links {
			links = append(links, l.Label+" "+l.URL)
		}
		write(map[string]string{"kind": "creator", "id": string(c.ID), "title": c.Name, "description": c.Bio, "links": strings.Join(links, "\n")})
	}
	for _, s := range e.Slots {
		var creators []string
		for _, c := range s.Creators {
			creators = append(creators, string(c))
		}
		row := map[string]string{"kind": "session", "id": string(s.Session), "title": s.Title, "host": e.hosts[s.Session],
			"creators": strings.Join(creators, " "), "category": s.Category, "description": s.Description}
		row["starts"], row["ends"] = e.write(s)
		if s.Cancelled {
			row["cancelled"] = "true"
		}
		write(row)
	}
	w.Flush()
	return b.Bytes()
}
