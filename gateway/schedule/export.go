package schedule

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Export is the event as a file that Import takes.
func (s *Service) Export(ctx context.Context, by show.Principal, format string) ([]byte, error) {
	if err := s.demand(by, ""); err != nil {
		return nil, err
	}
	e := exported{Schedule: s.Current(), hosts: map[show.SessionID]string{}}
	zone, err := zoneOf(e.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	e.write = func(slot show.Slot) (string, string) {
		return show.WriteTime(slot.Starts, zone), show.WriteTime(slot.Ends, zone)
	}
	for _, slot := range e.Slots {
		m, err := s.o.Sessions.Session(ctx, by, slot.Session)
		if err != nil {
			continue // it was deleted just now
		}
		if !m.Declared {
			e.hosts[slot.Session] = m.HostName
		}
	}
	switch format {
	case "yaml":
		return e.yaml(), nil
	case "csv":
		return e.csv(), nil
	}
	return nil, no(show.Invalid, "An event's file is yaml or csv, not %.20q.", format)
}
