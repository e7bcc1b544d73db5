package gateway

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/regie-live/regie/gateway/show"
)

// TestEveryoneHearsTheSchedule: whoever opens a page, without a cookie, hears what
// changes in the schedule, and when a session is on air; calendars have it too.
func TestEveryoneHearsTheSchedule(t *testing.T) {
	idle := func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "sleep", "600") } // a worker that has nothing to say
	w := &wiring{o: Options{Config: testConfig(t), Version: "test", Logger: slog.New(slog.DiscardHandler), Worker: idle}}
	g, err := w.build()
	if err != nil {
		t.Fatal(err)
	}
	run(t, g)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, "ws://"+w.addrs.HTTP+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.CloseNow() }()
	until := func(words ...string) {
		t.Helper()
		for {
			_, frame, err := socket.Read(ctx)
			if err != nil {
				t.Fatalf("%v never came: %v", words, err)
			}
			all := true
			for _, word := range words {
				all = all && strings.Contains(string(frame), word)
			}
			if all {
				return
			}
		}
	}
	for _, command := range []string{`{"id":1,"connect":{}}`, `{"id":2,"subscribe":{"channel":"event","type":1,"phase":2,"limit":100}}`} {
		if err := socket.Write(ctx, websocket.MessageText, []byte(command)); err != nil {
			t.Fatal(err)
		}
	}
	until(`"id":2`, `"key":"event"`)
	day := time.Now().UTC()
	file := "event: {name: Clay, time_zone: UTC, days: [{date: " + day.Format(time.DateOnly) + "}]}\nsessions:\n" +
		"  - {id: studio, starts: " + day.Format("2006-01-02") + " 00:00, ends: " + day.Format("2006-01-02") + " 11:00}\n" +
		"  - {title: Glaze, starts: " + day.Format("2006-01-02") + " 12:00, ends: " + day.Format("2006-01-02") + " 13:00}\n"
	if err := g.ImportEvent(ctx, []byte(file)); err != nil {
		t.Fatal(err)
	}
	until(`"key":"slot/glaze"`, `"title":"Glaze"`)
	title := "Glaze and fire"
	if _, err := w.people.ChangeSession(ctx, show.Principal{Kind: show.MachineOperator}, "glaze", show.SessionPatch{Title: &title}); err != nil {
		t.Fatal(err)
	}
	until(`"key":"slot/glaze"`, title)
	if err := w.houses.get("studio").stage.Start("test"); err != nil {
		t.Fatal(err)
	}
	until(`"key":"slot/studio"`, `"phase":"live"`)

	for path, want := range map[string]string{"/schedule.ics": "SUMMARY:Glaze and fire", "/s/glaze.ics": "http://" + w.addrs.HTTP + "/s/glaze", "/s/glaze": "<html"} {
		res, err := http.Get("http://" + w.addrs.HTTP + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %.200s, want %q in it", path, res.StatusCode, body, want)
		}
	}
}
