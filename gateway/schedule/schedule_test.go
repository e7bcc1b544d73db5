package schedule_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/schedule"
	"github.com/regie-live/regie/gateway/show"
)

// A session is in the schedule when it has its times, whoever gives them; both
// views are of the same title and times.
func TestOneTruth(t *testing.T) {
	o := newOffice(t)
	o.setUp()
	o.heard("event")
	ctx := t.Context()
	plain, err := o.people.AddSession(ctx, operator, show.NewSession{Title: "Glaze", HostName: "Ana"})
	o.must(err)
	if len(o.Current().Slots) != 0 {
		t.Fatal("a session without times is in the schedule")
	}
	o.heard()
	_, err = o.people.ChangeSession(ctx, operator, plain.ID, show.SessionPatch{Starts: to(noon), Ends: to(noon.Add(time.Hour))})
	o.must(err)
	o.heard("slot/glaze Glaze planned #0")
	slot, err := o.ChangeSlot(ctx, operator, "glaze", show.SlotPatch{Title: to("Glaze & fire"), Starts: to(noon.Add(time.Minute)), Description: to("*hot* <script>")})
	o.must(err)
	if slot.Title != "Glaze & fire" || slot.DescriptionHTML != "<p><em>hot</em> </p>\n" || slot.Sequence != 1 {
		t.Errorf("%+v", slot)
	}
	o.heard("slot/glaze Glaze & fire planned #1") // told once, counted once
	m, err := o.people.Session(ctx, operator, "glaze")
	o.must(err)
	if m.Title != slot.Title || !m.Starts.Equal(slot.Starts) || !m.Ends.Equal(slot.Ends) {
		t.Errorf("people have %+v, the schedule %+v", m, slot)
	}
	_, err = o.ChangeSlot(ctx, operator, "glaze", show.SlotPatch{Starts: to(time.Time{})})
	o.must(err)
	o.heard("slot/glaze gone")
	_, err = o.ChangeSlot(ctx, operator, "nowhere", show.SlotPatch{})
	o.says(err, show.NotFound, "no session")

	// A declared session is planned here, and is the configuration's in all else.
	o.says(func() error {
		_, err := o.ChangeSlot(ctx, operator, "declared", show.SlotPatch{Title: to("Mine")})
		return err
	}(), show.Conflict, "declared in the configuration file")
	_, err = o.ChangeSlot(ctx, operator, "declared", show.SlotPatch{Starts: to(noon), Ends: to(noon.Add(time.Hour)), Category: to("Talk")})
	o.must(err)
	o.restart()
	if s := o.slot("declared"); s.Title != "From the file" || !s.Starts.Equal(noon) || s.Category != "Talk" {
		t.Errorf("after a restart %+v", s)
	}
}

