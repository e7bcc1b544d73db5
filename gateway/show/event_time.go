package show

import (
	"slices"
	"strings"
	"time"
)

// sane: no clock of an event shows another year, and JSON can hold it.
func sane(t time.Time) bool { y := t.UTC().Year(); return y >= 2000 && y < 2200 }

// timeLayouts are how people write a time without its offset.
var timeLayouts = []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

// LocalTime reads a time with its offset (2026-11-27T18:00:00+01:00), or one on the
// clocks of a zone (2026-11-27 18:00), which must have shown it once: they skip an
// hour in spring, and show one twice in autumn.
func LocalTime(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return within(t.UTC(), text)
	}
	for _, layout := range timeLayouts {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		at := readings(wall, zone)
		switch len(at) {
		case 0:
			return time.Time{}, refuse(Invalid, "The clocks of %s skip %s; choose a time before or after that.", zone, text)
		case 1:
			return within(at[0].UTC(), text)
		}
		return time.Time{}, refuse(Invalid, "The clocks of %s show %s twice; write which with its offset, %s or %s.",
			zone, text, at[0].Format(time.RFC3339), at[1].Format(time.RFC3339))
	}
	return time.Time{}, refuse(Invalid, "%.40q is no time; write 2026-11-27 18:00, or 2026-11-27T18:00:00+01:00.", text)
}

func within(t time.Time, text string) (time.Time, error) {
	if !sane(t) {
		return time.Time{}, refuse(Invalid, "%s is in no year that an event has.", text)
	}
	return t, nil
}

// readings are the moments at which a zone's clocks show wall, the first first.
func readings(wall time.Time, zone *time.Location) []time.Time {
	var all []time.Time
	for _, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(around).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if shown.Equal(wall) && !slices.ContainsFunc(all, t.Equal) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// WriteTime is a time as LocalTime reads it, without its offset where that is clear.
func WriteTime(t time.Time, zone *time.Location) string {
	short := t.In(zone).Format(timeLayouts[0])
	if again, err := LocalTime(short, zone); err == nil && again.Equal(t) {
		return short
	}
	return t.In(zone).Format(time.RFC3339Nano)
}

// span writes when a slot is, for people.
func span(s Slot, zone *time.Location) string {
	from, to := s.Starts.In(zone), s.Ends.In(zone)
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return from.Format("2006-01-02 15:04") + "–" + to.Format("15:04")
	}
	return from.Format("2006-01-02 15:04") + "–" + to.Format("2006-01-02 15:04")
}

// Planned says whether a slot has both its times.
func (s Slot) Planned() bool { return !s.Starts.IsZero() && !s.Ends.IsZero() }

// CheckTimes says what is impossible in a slot's own times. An event that is not
// set up has no days and no stage of its own.
func (e Event) CheckTimes(s Slot, zone *time.Location) error {
	for _, t := range []time.Time{s.Starts, s.Ends} {
		if !t.IsZero() && !sane(t) {
			return refuse(Invalid, "“%s” is planned for the year %d; check its times.", s.Title, t.Year())
		}
	}
	if !s.Planned() {
		return nil
	}
	switch long := s.Ends.Sub(s.Starts); {
	case long <= 0:
		return refuse(Invalid, "“%s” ends at %s, before it starts at %s; set the end after the start.", s.Title, WriteTime(s.Ends, zone), WriteTime(s.Starts, zone))
	case e.Name == "":
	case long > MaxSlotTime:
		return refuse(Invalid, "“%s” (%s) is longer than %d hours; check its end, or make two sessions of it.", s.Title, span(s, zone), int(MaxSlotTime.Hours()))
	case len(e.Days) > 0 && !e.on(s.Starts, zone):
		return refuse(Invalid, "“%s” (%s) starts on none of the event's days, %s; move it, or add the day.", s.Title, span(s, zone), e.days())
	}
	return nil
}

// on says whether a moment is on one of the event's days.
func (e Event) on(t time.Time, zone *time.Location) bool {
	date := t.In(zone).Format(time.DateOnly)
	return slices.ContainsFunc(e.Days, func(d Day) bool { return d.Date == date })
}

func (e Event) days() string {
	if n := len(e.Days); n > 3 {
		return e.Days[0].Date + " to " + e.Days[n-1].Date
	}
	var dates []string
	for _, d := range e.Days {
		dates = append(dates, d.Date)
	}
	return strings.Join(dates, ", ")
}

// CheckSlot says why a slot cannot be where it is, among the others of the event's
// one stage. What is cancelled takes no time.
func (e Event) CheckSlot(s Slot, others []Slot, zone *time.Location) error {
	if err := e.CheckTimes(s, zone); err != nil {
		return err
	}
	for _, o := range others {
		if e.overlap(s, o) {
			return overlapping(s, o, zone)
		}
	}
	return nil
}

func (e Event) overlap(a, b Slot) bool {
	return e.Name != "" && a.Session != b.Session && !a.Cancelled && !b.Cancelled && a.Planned() && b.Planned() &&
		a.Starts.Before(b.Ends) && b.Starts.Before(a.Ends)
}

func overlapping(a, b Slot, zone *time.Location) error {
	return refuse(Conflict, "“%s” (%s) overlaps “%s” (%s); move or cancel one of them.", a.Title, span(a, zone), b.Title, span(b, zone))
}

// Misfit is a slot that cannot be where it is, by its place in the list.
type Misfit struct {
	Slot int
	Err  error
}

// CheckAll is CheckSlot for a whole schedule: each overlap is told once, of the
// later of the two.
func (e Event) CheckAll(slots []Slot, zone *time.Location) []Misfit {
	var all []Misfit
	var sound []int
	for i, s := range slots {
		if err := e.CheckTimes(s, zone); err != nil {
			all = append(all, Misfit{i, err})
		} else if s.Planned() && !s.Cancelled {
			sound = append(sound, i)
		}
	}
	slices.SortStableFunc(sound, func(a, b int) int { return slots[a].Starts.Compare(slots[b].Starts) })
	for k, i := range sound {
		for _, j := range sound[:k] { // at most 12 hours long, but few
			if e.overlap(slots[i], slots[j]) {
				all = append(all, Misfit{i, overlapping(slots[i], slots[j], zone)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Misfit) int { return a.Slot - b.Slot })
	return all
}

// PhaseAt is where a slot is in its life: what the stage says, and ended once its
// time is over and nobody came.
func (s Slot) PhaseAt(now time.Time, stage Phase) Phase {
	if (stage == Planned || stage == "") && s.Planned() && !s.Ends.After(now) {
		return Ended
	}
	if stage == "" {
		return Planned
	}
	return stage
}
