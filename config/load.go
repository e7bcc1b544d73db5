package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Sources is where a configuration is read from, weakest first.
type Sources struct {
	// File is the YAML file to read; empty reads none.
	File string
	// Environ is as os.Environ gives it. A variable that is set to nothing
	// counts as not set.
	Environ []string
	// Set holds flags of the form program.kbps=4000.
	Set []string
}

// Loaded is a valid configuration and how it came about.
type Loaded struct {
	Config Config
	// Origins says for each path that was set, such as http.address or
	// sessions[0].host.key, where that was. What is missing is a default.
	Origins map[string]Origin
	// Warnings are for the operator; none of them makes the Config unusable.
	Warnings []string
}

// Origin says where the value at path came from.
func (l *Loaded) Origin(path string) Origin { return origins(l.Origins).find(path) }

// Load reads all sources and validates the result. Its error joins a *Problem
// for everything that is wrong.
func Load(from Sources) (*Loaded, error) {
	if from.File == "" {
		return load("", "", from.Environ, from.Set)
	}
	text, err := os.ReadFile(from.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Problem{Origin: Origin{Name: from.File}, Wrong: "there is no such file",
			Fix: "make one with: regie config init -o " + from.File}
	case err != nil:
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return load(from.File, string(text), from.Environ, from.Set)
}

func load(name, text string, environ, set []string) (*Loaded, error) {
	l := &Loaded{Config: Default(), Origins: map[string]Origin{}}
	d := &decoder{name: name, schema: settings(&l.Config), origins: l.Origins}
	d.parse("", text, reflect.ValueOf(&l.Config).Elem())
	l.Warnings = d.environ(environ)
	d.flags(set)
	if l.exact("hls.part") == (Origin{}) {
		l.Config.fitPart()
	}
	if l.exact("program.ladder") == (Origin{}) {
		l.Config.fitLadder()
	}
	// What could not be read is not also called invalid.
	unread := map[string]bool{}
	for _, p := range d.problems {
		unread[p.Path] = true
	}
	for _, p := range l.Config.problems() {
		if !unread[p.Path] {
			p.Origin = l.Origin(p.Path)
			d.problems = append(d.problems, p)
		}
	}
	if err := join(d.problems); err != nil {
		return nil, err
	}
	return l, nil
}

// notSettings are variables with our prefix that mean something else: the
// file's own path, and what Kubernetes sets for a Service called regie.
var notSettings = regexp.MustCompile(`^REGIE_(CONFIG$|SERVICE_(HOST|PORT)|PORT($|_))`)

// environ applies REGIE_… variables and returns a warning for each that is no
// setting. They are not refused, because other programs set variables too.
func (d *decoder) environ(environ []string) (warnings []string) {
	var names []string
	for _, s := range d.schema {
		names = append(names, s.env())
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || notSettings.MatchString(name) {
			continue
		}
		i := slices.Index(names, name)
		if i < 0 {
			w := name + " is no setting and is ignored"
			if near := nearest(name, names); near != "" {
				w += "; did you mean " + near + "?"
			}
			warnings = append(warnings, w)
			continue
		}
		d.assign(name, d.schema[i], value)
	}
	slices.Sort(warnings)
	return warnings
}

// flags applies assignments such as program.kbps=4000.
func (d *decoder) flags(set []string) {
	d.name = "--set"
	for _, s := range set {
		path, value, found := strings.Cut(s, "=")
		if !found {
			d.add(path, nil, "a value is missing", "write --set program.kbps=4000")
			continue
		}
		i := slices.IndexFunc(d.schema, func(s setting) bool { return s.path == path })
		if i < 0 {
			paths := make([]string, len(d.schema))
			for i, s := range d.schema {
				paths[i] = s.path
			}
			wrong := "unknown key"
			if near := nearest(path, paths); near != "" {
				wrong += ", did you mean " + near + "?"
			}
			d.add(path, nil, wrong, "")
			continue
		}
		d.assign("--set", d.schema[i], value)
	}
}

// assign sets one setting from text: a scalar, a list with commas, or YAML for
// sessions.
func (d *decoder) assign(name string, s setting, text string) {
	d.name = name
	for path := range d.origins {
		if strings.HasPrefix(path, s.path+"[") {
			delete(d.origins, path) // what stood in the file is replaced as a whole
		}
	}
	d.origins[s.path] = Origin{Name: name}
	switch {
	case s.value.Type() == reflect.TypeFor[[]string]():
		list := []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		s.value.Set(reflect.ValueOf(list))
	case s.value.Kind() == reflect.Slice:
		d.parse(s.path, text, s.value)
	default:
		if err := setText(s.value, text); err != nil {
			d.add(s.path, nil, fmt.Sprintf("%q cannot be read", text), err.Error())
		}
	}
}
