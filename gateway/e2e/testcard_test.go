package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// admin is who set an appliance up, without a browser.
type admin struct {
	a    *appliance
	http http.Client
}

// setupLink is the address that the appliance wrote down for whoever comes first.
func (a *appliance) setupLink() string {
	a.t.Helper()
	var link []byte
	eventually(a.t, 20*time.Second, "there is a setup link", func() (ok bool) {
		link, _ = os.ReadFile(filepath.Join(a.dir, "data", "setup-link"))
		return len(link) > 0
	})
	return strings.TrimSpace(string(link))
}

// send asks the API.
func (m *admin) send(method, path string, v any) (status int, answer []byte) {
	m.a.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		m.a.t.Fatal(err)
	}
	request, err := http.NewRequest(method, m.a.url("/api/v1/"+path), bytes.NewReader(body))
	if err != nil {
		m.a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := m.http.Do(request)
	if err != nil {
		m.a.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		m.a.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// ask has something made, and reads the answer into answer.
func (m *admin) ask(path string, v, answer any) {
	m.a.t.Helper()
	status, b := m.send(http.MethodPost, path, v)
	if err := json.Unmarshal(b, answer); err != nil || status != http.StatusCreated {
		m.a.t.Fatalf("%s: %d: %s %v", path, status, b, err)
	}
}

// do has something done, and returns the answer.
func (m *admin) do(method, path string, v any) []byte {
	m.a.t.Helper()
	status, answer := m.send(method, path, v)
	if status >= 300 {
		m.a.t.Fatalf("%s %s %v: %d %s", method, path, v, status, answer)
	}
	return answer
}

// change sends a PATCH, and gives what the answer says if it is a refusal.
func (m *admin) change(path string, v any) (status int, detail string) {
	m.a.t.Helper()
	status, answer := m.send(http.MethodPatch, path, v)
	var problem struct{ Detail string }
	_ = json.Unmarshal(answer, &problem) // there may be none
	return status, problem.Detail
}

// TestTestCard: a new appliance has something to show at once; the host's encoder
// gets the seat at once, and the card's process ends.
func TestTestCard(t *testing.T) {
	a := start(t, setup{})
	jar, _ := cookiejar.New(nil) // never fails
	m := &admin{a: a, http: http.Client{Jar: jar}}
	t.Cleanup(m.http.CloseIdleConnections)
	_, token, _ := strings.Cut(a.setupLink(), "#")
	var made struct{ Session string }
	m.ask("setup", map[string]any{
		"token": token, "name": "Ana", "password": "clay, fire and patience", "session_title": "Glaze", "test_card": true,
	}, &made)
	p := a.live(made.Session)
	card := look{color: yuv{98, 130, 104}, tone: 440}
	p.awaitShot(20*time.Second, "the test card", func(s shot) bool {
		return mean(s.pic, s.pic.W/16, s.pic.H*5/8, s.pic.W/4, s.pic.H/8).near(card.color, tolerance)
	})
	if n := len(children(a.pid())); n != 2 {
		t.Errorf("%d child processes: the mixer and the card should be", n)
	}

	var key struct{ Key string }
	m.ask("sessions/"+made.Session+"/keys", map[string]any{"seat": "host"}, &key)
	a.publishCard(overRTMP, key.Key, newCard(t, looks[0]))
	p.awaitMix(20*time.Second, looks[0])
	p.hears(looks[0])
	eventually(t, 5*time.Second, "the card's process has ended", func() bool { return len(children(a.pid())) == 1 })
}
