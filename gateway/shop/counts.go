package shop

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"time"

	"github.com/regie-live/regie/gateway/internal/sheet"
	"github.com/regie-live/regie/gateway/show"
)

// Open says where a pin leads, empty if there is no such pin, and counts that
// somebody follows it.
func (s *Service) Open(id show.PinID, followed bool) (url string) {
	p := s.pin(id)
	if p == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if followed {
		s.metrics.clicked.WithLabelValues(string(p.Session)).Inc()
		s.count(id, s.now()).Opened++
	}
	return p.URL
}

// count is that of a pin in this minute. With mu held.
func (s *Service) count(id show.PinID, now time.Time) *show.PinCount {
	at := now.UTC().Truncate(time.Minute)
	key := minute{id, at.Unix()}
	if s.counts[key] == nil {
		s.counts[key] = &show.PinCount{Pin: id, Minute: at}
	}
	return s.counts[key]
}

// sample notes once a minute how many could see a pin.
func (s *Service) sample(p *pin, now time.Time) {
	at := now.Truncate(time.Minute)
	if at.Equal(p.sampled) {
		return
	}
	p.sampled = at
	n := s.o.Viewers(p.Session)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.count(p.ID, now)
	c.Shown = max(c.Shown, n)
}

// write stores what was counted since the last time, and waits for whoever does it
// already. What cannot be stored is counted the next time.
func (s *Service) write(ctx context.Context) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	counts := make([]show.PinCount, 0, len(s.counts))
	for _, c := range s.counts {
		counts = append(counts, *c)
	}
	s.counts = map[minute]*show.PinCount{}
	s.mu.Unlock()
	if len(counts) == 0 {
		return
	}
	err := s.store.CountPins(ctx, counts)
	if err == nil {
		return
	}
	s.log.Error("what was counted of pins is not stored yet", "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range counts {
		again := s.count(c.Pin, c.Minute)
		again.Opened += c.Opened
		again.Shown = max(again.Shown, c.Shown)
	}
}

// Report is what became of a session's pins, minute by minute, as CSV.
func (s *Service) Report(ctx context.Context, of show.SessionID) ([]byte, error) {
	s.write(ctx)
	counts, err := s.store.PinCounts(ctx, of)
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"pin", "product", "minute", "shown", "opened"}}
	for _, c := range counts {
		rows = append(rows, []string{string(c.Pin), sheet.Guard(c.Title), c.Minute.Format(time.RFC3339), strconv.Itoa(c.Shown), strconv.Itoa(c.Opened)})
	}
	var b bytes.Buffer
	err = csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}
