package schedule_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/demo"
	"github.com/regie-live/regie/gateway/show"
)

func example(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../demo/event.yml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The example is taken whole, changes nothing the second time, and comes out of
// either kind of file as it went in.
func TestRoundTrip(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	dry, err := o.Import(ctx, operator, "yaml", example(t), true)
	o.must(err)
	if len(dry.Changes) != 43 || len(o.Current().Slots) != 0 {
		t.Fatalf("a dry run: %d changes, %d slots", len(dry.Changes), len(o.Current().Slots))
	}
	done, err := o.Import(ctx, operator, "yaml", example(t), false)
	o.must(err)
	if diff := cmp.Diff(dry, done); diff != "" {
		t.Error("a dry run says otherwise:", diff)
	}
	if again, err := o.Import(ctx, operator, "yaml", example(t), false); err != nil || len(again.Changes)+len(again.Warnings) != 0 {
		t.Errorf("a second time: %v %v", again, err)
	}
	// What no plain scalar can hold.
	odd := "1st line: # no comment\n\n  indented \n- list\t\"quoted\" 'x' \\ é\u2028é"
	_, err = o.ChangeSlot(ctx, operator, "salt", show.SlotPatch{Title: to("=1+1: yes"), Description: &odd, Cancelled: to(true), Category: to("'null")})
	o.must(err)
	want := o.Current()
	for _, format := range []string{"yaml", "csv"} {
		text, err := o.Export(ctx, operator, format)
		o.must(err)
		other := newOffice(t)
		done, err := other.Import(ctx, operator, format, text, false)
		if err != nil || len(done.Changes) != 43 {
			t.Fatalf("%s: %d changes, %v\n%s", format, len(done.Changes), err, text)
		}
		if diff := cmp.Diff(want, other.Current(), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Sequence" }, cmp.Ignore())); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		if again, _ := other.Export(ctx, operator, format); string(again) != string(text) {
			t.Errorf("%s is written otherwise the second time", format)
		}
	}
}

// Each mistake has a sentence with its line, all are told at once, and nothing is
// changed.
func TestImportProblems(t *testing.T) {
	head := "event:\n  name: Clay\n  time_zone: Europe/Paris\n  days: [{date: 2026-03-29}, {date: 2026-03-30}]\nsessions:\n"
	slot := func(id, starts, ends string) string {
		return "  - {id: " + id + ", title: T " + id + ", starts: " + starts + ", ends: " + ends + "}\n"
	}
	for _, tt := range []struct{ name, format, text, want string }{
		{"gap", "yaml", head + slot("a", "2026-03-29 02:30", "2026-03-29 04:00"), "Line 6: The clocks of Europe/Paris skip"},
		{"overlap", "yaml", head + slot("a", "2026-03-29 10:00", "2026-03-29 11:00") + slot("b", "2026-03-29 10:30", "2026-03-29 12:00"), "Line 7: “T b” (2026-03-29 10:30–12:00) overlaps “T a” (2026-03-29 10:00–11:00)"},
		{"backwards", "yaml", head + slot("a", "2026-03-29 11:00", "2026-03-29 10:00"), "Line 6: “T a” ends at"},
		{"another day", "yaml", head + slot("a", "2026-04-01 10:00", "2026-04-01 11:00"), "Line 6: “T a” (2026-04-01 10:00–11:00) starts on none"},
		{"many", "yaml", "evnt: {}\ncreators:\n  - {id: A B, name: x}\n  - {name: Ana, bop: 1}\n  - {name: Bo, links: [{label: x, url: nowhere}]}\n", "Line 1: \"evnt\" is no key of a file; there are event, creators, sessions.\nLine 3: A creator's id"},
		{"no times", "yaml", head + "  - title: A\n", "Line 6: “A” has no start or no end"},
		{"ghost", "yaml", head + "  - {title: A, creators: [ghost], starts: 2026-03-29 10:00, ends: 2026-03-29 11:00}", "Line 6: There is no creator \"ghost\""},
		{"twice", "yaml", head + slot("a", "2026-03-29 10:00", "2026-03-29 11:00") + slot("a", "2026-03-29 12:00", "2026-03-29 13:00"), "Line 7: The session a is there twice, first in line 6"},
		{"zone", "yaml", "event: {name: A, time_zone: Mars/Base}", "Line 1: There is no time zone \"Mars/Base\""},
		{"not YAML", "yaml", "event:\n  name: [", "This is not YAML"},
		{"anchors", "yaml", "event: &a {name: A}\nsessions: *a", "Anchors, aliases and tags"},
		{"deep", "yaml", strings.Repeat("[", 1<<19), "too deep"},
		{"deep dashes", "yaml", strings.Repeat("- ", 1<<18), "too deep"},
		{"empty", "yaml", "# nothing\n", "The file is empty"},
		{"two documents", "yaml", "event: {name: A}\n---\nevent: {name: B}\n", "A second document begins here"},
		{"Latin-1", "csv", "title\nCaf\xe9", "not UTF-8"},
		{"column", "csv", "titel,starts\n", "Line 1: There is no column \"titel\""},
		{"kind", "csv", "kind,title\nsesion,A\n", "Line 2: \"sesion\" is no kind"},
		{"cells", "csv", "title,starts,ends\n\nA, B,2026-03-29 10:00,2026-03-29 11:00\n", "Line 3: This row has 4 cells for 3 columns"},
		{"quotes", "csv", "title,starts\nA,\"x\" y\n", "Line 2: This row is not CSV"},
		{"cell of another kind", "csv", "kind,title,host\nday,Earth,Ana\n", "Line 2: A row of kind day has nothing under host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			_, err := o.Import(t.Context(), operator, tt.format, []byte(tt.text), false)
			o.says(err, show.Invalid, tt.want)
			if e := o.Current(); e.Name != "" || len(e.Creators)+len(e.Slots) != 0 {
				t.Errorf("refused, and yet there is %+v", e)
			}
		})
	}
}

