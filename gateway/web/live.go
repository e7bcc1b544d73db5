package web

import (
	"net/http"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/show"
)

// The pages of an event: all of it, and one address that follows it.
var (
	pageLive   = page{template: "live", script: "live.tsx", style: "live.css", words: []string{"live", "people", "reach", "watching"}}
	pageFollow = page{template: "follow", script: "follow.tsx", style: "live.css", later: "room.css", words: append([]string{"api", "live", "watch"}, audienceWords...)}
	pageEmbed  = page{template: "embed", script: "embed.tsx", style: "live.css", words: append([]string{"live"}, audienceWords...)}
)

func eventPages() []page { return []page{pageLive, pageFollow, pageEmbed} }

// live is the home page of an event. It answers the same as home where there is none.
func (s *site) live(w http.ResponseWriter, r *http.Request) {
	sch, ok := s.schedule()
	if !ok {
		s.home(w, r)
		return
	}
	sessions := s.sessions.List()
	s.render(w, r, http.StatusOK, pageLive, func(c *catalogue) view {
		h := eventHead(c, sch, front.Origin(r))
		return view{
			Title: sch.Name + " · Regie", Description: h.Description, Head: h,
			Event: newEventView(c, sch, sessions, r.URL.Query(), front.Origin(r)),
		}
	})
}

// follow plays what is on air, whatever that is.
func (s *site) follow(w http.ResponseWriter, r *http.Request) {
	sch, _ := s.schedule()
	sessions := s.sessions.List()
	s.render(w, r, http.StatusOK, pageFollow, func(c *catalogue) view {
		h := eventHead(c, sch, front.Origin(r))
		h.URL += "live"
		h.LD = nil // the Live page has it
		if h.Title == "" {
			h.Title = c.text("home.title")
			h.Description = c.text("home.description")
		}
		v := view{
			Title: h.Title + " · Regie", Description: h.Description, Head: h,
			Event: newEventView(c, sch, sessions, nil, front.Origin(r)),
			State: state{Sessions: sessions, Schedule: lean(sch)},
		}
		v.Programme = arrange(sessions, "")
		if now := v.Event.Now; now != nil {
			v.Session = now.View
		} else if f := v.Programme.First; f != nil && f.Phase == show.Live {
			v.Session = *f
		}
		return v
	})
}

// lean is a schedule without what only readers of the Live page want, and without
// the time, which would make every answer another one.
func lean(sch show.Schedule) *leanSchedule {
	l := &leanSchedule{TimeZone: sch.TimeZone, Slots: []leanSlot{}}
	for _, s := range sch.Slots {
		slot := leanSlot{Slot: s}
		slot.Description, slot.DescriptionHTML = "", ""
		for _, id := range s.Creators {
			for _, p := range sch.Creators {
				if p.ID == id {
					slot.Names = append(slot.Names, p.Name)
				}
			}
		}
		l.Slots = append(l.Slots, slot)
	}
	return l
}

type leanSchedule struct {
	TimeZone string     `json:"time_zone"`
	Slots    []leanSlot `json:"slots"`
}

type leanSlot struct {
	show.Slot
	Names []string `json:"names"`
}
