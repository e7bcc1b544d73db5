package show

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	at, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestLocalTime(t *testing.T) {
	for _, tt := range []struct{ zone, text, want string }{
		{"Europe/Paris", "2026-11-27 18:00", "2026-11-27T17:00:00Z"},
		{"Europe/Paris", "2026-07-27T18:00", "2026-07-27T16:00:00Z"},
		{"Europe/Paris", "2026-11-27T18:00:00-05:00", "2026-11-27T23:00:00Z"},
		{"Asia/Kathmandu", " 2026-11-27 18:00:30 ", "2026-11-27T12:15:30Z"},
		// Clocks go from 02:00 to 03:00 …
		{"Europe/Paris", "2026-03-29 01:59", "2026-03-29T00:59:00Z"},
		{"Europe/Paris", "2026-03-29 02:30", "clocks of Europe/Paris skip 2026-03-29 02:30"},
		{"Europe/Paris", "2026-03-29 03:00", "2026-03-29T01:00:00Z"},
		{"Europe/Paris", "2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00Z"},
		// … and from 03:00 to 02:00; on Lord Howe Island by half an hour; on Samoa
		// a whole day was skipped.
		{"Europe/Paris", "2026-10-25 02:30", "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"},
		{"Europe/Paris", "2026-10-25 03:00", "2026-10-25T02:00:00Z"},
		{"America/New_York", "2026-11-01 01:00", "twice"},
		{"America/New_York", "2026-11-01 02:00", "2026-11-01T07:00:00Z"},
		{"Australia/Lord_Howe", "2026-04-05 01:45", "twice"},
		{"Australia/Lord_Howe", "2026-10-04 02:15", "skip"},
		{"Pacific/Apia", "2011-12-30 12:00", "skip"},
		{"UTC", "27/11/2026 18:00", "is no time"},
		{"UTC", "2026-02-30 18:00", "is no time"},
		{"UTC", "2026-11-27", "is no time"},
		{"UTC", "", "is no time"},
		{"UTC", "9999-12-31T23:59:00-12:00", "in no year"},
		{"UTC", "0001-01-01 00:00", "in no year"},
	} {
		at, err := LocalTime(tt.text, zone(t, tt.zone))
		got := at.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%q in %s: %s, want %s", tt.text, tt.zone, got, tt.want)
		}
	}
}

// What WriteTime writes, LocalTime reads: around the clocks' changes too.
func TestWriteTime(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		at := zone(t, name)
		for _, from := range []string{"2026-03-28T12:00:00Z", "2026-04-04T10:00:00Z", "2026-10-03T12:00:00Z", "2026-10-24T12:00:00Z", "2026-11-01T00:00:00Z"} {
			begin, _ := time.Parse(time.RFC3339, from)
			for m := range 36 * 4 {
				when := begin.Add(time.Duration(m) * 15 * time.Minute)
				text := WriteTime(when, at)
				if again, err := LocalTime(text, at); err != nil || !again.Equal(when) {
					t.Fatalf("%v in %s is written %q, read %v %v", when, name, text, again, err)
				}
			}
		}
		odd := time.Date(2026, 11, 27, 12, 0, 0, 1e6, time.UTC)
		if again, err := LocalTime(WriteTime(odd, at), at); err != nil || !again.Equal(odd) {
			t.Errorf("%v is read %v %v", odd, again, err)
		}
	}
}