// A spreadsheet's file: semicolons, a mark at its beginning, sessions alone. Those
// that swap their times do not meet on the way.
func TestSpreadsheet(t *testing.T) {
	o := newOffice(t)
	o.setUp()
	ctx := t.Context()
	head := "\ufefftitle;starts;ends;category\r\n"
	_, err := o.Import(ctx, operator, "csv", []byte(head+"A;2026-11-27 10:00;2026-11-27 11:00;Wheel\r\nB;2026-11-27 11:00;2026-11-27 12:00;\r\n"), false)
	o.must(err)
	done, err := o.Import(ctx, operator, "csv", []byte(head+"A;2026-11-27 11:00;2026-11-27 12:00;\r\nB;2026-11-27 10:00;2026-11-27 11:00;\r\n"), false)
	o.must(err)
	if a := o.slot("a"); a.Starts.Hour() != 10 || a.Category != "Wheel" || len(done.Changes) != 2 || done.Changes[0] != "“A” (a) changes: starts, ends." {
		t.Errorf("%+v\n%v", a, done)
	}
	done, err = o.Import(ctx, operator, "yaml", []byte("sessions: [{id: declared, title: Mine, starts: 2026-11-28 10:00, ends: 2026-11-28 11:00}]"), false)
	o.must(err)
	if o.slot("declared").Title != "From the file" || len(done.Warnings) != 3 || !strings.Contains(done.Warnings[0], "its title stays “From the file”") {
		t.Errorf("%q", done.Warnings)
	}
	_, err = o.Import(ctx, owner, "yaml", nil, false)
	o.says(err, show.Forbidden, "Only an administrator")
}

// Whatever the hour, the demo's session is on air within its day, and the event
// can be taken.
func TestDemoEvent(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, zone)
	for minutes := 0; minutes < 24*60; minutes += 119 {
		now := midnight.Add(time.Duration(minutes) * time.Minute)
		o := newOffice(t)
		_, err := o.Import(t.Context(), operator, "yaml", demo.Event(now, zone), false)
		o.must(err)
		at, studio := o.Current(), o.slot("studio")
		if len(at.Slots) != 21 || len(at.Creators) != 21 || len(at.Days) != 3 || studio.Starts.After(now) || !studio.Ends.After(now) || at.Days[1].Date != now.Format("2006-01-02") {
			t.Errorf("at %v: %d slots, studio from %v to %v, days %v", now, len(at.Slots), studio.Starts, studio.Ends, at.Days)
		}
	}
}
