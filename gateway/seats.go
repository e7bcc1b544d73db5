package gateway

import (
	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

// seats finds the place that a stream key opens.
type seats struct{ *wiring }

// Claim implements ingest.Seats.
func (s seats) Claim(offer ingest.Offer) (ingest.Seat, error) {
	seat, ok := s.find(&offer)
	h := s.houses.get(seat.Session)
	if !ok || h == nil {
		return ingest.Seat{}, &ingest.Refusal{
			Outcome: ingest.BadKey,
			Reason:  "no session has this stream key",
			Hint:    "copy the key anew, the whole of it, without spaces; it may have been revoked",
		}
	}
	var err error
	seat.Sink, err = h.stage.Claim(seat.Participant, offer)
	return seat, err
}

func (s seats) find(offer *ingest.Offer) (seat ingest.Seat, ok bool) {
	if seat.Session, ok = s.cards.sessionOf(offer.Key); ok {
		seat.Participant, offer.Yields = hostSeat, true
	} else if at, is := s.cameras.seatOf(offer.Key); is {
		seat.Session, seat.Participant = at.session, at.participant
	} else if seat.Session, seat.Participant, ok = s.people.SeatOf(offer.Key); !ok {
		return seat, false
	}
	offer.Person = s.people.Publisher(offer.Key)
	seat.Role = show.Guest
	if seat.Participant.Owner() == hostSeat {
		seat.Role = show.Host
	}
	return seat, true
}

// hostSeat is the participant who hosts a session.
const hostSeat show.ParticipantID = "host"
