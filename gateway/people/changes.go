package people

import "github.com/regie-live/regie/gateway/show"

// These note what was stored, and tell the wiring. With turn held, mu not.

func (s *Service) tellPersonAdded(id show.SessionID, p show.StoredParticipant) {
	if s.o.Changes.PersonAdded != nil {
		s.o.Changes.PersonAdded(id, onStage(p))
	}
}

func (s *Service) tellKeyRevoked(at stagePlace, hash show.SecretHash) {
	if s.o.Changes.KeyRevoked != nil {
		s.o.Changes.KeyRevoked(at.session, at.participant, hash)
	}
}

func (s *Service) tellSession(tell func(show.Session), id show.SessionID) {
	if tell == nil {
		return
	}
	s.mu.RLock()
	at := s.book.stage(id)
	s.mu.RUnlock()
	tell(at)
}

// sendAway ends all that brought somebody in.
func (s *Service) sendAway(at stagePlace, p show.StoredParticipant, cause error) {
	s.mu.Lock()
	s.book.put(at.session, p)
	ended := s.book.dropTokens(at)
	for hash, k := range s.book.seats {
		if k.stagePlace == at {
			delete(s.book.seats, hash)
			ended[hash] = at
		}
	}
	s.mu.Unlock()
	for hash, of := range ended {
		s.tellKeyRevoked(of, hash)
	}
	if s.o.Changes.PersonRemoved != nil {
		s.o.Changes.PersonRemoved(at.session, at.participant, cause)
	}
}

// closePage ends what a browser sends and receives; its person may come again.
func (s *Service) closePage(at stagePlace, cause error) {
	s.mu.Lock()
	ended := s.book.dropTokens(at)
	s.mu.Unlock()
	for hash, of := range ended {
		s.tellKeyRevoked(of, hash)
	}
	if s.o.Changes.InviteRevoked != nil {
		s.o.Changes.InviteRevoked(at.session, at.participant, cause)
	}
}
