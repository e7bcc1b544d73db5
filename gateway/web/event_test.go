package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// tenPastTwo is in the middle of the festival.
var tenPastTwo = time.Date(2026, 11, 27, 13, 10, 0, 0, time.UTC)

func festivalSite(sch show.Schedule) http.Handler {
	var sessions programmeOf
	for _, slot := range sch.Slots {
		sessions = append(sessions, session(slot.Session, slot.Title, slot.Phase, "Ana"))
	}
	return newHandler(Options{Sessions: sessions, Event: &fakeEvent{sch: sch}, Logger: slog.New(slog.DiscardHandler)}, fakeBuild())
}

func TestLivePage(t *testing.T) {
	later := festival(tenPastTwo)
	later.Slots[4].Phase = show.Ended
	over := festival(tenPastTwo)
	for i := range over.Slots {
		over.Slots[i].Phase = show.Ended
	}
	bare := festival(tenPastTwo)
	bare.Slots, bare.Days, bare.Creators = nil, nil, nil
	tests := []struct {
		name, path string
		sch        show.Schedule
		has        []string
		hasNot     []string
	}{
		{"on air", "/", festival(tenPastTwo),
			[]string{"<h1>Slow Hands</h1>", "Day 2 of 3", "26–28 November 2026", "Times are those of Europe/Paris, UTC&#43;1.", `<time datetime="2026-11-27T13:00:00Z">14:00</time>`, "Friday 27 November",
				`data-play="studio"`, `href="/s/ink.ics"`, `href="webcal://example.com/schedule.ics"`, "· cancelled", "Lou &lt;b&gt;Petit&lt;/b&gt;", "<strong>making</strong>", `data-countdown="2026-11-27T14:00:00Z"`},
			[]string{"<b>Petit", "ZgotmplZ", "That was it"}},
		{"on air, French", "/?lang=fr", festival(tenPastTwo), []string{"Jour 2 sur 3", "26–28 novembre 2026", "vendredi 27 novembre", "annulée"}, []string{"ZgotmplZ"}},
		{"between", "/", later, []string{"<h2>Ink &amp; nib</h2>"}, []string{"data-play"}},
		{"over", "/", over, []string{"That was it"}, []string{"data-play", "data-countdown"}},
		{"nothing planned", "/", bare, []string{"The programme comes soon"}, nil},
		{"a category", "/?category=Drawing", festival(tenPastTwo), []string{`data-slot="ink"`, "<option selected>Drawing</option>", "Nothing of that kind on this day."}, []string{`data-slot="last0"`}},
		{"a creator", "/?creator=c1", festival(tenPastTwo), []string{`data-slot="past0"`, `<option value="c1" selected>`}, []string{`data-slot="ink"`}},
		{"a filter that is none", "/?creator=%3Cb%3E&category=x", festival(tenPastTwo), []string{`data-slot="ink"`}, nil},
		{"follow", "/live", festival(tenPastTwo), []string{"<h1>Glaze day: five mugs, one kiln</h1>", `href="/s/studio"`}, []string{"ZgotmplZ"}},
		{"follow, between", "/live", later, []string{"Ink &amp; nib", "<h1>Slow Hands</h1>"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, festivalSite(tt.sch), tt.path)
			page := withoutState(w.Body.String())
			for _, s := range tt.has {
				if !strings.Contains(page, s) {
					t.Errorf("the page lacks %q:\n%s", s, page)
				}
			}
			for _, s := range tt.hasNot {
				if strings.Contains(page, s) {
					t.Errorf("the page has %q", s)
				}
			}
			if again := get(t, festivalSite(tt.sch), tt.path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
				t.Errorf("the same page gave %d, want 304", again.Code)
			}
		})
	}
}

// An appliance without an event shows what it has always shown.
func TestNoEventNoLivePage(t *testing.T) {
	page := get(t, festivalSite(show.Schedule{Now: tenPastTwo}), "/").Body.String()
	if !strings.Contains(page, `class="home"`) || strings.Contains(page, `class="event"`) {
		t.Errorf("not the plain list:\n%s", page)
	}
}

