package gateway

import (
	"crypto/sha256"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

// seats finds the place that a stream key opens. Keys are looked up by their
// hash, so that the time a look-up takes tells nothing about a key.
type seats map[[sha256.Size]byte]place

type place struct {
	house       *house
	participant show.Participant
}

func (s seats) add(h *house, p show.Participant) {
	if p.Key != "" {
		s[sha256.Sum256([]byte(p.Key))] = place{house: h, participant: p}
	}
}

// Claim implements ingest.Seats.
func (s seats) Claim(offer ingest.Offer) (ingest.Seat, error) {
	at, ok := s[sha256.Sum256([]byte(offer.Key))]
	if !ok || offer.Key == "" {
		return ingest.Seat{}, &ingest.Refusal{
			Outcome: ingest.BadKey,
			Reason:  "no session has this stream key",
			Hint:    "copy the key anew from the configuration: the whole of it, without spaces",
		}
	}
	seat := ingest.Seat{
		Session:     at.house.session.ID,
		Participant: at.participant.ID,
		Role:        at.participant.Role,
	}
	var err error
	seat.Sink, err = at.house.stage.Claim(at.participant.ID, offer)
	return seat, err
}
