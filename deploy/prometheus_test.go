package deploy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regie-live/regie/deploy"
)

// sample is what an appliance exposes while a session is live. {n} stands for a
// number that grows by one with every scrape.
const sample = "testdata/metrics.prom"

// TestDashboardsAgainstPrometheus: a real Prometheus scrapes the sample and
// answers every question of the dashboards, with data.
func TestDashboardsAgainstPrometheus(t *testing.T) {
	text := read(t, sample)
	var scrapes atomic.Int64
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, grow(text, int(scrapes.Add(1))))
	}))
	defer exporter.Close()

	prometheus := startPrometheus(t, exporter.Listener.Addr().String())
	var exprs []deploy.Expr
	for _, path := range dashboards {
		more, err := deploy.Expressions(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) < 20 {
			t.Errorf("%s: only %d expressions found", path, len(more))
		}
		exprs = append(exprs, more...)
	}
	deadline := time.Now().Add(time.Minute)
	for _, e := range exprs {
		// The first scrapes give rates no data yet: ask until they do.
		for {
			n, err := ask(prometheus, e.Query(10*time.Second))
			if err != nil {
				t.Errorf("%s: %v\n%s", e.Panel, err, e.Text)
				break
			}
			if n > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("%s: no data for\n%s", e.Panel, e.Text)
				break
			}
			time.Sleep(100 * time.Millisecond) // between looks, not in place of one
		}
	}
}

// grow replaces {n} and {n*K} by n and n·K.
func grow(text string, n int) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "{n")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		factor, rest, _ := strings.Cut(after, "}")
		k := 1
		if f, ok := strings.CutPrefix(factor, "*"); ok {
			k, _ = strconv.Atoi(f)
		}
		b.WriteString(strconv.Itoa(n * k))
		text = rest
	}
}

// startPrometheus runs it on a free port of the loopback until the test ends,
// and returns its address.
func startPrometheus(t *testing.T, target string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()

	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	err = os.WriteFile(config, fmt.Appendf(nil, `global: {scrape_interval: 250ms, evaluation_interval: 1s}
scrape_configs:
  - job_name: regie
    static_configs: [{targets: [%q]}]
`, target), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; apt-get install prometheus", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get("http://" + address + "/-/ready"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return address
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("prometheus ended: %v\n%s", err, &log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("prometheus is not ready")
		}
	}
}

// ask returns how many series an instant query finds.
func ask(address, query string) (int, error) {
	answer, err := http.Get("http://" + address + "/api/v1/query?" + url.Values{"query": {query}}.Encode())
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var found struct {
		Status string
		Error  string
		Data   struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return 0, err
	}
	if found.Status != "success" {
		return 0, fmt.Errorf("%s: %s", found.Status, found.Error)
	}
	return len(found.Data.Result), nil
}
