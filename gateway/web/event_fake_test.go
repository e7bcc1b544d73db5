package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// fakeEvent is a schedule whose phases the test sets.
type fakeEvent struct {
	mu  sync.Mutex
	sch show.Schedule
}

func (e *fakeEvent) Current() show.Schedule {
	e.mu.Lock()
	defer e.mu.Unlock()
	sch := e.sch
	sch.Slots = append([]show.Slot(nil), e.sch.Slots...)
	return sch
}

func (e *fakeEvent) change(f func(*show.Schedule)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.sch)
}

// festival is an event of three days in Paris; studio is on air from 14:00 to 14:45
// of the second, on which now is 14:10.
func festival(now time.Time) show.Schedule {
	paris, _ := time.LoadLocation("Europe/Paris")
	at := now.In(paris)
	day := func(n int) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day()+n, 0, 0, 0, 0, paris)
	}
	start := now.Add(-10 * time.Minute)
	sch := show.Schedule{
		Event:           show.Event{Name: "Slow Hands", Description: "Three days of **making**.", TimeZone: "Europe/Paris"},
		DescriptionHTML: "<p>Three days of <strong>making</strong>.</p>",
		Now:             now,
	}
	for n, title := range []string{"Clay", "Fire", "Table"} {
		sch.Days = append(sch.Days, show.Day{Date: day(n - 1).Format(time.DateOnly), Title: title})
	}
	for i, name := range []string{"Ana Ruiz", "Kim Østby", "Lou <b>Petit</b>"} {
		sch.Creators = append(sch.Creators, show.Profile{
			ID: show.CreatorID(fmt.Sprint("c", i)), Name: name, BioHTML: "<p>Throws, trims and glazes at 1240 °C.</p>",
			Links: []show.Link{{Label: "Shop", URL: "https://potter.example/"}},
		})
	}
	add := func(id show.SessionID, title, category string, who show.CreatorID, from time.Time, long time.Duration, phase show.Phase) {
		sch.Slots = append(sch.Slots, show.Slot{
			Session: id, Title: title, Category: category, Creators: []show.CreatorID{who},
			Starts: from.UTC(), Ends: from.Add(long).UTC(), Phase: phase,
		})
	}
	for i := range 4 {
		add(show.SessionID(fmt.Sprint("past", i)), []string{"Sourdough, slowly", "A tiny balcony", "Denim repair", "Knots"}[i], "Craft", "c1", day(-1).Add(time.Duration(10+2*i)*time.Hour), time.Hour, show.Ended)
	}
	add("studio", "Glaze day: five mugs, one kiln", "Ceramics", "c0", start, 45*time.Minute, show.Live)
	add("ink", "Ink & nib", "Drawing", "c2", start.Add(time.Hour), time.Hour, show.Planned)
	add("off", "One-pan dinners", "Kitchen", "c1", start.Add(2*time.Hour), time.Hour, show.Planned)
	sch.Slots[6].Cancelled = true
	for i := range 7 {
		add(show.SessionID(fmt.Sprint("last", i)), []string{"Spoons", "Evening make-up", "A chair", "Weaving on cardboard", "Salt", "Blue", "Goodbye"}[i], "Craft", "c2", day(1).Add(time.Duration(10+i)*time.Hour), 50*time.Minute, show.Planned)
	}
	return sch
}

// festivalServer is an appliance with an event and one stage.
type festivalServer struct {
	*httptest.Server
	event   *fakeEvent
	stream  *liveStream
	beacons chan struct{} // one for each report of a player, as far as anybody waits
}

func newFestivalServer(t *testing.T) *festivalServer {
	t.Helper()
	built(t)
	s := &festivalServer{event: &fakeEvent{sch: festival(time.Now())}, stream: newLiveStream(t), beacons: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/sessions", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, map[string]any{"sessions": s.List()})
	})
	mux.HandleFunc("GET /api/v1/event", func(w http.ResponseWriter, r *http.Request) { answerJSON(w, s.event.Current()) })
	mux.HandleFunc("POST /api/v1/beacon", func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.beacons <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/live/studio/", http.StripPrefix("/live/studio", s.stream))
	mux.Handle("/", Handler(Options{Sessions: s, Event: s.event, Logger: slog.New(slog.DiscardHandler)}))
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *festivalServer) List() []show.SessionView {
	var list []show.SessionView
	for _, slot := range s.event.Current().Slots {
		v := session(slot.Session, slot.Title, slot.Phase, "Ana", "Théo", "Mei")
		v.Viewers = 1284
		list = append(list, v)
	}
	return list
}

func (s *festivalServer) Get(id show.SessionID) (show.SessionView, bool) {
	return programmeOf(s.List()).Get(id)
}

// phase moves a session on.
func (s *festivalServer) phase(id show.SessionID, phase show.Phase) {
	s.event.change(func(sch *show.Schedule) {
		for i := range sch.Slots {
			if sch.Slots[i].Session == id {
				sch.Slots[i].Phase = phase
			}
		}
	})
}
