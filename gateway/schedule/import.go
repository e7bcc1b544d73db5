package schedule

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/show"
)

// Import takes an event from a file, yaml or csv. All of it is checked, in words
// with lines, before anything is changed; what the file does not name stays. A dry
// run only says what would change.
func (s *Service) Import(ctx context.Context, by show.Principal, format string, text []byte, dryRun bool) (show.Imported, error) {
	none := show.Imported{Changes: []string{}, Warnings: []string{}}
	if err := s.demand(by, ""); err != nil {
		return none, err
	}
	if !utf8.Valid(text) {
		return none, no(show.Invalid, "The file is not UTF-8; save it as UTF-8.")
	}
	read, ok := map[string]func([]byte) (value, *draft){"yaml": readYAML, "csv": readCSV}[format]
	if !ok {
		return none, no(show.Invalid, "An event's file is yaml or csv, not %.20q.", format)
	}
	file, wrong := read(text)
	if err := wrong.error(); err != nil {
		return none, err
	}
	m := &merge{draft: draftOf(file), s: s, ctx: ctx, by: by, done: none}
	s.turn.Lock()
	defer s.turn.Unlock()
	m.all()
	if err := m.error(); err != nil {
		return none, err
	}
	if dryRun {
		return m.done, nil
	}
	for i, step := range m.steps {
		if err := step(); err != nil {
			if i > 0 && show.KindOf(err) != "" {
				err = no(show.KindOf(err), "%s The import stopped there, after %d of %d changes; mend that and import again.", err, i, len(m.steps))
			}
			return none, err
		}
	}
	return m.done, nil
}

// merge is what a file makes of what is. With turn held.
type merge struct {
	*draft
	s     *Service
	ctx   context.Context
	by    show.Principal
	event show.Event
	zone  *time.Location
	known map[show.CreatorID]string // all there will be, with their names
	slots []show.Slot               // likewise
	lines map[show.SessionID]int
	done  show.Imported
	steps []func() error
}

func (m *merge) change(step func() error, format string, args ...any) {
	m.steps = append(m.steps, step)
	m.done.Changes = append(m.done.Changes, fmt.Sprintf(format, args...))
}

func (m *merge) warn(format string, args ...any) {
	m.done.Warnings = append(m.done.Warnings, fmt.Sprintf(format, args...))
}

func (m *merge) all() {
	is := m.s.Current()
	m.event, m.slots = is.Event, is.Slots
	m.known, m.lines = map[show.CreatorID]string{}, map[show.SessionID]int{}
	m.mergeEvent()
	if m.zone == nil {
		return
	}
	before := map[show.CreatorID]show.Profile{}
	for _, p := range is.Creators {
		before[p.ID], m.known[p.ID] = p, p.Name
	}
	seen := map[show.CreatorID]bool{}
	for _, c := range m.creators {
		m.mergeCreator(c, before, seen)
	}
	if len(m.known) > show.MaxCreators {
		m.add(0, "That would make %d creators; an event has at most %d.", len(m.known), show.MaxCreators)
	}
	for _, v := range m.sessions {
		m.mergeSession(v)
	}
	for _, wrong := range m.event.CheckAll(m.slots, m.zone) {
		m.err(m.lines[m.slots[wrong.Slot].Session], wrong.Err)
	}
	if len(m.creators) > 0 {
		for _, id := range slices.Sorted(maps.Keys(before)) {
			if !seen[id] {
				m.warn("The creator %s (%s) is not in the file and stays.", before[id].Name, id)
			}
		}
	}
	if len(m.sessions) > 0 {
		for _, slot := range is.Slots {
			if m.lines[slot.Session] == 0 {
				m.warn("“%s” (%s) is not in the file and stays.", slot.Title, slot.Session)
			}
		}
	}
}

