package schedule_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"github.com/regie-live/regie/gateway/show"
)

// calendar reads the schedule with a parser that is not ours.
func (o *office) calendar(id show.SessionID) map[string]ical.Event {
	o.t.Helper()
	text, ok := o.Calendar("https://live.example", id)
	if !ok {
		o.t.Fatalf("there is no calendar of %q", id)
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(string(text), "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
			o.t.Errorf("the line %q is not folded as it must", l)
		}
	}
	c, err := ical.NewDecoder(bytes.NewReader(text)).Decode()
	o.must(err)
	all := map[string]ical.Event{}
	for _, e := range c.Events() {
		uid, err := e.Props.Text(ical.PropUID)
		o.must(err)
		all[uid] = e
	}
	return all
}

func TestCalendar(t *testing.T) {
	o := newOffice(t)
	o.setUp()
	ctx := t.Context()
	title := "Clay, fire; and \\ water: " + strings.Repeat("é漢", 40)
	id := o.session("Clay", 0)
	gone := o.session("Gone", 120)
	_, err := o.ChangeSlot(ctx, operator, id, show.SlotPatch{Title: &title, Description: to("one\n*two*"), Category: to("A, B")})
	o.must(err)
	before := o.calendar("")
	if len(before) != 2 {
		t.Fatalf("%d events", len(before))
	}
	one := o.calendar(id)
	var uid string
	for uid = range one {
	}
	e := before[uid]
	get := func(e ical.Event, name string) string { s, _ := e.Props.Text(name); return s }
	starts, err := e.DateTimeStart(nil)
	o.must(err)
	ends, err := e.DateTimeEnd(nil)
	o.must(err)
	if len(one) != 1 || get(e, "SUMMARY") != title || get(e, "DESCRIPTION") != "one\n*two*\n\nhttps://live.example/s/clay" || get(e, "STATUS") != "CONFIRMED" ||
		e.Props.Get("SEQUENCE").Value != "1" || !starts.Equal(noon) || !ends.Equal(noon.Add(time.Hour)) || !strings.HasSuffix(e.Props.Get("DTSTART").Value, "Z") {
		t.Errorf("%+v", e.Props)
	}

	// Called off and deleted: both are told, under the same name, after a restart too.
	_, err = o.ChangeSlot(ctx, operator, id, show.SlotPatch{Cancelled: to(true)})
	o.must(err)
	o.must(o.people.RemoveSession(ctx, operator, gone))
	o.restart()
	after := o.calendar("")
	if len(after) != 2 {
		t.Fatalf("%d events", len(after))
	}
	for name, e := range after {
		was := before[name]
		if get(e, "STATUS") != "CANCELLED" || e.Props.Get("SEQUENCE").Value <= was.Props.Get("SEQUENCE").Value || get(e, "SUMMARY") != get(was, "SUMMARY") {
			t.Errorf("%s: %+v, was %+v", name, e.Props, was.Props)
		}
	}
	if e := o.calendar(gone); len(e) != 1 {
		t.Errorf("%s has %d events", gone, len(e))
	}
	if _, ok := o.Calendar("", "nowhere"); ok {
		t.Error("what never was has a calendar")
	}
	if _, ok := o.Calendar("", "declared"); ok {
		t.Error("what is not planned has a calendar")
	}
}
