package config

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// Shown says what Render adds to the values.
type Shown struct {
	Secrets bool // keys and camera passwords in clear
	Origin  bool // where each value came from, as a comment
}

// Render writes the configuration as YAML that Load reads again (when Secrets
// are shown).
func (l *Loaded) Render(s Shown) []byte {
	r := &renderer{loaded: l, shown: s}
	r.section("", "", "", reflect.ValueOf(l.Config))
	width := 0
	for _, line := range r.lines {
		if line.origin != "" {
			width = max(width, utf8.RuneCountInString(line.text))
		}
	}
	var b strings.Builder
	for _, line := range r.lines {
		b.WriteString(line.text)
		if s.Origin && line.origin != "" {
			b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(line.text)) + "  # " + line.origin)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

type renderer struct {
	loaded *Loaded
	shown  Shown
	lines  []struct{ text, origin string }
}

func (r *renderer) line(text, origin string) {
	r.lines = append(r.lines, struct{ text, origin string }{text, origin})
}

// section writes keys; lead stands before the first of them, in place of the
// indentation (a list's dash).
func (r *renderer) section(path, indent, lead string, v reflect.Value) {
	for i, f := range fieldsOf(v) {
		if f.omitEmpty && f.value.IsZero() {
			continue
		}
		prefix := indent
		if i == 0 && lead != "" {
			prefix = lead
		}
		below := under(path, f.name)
		switch {
		case f.value.Kind() == reflect.Struct:
			r.line(prefix+f.name+":", "")
			r.section(below, indent+"  ", "", f.value)
		case f.value.Kind() == reflect.Slice && f.value.Len() > 0:
			r.line(prefix+f.name+":", r.loaded.Origin(below).String())
			for j := range f.value.Len() {
				element, at := f.value.Index(j), fmt.Sprintf("%s[%d]", below, j)
				if element.Kind() == reflect.Struct {
					r.section(at, indent+"    ", indent+"  - ", element)
				} else {
					r.line(indent+"  - "+r.scalar(element), r.loaded.Origin(at).String())
				}
			}
		case f.value.Kind() == reflect.Slice:
			r.line(prefix+f.name+": []", r.loaded.Origin(below).String())
		default:
			r.line(prefix+f.name+": "+r.scalar(f.value), r.loaded.exact(below).String())
		}
	}
}

// exact is Origin without what stands around: a key that is missing in a section
// that was written is a default.
func (l *Loaded) exact(path string) Origin { return l.Origins[path] }

func (r *renderer) scalar(v reflect.Value) string {
	value := v.Interface()
	switch s := value.(type) {
	case Secret:
		if r.shown.Secrets {
			value = s.Reveal()
		}
	case SourceURL:
		if r.shown.Secrets {
			value = s.Reveal()
		}
	case Address:
		value = string(s)
	}
	text, err := yaml.MarshalWithOptions(value, yaml.JSON())
	if err != nil { // scalars always marshal
		panic(fmt.Sprintf("config: write %T: %v", value, err))
	}
	return strings.TrimSpace(string(text))
}