// mergeEvent leaves zone nil if the times of sessions cannot be read.
func (m *merge) mergeEvent() {
	was := m.event
	if v := m.draft.event; v != nil {
		if text, ok := m.text(*v, "name"); ok {
			m.event.Name = text
		}
		if text, ok := m.text(*v, "description"); ok {
			m.event.Description = text
		}
		if text, ok := m.text(*v, "time_zone"); ok {
			m.event.TimeZone = text
		}
		if _, ok := v.keys["days"]; ok {
			m.event.Days = m.days(*v)
		}
		if zone, err := zoneOf(m.event.TimeZone); err != nil {
			m.err(v.lineOf("time_zone"), err)
			return
		} else {
			m.event.TimeZone = zone.String()
		}
		e, err := m.event.Checked()
		if err != nil {
			m.err(v.line, err)
		} else {
			m.event = e
		}
	}
	m.zone, _ = zoneOf(m.event.TimeZone)
	if fmt.Sprint(was) != fmt.Sprint(m.event) {
		e := m.event
		m.change(func() error { return m.s.putEvent(m.ctx, m.by, e) }, "The event is “%s” (%s, %d days).", e.Name, e.TimeZone, len(e.Days))
	}
}

func (m *merge) mergeCreator(v value, before map[show.CreatorID]show.Profile, seen map[show.CreatorID]bool) {
	id, _ := m.text(v, "id")
	name, named := m.text(v, "name")
	if id == "" {
		id = show.Slug(name, "")
	}
	was, is := before[show.CreatorID(id)]
	p := show.StoredProfile{ID: show.CreatorID(id), Name: was.Name, Bio: was.Bio, Links: was.Links}
	if named {
		p.Name = name
	}
	if bio, ok := m.text(v, "bio"); ok {
		p.Bio = bio
	}
	if _, ok := v.keys["links"]; ok {
		p.Links = m.links(v)
	}
	p, err := p.Checked()
	switch {
	case err != nil:
		m.err(v.line, err)
		return
	case seen[p.ID]:
		m.add(v.line, "The creator %s is there twice; give one another id.", p.ID)
		return
	}
	seen[p.ID], m.known[p.ID] = true, p.Name
	act := "creator.change"
	if !is {
		act = "creator.add"
	}
	put := func() error { _, err := m.s.putCreator(m.ctx, m.by, act, p); return err }
	var what differences
	what.add("name", was.Name != p.Name)
	what.add("bio", was.Bio != p.Bio)
	what.add("links", !slices.Equal(was.Links, p.Links))
	switch {
	case !is:
		m.change(put, "New creator: %s (%s).", p.Name, p.ID)
	case len(what) > 0:
		m.change(put, "The creator %s (%s) changes: %s.", p.Name, p.ID, what)
	}
}

type differences []string

func (d *differences) add(what string, differs bool) {
	if differs {
		*d = append(*d, what)
	}
}

func (d differences) String() string { return strings.Join(d, ", ") }

// wanted is a session as the file wants it.
type wanted struct {
	id   show.SessionID
	plan plan
	slot show.StoredSlot
	host string
}

func (m *merge) mergeSession(v value) {
	id, _ := m.text(v, "id")
	title, titled := m.text(v, "title")
	if id == "" {
		id = show.Slug(title, "session")
	}
	w := wanted{id: show.SessionID(id)}
	m.s.mu.RLock()
	was, is := m.s.book.plans[w.id]
	old := m.s.book.slot(w.id)
	m.s.mu.RUnlock()
	w.plan, w.slot = was, old
	if titled {
		w.plan.title = title
	}
	begun := len(m.list)
	if !show.IsID(id) {
		m.add(v.lineOf("id"), "A session's id has 1 to 64 small letters, digits and dashes, such as first-session; %.70q has not.", id)
	}
	if m.lines[w.id] > 0 {
		m.add(v.line, "The session %s is there twice, first in line %d; give one another id.", id, m.lines[w.id])
	}
	var err error
	w.plan.title, err = show.SessionTitle(w.plan.title)
	m.err(v.lineOf("title"), err)
	m.times(v, &w)
	m.words(v, &w)
	if len(m.list) > begun {
		return
	}
	m.lines[w.id] = v.line
	if !is {
		m.addSession(w)
	} else {
		m.changeSession(v, w, was, old)
	}
}

func (m *merge) times(v value, w *wanted) {
	read := true
	for key, to := range map[string]*time.Time{"starts": &w.plan.starts, "ends": &w.plan.ends} {
		if text, ok := m.text(v, key); ok && text != "" {
			at, err := show.LocalTime(text, m.zone)
			if err != nil {
				m.err(v.lineOf(key), err)
				read = false
				continue
			}
			*to = at
		}
	}
	if read && !w.plan.whole() {
		m.add(v.line, "“%s” has no start or no end; write starts: and ends:.", w.plan.title)
	}
}

