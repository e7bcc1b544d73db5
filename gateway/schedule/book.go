package schedule

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// book is what is known without asking the store. Service.mu guards it.
type book struct {
	event           show.StoredEvent
	zone            *time.Location
	descriptionHTML string
	profiles        map[show.CreatorID]show.Profile
	plans           map[show.SessionID]plan
	slots           map[show.SessionID]show.StoredSlot
	html            map[show.SessionID]string // of their descriptions
	phases          map[show.SessionID]show.Phase
	asked           map[show.SessionID]*show.StoredSlot // what a change under way will make of them
	told            map[string]any                      // by key, what Tell had last
}

// plan is what a session itself says of its place.
type plan struct {
	title        string
	starts, ends time.Time
}

func planOf(s show.Session) plan { return plan{s.Title, s.Starts, s.Ends} }

func (p plan) whole() bool { return !p.starts.IsZero() && !p.ends.IsZero() }

func newBook() book {
	return book{
		zone:     time.UTC,
		profiles: map[show.CreatorID]show.Profile{},
		plans:    map[show.SessionID]plan{},
		slots:    map[show.SessionID]show.StoredSlot{},
		html:     map[show.SessionID]string{},
		phases:   map[show.SessionID]show.Phase{},
		asked:    map[show.SessionID]*show.StoredSlot{},
		told:     map[string]any{},
	}
}

func profileOf(p show.StoredProfile) show.Profile {
	v := show.Profile{ID: p.ID, Name: p.Name, Bio: p.Bio, BioHTML: html(p.Bio), Links: p.Links}
	if p.PictureTag != "" {
		v.Picture = "/api/v1/event/creators/" + string(p.ID) + "/picture?v=" + p.PictureTag
	}
	return v
}

func (b *book) slot(id show.SessionID) show.StoredSlot {
	if at, ok := b.slots[id]; ok {
		return at
	}
	return show.StoredSlot{Session: id}
}

func (b *book) put(at show.StoredSlot) {
	if old, ok := b.slots[at.Session]; !ok || old.Description != at.Description {
		b.html[at.Session] = html(at.Description)
	}
	b.slots[at.Session] = at
}

// show is a slot as the audience sees it.
func (b *book) show(id show.SessionID, p plan, at show.StoredSlot) show.Slot {
	v := show.Slot{
		Session: id, Title: p.title, Description: at.Description, Category: at.Category, Creators: []show.CreatorID{},
		Starts: p.starts, Ends: p.ends, Cancelled: at.Cancelled, Phase: b.phases[id], Sequence: at.Sequence,
	}
	v.Creators = append(v.Creators, at.Creators...)
	if at.PosterTag != "" {
		v.Poster = "/api/v1/sessions/" + string(id) + "/poster?v=" + at.PosterTag
	}
	return v
}

// all are the slots of the schedule, in the order of their times.
func (b *book) all() []show.Slot {
	list := []show.Slot{}
	for id, p := range b.plans {
		if p.whole() {
			at := b.show(id, p, b.slot(id))
			at.DescriptionHTML = b.html[id]
			list = append(list, at)
		}
	}
	slices.SortFunc(list, func(x, y show.Slot) int {
		if c := x.Starts.Compare(y.Starts); c != 0 {
			return c
		}
		return strings.Compare(string(x.Session), string(y.Session))
	})
	return list
}

// creators are those of the event, by name whatever the accents.
func (b *book) creators() []show.Profile {
	return slices.SortedFunc(maps.Values(b.profiles), func(x, y show.Profile) int {
		if c := strings.Compare(show.Slug(x.Name, x.Name), show.Slug(y.Name, y.Name)); c != 0 {
			return c
		}
		return strings.Compare(string(x.ID), string(y.ID))
	})
}

// Current is the whole schedule as it is now.
func (s *Service) Current() show.Schedule {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.book.current(s.o.Now())
}

func (b *book) current(now time.Time) show.Schedule {
	v := show.Schedule{Event: b.event.Event, DescriptionHTML: b.descriptionHTML, Creators: b.creators(), Slots: b.all(), Now: now.UTC()}
	if v.Creators == nil {
		v.Creators = []show.Profile{}
	}
	v.Days = append([]show.Day{}, v.Days...)
	if v.TimeZone == "" {
		v.TimeZone = "UTC"
	}
	for i, at := range v.Slots {
		v.Slots[i].Phase = at.PhaseAt(now, at.Phase)
	}
	return v
}

// keep stores what is wanted of a slot, nil for what it is, with its session's
// plan, and counts on its sequence if calendars would show it otherwise.
func (s *Service) keep(ctx context.Context, id show.SessionID, to *show.StoredSlot, e show.AuditEntry) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.RLock()
	was, p := s.book.slot(id), s.book.plans[id]
	s.mu.RUnlock()
	want := was
	if to != nil {
		want = *to
	}
	want.Title, want.Starts, want.Ends, want.Removed = was.Title, was.Starts, was.Ends, was.Removed
	want.Sequence, want.Changed, want.PosterTag = was.Sequence, was.Changed, was.PosterTag
	switch {
	case p.whole():
		want.Title, want.Starts, want.Ends, want.Removed = p.title, p.starts, p.ends, false
	case !was.Starts.IsZero():
		want.Removed = true
	}
	if !want.Starts.IsZero() && calendar(was) != calendar(want) {
		want.Changed = s.o.Now().UTC().Truncate(time.Second)
		if !was.Starts.IsZero() {
			want.Sequence++
		}
	}
	if same(was, want) && e.Act == "" {
		return nil
	}
	if err := s.o.Store.PutSlot(ctx, want, e); err != nil {
		return err
	}
	s.mu.Lock()
	s.book.put(want)
	s.mu.Unlock()
	return nil
}

// calendar is what calendars show of a slot.
func calendar(s show.StoredSlot) [6]any {
	return [6]any{s.Title, s.Description, s.Starts.UnixMilli(), s.Ends.UnixMilli(), s.Cancelled || s.Removed, s.Category}
}

func same(a, b show.StoredSlot) bool {
	return a.Session == b.Session && calendar(a) == calendar(b) && slices.Equal(a.Creators, b.Creators) && a.Cancelled == b.Cancelled && a.Removed == b.Removed
}

// headline is what everybody is told under the key "event".
type headline struct {
	Name     string     `json:"name"`
	TimeZone string     `json:"time_zone"`
	Days     []show.Day `json:"days"`
}

// tell tells what is different from what was told, and says when to look again.
func (s *Service) tell() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	at := s.book.current(now)
	is := map[string]any{"event": headline{at.Name, at.TimeZone, at.Days}}
	next := time.Hour
	for _, p := range at.Creators {
		is["creator/"+string(p.ID)] = p
	}
	for _, slot := range at.Slots {
		is["slot/"+string(slot.Session)] = slot
		if over := slot.Ends.Sub(now); over > 0 {
			next = min(next, over)
		}
	}
	var changes []show.Change
	for key := range s.book.told {
		if _, still := is[key]; !still {
			changes = append(changes, show.Change{Key: key})
		}
	}
	for key, v := range is {
		if !reflect.DeepEqual(s.book.told[key], v) {
			changes = append(changes, show.Change{Key: key, Value: v})
		}
	}
	slices.SortFunc(changes, func(a, b show.Change) int { return strings.Compare(a.Key, b.Key) })
	s.book.told = is
	if len(changes) > 0 {
		s.o.Tell(changes...) // with mu held: in the order in which it became so
		s.look()
	}
	return next
}

// look asks Run to see when next something is over.
func (s *Service) look() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
