package web

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Event is what this package asks of the schedule. Current does no I/O; a schedule
// without a name says that nobody has set up an event.
type Event interface {
	Current() show.Schedule
}

// schedule is the event, if there is one.
func (s *site) schedule() (show.Schedule, bool) {
	if s.event == nil {
		return show.Schedule{}, false
	}
	sch := s.event.Current()
	return sch, sch.Name != ""
}

// eventView is an event as its pages show it, in one language.
type eventView struct {
	Name     string
	Text     template.HTML // the description; the schedule made it of Markdown, and safe
	Dates    string        // "27–29 November 2026"
	DayOf    string        // "Day 2 of 3", on a day of the event
	Zone     string        // whose clocks these are: "Europe/Paris, UTC+1"
	Now      *slotView     // on air
	Next     *slotView     // the first that is to come
	AlsoLive []show.SessionView
	Over     bool // nothing is to come
	Days     []dayView
	Today    *dayView // the day of Now, Next, or the last
	Creators []creatorView
	Filter   filter
	Embed    string       // the code that shows what is on air, or next, on another site
	Webcal   template.URL // to subscribe to; the scheme is one that html/template does not know
}

type dayView struct {
	Date    string // 2026-11-27
	Name    string // "Friday 27 November"
	Short   string // "Fri 27"
	Title   string
	IsToday bool
	Slots   []*slotView
}

// slotView is a session in the schedule.
type slotView struct {
	show.Slot
	State  string // how it is drawn: planned, live, ended, cancelled
	Day    string // "Friday 27 November"
	From   string // "14:00", on the event's clocks
	To     string
	People []show.Profile
	Names  string           // "Ana Ruiz and Théo Blanc"
	View   show.SessionView // its stage
	IsNext bool
}

// Start is for <time>.
func (s *slotView) Start() string { return s.Starts.Format(time.RFC3339) }

// End is for <time>.
func (s *slotView) End() string { return s.Ends.Format(time.RFC3339) }

// Portrait says whether the program is higher than wide.
func (s *slotView) Portrait() bool { return s.View.Height > s.View.Width }

type creatorView struct {
	show.Profile
	Text  template.HTML // of the bio
	Slots []*slotView
}

// filter is what the visitor wants to see of the programme.
type filter struct {
	Category, Creator string
	Categories        []string
}

// On says whether anything is left out.
func (f filter) On() bool { return f.Category != "" || f.Creator != "" }

func (f filter) shows(s *slotView) bool {
	return (f.Category == "" || s.Category == f.Category) &&
		(f.Creator == "" || slices.Contains(s.Creators, show.CreatorID(f.Creator)))
}

// newEventView arranges a schedule for a page. What the visitor filters is left out
// of the days, not of what is on air and next.
func newEventView(c *catalogue, sch show.Schedule, sessions []show.SessionView, query url.Values, base string) *eventView {
	zone := zoneOf(sch.TimeZone)
	v := &eventView{
		Name:   sch.Name,
		Text:   template.HTML(sch.DescriptionHTML), //nolint:gosec // safe by the schedule's promise
		Filter: filterOf(sch, query),
		Webcal: template.URL("webcal://" + strings.TrimPrefix(strings.TrimPrefix(base, "http://"), "https://") + "/schedule.ics"),
	}
	views := map[show.SessionID]show.SessionView{}
	for _, s := range sessions {
		views[s.ID] = s
	}
	slots := make([]*slotView, 0, len(sch.Slots))
	for _, slot := range sch.Slots {
		if slot.Planned() {
			slots = append(slots, newSlotView(c, sch, slot, views[slot.Session], zone))
		}
	}
	v.pick(slots, sch.Now)
	if shown := cmp.Or(v.Now, v.Next); shown != nil {
		width, height := fit(shown.View, 0, 0)
		v.Embed = embedCode(base, shown.View, width, height)
	}
	v.Days = daysOf(c, sch, slots, v.Filter, zone)
	v.date(c, sch, zone)
	for _, s := range sessions {
		if s.Phase == show.Live && (v.Now == nil || s.ID != v.Now.Session) {
			v.AlsoLive = append(v.AlsoLive, s)
		}
	}
	for _, p := range sch.Creators {
		v.Creators = append(v.Creators, creatorView{
			Profile: p,
			Text:    template.HTML(p.BioHTML), //nolint:gosec // as above
			Slots:   slices.Collect(filterSeq(slots, func(s *slotView) bool { return slices.Contains(s.Creators, p.ID) })),
		})
	}
	return v
}

func filterSeq(all []*slotView, keep func(*slotView) bool) func(func(*slotView) bool) {
	return func(yield func(*slotView) bool) {
		for _, s := range all {
			if keep(s) && !yield(s) {
				return
			}
		}
	}
}

