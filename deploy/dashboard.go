// Package deploy holds what runs Regie and watches it: the systemd unit, the
// compose file, and the Prometheus and Grafana files.
//
// Its code reads the dashboard, so that tests can ask a real Prometheus every
// question that Grafana would. It guarantees that Expressions returns all of
// them: panels within rows, annotations and variables too.
package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// Expr is one PromQL expression of a dashboard.
type Expr struct {
	Panel string // the panel's title; of others "annotation NAME" or "variable NAME"
	Text  string // as in the file, with $job, $session, $__rate_interval
}

// Query is the expression as Grafana sends it when the variables stand on All.
func (e Expr) Query(rateInterval time.Duration) string {
	return strings.NewReplacer(
		"$__rate_interval", rateInterval.String(),
		"$job", ".+",
		"$session", ".+",
	).Replace(e.Text)
}

// Dashboard is what of a Grafana dashboard the tests look at.
type Dashboard struct {
	UID         string  `json:"uid"`
	Title       string  `json:"title"`
	Panels      []Panel `json:"panels"`
	Annotations struct {
		List []struct {
			Name       string     `json:"name"`
			Datasource Datasource `json:"datasource"`
			Expr       string     `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Datasource says where a panel asks.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Variable is a drop-down at the top.
type Variable struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Definition string `json:"definition"` // of a query: label_values(selector, label)
	AllValue   string `json:"allValue"`
}

// Panel is a box on the dashboard, or a row that may hold more.
type Panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Datasource  Datasource `json:"datasource"`
	Panels      []Panel    `json:"panels"`
	GridPos     struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		RefID        string     `json:"refId"`
		Datasource   Datasource `json:"datasource"`
		Expr         string     `json:"expr"`
		LegendFormat string     `json:"legendFormat"`
	} `json:"targets"`
}

// ReadDashboard reads a dashboard file.
func ReadDashboard(path string) (*Dashboard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := &Dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Flat lists all panels, without the rows they are in.
func (d *Dashboard) Flat() []Panel { return flat(d.Panels) }

func flat(panels []Panel) []Panel {
	var all []Panel
	for _, p := range panels {
		if p.Type != "row" {
			all = append(all, p)
		}
		all = append(all, flat(p.Panels)...)
	}
	return all
}

// labelValues is the one form of variable query that is used.
var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// Expressions lists every expression of the dashboard file at path.
func Expressions(path string) ([]Expr, error) {
	d, err := ReadDashboard(path)
	if err != nil {
		return nil, err
	}
	var all []Expr
	for _, p := range d.Flat() {
		for _, t := range p.Targets {
			all = append(all, Expr{p.Title, t.Expr})
		}
	}
	for _, a := range d.Annotations.List {
		if a.Expr != "" {
			all = append(all, Expr{"annotation " + a.Name, a.Expr})
		}
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			return nil, fmt.Errorf("%s: variable %s asks %q; write label_values(selector, label)", path, v.Name, v.Definition)
		}
		all = append(all, Expr{"variable " + v.Name, "group by (" + m[2] + ") (" + m[1] + ")"})
	}
	return all, nil
}
