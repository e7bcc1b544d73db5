package ingest

import (
	"time"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/show"
)

// Loudness says how loud the mixer hears a participant, in LUFS; ok is false
// while it does not.
type Loudness func(show.ParticipantID) (lufs float64, ok bool)

// Health says of each of a session's people, in their order, how what they send
// arrives. Loudness may be nil; it is asked once for each, so that silence is told
// only to who asks at least every few seconds.
func (d *Door) Health(session show.SessionID, people []show.Participant, l health.Limits, loudness Loudness) []health.Health {
	now := map[show.ParticipantID]*Publisher{}
	d.mu.Lock()
	for _, p := range d.seated {
		if p.seat.Session == session {
			now[p.seat.Participant] = p // the last one has the seat
		}
	}
	d.mu.Unlock()

	all := make([]health.Health, 0, len(people))
	for _, person := range people {
		h := health.NewWaiting(person)
		if p := now[person.ID]; p != nil {
			p.fill(&h, l, loudness)
		}
		all = append(all, h)
	}
	return all
}

func (p *Publisher) fill(h *health.Health, l health.Limits, loudness Loudness) {
	h.Protocol, h.Since = string(p.offer.Protocol), p.created
	at := time.Since(p.created)
	if loudness != nil {
		if lufs, ok := loudness(h.Participant); ok {
			p.meter.Hear(at, lufs)
		}
	}
	h.Judge(p.meter.Fill(at, h), l)
}