func (m *merge) words(v value, w *wanted) {
	if text, ok := m.text(v, "description"); ok {
		w.slot.Description = text
	}
	if text, ok := m.text(v, "category"); ok {
		w.slot.Category = text
	}
	if text, ok := m.text(v, "cancelled"); ok {
		is, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			m.add(v.lineOf("cancelled"), "cancelled is true or false, not %.20q.", text)
		}
		w.slot.Cancelled = is
	}
	if _, ok := v.keys["creators"]; ok {
		w.slot.Creators = nil
		for _, c := range m.items(v, "creators") {
			w.slot.Creators = append(w.slot.Creators, show.CreatorID(c.text))
		}
	}
	slot, err := w.slot.Checked(func(c show.CreatorID) bool { _, is := m.known[c]; return is })
	m.err(v.line, err)
	w.slot = slot
	w.host, _ = m.text(v, "host")
	w.host = strings.TrimSpace(w.host)
	if n := utf8.RuneCountInString(w.host); n > maxHost {
		m.add(v.lineOf("host"), "A host's name has at most %d characters.", maxHost)
	}
}

// maxHost is what package people takes for a name.
const maxHost = 40

func (m *merge) addSession(w wanted) {
	if w.host == "" && len(w.slot.Creators) > 0 {
		w.host = m.known[w.slot.Creators[0]]
	}
	if w.host == "" {
		w.host = "Host"
	}
	if r := []rune(w.host); len(r) > maxHost {
		w.host = strings.TrimSpace(string(r[:maxHost]))
	}
	slot := show.Slot{Session: w.id, Title: w.plan.title, Starts: w.plan.starts, Ends: w.plan.ends, Cancelled: w.slot.Cancelled}
	m.slots = append(m.slots, slot)
	m.change(func() error {
		done := m.s.ask(w.slot)
		_, err := m.s.o.Sessions.AddSession(context.WithValue(m.ctx, checked{}, true), m.by, show.NewSession{
			ID: w.id, Title: w.plan.title, HostName: w.host, Starts: w.plan.starts, Ends: w.plan.ends,
		})
		done()
		return err
	}, "New session: “%s” (%s), %s to %s.", w.plan.title, w.id, show.WriteTime(w.plan.starts, m.zone), show.WriteTime(w.plan.ends, m.zone))
}

func (m *merge) changeSession(v value, w wanted, was plan, old show.StoredSlot) {
	session, err := m.s.o.Sessions.Session(m.ctx, m.by, w.id)
	if err != nil {
		m.err(v.line, err)
		return
	}
	if w.host == "" {
		w.host = session.HostName
	}
	if session.Declared && (w.plan.title != was.title || w.host != session.HostName) {
		if w.plan.title != was.title {
			m.warn("%s is declared in the configuration file; its title stays “%s”.", w.id, was.title)
		}
		w.plan.title, w.host = was.title, session.HostName
	}
	var p show.SessionPatch
	var what differences
	set := func(key string, differs bool, patch func()) {
		what.add(key, differs)
		if differs {
			patch()
		}
	}
	set("title", w.plan.title != was.title, func() { p.Title = &w.plan.title })
	set("host", w.host != session.HostName, func() { p.HostName = &w.host })
	set("starts", !w.plan.starts.Equal(was.starts), func() { p.Starts = &w.plan.starts })
	set("ends", !w.plan.ends.Equal(was.ends), func() { p.Ends = &w.plan.ends })
	what.add("creators", !slices.Equal(w.slot.Creators, old.Creators))
	what.add("category", w.slot.Category != old.Category)
	what.add("description", w.slot.Description != old.Description)
	what.add("cancelled", w.slot.Cancelled != old.Cancelled)
	slot := show.Slot{Session: w.id, Title: w.plan.title, Starts: w.plan.starts, Ends: w.plan.ends, Cancelled: w.slot.Cancelled}
	if i := slices.IndexFunc(m.slots, func(s show.Slot) bool { return s.Session == w.id }); i >= 0 {
		m.slots[i] = slot
	} else {
		m.slots = append(m.slots, slot)
	}
	if len(what) > 0 {
		m.change(func() error { return m.s.putSlot(m.ctx, m.by, w.slot, p) }, "“%s” (%s) changes: %s.", w.plan.title, w.id, what)
	}
}
