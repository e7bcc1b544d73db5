// Package deploy_test asks the real tools, promtool and prometheus from Debian's
// package, and Grafana's own description of a dashboard, whether they accept what is
// shipped here. It guarantees that every
// expression of the dashboard parses, runs and finds data in an exposition that
// has no families but those which the code registers.
package deploy_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/regie-live/regie/deploy"
)

var dashboards = []string{"grafana/regie.json", "grafana/regie-room.json"}

func TestPromtool(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "--lint-fatal", "regie.rules.yml"},
		{"test", "rules", "regie.rules.test.yml"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			cmd := exec.Command("promtool", args...)
			cmd.Dir = "prometheus"
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestEveryAlertIsTested: an alert without a test is a guess.
func TestEveryAlertIsTested(t *testing.T) {
	rules, tests := read(t, "prometheus/regie.rules.yml"), read(t, "prometheus/regie.rules.test.yml")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 10 {
		t.Errorf("only %d alerts found", len(alerts))
	}
	for _, a := range alerts {
		if !regexp.MustCompile(`alertname: ` + a[1] + `\n +exp_alerts:`).MatchString(tests) {
			t.Errorf("no test lets %s fire", a[1])
		}
	}
	for part := range strings.SplitSeq(rules, "- alert: ") {
		for _, must := range []string{"severity: ", "summary: ", "description: "} {
			if strings.Contains(part, "expr:") && !strings.HasPrefix(part, "#") && !strings.Contains(part, must) {
				t.Errorf("%s is missing in: %s", must, strings.SplitN(part, "\n", 2)[0])
			}
		}
	}
}

// TestGrafanaKnowsEveryField: a field that Grafana does not know, or that it wants
// and does not find, is silently not what was meant.
func TestGrafanaKnowsEveryField(t *testing.T) {
	known := cog.NewRuntime()
	known.RegisterPanelcfgVariant(heatmap.VariantConfig())
	known.RegisterPanelcfgVariant(stat.VariantConfig())
	known.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	known.RegisterPanelcfgVariant(timeseries.VariantConfig())
	known.RegisterDataqueryVariant(prometheus.VariantConfig())
	for _, file := range dashboards {
		text := []byte(read(t, file))
		var strict, d dashboard.Dashboard
		var wrong cog.BuildErrors
		// It gives an empty list of errors for every panel, instead of none.
		if err := strict.UnmarshalJSONStrict(text); err != nil && !(errors.As(err, &wrong) && len(wrong) == 0) {
			t.Errorf("%s: %v", file, err)
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		looked := 0
		for _, row := range d.Panels {
			panels := []dashboard.Panel{}
			if row.Panel != nil {
				panels = append(panels, *row.Panel)
			} else {
				panels = row.RowPanel.Panels
			}
			for _, p := range panels {
				if _, ok := known.ConfigForPanelcfgVariant(p.Type); !ok {
					t.Errorf("%s: panels of type %s are not looked at", file, p.Type)
				}
				looked += len(p.Targets)
			}
		}
		if looked < 20 {
			t.Errorf("%s: only %d queries were looked at", file, looked)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDashboardLint(t *testing.T) {
	uids := map[string]bool{}
	for _, path := range dashboards {
		t.Run(path, func(t *testing.T) {
			d, err := deploy.ReadDashboard(path)
			if err != nil {
				t.Fatal(err)
			}
			if d.UID == "" || uids[d.UID] {
				t.Errorf("the uid %q is none, or another dashboard's", d.UID)
			}
			uids[d.UID] = true
			lint(t, d)
		})
	}
}

func lint(t *testing.T, d *deploy.Dashboard) {
	panels := d.Flat()
	if len(panels) < 12 {
		t.Errorf("%d panels, want at least 12", len(panels))
	}
	own := deploy.Datasource{Type: "prometheus", UID: "${datasource}"}
	ids, titles := map[int]bool{}, map[string]bool{}
	for _, p := range panels {
		if p.Title == "" || titles[p.Title] || ids[p.ID] {
			t.Errorf("panel %d %q: title or id is missing or used twice", p.ID, p.Title)
		}
		titles[p.Title], ids[p.ID] = true, true
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" {
			t.Errorf("%s: a description and a unit are needed", p.Title)
		}
		if p.Datasource != own || len(p.Targets) == 0 {
			t.Errorf("%s: needs the variable data source and a target", p.Title)
		}
		if g := p.GridPos; g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s does not fit the grid: %+v", p.Title, g)
		}
		for i, target := range p.Targets {
			if target.RefID != string(rune('A'+i)) || target.LegendFormat == "" || target.Datasource != own {
				t.Errorf("%s: target %d needs refId %c, a legend and the variable data source", p.Title, i, 'A'+i)
			}
			lintExpr(t, p.Title, target.Expr)
		}
	}
	lintOverlap(t, panels)
	for _, name := range []string{"datasource", "job", "session"} {
		if !slices.ContainsFunc(d.Templating.List, func(v deploy.Variable) bool { return v.Name == name }) {
			t.Errorf("variable %s is missing", name)
		}
	}
}

var (
	selector = regexp.MustCompile(`\b(?:regie|process|go)_\w+(\{[^}]*\})?`)
	window   = regexp.MustCompile(`\[([^\]]+)\]`)
)

func lintExpr(t *testing.T, panel, expr string) {
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		if !strings.Contains(m[1], `job=~"$job"`) {
			t.Errorf("%s: %s does not follow the variable job", panel, m[0])
		}
	}
	for _, m := range window.FindAllStringSubmatch(expr, -1) {
		// An hour on purpose: "in the last hour" is what that panel says.
		if m[1] != "$__rate_interval" && m[1] != "1h" {
			t.Errorf("%s: the window %s should be $__rate_interval", panel, m[0])
		}
	}
}

func lintOverlap(t *testing.T, panels []deploy.Panel) {
	for i, a := range panels {
		for _, b := range panels[i+1:] {
			p, q := a.GridPos, b.GridPos
			if p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H {
				t.Errorf("%s and %s lie over each other", a.Title, b.Title)
			}
		}
	}
}

// registered finds the names of all metrics in the sources.
func registered(t *testing.T) map[string]bool {
	t.Helper()
	name := regexp.MustCompile(`"(regie_[a-z0-9_]+)"`)
	names := map[string]bool{}
	err := filepath.WalkDir("../gateway", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		for _, m := range name.FindAllStringSubmatch(read(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestMetricsExist: nobody watches a metric that the code does not have, and
// the sample that stands for the appliance has no other either.
func TestMetricsExist(t *testing.T) {
	names := registered(t)
	family := func(series string) string {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, found := strings.CutSuffix(series, suffix); found && names[base] {
				return base
			}
		}
		return series
	}
	recorded := map[string]bool{}
	for _, m := range regexp.MustCompile(`record: (\S+)`).FindAllStringSubmatch(read(t, "prometheus/regie.rules.yml"), -1) {
		recorded[m[1]] = true
	}
	metric := regexp.MustCompile(`[a-z:]*\bregie[_:][a-z0-9_:]+\b`)
	for _, file := range append([]string{"prometheus/regie.rules.yml", "prometheus/regie.rules.test.yml", sample}, dashboards...) {
		for _, series := range metric.FindAllString(read(t, file), -1) {
			if !names[family(series)] && !recorded[series] {
				t.Errorf("%s: nothing registers %s", file, series)
			}
		}
	}
}