func filterOf(sch show.Schedule, query url.Values) filter {
	f := filter{}
	for _, s := range sch.Slots {
		if s.Category != "" && !slices.Contains(f.Categories, s.Category) {
			f.Categories = append(f.Categories, s.Category)
		}
	}
	slices.Sort(f.Categories)
	// What is not there is no wish, so that an old link shows everything.
	if wanted := query.Get("category"); slices.Contains(f.Categories, wanted) {
		f.Category = wanted
	}
	wanted := query.Get("creator")
	if slices.ContainsFunc(sch.Creators, func(p show.Profile) bool { return string(p.ID) == wanted }) {
		f.Creator = wanted
	}
	return f
}

func newSlotView(c *catalogue, sch show.Schedule, slot show.Slot, view show.SessionView, zone *time.Location) *slotView {
	// The schedule's word on the phase counts: it may end a slot that never was on air.
	view.ID, view.Title, view.Phase = slot.Session, slot.Title, slot.Phase
	v := &slotView{
		Slot: slot, View: view, State: string(slot.Phase),
		Day: c.day(slot.Starts.In(zone)), From: clock(slot.Starts, zone), To: clock(slot.Ends, zone),
	}
	if slot.Cancelled {
		v.State = "cancelled"
	}
	var names []string
	for _, id := range slot.Creators {
		if i := slices.IndexFunc(sch.Creators, func(p show.Profile) bool { return p.ID == id }); i >= 0 {
			v.People = append(v.People, sch.Creators[i])
			names = append(names, sch.Creators[i].Name)
		}
	}
	v.Names = c.list(names)
	return v
}

// pick finds what is on air and what comes next.
func (v *eventView) pick(slots []*slotView, now time.Time) {
	v.Over = true
	for _, s := range slots {
		switch {
		case s.Cancelled:
		case s.Phase == show.Live:
			v.Over = false
			if v.Now == nil {
				v.Now = s
			}
		case s.Phase == show.Planned && s.Ends.After(now):
			v.Over = false
			if v.Next == nil {
				v.Next, s.IsNext = s, true
			}
		}
	}
}

// dayOf is the programme of the day that a slot is on.
func dayOf(c *catalogue, sch show.Schedule, slot show.Slot) []*slotView {
	zone := zoneOf(sch.TimeZone)
	var slots []*slotView
	for _, s := range sch.Slots {
		if s.Planned() {
			slots = append(slots, newSlotView(c, sch, s, show.SessionView{}, zone))
		}
	}
	new(eventView).pick(slots, sch.Now)
	date := func(s show.Slot) string { return s.Starts.In(zone).Format(time.DateOnly) }
	return slices.DeleteFunc(slots, func(s *slotView) bool { return date(s.Slot) != date(slot) })
}

// date says when the event is, and which of its days is today.
func (v *eventView) date(c *catalogue, sch show.Schedule, zone *time.Location) {
	v.Zone = zoneName(sch.TimeZone, sch.Now.In(zone))
	if n := len(v.Days); n > 0 {
		first, _ := time.Parse(time.DateOnly, v.Days[0].Date)
		last, _ := time.Parse(time.DateOnly, v.Days[n-1].Date)
		v.Dates = c.days(first, last)
		_, offset := first.In(zone).Zone()
		v.Zone = zoneName(sch.TimeZone, first.Add(-time.Duration(offset)*time.Second).In(zone))
		v.Today = &v.Days[n-1]
	}
	today := sch.Now.In(zone).Format(time.DateOnly)
	for i := range v.Days {
		d := &v.Days[i]
		if d.IsToday = d.Date == today; d.IsToday {
			v.DayOf = c.text("live.dayOf", "n", c.number(i+1), "of", c.number(len(v.Days)))
		}
	}
	shown := cmp.Or(v.Now, v.Next)
	for i := range v.Days {
		if shown != nil && v.Days[i].Date == shown.Starts.In(zone).Format(time.DateOnly) {
			v.Today = &v.Days[i]
			return
		}
	}
}

// daysOf sorts slots into the event's days; a slot beside them makes its own.
func daysOf(c *catalogue, sch show.Schedule, slots []*slotView, f filter, zone *time.Location) []dayView {
	titles := map[string]string{}
	for _, d := range sch.Days {
		titles[d.Date] = d.Title
	}
	for _, s := range slots {
		date := s.Starts.In(zone).Format(time.DateOnly)
		titles[date] += ""
	}
	var days []dayView
	for date, title := range titles {
		t, err := time.Parse(time.DateOnly, date)
		if err != nil {
			continue // the schedule lets no such day in
		}
		day := dayView{Date: date, Title: title, Name: c.day(t), Short: c.shortDay(t)}
		for _, s := range slots {
			if s.Starts.In(zone).Format(time.DateOnly) == date && f.shows(s) {
				day.Slots = append(day.Slots, s)
			}
		}
		days = append(days, day)
	}
	slices.SortFunc(days, func(a, b dayView) int { return strings.Compare(a.Date, b.Date) })
	return days
}
