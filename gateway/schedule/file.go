package schedule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

// value is a piece of a file: a text, a list, or keys with values.
type value struct {
	line int
	text string
	list []value
	keys map[string]value // nil for a text and a list
	kind string           // text, list, keys
}

// problems are what is wrong with a file, each a sentence with its line.
type problems struct {
	list []fault
}

type fault struct {
	line int
	text string
}

func (p *problems) add(line int, format string, args ...any) {
	p.list = append(p.list, fault{line, fmt.Sprintf(format, args...)})
}

func (p *problems) err(line int, err error) {
	if err != nil {
		p.add(line, "%s", err.Error())
	}
}

// shownProblems is how many are told at once.
const shownProblems = 20

// error is all of them, in the order of their lines; nil without any.
func (p *problems) error() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b fault) int { return a.line - b.line })
	var lines []string
	for i, one := range p.list {
		if i == shownProblems {
			lines = append(lines, fmt.Sprintf("And %d more.", len(p.list)-i))
			break
		}
		if one.line > 0 {
			one.text = fmt.Sprintf("Line %d: %s", one.line, one.text)
		}
		lines = append(lines, one.text)
	}
	return &show.Error{Kind: show.Invalid, Detail: strings.Join(lines, "\n")}
}

// The keys of each part of a file.
var fileKeys = map[string][]string{
	"file":    {"event", "creators", "sessions"},
	"event":   {"name", "description", "time_zone", "days"},
	"day":     {"date", "title"},
	"creator": {"id", "name", "bio", "links"},
	"link":    {"label", "url"},
	"session": {"id", "title", "host", "creators", "category", "starts", "ends", "cancelled", "description"},
}

// draft is what a file says, before it is compared with what is.
type draft struct {
	problems
	event    *value
	creators []value
	sessions []value
}

// maxRecords bounds what one file names.
const maxRecords = 2000

// draftOf sorts a file into its parts and refuses keys that it does not know.
func draftOf(file value) *draft {
	d := &draft{}
	if !d.section("file", file) {
		return d
	}
	if e, ok := file.keys["event"]; ok && d.section("event", e) {
		d.event = &e
		for _, day := range d.items(e, "days") {
			d.section("day", day)
		}
	}
	for _, c := range d.items(file, "creators") {
		if d.section("creator", c) {
			d.creators = append(d.creators, c)
			for _, l := range d.items(c, "links") {
				d.section("link", l)
			}
		}
	}
	for _, s := range d.items(file, "sessions") {
		if d.section("session", s) {
			d.sessions = append(d.sessions, s)
		}
	}
	if n := len(d.creators) + len(d.sessions); n > maxRecords {
		d.add(0, "The file names %d creators and sessions; an event has at most %d.", n, maxRecords)
	}
	return d
}

// section checks that v has keys, and none but those of its kind.
func (d *draft) section(kind string, v value) bool {
	if v.kind != "keys" {
		d.add(v.line, "Here belong keys with values, such as %s: …", fileKeys[kind][0])
		return false
	}
	for key, below := range v.keys {
		if !slices.Contains(fileKeys[kind], key) {
			d.add(below.line, "%.40q is no key of a %s; there are %s.", key, kind, strings.Join(fileKeys[kind], ", "))
		}
	}
	return true
}

// items is the list under a key.
func (d *draft) items(v value, key string) []value {
	below, ok := v.keys[key]
	if !ok || below.kind == "text" && below.text == "" {
		return nil
	}
	if below.kind != "list" {
		d.add(below.line, "Under %s belongs a list; begin each of its entries with a dash.", key)
		return nil
	}
	return below.list
}

// text is what stands under a key; ok is false if nothing does.
func (d *draft) text(v value, key string) (text string, ok bool) {
	below, ok := v.keys[key]
	if ok && below.kind != "text" {
		d.add(below.line, "Under %s belongs one value.", key)
		return "", false
	}
	return below.text, ok
}

// lineOf is where a key stands, or else what it would belong to.
func (v value) lineOf(key string) int {
	if below, ok := v.keys[key]; ok {
		return below.line
	}
	return v.line
}

// days reads the days of an event.
func (d *draft) days(e value) []show.Day {
	days := []show.Day{}
	for _, v := range d.items(e, "days") {
		if v.kind != "keys" {
			continue // was told
		}
		var day show.Day
		day.Date, _ = d.text(v, "date")
		day.Title, _ = d.text(v, "title")
		if _, err := day.Checked(); err != nil {
			d.err(v.line, err)
			continue
		}
		days = append(days, day)
	}
	return days
}

func (d *draft) links(c value) []show.Link {
	links := []show.Link{}
	for _, v := range d.items(c, "links") {
		if v.kind != "keys" {
			continue
		}
		var l show.Link
		l.Label, _ = d.text(v, "label")
		l.URL, _ = d.text(v, "url")
		links = append(links, l)
	}
	return links
}
