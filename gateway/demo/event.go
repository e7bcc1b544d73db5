package demo

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
)

// exampleEvent is the file of a complete event, as an organiser would write it.
//
//go:embed event.yml
var exampleEvent string

const (
	slotEvery = 80 * time.Minute // a session of an hour, and time to breathe
	slotTakes = time.Hour
	begunFor  = 20 * time.Minute // how long the session on air has been
	perDay    = 7
)

// Event is the example event around now: yesterday, today and tomorrow on the
// clocks of zone, with the session "studio" on air. It is YAML that an import takes.
// Each day begins when it must for today's sessions to stay within today, which
// puts studio among the later of them in the evening.
func Event(now time.Time, zone *time.Location) []byte {
	now = now.In(zone)
	begun := now.Add(-begunFor).Truncate(5 * time.Minute)
	y, m, d := now.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if begun.Before(midnight) {
		begun = midnight
	}
	place := placeOf(begun.Sub(midnight))
	first := begun.Sub(midnight) - time.Duration(place)*slotEvery

	head, sessions, _ := strings.Cut(exampleEvent, "\nsessions:\n")
	parts := strings.Split("\n"+sessions, "\n  - ")[1:]
	studio := slices.IndexFunc(parts, func(s string) bool { return strings.HasPrefix(s, "id: studio\n") })
	here := perDay + place
	parts[studio], parts[here] = parts[here], parts[studio]

	var b strings.Builder
	b.WriteString(retimed(head, func(i int, key string) string { // the days
		return midnight.AddDate(0, 0, i-1).Format(time.DateOnly)
	}, "date"))
	b.WriteString("\nsessions:\n")
	for i, part := range parts {
		at := time.Date(y, m, d+i/perDay-1, 0, 0, int((first+time.Duration(i%perDay)*slotEvery)/time.Second), 0, zone)
		b.WriteString("  - " + strings.TrimSuffix(retimed(part, func(_ int, key string) string {
			if key == "ends" {
				return at.Add(slotTakes).Format(time.RFC3339)
			}
			return at.Format(time.RFC3339)
		}, "starts", "ends"), "\n") + "\n")
	}
	return []byte(strings.Replace(b.String(), "  time_zone: Europe/Paris\n", fmt.Sprintf("  time_zone: %s\n", zone), 1))
}

// placeOf is the place among a day's sessions of one that begins so long after
// midnight: the middle, unless the others would fall out of the day.
func placeOf(after time.Duration) int {
	place := min(perDay/2, int(after/slotEvery))
	for place < perDay-1 && place < int(after/slotEvery) && after+time.Duration(perDay-1-place)*slotEvery > 24*time.Hour {
		place++
	}
	return place
}

// retimed replaces what stands behind keys; at is asked with how many were before.
func retimed(text string, at func(i int, key string) string, keys ...string) string {
	lines, n := strings.Split(text, "\n"), 0
	for i, l := range lines {
		key, _, ok := strings.Cut(strings.TrimLeft(l, " -"), ": ")
		if ok && slices.Contains(keys, key) {
			before, _, _ := strings.Cut(l, key+": ")
			lines[i] = before + key + ": " + at(n, key)
			n++
		}
	}
	return strings.Join(lines, "\n")
}
