package shop

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Pins lists what was pinned in a session, the oldest first.
func (s *Service) Pins(of show.SessionID) []show.Pin {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := []show.Pin{}
	for _, p := range s.pins {
		if p.Session == of {
			list = append(list, p.Pin)
		}
	}
	return list
}

// AddPin pins a product to the moment of the program that is now.
func (s *Service) AddPin(ctx context.Context, by show.Principal, of show.SessionID, n show.NewPin) (show.Pin, error) {
	lasts := time.Duration(n.Seconds) * time.Second
	if n.Seconds == 0 {
		lasts = usual
	}
	if lasts < time.Second || lasts > longest {
		return show.Pin{}, no(show.Invalid, "a pin lasts 1 to %d seconds; 60 is usual", int(longest.Seconds()))
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	product, ok := s.Product(n.Product)
	if !ok || product.Session != "" && product.Session != of {
		return show.Pin{}, errNoProduct
	}
	if len(s.Pins(of)) >= maxPins {
		return show.Pin{}, no(show.Conflict, "this session has had %d pins, which is as many as there may be", maxPins)
	}
	id := show.PinID(rand.Text())
	p := &pin{StoredPin: show.StoredPin{Session: of, Pin: show.Pin{
		ID: id, Product: product.ID, Link: id.Link(), Start: s.now().UTC().Truncate(time.Millisecond), Seconds: lasts.Seconds(),
	}}}
	p.Of(product)
	if err := s.store.AddPin(ctx, p.StoredPin, s.entry(by, "pin.add", of, p.Title)); err != nil {
		return show.Pin{}, err
	}
	if err := s.o.Announce(of, p.Pin, false); err != nil {
		if undone := s.store.RemovePin(context.WithoutCancel(ctx), id); undone != nil {
			s.log.Error("a pin that nobody saw stays in the store", "session", of, "error", undone)
		}
		return show.Pin{}, no(show.Conflict, "the pin was not taken: %v", err)
	}
	s.mu.Lock()
	s.pins = append(s.pins, p)
	s.mu.Unlock()
	s.metrics.shown.WithLabelValues(string(of)).Inc()
	s.tell(p.StoredPin)
	s.o.Shown(of, p.Pin)
	ring(s.wake)
	return p.Pin, nil
}

// EndPin takes a pin away now. One that is over stays as it was.
func (s *Service) EndPin(ctx context.Context, by show.Principal, of show.SessionID, id show.PinID) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	p := s.pin(id)
	if p == nil || p.Session != of {
		return no(show.NotFound, "there is no such pin in this session")
	}
	now := s.now()
	if !p.Ends().After(now) {
		return nil
	}
	seconds := max(time.Millisecond, now.Sub(p.Start).Truncate(time.Millisecond)).Seconds()
	if err := s.store.EndPin(ctx, id, seconds, s.entry(by, "pin.end", of, p.Title)); err != nil {
		return err
	}
	s.mu.Lock()
	p.Seconds = seconds
	s.mu.Unlock()
	s.end(p)
	return nil
}

// end says that a pin is over. With turn held.
func (s *Service) end(p *pin) {
	p.over = true
	if err := s.o.Announce(p.Session, p.Pin, true); err != nil {
		s.log.Debug("the end of a pin was not put on the program", "session", p.Session, "error", err) // that is over too
	}
	s.tell(p.StoredPin)
}

func (s *Service) pin(id show.PinID) *pin {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if i := slices.IndexFunc(s.pins, func(p *pin) bool { return p.ID == id }); i >= 0 {
		return s.pins[i]
	}
	return nil
}

// advance ends what is over, puts on what belongs on a program that has just begun,
// counts viewers, and says how long nothing will be to do.
func (s *Service) advance() time.Duration {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	pins, resumed := slices.Clone(s.pins), s.resumed
	s.resumed = map[show.SessionID]bool{}
	s.mu.Unlock()
	now := s.now()
	next := now.Add(longest)
	for _, p := range pins {
		switch ends := p.Ends(); {
		case p.over:
			continue
		case !ends.After(now):
			s.end(p)
			continue
		case ends.Before(next):
			next = ends
		}
		if resumed[p.Session] {
			if err := s.o.Announce(p.Session, p.Pin, false); err != nil {
				s.log.Warn("a pin was not put on again", "session", p.Session, "error", err)
			}
		}
		if s.sample(p, now); p.sampled.Add(time.Minute).Before(next) {
			next = p.sampled.Add(time.Minute)
		}
	}
	return next.Sub(now)
}

// repin brings the pins of a product up to date. With turn held.
func (s *Service) repin(of show.ProductID, change func(*show.StoredPin)) {
	s.mu.Lock()
	var changed []*pin
	for _, p := range s.pins {
		if p.Product == of {
			change(&p.StoredPin)
			changed = append(changed, p)
		}
	}
	s.mu.Unlock()
	for _, p := range changed {
		if !p.over {
			if err := s.o.Announce(p.Session, p.Pin, false); err != nil {
				s.log.Debug("a pin on the program was not changed", "session", p.Session, "error", err) // it shows what it did
			}
		}
		s.tell(p.StoredPin)
	}
}

func (s *Service) tell(p show.StoredPin) {
	s.o.Tell(p.Session, show.Change{Key: "pin/" + string(p.ID), Value: p.Pin})
}