// Who plans what cannot be is told why, in either view, and nothing has changed.
func TestRefusals(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	a := o.session("A", 0)
	o.session("B", 30) // there is no event yet, and no stage to share
	o.says(o.SetEvent(ctx, operator, show.Event{Name: "Clay"}), show.Conflict, "“B” (2026-11-27 12:30–13:30) overlaps “A”")
	o.says(o.SetEvent(ctx, operator, show.Event{Name: "Clay", TimeZone: "Europe/Pariss"}), show.Invalid, "no time zone")
	o.says(o.SetEvent(ctx, operator, show.Event{Name: "Clay", TimeZone: "Local"}), show.Invalid, "no time zone")
	_, err := o.ChangeSlot(ctx, operator, "b", show.SlotPatch{Cancelled: to(true)})
	o.must(err)
	o.setUp()
	o.told = nil

	_, err = o.ChangeSlot(ctx, operator, "b", show.SlotPatch{Cancelled: to(false)})
	o.says(err, show.Conflict, "“B” (2026-11-27 13:30–14:30) overlaps “A” (2026-11-27 13:00–14:00)") // on the event's clocks
	_, err = o.people.ChangeSession(ctx, operator, a, show.SessionPatch{Ends: to(noon.Add(13 * time.Hour))})
	o.says(err, show.Invalid, "longer than 12 hours")
	_, err = o.people.AddSession(ctx, operator, show.NewSession{Title: "C", HostName: "C", Starts: noon.Add(10 * time.Minute), Ends: noon.Add(20 * time.Minute)})
	o.says(err, show.Conflict, "“C” (2026-11-27 13:10–13:20) overlaps “A”")
	_, err = o.ChangeSlot(ctx, operator, a, show.SlotPatch{Starts: to(noon.AddDate(0, 0, 3)), Ends: to(noon.AddDate(0, 0, 3).Add(time.Hour))})
	o.says(err, show.Invalid, "none of the event's days")
	_, err = o.ChangeSlot(ctx, operator, a, show.SlotPatch{Creators: to([]show.CreatorID{"ghost"})})
	o.says(err, show.Invalid, "no creator \"ghost\"")
	_, err = o.ChangeSlot(ctx, operator, a, show.SlotPatch{Title: to(" "), Description: to("x")})
	o.says(err, show.Invalid, "A title has")
	if s := o.slot(a); s.Description != "" || s.Sequence != 0 {
		t.Errorf("half of what was refused was done: %+v", s)
	}

	for _, who := range []show.Principal{nobody, owner} {
		kind := map[bool]show.ErrorKind{true: show.SignedOut, false: show.Forbidden}[who == nobody]
		o.says(o.SetEvent(ctx, who, show.Event{Name: "Mine"}), kind, "")
		_, err = o.AddCreator(ctx, who, show.NewProfile{Name: "X"})
		o.says(err, kind, "")
		_, err = o.ChangeSlot(ctx, who, a, show.SlotPatch{})
		o.says(err, kind, "")
		o.says(o.SetPoster(ctx, who, a, nil), kind, "")
		o.says(o.SetPicture(ctx, who, "x", nil), kind, "")
		o.says(o.RemoveCreator(ctx, who, "x"), kind, "")
	}
	o.heard()
}

func TestCreators(t *testing.T) {
	o := newOffice(t)
	o.setUp()
	id := o.session("Glaze", 0)
	o.told = nil
	ctx := t.Context()
	p, err := o.AddCreator(ctx, operator, show.NewProfile{Name: "Éva Ruiz", Bio: "# Potter\n[x](javascript:alert(1)) <https://a.example> ![i](https://b.example/i.png)", Links: []show.Link{{Label: "Site", URL: "https://a.example"}}})
	o.must(err)
	if p.ID != "eva-ruiz" || strings.Contains(p.BioHTML, "javascript") || strings.Contains(p.BioHTML, "<img") ||
		!strings.Contains(p.BioHTML, "<h3>Potter</h3>") || !strings.Contains(p.BioHTML, `href="https://a.example" rel="nofollow noreferrer"`) {
		t.Errorf("%+v", p)
	}
	second, err := o.AddCreator(ctx, operator, show.NewProfile{Name: "Eva Ruiz"})
	o.must(err)
	if second.ID != "eva-ruiz-2" {
		t.Errorf("the second of a name is %s", second.ID)
	}
	_, err = o.AddCreator(ctx, operator, show.NewProfile{ID: "eva-ruiz", Name: "X"})
	o.says(err, show.Conflict, "already")
	_, err = o.AddCreator(ctx, operator, show.NewProfile{Name: "X", Links: []show.Link{{Label: "x", URL: "javascript:x"}}})
	o.says(err, show.Invalid, "leads nowhere")
	_, err = o.ChangeSlot(ctx, operator, id, show.SlotPatch{Creators: to([]show.CreatorID{"eva-ruiz", "eva-ruiz-2"})})
	o.must(err)
	o.must(o.SetPicture(ctx, operator, "eva-ruiz", append(dot(t), "taken at home"...)))
	o.must(o.SetPoster(ctx, operator, id, dot(t)))
	_, err = o.ChangeCreator(ctx, operator, "eva-ruiz", show.ProfilePatch{Name: to("Zoë")})
	o.must(err)
	o.heard("creator/eva-ruiz", "creator/eva-ruiz-2", "slot/glaze Glaze planned #0", "creator/eva-ruiz", "slot/glaze Glaze planned #0", "creator/eva-ruiz")
	o.restart()
	o.told = nil
	all := o.Current()
	if len(all.Creators) != 2 || all.Creators[1].Name != "Zoë" || all.Creators[1].Picture == "" || o.slot(id).Poster == "" {
		t.Errorf("%+v", all)
	}
	if b, kind, err := o.Picture(ctx, "eva-ruiz"); err != nil || kind != "image/png" || strings.Contains(string(b), "home") {
		t.Errorf("%q %s %v", b, kind, err)
	}
	o.says(o.SetPicture(ctx, operator, "eva-ruiz", []byte("<svg/>")), show.Invalid, "neither a PNG nor a JPEG")
	o.says(o.SetPicture(ctx, operator, "eva-ruiz", dot(t)[:60]), show.Invalid, "damaged")
	o.must(o.SetPoster(ctx, operator, id, nil))
	_, _, err = o.Poster(ctx, id)
	o.says(err, show.NotFound, "no poster")
	_, _, err = o.Picture(ctx, "eva-ruiz-2")
	o.says(err, show.NotFound, "no picture")
	_, _, err = o.Picture(ctx, "ghost")
	o.says(err, show.NotFound, "no creator")
	o.told = nil
	o.must(o.RemoveCreator(ctx, operator, "eva-ruiz"))
	o.restart()
	if got := o.slot(id).Creators; len(got) != 1 || got[0] != "eva-ruiz-2" {
		t.Errorf("who is gone is still in a session: %v", got)
	}
}

