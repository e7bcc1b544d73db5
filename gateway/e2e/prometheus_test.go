package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regie-live/regie/deploy"
	"github.com/regie-live/regie/transcode/media"
)

// TestMetrics: with everything running, the exposition is as promtool wants it,
// and a real Prometheus that scrapes the appliance has an answer to every question
// that the Grafana dashboards ask.
func TestMetrics(t *testing.T) {
	a := start(t, setup{sessions: []string{"studio", "other"}})
	a.publish(overRTMP, "studio", "host", looks[0])
	l := looks[1]
	l.audio = media.Opus
	a.publish(overWHIP, "studio", "guest1", l)
	p := a.live("studio")
	p.awaitMix(15*time.Second, looks[:2]...)
	address := startPrometheus(t, a)
	viewer := watchWHEP(t, a.whep("studio"))
	viewer.firstPicture(5 * time.Second)
	a.beacon(`"e": "ps", "msd": 412`)
	a.beacon(`"e": "t", "ltc": 1480, "bsd": 120, "com.regie-watched": 1500, "com.regie-bytes": 400000`)
	a.publishCard(overRTMP, "nobodys-key", newCard(t, looks[3])).refused(t, 10*time.Second)
	a.publish(overRTSP, "studio", "guest2", looks[2]).stop()
	a.publish(overRTSP, "studio", "guest2", looks[2])
	p.awaitMix(15*time.Second, looks[:3]...)
	for _, act := range []string{"start", "end", "start"} { // a second session, by its operator
		eventually(t, 10*time.Second, act+" another session", func() bool {
			status, _, _ := send(t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/other/"+act, "", "", nil)
			return status == http.StatusOK
		})
		if act == "end" {
			eventually(t, 10*time.Second, "it has ended", func() bool {
				return a.metric("regie_session_state", label("session", "other"), label("state", "ended")) == 1
			})
		}
	}

	t.Run("exposition", func(t *testing.T) {
		_, body, _ := fetch(t, http.MethodGet, "http://"+a.ports.Metrics+"/metrics", nil)
		cmd := exec.Command("promtool", "check", "metrics")
		cmd.Stdin = bytes.NewReader(body)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
		for _, family := range []string{
			"regie_ingest_connections", "regie_ingest_frames_total", "regie_rtc_peers", "regie_mixer_frame_seconds_count",
			"regie_hls_parts_published_total", "regie_http_requests_total", "regie_viewers", "regie_session_state",
		} {
			if sum(string(body), family) == 0 {
				t.Errorf("%s is 0 or missing", family)
			}
		}
		if strings.Contains(string(body), "key-of-studio") {
			t.Error("a stream key is in the metrics")
		}
	})
	t.Run("dashboard", func(t *testing.T) {
		var expressions []deploy.Expr
		for _, name := range []string{"regie.json", "regie-room.json"} {
			more, err := deploy.Expressions("../../deploy/grafana/" + name)
			if err != nil {
				t.Fatal(err)
			}
			expressions = append(expressions, more...)
		}
		deadline := time.Now().Add(10 * time.Second)
		for _, e := range expressions {
			n, err := ask(address, e.Query(time.Minute))
			for n == 0 && err == nil && time.Now().Before(deadline) {
				p.next() // a picture's time passes
				n, err = ask(address, e.Query(time.Minute))
			}
			if err != nil || n == 0 {
				t.Errorf("%s: %d series, %v, for\n\t%s", e.Panel, n, err, e.Text)
			}
		}
		figure(t, "metrics.dashboard_expressions", float64(len(expressions)), "expressions")
	})
	p.playing()
}

// beacon reports as a page does that plays the studio.
func (a *appliance) beacon(says string) {
	a.t.Helper()
	body := `{"v": 2, "sid": "page-of-the-tests", "cid": "studio", "com.regie-delivery": "llhls", "com.regie-rendition": "360p", ` + says + `}`
	if status, text, _ := send(a.t, http.MethodPost, a.url("/api/v1/beacon"), "application/json", body, nil); status != http.StatusNoContent {
		a.t.Fatalf("the beacon was answered %d: %s", status, text)
	}
}

// startPrometheus runs Debian's Prometheus, which scrapes the appliance four times
// a second, and returns where it answers.
func startPrometheus(t *testing.T, a *appliance) (address string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	free.Close()
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 250ms}\nscrape_configs:\n  - job_name: regie\n    static_configs: [{targets: [%q]}]\n", a.ports.Metrics)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	server := launch(t, exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn"))
	eventually(t, 20*time.Second, "Prometheus has scraped the appliance", func() bool {
		select {
		case <-server.done:
			t.Fatalf("Prometheus ended: %v", server.err)
		default:
		}
		n, err := ask(address, "up == 1")
		return err == nil && n == 1
	})
	t.Cleanup(func() { _ = server.cmd.Process.Signal(syscall.SIGTERM) })
	return address
}

// ask says how many series an expression has now.
func ask(address, expression string) (series int, err error) {
	res, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return len(answer.Data.Result), nil
}
