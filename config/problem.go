package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Origin is where a value came from.
type Origin struct {
	// Name is empty for a default, else the file, the environment variable or
	// the flag.
	Name string
	// Line and Column count from 1 and are 0 where there are none.
	Line, Column int
}

// String gives "default", "regie.yml:12" or "REGIE_HTTP_ADDRESS".
func (o Origin) String() string {
	switch {
	case o.Name == "":
		return "default"
	case o.Line == 0:
		return o.Name
	}
	return fmt.Sprintf("%s:%d", o.Name, o.Line)
}

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Path   string // program.width, sessions[0].guests[1].key; empty for a whole file
	Origin Origin
	Wrong  string // what is wrong
	Fix    string // what to write instead
}

// Error gives "regie.yml:12:8: program.width: 1281 is odd; write an even number".
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Origin.Name != "" {
		b.WriteString(p.Origin.String())
		if p.Origin.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Origin.Column)
		}
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Wrong)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// join makes one error of all problems, in the order in which a reader finds
// them in the file. It is nil when there are none.
func join(problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		if a.Origin.Name != b.Origin.Name {
			return 0
		}
		return a.Origin.Line - b.Origin.Line
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// origins remembers where each value came from, by path.
type origins map[string]Origin

// find gives the place of the value at path or, when it was not written down,
// of the nearest thing around it that was.
func (o origins) find(path string) Origin {
	for {
		if at, ok := o[path]; ok {
			return at
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return Origin{}
		}
		path = path[:i]
	}
}