// What calendars were not told of before a kill is counted at the next start.
func TestSequence(t *testing.T) {
	o := newOffice(t)
	id := o.session("Glaze", 0)
	ctx := t.Context()
	for i, p := range []show.SlotPatch{
		{Title: to("Glaze 2")}, {Cancelled: to(true)}, {Cancelled: to(false), Ends: to(noon.Add(2 * time.Hour))},
	} {
		s, err := o.ChangeSlot(ctx, operator, id, p)
		o.must(err)
		if s.Sequence != i+1 {
			t.Errorf("after %d changes the sequence is %d", i+1, s.Sequence)
		}
	}
	if s, err := o.ChangeSlot(ctx, operator, id, show.SlotPatch{Title: to("Glaze 2"), Creators: to([]show.CreatorID{})}); err != nil || s.Sequence != 3 {
		t.Errorf("nothing has changed, and the sequence is %d (%v)", s.Sequence, err)
	}
	o.restart()
	if s := o.slot(id); s.Sequence != 3 {
		t.Errorf("a start counts as a change: %d", s.Sequence)
	}
	// As if killed between the two stores: the session has changed, its slot not.
	all, err := o.store.Sessions(ctx)
	o.must(err)
	for _, v := range all {
		if v.ID == id {
			v.Title = "Behind our back"
			o.must(o.store.PutSession(ctx, v, show.AuditEntry{}))
		}
	}
	o.restart()
	if s := o.slot(id); s.Sequence != 4 || s.Title != "Behind our back" {
		t.Errorf("%+v", s)
	}
}

// Everybody hears of a phase when it changes, and that a slot is over when it is.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now().Truncate(time.Second)
		var mu sync.Mutex
		var told []string
		s, err := schedule.Open(t.Context(), schedule.Options{
			Store: memory{}, Planned: []show.Session{
				{ID: "a", Title: "A", Starts: begin.Add(-time.Hour), Ends: begin.Add(10 * time.Minute)},
				{ID: "b", Title: "B", Starts: begin.Add(10 * time.Minute), Ends: begin.Add(3 * time.Hour)},
			},
			Tell: func(changes ...show.Change) {
				mu.Lock()
				defer mu.Unlock()
				for _, c := range changes {
					if slot, ok := c.Value.(show.Slot); ok {
						told = append(told, slot.Title+" "+string(slot.Phase)+" "+time.Since(begin).String())
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(20 * time.Minute)
		s.Phase("b", show.Live)
		s.Phase("b", show.Live)
		time.Sleep(4 * time.Hour)
		s.Phase("b", show.Ended)
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want := "A planned 0s, B planned 0s, A ended 10m0s, B live 20m0s, B ended 4h20m0s"
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

// memory is a store that keeps nothing: SQLite's files are not for synctest.
type memory struct{ schedule.Store }

func (memory) Event(context.Context) (show.StoredEvent, error)                   { return show.StoredEvent{}, nil }
func (memory) PutEvent(context.Context, show.StoredEvent, show.AuditEntry) error { return nil }
func (memory) Profiles(context.Context) ([]show.StoredProfile, error)            { return nil, nil }
func (memory) Slots(context.Context) ([]show.StoredSlot, error)                  { return nil, nil }
func (memory) PutSlot(context.Context, show.StoredSlot, show.AuditEntry) error   { return nil }
