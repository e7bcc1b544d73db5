package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/regie-live/regie/gateway/show"
)

// maxDepth is how deep a file may nest; an event needs four levels. The parser goes
// down a level for each, so that what is deeper is refused before it is parsed.
const maxDepth = 16

var deep = regexp.MustCompile(`(?m)(^|[\[{,:])[ \t]*([-?:][ \t]+){16,}`)

// readYAML reads a file as what it holds.
func readYAML(text []byte) (value, *draft) {
	d := &draft{}
	if open := bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")); deep.Match(text) || open > maxRecords {
		d.add(0, "This nests too deep; an event's file has lists of keys with values, and Markdown with few brackets.")
		return value{}, d
	}
	file, err := parse(text)
	if err != nil {
		line, what := 0, err.Error()
		var where yaml.Error
		if errors.As(err, &where) {
			what = where.GetMessage()
			if t := where.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
		}
		d.add(line, "This is not YAML: %s.", strings.TrimSuffix(what, "."))
		return value{}, d
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc != nil && doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	switch len(docs) {
	case 0:
		d.add(0, "The file is empty; it begins with event:, creators: or sessions:.")
	case 1:
		return d.value(docs[0], 0), d
	default:
		d.add(docs[1].GetToken().Position.Line, "A second document begins here; keep one, and take the --- out.")
	}
	return value{}, d
}

// parse makes an error of a parser that gives up: what it is given came from outside.
func parse(text []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("the parser cannot read it")
		}
	}()
	return parser.ParseBytes(text, 0)
}

func (d *draft) value(n ast.Node, depth int) value {
	v := value{kind: "text"}
	if t := n.GetToken(); t != nil && t.Position != nil {
		v.line = t.Position.Line
	}
	if depth > maxDepth {
		d.add(v.line, "This nests too deep.")
		return v
	}
	switch n := n.(type) {
	case *ast.StringNode:
		v.text = n.Value
	case *ast.LiteralNode:
		v.text = n.Value.Value
	case *ast.NullNode:
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.text = n.GetToken().Value // as written
	case *ast.SequenceNode:
		v.kind = "list"
		for _, element := range n.Values {
			v.list = append(v.list, d.value(element, depth+1))
		}
	case ast.MapNode:
		v.kind, v.keys = "keys", map[string]value{}
		first := 0
		for entry := n.MapRange(); entry.Next(); {
			key := entry.Key().GetToken()
			below := d.value(entry.Value(), depth+1)
			if below.kind != "list" || len(below.list) == 0 {
				below.line = key.Position.Line
			}
			if _, twice := v.keys[key.Value]; twice {
				d.add(key.Position.Line, "%.40q is there twice.", key.Value)
			}
			v.keys[key.Value] = below
			if first == 0 {
				first = key.Position.Line
			}
		}
		v.line = max(first, 1)
	default:
		d.add(v.line, "Anchors, aliases and tags are not read here; write the value itself.")
	}
	return v
}

// yamlWriter writes what readYAML reads.
type yamlWriter struct{ bytes.Buffer }

// simple is a text that no reader of YAML takes for anything else.
var (
	simple = regexp.MustCompile(`^[\p{L}][\p{L}\p{M}\p{N} ,.’()&+/–-]*[\p{L}\p{N}.)’]$`)
	words  = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$|^\.| #|: `)
	dates  = regexp.MustCompile(`^\d{4}-\d\d-\d\d( \d\d:\d\d)?$`)
	lines  = regexp.MustCompile(`^[^\s\x00-\x1f\x7f\x{85}\x{2028}\x{2029}\x{feff}][^\x00-\x1f\x7f\x{85}\x{2028}\x{2029}\x{feff}]*$`)
)

// pair writes a key with a text, unless that is empty.
func (w *yamlWriter) pair(indent, key, text string) {
	if text == "" {
		return
	}
	switch {
	case simple.MatchString(text) && !words.MatchString(text), dates.MatchString(text):
		fmt.Fprintf(w, "%s%s: %s\n", indent, key, text)
	case strings.Contains(text, "\n") && readable(text):
		fmt.Fprintf(w, "%s%s: |-\n", indent, key)
		below := strings.Repeat(" ", len(indent)+2)
		for _, l := range strings.Split(text, "\n") {
			if l != "" {
				l = below + l
			}
			w.WriteString(l + "\n")
		}
	default:
		fmt.Fprintf(w, "%s%s: %s\n", indent, key, quoted(text))
	}
}

// readable: the text's lines stand as they are beneath their key.
func readable(text string) bool {
	for _, l := range strings.Split(text, "\n") {
		if l != "" && (!lines.MatchString(l) || strings.HasSuffix(l, " ")) {
			return false
		}
	}
	return true
}

// quoted is a text as JSON, which is YAML too.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string is always JSON
	return strings.TrimSuffix(b.String(), "\n")
}

// exported is an event with what a file needs beside it.
type exported struct {
	show.Schedule
	hosts map[show.SessionID]string
	write func(show.Slot) (starts, ends string)
}

func (e exported) yaml() []byte {
	w := &yamlWriter{}
	if e.Name != "" {
		w.WriteString("event:\n")
		w.pair("  ", "name", e.Name)
		w.pair("  ", "time_zone", e.TimeZone)
		w.pair("  ", "description", e.Description)
		if len(e.Days) > 0 {
			w.WriteString("  days:\n")
		}
		for _, d := range e.Days {
			w.pair("    - ", "date", d.Date)
			w.pair("      ", "title", d.Title)
		}
	}
	if len(e.Creators) > 0 {
		w.WriteString("creators:\n")
	}
	for _, c := range e.Creators {
		w.pair("  - ", "id", string(c.ID))
		w.pair("    ", "name", c.Name)
		w.pair("    ", "bio", c.Bio)
		if len(c.Links) > 0 {
			w.WriteString("    links:\n")
		}
		for _, l := range c.Links {
			w.pair("      - ", "label", l.Label)
			w.pair("        ", "url", l.URL)
		}
	}
	if len(e.Slots) > 0 {
		w.WriteString("sessions:\n")
	}
	for _, s := range e.Slots {
		starts, ends := e.write(s)
		w.pair("  - ", "id", string(s.Session))
		w.pair("    ", "title", s.Title)
		w.pair("    ", "host", e.hosts[s.Session])
		if len(s.Creators) > 0 {
			w.WriteString("    creators:\n")
		}
		for _, c := range s.Creators {
			fmt.Fprintf(w, "      - %s\n", quoted(string(c)))
		}
		w.pair("    ", "category", s.Category)
		w.pair("    ", "starts", starts)
		w.pair("    ", "ends", ends)
		if s.Cancelled {
			w.WriteString("    cancelled: true\n")
		}
		w.pair("    ", "description", s.Description)
	}
	return w.Bytes()
}
