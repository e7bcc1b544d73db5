package events

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// client is what pages use; the pages' packages bring it.
const client = "../../web/node_modules/centrifuge/build/index.mjs"

// The client that pages use, written as the package's doc says: the state and what
// changes, the talk, a disconnect in between, and the end.
func TestNPMClient(t *testing.T) {
	h := open(t)
	h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{Logo: true}}, show.Change{Key: "person/guest1", Value: show.Person{ID: "guest1"}})
	h.Say("studio", "guest1", Message{From: "host", Text: "welcome"})

	cmd := exec.CommandContext(t.Context(), "node", "--experimental-websocket", "page.mjs", client, strings.Replace(h.url, "http", "ws", 1), "guest", "studio", "guest1")
	cmd.Dir = "testdata"
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	// heard waits until the page has printed all of these, in any order.
	heard := func(want ...string) {
		t.Helper()
		missing := map[string]bool{}
		for _, w := range want {
			missing[w] = true
		}
		for limit := time.After(20 * time.Second); len(missing) > 0; {
			select {
			case line, ok := <-lines:
				if !ok {
					t.Fatalf("the page ended without %v\n%s", missing, stderr.String())
				}
				delete(missing, line)
			case <-limit:
				t.Fatalf("never heard: %v\n%s", missing, stderr.String())
			}
		}
	}
	heard(`sync ["overlays","person/guest1"]`, `said "welcome"`, `talk 1`)
	h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{SlateLine: "soon"}}, show.Change{Key: "person/guest1"})
	h.Say("studio", "guest1", Message{From: "host", Text: "you are next"})
	heard(`update ["overlays",{"logo":false,"slate_line":"soon"}]`, `gone ["person/guest1",null]`, `said "you are next"`)

	// Rights that change and stay: the page comes back by itself, and is told what
	// it missed.
	h.Kick(guest)
	h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{SlateLine: "missed"}})
	heard(`connecting 4000`, `update ["overlays",{"logo":false,"slate_line":"missed"}]`)

	h.gone.Store("guest")
	h.Kick(guest)
	heard(`disconnected 4500`)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, stderr.String())
	}
}
