package schedule

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/show"
)

// Calendar is the schedule as iCalendar (RFC 5545), or of one session if id is not
// empty; ok is false if no calendar ever had that. Its addresses begin with origin.
// What was called off stays in it, cancelled: whoever subscribed would keep it
// otherwise.
func (s *Service) Calendar(origin string, id show.SessionID) (text []byte, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	name := cmp.Or(s.book.event.Name, "Regie")
	w := &icsWriter{}
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Regie//Regie//EN")
	w.line("CALSCALE", "GREGORIAN")
	w.line("METHOD", "PUBLISH")
	if id == "" {
		w.text("NAME", name)
		w.text("X-WR-CALNAME", name)
		w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M")
		w.line("X-PUBLISHED-TTL", "PT15M")
		w.line("URL", origin+"/")
	}
	for _, at := range slices.SortedFunc(maps.Values(s.book.slots), func(a, b show.StoredSlot) int {
		return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.Session, b.Session))
	}) {
		if at.Starts.IsZero() || id != "" && at.Session != id {
			continue
		}
		ok = true
		w.event(at, s.book.event.UID, origin)
	}
	w.line("END", "VCALENDAR")
	return w.Bytes(), ok || id == ""
}

type icsWriter struct{ bytes.Buffer }

const icsTime = "20060102T150405Z"

func (w *icsWriter) event(at show.StoredSlot, uid, origin string) {
	page := origin + "/s/" + string(at.Session)
	w.line("BEGIN", "VEVENT")
	w.line("UID", string(at.Session)+"@"+strings.ToLower(uid)+".regie")
	w.line("DTSTAMP", at.Changed.UTC().Format(icsTime))
	w.line("LAST-MODIFIED", at.Changed.UTC().Format(icsTime))
	w.line("SEQUENCE", fmt.Sprint(at.Sequence))
	w.line("DTSTART", at.Starts.UTC().Format(icsTime))
	w.line("DTEND", at.Ends.UTC().Format(icsTime))
	w.text("SUMMARY", at.Title)
	if at.Description != "" {
		w.text("DESCRIPTION", at.Description+"\n\n"+page)
	} else {
		w.text("DESCRIPTION", page)
	}
	if at.Category != "" {
		w.text("CATEGORIES", at.Category)
	}
	w.line("URL", page)
	if at.Cancelled || at.Removed {
		w.line("STATUS", "CANCELLED")
	} else {
		w.line("STATUS", "CONFIRMED")
	}
	w.line("END", "VEVENT")
}

var icsEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "")

// text writes a value of type TEXT.
func (w *icsWriter) text(name, value string) { w.line(name, icsEscapes.Replace(value)) }

// line writes a content line, folded after 75 octets at most and never within a
// character (RFC 5545 §3.1).
func (w *icsWriter) line(name, value string) {
	const most = 75
	rest := name + ":" + value
	for room := most; len(rest) > room; room = most - 1 { // the blank that begins the next counts
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.WriteString(rest[:cut] + "\r\n ")
		rest = rest[cut:]
	}
	w.WriteString(rest + "\r\n")
}