// slotAt is a slot on the clocks of Paris, such as "a 27 18:00 19:00".
func slotAt(t *testing.T, text string) Slot {
	t.Helper()
	f := strings.Fields(text)
	s := Slot{Session: SessionID(f[0]), Title: strings.ToUpper(f[0]), Cancelled: len(f) > 4}
	for i, to := range []*time.Time{&s.Starts, &s.Ends} {
		if f[2+i] == "-" {
			continue
		}
		day := f[1]
		if d, rest, ok := strings.Cut(f[2+i], "/"); ok {
			day, f[2+i] = d, rest
		}
		var err error
		if *to, err = LocalTime("2026-11-"+day+" "+f[2+i], zone(t, "Europe/Paris")); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestCheckSlot(t *testing.T) {
	event := Event{Name: "Clay", TimeZone: "Europe/Paris", Days: []Day{{Date: "2026-11-27"}, {Date: "2026-11-28"}}}
	others := []string{"a 27 10:00 11:00", "b 27 12:00 13:00", "c 27 14:00 15:00 cancelled", "d 28 - -"}
	for _, tt := range []struct {
		slot, want string
		kind       ErrorKind
	}{
		{"x 27 11:00 12:00", "", ""}, // from end to start
		{"x 27 14:30 15:30", "", ""}, // that one is cancelled
		{"x 27 10:30 10:40", "“X” (2026-11-27 10:30–10:40) overlaps “A” (2026-11-27 10:00–11:00)", Conflict},
		{"x 27 12:59 14:00", "overlaps “B” (2026-11-27 12:00–13:00)", Conflict},
		{"x 27 09:00 20:00", "overlaps “A”", Conflict},
		{"x 27 10:30 10:40 cancelled", "", ""},
		{"a 27 10:30 11:30", "", ""}, // it is itself that is moved
		{"x 27 18:00 18:00", "ends at 2026-11-27 18:00, before it starts", Invalid},
		{"x 27 18:00 17:00", "set the end after the start", Invalid},
		{"x 27 22:00 28/02:00", "", ""}, // past midnight
		{"x 28 22:00 29/02:00", "", ""}, // and past the last day
		{"x 28 09:00 28/22:00", "longer than 12 hours", Invalid},
		{"x 29 00:00 01:00", "on none of the event's days, 2026-11-27, 2026-11-28", Invalid},
		{"x 26 23:59 27/01:00", "on none of the event's days", Invalid},
		{"x 28 - 18:00", "", ""}, // not in the schedule
	} {
		var rest []Slot
		for _, o := range others {
			rest = append(rest, slotAt(t, o))
		}
		err := event.CheckSlot(slotAt(t, tt.slot), rest, zone(t, "Europe/Paris"))
		if KindOf(err) != tt.kind || tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q %s", tt.slot, err, tt.want, tt.kind)
		}
	}
	// Without an event, sessions have stages of their own, and any length.
	if err := (Event{}).CheckSlot(slotAt(t, "x 27 09:00 30/10:30"), []Slot{slotAt(t, "a 27 10:00 11:00")}, time.UTC); err != nil {
		t.Error(err)
	}
	far := Slot{Title: "Far", Starts: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := (Event{}).CheckSlot(far, nil, time.UTC); KindOf(err) != Invalid {
		t.Errorf("the year 12026 is %v", err)
	}
}

// CheckAll finds what CheckSlot finds of each.
func TestCheckAll(t *testing.T) {
	event := Event{Name: "Clay", Days: []Day{{Date: "2026-11-27"}}}
	at := zone(t, "Europe/Paris")
	var all []Slot
	for _, s := range []string{"late 27 12:30 14:00", "a 27 10:00 13:00", "b 27 10:30 10:45", "c 27 13:30 13:40 cancelled", "d 26 10:00 11:00", "e 27 14:00 15:00"} {
		all = append(all, slotAt(t, s))
	}
	got := ""
	for _, m := range event.CheckAll(all, at) {
		got += fmt.Sprintf("%d %.30s\n", m.Slot, m.Err)
	}
	const want = "0 “LATE” (2026-11-27 12:30–14:00\n2 “B” (2026-11-27 10:30–10:45) o\n4 “D” (2026-11-26 10:00–11:00) s\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestPhaseAt(t *testing.T) {
	s := slotAt(t, "a 27 10:00 11:00")
	for _, tt := range []struct {
		after time.Duration
		stage Phase
		want  Phase
	}{
		{-time.Hour, Planned, Planned}, {0, "", Planned}, {59 * time.Minute, Planned, Planned},
		{time.Hour, Planned, Ended},   // nobody came
		{2 * time.Hour, Live, Live},   // it runs over
		{time.Minute, Ended, Ended},   // it was short
		{-time.Minute, Live, Live},    // it began early
		{-time.Hour, Ended, Ended},    // a rehearsal that was ended
		{3 * time.Hour, Ended, Ended}, // as planned
	} {
		if got := s.PhaseAt(s.Starts.Add(tt.after), tt.stage); got != tt.want {
			t.Errorf("%v after the start, the stage %s: %s, want %s", tt.after, tt.stage, got, tt.want)
		}
	}
}

func TestCheckedEvent(t *testing.T) {
	good := Event{Name: " Clay & Fire ", Description: "a\r\nb", Days: []Day{{Date: "2026-11-28"}, {Date: "2026-11-27", Title: "Earth"}}}
	e, err := good.Checked()
	if err != nil || e.Name != "Clay & Fire" || e.Description != "a\nb" || e.Days[0].Title != "Earth" || good.Days[1].Title != "Earth" {
		t.Errorf("%+v %v", e, err)
	}
	for _, tt := range []struct {
		change func(*Event)
		want   string
	}{
		{func(e *Event) { e.Name = "" }, "name has 1 to 120"},
		{func(e *Event) { e.Name = "two\nlines" }, "on one line"},
		{func(e *Event) { e.Name = "turned \u202e round" }, "on one line"},
		{func(e *Event) { e.Description = strings.Repeat("x", 5001) }, "keep it under 5000"},
		{func(e *Event) { e.Description = "bell \a" }, "control characters"},
		{func(e *Event) { e.Description = "\xff" }, "not UTF-8"},
		{func(e *Event) { e.Days = []Day{{Date: "27/11/2026"}} }, "is no day"},
		{func(e *Event) { e.Days = []Day{{Date: "2026-11-27"}, {Date: "2026-11-27"}} }, "twice"},
		{func(e *Event) { e.Days = make([]Day, 32) }, "at most 31 days"},
	} {
		e := good
		tt.change(&e)
		if _, err := e.Checked(); KindOf(err) != Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

func TestCheckedProfile(t *testing.T) {
	for _, tt := range []struct {
		url  string
		fine bool
	}{
		{"https://example.org", true}, {"http://example.org/a?b=c#d", true}, {"https://bücher.example/é", true}, {"https://[2001:db8::1]:8080/", true},
		{"javascript:alert(1)", false}, {"//example.org", false}, {"https://", false}, {"https:///path", false}, {"ftp://example.org", false},
		{"https://user:pass@example.org", false}, {"https://example.org\\@evil.example", false}, {"https://a b", false}, {" https://example.org", false},
		{"https://example.org/\u202etxt", false}, {"https://example.org/" + strings.Repeat("x", 500), false}, {"data:text/html,x", false},
	} {
		p, err := StoredProfile{ID: "ana", Name: "Ana", Links: []Link{{Label: "Site", URL: tt.url}}}.Checked()
		if (err == nil) != tt.fine || tt.fine && p.Links[0].URL != tt.url {
			t.Errorf("%q: %v", tt.url, err)
		}
	}
	for _, id := range []string{"", "Ana", "a_b", "a/b", strings.Repeat("a", 65)} {
		if _, err := (StoredProfile{ID: CreatorID(id), Name: "Ana"}).Checked(); KindOf(err) != Invalid {
			t.Errorf("the id %q is %v", id, err)
		}
	}
}

func TestCheckedSlot(t *testing.T) {
	known := func(c CreatorID) bool { return c == "ana" || c == "bo" }
	s, err := StoredSlot{Creators: []CreatorID{"bo", "ana", "bo"}, Category: " Wheel "}.Checked(known)
	if err != nil || fmt.Sprint(s.Creators) != "[bo ana]" || s.Category != "Wheel" {
		t.Errorf("%+v %v", s, err)
	}
	for _, s := range []StoredSlot{{Creators: []CreatorID{"eve"}}, {Creators: make([]CreatorID, 17)}, {Category: strings.Repeat("x", 41)}, {Description: "\x00"}} {
		if _, err := s.Checked(known); KindOf(err) != Invalid {
			t.Errorf("%+v is %v", s, err)
		}
	}
}

func TestSlug(t *testing.T) {
	for words, want := range map[string]string{
		"L'été, enfin !": "l-ete-enfin", "陶芸": "otherwise", "": "otherwise", "--A--": "a",
		strings.Repeat("abc ", 40): "abc-abc-abc-abc-abc-abc-abc-abc-abc-abc",
	} {
		got := Slug(words, "otherwise")
		if got != want || !IsID(got) {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}
