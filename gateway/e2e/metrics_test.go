package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// metric sums the series of a family whose labels contain all of the given
// name="value" pairs.
func (a *appliance) metric(name string, labels ...string) float64 {
	a.t.Helper()
	_, body, _ := fetch(a.t, http.MethodGet, "http://"+a.ports.Metrics+"/metrics", nil)
	return sum(string(body), name, labels...)
}

func sum(exposition, name string, labels ...string) (total float64) {
next:
	for line := range strings.Lines(exposition) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		at := strings.LastIndexByte(rest, ' ')
		for _, l := range labels {
			if !strings.Contains(rest[:at], l) {
				continue next
			}
		}
		v, _ := strconv.ParseFloat(rest[at+1:], 64)
		total += v
	}
	return total
}

func TestSum(t *testing.T) {
	const text = `# HELP a_total Things.
a_total{x="1",y="2"} 3
a_total{x="1",y="3"} 4
a_total_more 100
b 2.5e3
`
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"a_total", nil, 7}, {"a_total", []string{`y="3"`}, 4}, {"a_total", []string{`x="1"`, `y="9"`}, 0}, {"b", nil, 2500}, {"a", nil, 0},
	} {
		if got := sum(text, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
}