var ldBlock = regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`)

func TestJSONLD(t *testing.T) {
	sch := festival(tenPastTwo)
	sch.Name = `</script><script>alert(1)</script>`
	page := get(t, festivalSite(sch), "/").Body.String()
	var ld struct {
		Context   string `json:"@context"`
		Type      string `json:"@type"`
		Name      string `json:"name"`
		StartDate time.Time
		SubEvent  []struct {
			Type            string `json:"@type"`
			URL             string
			EventStatus     string
			IsLiveBroadcast bool
			StartDate       string
			Performer       []struct{ Name string }
		}
	}
	found := ldBlock.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no JSON-LD:\n%s", page)
	}
	if err := json.Unmarshal([]byte(found[1]), &ld); err != nil {
		t.Fatalf("%v: %s", err, found[1])
	}
	if ld.Type != "Event" || ld.Name != sch.Name || len(ld.SubEvent) != len(sch.Slots) || !ld.StartDate.Equal(sch.Slots[0].Starts) {
		t.Errorf("%+v", ld)
	}
	off := ld.SubEvent[6]
	if off.Type != "BroadcastEvent" || !off.IsLiveBroadcast || off.EventStatus != "https://schema.org/EventCancelled" || off.URL != "http://example.com/s/off" || off.StartDate != "2026-11-27T16:00:00+01:00" || off.Performer[0].Name != "Kim Østby" {
		t.Errorf("%+v", off)
	}
	if strings.Contains(page, "<script>alert") {
		t.Error("a name broke out of its element")
	}
}

func TestOpenGraph(t *testing.T) {
	page := get(t, festivalSite(festival(tenPastTwo)), "/s/studio", "X-Forwarded-Proto", "https").Body.String()
	for _, s := range []string{
		`<meta property="og:title" content="Glaze day: five mugs, one kiln">`, `<meta property="og:url" content="https://example.com/s/studio">`,
		`type="application/json+oembed" href="https://example.com/oembed?url=https%3A%2F%2Fexample.com%2Fs%2Fstudio"`, `"@type":"BroadcastEvent"`,
	} {
		if !strings.Contains(page, s) {
			t.Errorf("the page lacks %s", s)
		}
	}
}

func TestOnlyTheEmbedPageIsFramed(t *testing.T) {
	h := festivalSite(festival(tenPastTwo))
	for path, want := range map[string]string{
		"/": "'none'", "/live": "'none'", "/s/studio": "'none'", "/admin": "'none'", "/embed/studio": "*", "/signin": "'none'",
	} {
		if csp := get(t, h, path).Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors "+want) {
			t.Errorf("%s: %s, want frame-ancestors %s", path, csp, want)
		}
	}
	page := get(t, h, "/embed/studio").Body.String()
	if strings.Contains(page, `class="top"`) || strings.Contains(page, "/admin") {
		t.Error("the frame has more than the player")
	}
	if w := get(t, h, "/embed/nobody"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown session gave %d", w.Code)
	}
}

func TestOEmbed(t *testing.T) {
	h := festivalSite(festival(tenPastTwo))
	tests := []struct {
		query         string
		status        int
		width, height int
	}{
		{"url=http%3A%2F%2Fexample.com%2Fs%2Fstudio", 200, 640, 360},
		{"url=https%3A%2F%2Fexample.com%2Fembed%2Fstudio&maxwidth=320", 200, 320, 180},
		{"url=http%3A%2F%2Fexample.com%2Fs%2Fstudio&maxheight=90&format=json", 200, 160, 90},
		{"url=http%3A%2F%2Fexample.com%2Fs%2Fstudio&maxwidth=-1&maxheight=x", 200, 640, 360},
		{"url=http%3A%2F%2Fexample.com%2Fs%2Fnobody", 404, 0, 0},
		{"url=http%3A%2F%2Fevil.example%2Fs%2Fstudio", 404, 0, 0},
		{"url=http%3A%2F%2Fexample.com%2Fadmin", 404, 0, 0},
		{"url=javascript%3Aalert(1)", 404, 0, 0},
		{"", 404, 0, 0},
		{"url=http%3A%2F%2Fexample.com%2Fs%2Fstudio&format=xml", 501, 0, 0},
	}
	for _, tt := range tests {
		w := get(t, h, "/oembed?"+tt.query)
		if w.Code != tt.status {
			t.Errorf("%s: %d, want %d: %s", tt.query, w.Code, tt.status, w.Body)
			continue
		}
		if tt.status != http.StatusOK {
			continue
		}
		var a oembedAnswer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if a.Version != "1.0" || a.Type != "video" || a.Width != tt.width || a.Height != tt.height || !strings.Contains(a.HTML, `/embed/studio" width=`) || a.ProviderName != "Slow Hands" {
			t.Errorf("%s: %+v", tt.query, a)
		}
	}
}

func TestDates(t *testing.T) {
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	en, fr := loadCatalogue(english), loadCatalogue(french)
	for _, tt := range []struct{ first, last, en, fr string }{
		{"2026-11-27", "2026-11-27", "27 November 2026", "27 novembre 2026"},
		{"2026-11-27", "2026-11-29", "27–29 November 2026", "27–29 novembre 2026"},
		{"2026-11-30", "2026-12-01", "30 November – 1 December 2026", "30 novembre – 1er décembre 2026"},
		{"2026-12-31", "2027-01-01", "31 December 2026 – 1 January 2027", "31 décembre 2026 – 1er janvier 2027"},
	} {
		if got := en.days(date(tt.first), date(tt.last)); got != tt.en {
			t.Errorf("%q, want %q", got, tt.en)
		}
		if got := fr.days(date(tt.first), date(tt.last)); got != tt.fr {
			t.Errorf("%q, want %q", got, tt.fr)
		}
	}
	for zone, want := range map[string]string{"Europe/Paris": "Europe/Paris, UTC+1", "UTC": "UTC", "Asia/Kolkata": "Asia/Kolkata, UTC+5:30", "America/New_York": "America/New York, UTC-5"} {
		if got := zoneName(zone, tenPastTwo.In(zoneOf(zone))); got != want {
			t.Errorf("%s: %q, want %q", zone, got, want)
		}
	}
}
