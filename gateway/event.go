package gateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/schedule"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins the schedule with the sessions, the store and open pages.

func (w *wiring) openSchedule() (err error) {
	w.schedule, err = schedule.Open(context.Background(), schedule.Options{
		Store: w.store, Sessions: w.people, Planned: w.people.Stages(),
		Tell:   w.events.Event,
		Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("schedule", w.schedule.Run, func() {})
	return nil
}

// checkPlan asks the schedule, which is opened after people.
func (w *wiring) checkPlan(ctx context.Context, m show.Managed) error {
	return w.schedule.CheckPlan(ctx, m)
}

// ImportEvent takes the event from a file in YAML, as who runs the machine.
func (g *Gateway) ImportEvent(ctx context.Context, text []byte) error {
	_, err := g.schedule.Import(ctx, show.Principal{Kind: show.MachineOperator, Name: "operator"}, "yaml", text, false)
	return err
}

// withCalendars puts the calendars beside the pages.
func (g *Gateway) withCalendars(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("GET /schedule.ics", func(w http.ResponseWriter, r *http.Request) { g.serveCalendar(w, r, "") })
	mux.HandleFunc("GET /s/{file}", func(w http.ResponseWriter, r *http.Request) {
		id, is := strings.CutSuffix(r.PathValue("file"), ".ics")
		if !is || id == "" {
			pages.ServeHTTP(w, r)
			return
		}
		g.serveCalendar(w, r, show.SessionID(id))
	})
	return mux
}

func (g *Gateway) serveCalendar(w http.ResponseWriter, r *http.Request, id show.SessionID) {
	text, ok := g.schedule.Calendar(front.Origin(r), id)
	if !ok {
		problem.Write(w, problem.Problem{Status: http.StatusNotFound, Title: "There is no such session", Detail: "/schedule.ics is the whole schedule."})
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("X-Content-Type-Options", "nosniff")
	if id != "" {
		h.Set("Content-Disposition", `attachment; filename="session.ics"`)
	}
	_, _ = w.Write(text) // the client has gone: nothing is left to do
}
