package web

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// head is what a page says to those who do not show it but tell of it: other sites
// that embed or preview it, search engines.
type head struct {
	Type        string // of Open Graph
	Title       string
	Description string
	URL         string // absolute, as all of them must be
	Image       string // absolute; may be ""
	OEmbed      string // where to ask for the code that embeds it; may be ""
	Player      string // a page for a frame; may be ""
	// LD is JSON-LD. A data block is no script, so the policy lets it stand, and
	// html/template writes it as JSON that cannot end its element.
	LD any
}

func oembedURL(base, path string) string {
	return base + "/oembed?url=" + url.QueryEscape(base+path)
}

// thing is an object of schema.org.
type thing map[string]any

// eventHead tells of the whole event.
func eventHead(c *catalogue, sch show.Schedule, base string) *head {
	h := &head{Type: "website", Title: sch.Name, Description: plain(sch.Description), URL: base + "/"}
	if h.Description == "" {
		h.Description = c.text("live.about", "name", sch.Name)
	}
	var parts []thing
	var first, last time.Time
	for _, s := range sch.Slots {
		if !s.Planned() {
			continue
		}
		if first.IsZero() || s.Starts.Before(first) {
			first = s.Starts
		}
		if s.Ends.After(last) {
			last = s.Ends
		}
		if h.Image == "" && s.Poster != "" {
			h.Image = base + s.Poster
		}
		parts = append(parts, broadcast(sch, s, base))
	}
	ld := thing{
		"@context": "https://schema.org", "@type": "Event",
		"name": sch.Name, "description": h.Description, "url": h.URL,
		"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
		"eventStatus":         "https://schema.org/EventScheduled",
		"location":            thing{"@type": "VirtualLocation", "url": base + "/"},
		"subEvent":            parts,
	}
	if !first.IsZero() {
		ld["startDate"], ld["endDate"] = inZone(first, sch), inZone(last, sch)
	}
	h.LD = ld
	return h
}

// sessionHead tells of one session; slot is nil when it has no place in a schedule.
func sessionHead(c *catalogue, sch show.Schedule, slot *show.Slot, v show.SessionView, base string) *head {
	path := "/s/" + string(v.ID)
	h := &head{
		Type: "video.other", Title: v.Title, Description: c.people(v), URL: base + path,
		OEmbed: oembedURL(base, path), Player: base + "/embed/" + string(v.ID),
	}
	if slot == nil {
		return h
	}
	h.Title, h.Description = slot.Title, cmp.Or(plain(slot.Description), h.Description)
	if slot.Poster != "" {
		h.Image = base + slot.Poster
	}
	if slot.Planned() {
		ld := broadcast(sch, *slot, base)
		ld["@context"] = "https://schema.org"
		ld["superEvent"] = thing{"@type": "Event", "name": sch.Name, "url": base + "/"}
		h.LD = ld
	}
	return h
}

// broadcast is a slot as schema.org has it. What is live is the broadcast, not yet
// the event: a BroadcastEvent says both.
func broadcast(sch show.Schedule, s show.Slot, base string) thing {
	ld := thing{
		"@type": "BroadcastEvent", "name": s.Title, "url": base + "/s/" + string(s.Session),
		"startDate": inZone(s.Starts, sch), "endDate": inZone(s.Ends, sch),
		"isLiveBroadcast":     true,
		"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
		"eventStatus":         "https://schema.org/EventScheduled",
		"location":            thing{"@type": "VirtualLocation", "url": base + "/s/" + string(s.Session)},
	}
	if s.Cancelled {
		ld["eventStatus"] = "https://schema.org/EventCancelled"
	}
	if text := plain(s.Description); text != "" {
		ld["description"] = text
	}
	if s.Poster != "" {
		ld["image"] = base + s.Poster
	}
	var people []thing
	for _, id := range s.Creators {
		for _, p := range sch.Creators {
			if p.ID == id {
				people = append(people, thing{"@type": "Person", "name": p.Name})
			}
		}
	}
	if people != nil {
		ld["performer"] = people
	}
	return ld
}

func inZone(t time.Time, sch show.Schedule) string {
	return t.In(zoneOf(sch.TimeZone)).Format(time.RFC3339)
}

// plain is the beginning of a Markdown text as a preview shows it.
func plain(markdown string) string {
	const most = 200
	first, _, _ := strings.Cut(strings.TrimSpace(markdown), "\n\n")
	text := strings.Join(strings.Fields(strings.NewReplacer("*", "", "_", "", "`", "", "#", "", ">", "").Replace(first)), " ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimRight(string(runes[:most]), " ,;:.") + "…"
}
