package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// withEvent answers what the office asks of the event, in the shapes of package api;
// everything else is the office's.
func (s *officeServer) withEvent() *officeServer {
	office := s.Config.Handler
	sch := festival(tenPastTwo)
	sch.Creators[0].Links = []show.Link{{Label: "Shop", URL: "https://potter.example/"}}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, inAPI := strings.CutPrefix(r.URL.Path, "/api/v1/")
		kind, _, _ := strings.Cut(rest, "/")
		if !inAPI || kind != "event" && !strings.HasSuffix(rest, "/slot") && !strings.HasSuffix(rest, "/poster") {
			office.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body) // the page has gone: then it hears nothing
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Method != http.MethodGet {
			s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+strings.TrimSuffix(rest+"?"+r.URL.RawQuery, "?")+" "+r.Header.Get("Content-Type")+" "+string(body)))
		}
		switch {
		case r.Method == http.MethodPut && rest == "event":
			if err := json.Unmarshal(body, &sch); err != nil {
				panic(err)
			}
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodGet:
			answerJSON(w, sch)
		case rest == "event/creators":
			answerJSON(w, show.Profile{ID: "mei", Name: "Mei"})
		case rest == "event/import":
			answerJSON(w, show.Imported{Changes: []string{"add the creator Mei", "move “Spoons” to 2026-11-28 11:00–12:00"}, Warnings: []string{"the file does not name “Knots”, which stays"}})
		case strings.HasSuffix(rest, "/slot") && strings.Contains(string(body), `"starts":"2026-11-27T12:30:00.000Z"`):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"status":409,"detail":"“Ink & nib” (2026-11-27 13:30–16:00) overlaps “Glaze day” (2026-11-27 14:00–14:45); move or cancel one of them."}`)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	return s
}

func TestEventOfficeInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"an event is planned": eventIsPlanned,
		"accessible":          eventOfficeAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

const inkRow = `[...document.querySelectorAll(".event-office .line")].find((l) => l.innerText.includes("Ink & nib"))`

func eventIsPlanned(t *testing.T, b browser) {
	s := newOfficeServer(t, admin).withEvent()
	p := b.open(t, s.URL+"/admin#event")
	p.until("the event is there, on its own clocks", inkRow+`?.innerText.includes("15:00–16:00")`)
	p.click(".event-office fieldset .button:not(.quiet)")
	p.until("a day more follows the last", `[...document.querySelectorAll("[type=date]")].map((d) => d.value).join() === "2026-11-26,2026-11-27,2026-11-28,2026-11-29"`)
	p.click(".event-office form .primary")
	s.did(t, p, `PUT event application/json {"name":"Slow Hands","description":"Three days of **making**.","time_zone":"Europe/Paris","days":[{"date":"2026-11-26","title":"Clay"}`)
	p.until("it says so", `document.querySelector(".done")?.innerText.startsWith("Saved") && document.querySelectorAll("[type=date]").length === 4`)

	p.eval(`(` + inkRow + `.querySelector("button").click(), "")`)
	p.until("the slot shows the event's time", `document.querySelector("dialog [name=starts]")?.value === "2026-11-27T15:00"`)
	p.fill("starts", "2026-03-29T02:30")
	p.click("dialog .primary")
	p.until("an hour that clocks skip is refused", `document.querySelector("#starts-error").innerText.startsWith("The clocks skip")`)
	p.fill("starts", "2026-11-27T13:30")
	p.click("dialog .primary")
	p.until("an overlap is told in the server's words", `document.querySelector("dialog [role=alert]").innerText.includes("overlaps “Glaze day”")`)
	p.fill("starts", "2026-11-27T15:15")
	p.click("dialog .primary")
	p.until("it is done", `document.querySelector("dialog") === null`)
	s.did(t, p, `PATCH sessions/ink/slot application/json {"title":"Ink & nib","description":"","category":"Drawing","creators":["c2"],"starts":"2026-11-27T14:15:00.000Z","ends":"2026-11-27T15:00:00.000Z","cancelled":false}`)

	p.click("[aria-labelledby=event-creators] .office-head .button")
	p.until("the form opens", `document.querySelector("dialog [name=bio]") !== null`)
	p.fill("name", "Mei")
	p.fill("links", "no address")
	p.click("dialog .primary")
	p.until("a line that is no link is refused", `document.querySelector("#links-error") !== null`)
	p.fill("links", "Shop https://mei.example/")
	p.give("#picture", "mei.png", "image/png", "PNG")
	p.click("dialog .primary")
	p.until("the creator is made", `document.querySelector("dialog") === null`)
	s.did(t, p, `POST event/creators application/json {"name":"Mei","bio":"","links":[{"label":"Shop","url":"https://mei.example/"}]}`)
	s.did(t, p, `PUT event/creators/mei/picture image/png PNG`)

	p.give("#event-import", "event.csv", "application/vnd.ms-excel", "session,title")
	p.click("[aria-labelledby=event-file] .primary")
	p.until("what it would change is told first", `document.querySelector(".import-list")?.innerText.includes("add the creator Mei")`)
	s.did(t, p, `POST event/import?dry_run=true text/csv session,title`)
	p.click("[aria-labelledby=event-file] .primary")
	p.until("then it is changed", `document.querySelector("[aria-labelledby=event-file] .done")?.innerText === "2 changes were made."`)
	s.did(t, p, `POST event/import?dry_run=false text/csv session,title`)
}

func eventOfficeAccessible(t *testing.T, b browser) {
	for _, page := range []struct{ name, path, ready string }{
		{"event", "/admin#event", inkRow + ` !== undefined`},
		{"event-slot-fr", "/admin?lang=fr#event", `document.querySelector("dialog[open] [name=starts]") !== null || (` + inkRow + `?.querySelector("button").click(), false)`},
	} {
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1360, 860}, {"light", 1360, 860}, {"light", 390, 844}} {
			name := fmt.Sprintf("office-%s-%s-%d", page.name, look.theme, look.width)
			t.Run(name, func(t *testing.T) {
				p := b.open(t, newOfficeServer(t, admin).withEvent().URL+page.path)
				p.look(look.theme, look.width, look.height)
				p.until("the page is ready", page.ready)
				if wide := p.eval(`String(document.documentElement.scrollWidth - innerWidth)`); wide != "0" && !strings.HasPrefix(wide, "-") {
					t.Errorf("the page is %s pixels wider than the window", wide)
				}
				if found := p.axe(); found != "" {
					t.Error(found)
				}
				p.picture(name)
			})
		}
	}
}
