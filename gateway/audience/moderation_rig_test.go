package audience_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/audience"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

var (
	iris  = show.Principal{Kind: show.Account, User: "u-iris", Name: "Iris", Role: show.Moderator}
	bo    = show.Principal{Kind: show.Account, User: "u-bo", Name: "Bo", Role: show.Admin}
	noon  = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

const studio = show.SessionID("studio")

// house is a moderation on a real store, with what it told and a clock.
type house struct {
	*audience.Moderation
	t     *testing.T
	dir   string
	store *store.Store
	reg   *prometheus.Registry
	clock time.Time
	log                  // of what the audience was told
	mods  map[string]any // the map of studio's moderators
	n     int
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, dir: t.TempDir(), clock: noon}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *house) open() {
	h.t.Helper()
	var err error
	if h.store, err = store.Open(h.t.Context(), h.dir); err != nil {
		h.t.Fatal(err)
	}
	h.mods, h.reg = map[string]any{}, prometheus.NewRegistry()
	h.Moderation, err = audience.OpenModeration(h.t.Context(), audience.ModerationOptions{
		Store: h.store, Floor: viewers{&h.log}, OutsideAllow: []string{"127.0.0.1"}, Registerer: h.reg, Logger: quiet, Now: func() time.Time { return h.clock },
		Tell: func(of show.SessionID, changes ...show.Change) {
			for _, c := range changes {
				if c.Value == nil {
					delete(h.mods, c.Key)
				} else if of == studio {
					h.mods[c.Key] = c.Value
				}
			}
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.Run(ctx) // closes the hook
	if err := h.store.Close(); err != nil {
		h.t.Error(err)
	}
}

type log struct{ told []string }

func (h *log) note(format string, args ...any) {
	h.told = append(h.told, fmt.Sprintf(format, args...))
}

// viewers note what they are told.
type viewers struct{ *log }

func (h viewers) Publish(_ show.SessionID, k show.SaidKind, s show.Said) {
	h.note("publish %s %s", k, s.ID)
}
func (h viewers) Hide(_ show.SessionID, ids ...string) {
	slices.Sort(ids)
	h.note("hide %s", strings.Join(ids, " "))
}
func (h viewers) Restore(_ show.SessionID, said ...show.Said) {
	for _, s := range said {
		h.note("restore %s %s", s.ID, s.Text)
	}
}
func (h viewers) Delete(_ show.SessionID, id string)       { h.note("delete %s", id) }
func (h viewers) Clear(show.SessionID, time.Time)          { h.note("clear") }
func (h viewers) Levers(_ show.SessionID, on []show.Lever) { h.note("levers %d", len(on)) }
func (h viewers) Tell(id show.ViewerID, v any)             { h.note("tell %s %s", id, reflect.ValueOf(v).Field(0)) }

// heard is what the audience was told since the last time.
func (h *house) heard(want ...string) {
	h.t.Helper()
	if !slices.Equal(h.told, want) {
		h.t.Errorf("the audience heard %q, want %q", h.told, want)
	}
	h.told = nil
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) no(kind show.ErrorKind, err error) {
	h.t.Helper()
	if show.KindOf(err) != kind || len(err.Error()) < 20 {
		h.t.Errorf("%v, want a sentence of the kind %s", err, kind)
	}
}

// says posts a message a second later, and returns its ID and why it is held.
func (h *house) says(who, text string) (id, why string) {
	h.t.Helper()
	v, id, err := h.try(who, text)
	h.ok(err)
	if v.Held != (len(v.Why) > 0) {
		h.t.Errorf("%+v", v)
	}
	return id, strings.Join(v.Why, " ")
}

func (h *house) try(who, text string) (audience.Verdict, string, error) {
	h.n++
	h.clock = h.clock.Add(time.Second)
	id := fmt.Sprintf("m%d", h.n)
	v, err := h.Judge(h.t.Context(), h.post(who, id, text))
	return v, id, err
}

func (h *house) post(who, id, text string) audience.Post {
	return audience.Post{Session: studio, Kind: show.IsMessage, Remote: "192.0.2." + who, Said: show.Said{ID: id, By: show.ViewerID(who), Name: "n" + who, Text: text, At: h.clock}}
}

func (h *house) person(who string) show.ModPerson {
	h.t.Helper()
	p, err := h.Person(h.t.Context(), studio, show.ViewerID(who))
	h.ok(err)
	return p
}

func (h *house) onMessage(id, act string) error {
	return h.ActOnMessage(h.t.Context(), iris, studio, id, show.MessageAct{Act: act, Reason: "because"})
}

func (h *house) onPerson(who, act string, minutes int) error {
	return h.ActOnPerson(h.t.Context(), iris, studio, show.ViewerID(who), show.PersonAct{Act: act, Minutes: minutes, Reason: "because", Note: "n"})
}

// gauge is one value of a registry, made a collector again.
func gauge(t *testing.T, reg *prometheus.Registry, name, queue string) prometheus.Gauge {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == queue {
				g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "copy"})
				g.Set(m.GetGauge().GetValue())
				return g
			}
		}
	}
	t.Fatalf("there is no %s of %s", name, queue)
	return nil
}
