package store

import (
	"context"
	"fmt"
	"sync"
)

// together gathers changes that come at the same time into one transaction: a disk
// that syncs a hundred times a second then keeps a chat of thousands of messages.
type together struct {
	mu      sync.Mutex
	waiting []*waiter
	busy    bool // somebody is writing, and will come back for more
}

type waiter struct {
	do   func(tx) error
	done chan error
}

// maxTogether bounds how many wait for each other.
const maxTogether = 256

// gather is change for what is small and frequent and needs no audit entry. When it
// returns nil, it is on the disk; one that fails leaves the others alone.
func (s *Store) gather(do func(tx) error) error {
	w := &waiter{do, make(chan error, 1)}
	s.small.mu.Lock()
	s.small.waiting = append(s.small.waiting, w)
	lead := !s.small.busy
	s.small.busy = true
	s.small.mu.Unlock()
	if lead {
		go s.writeTogether()
	}
	return <-w.done
}

func (s *Store) writeTogether() {
	for {
		s.small.mu.Lock()
		n := min(len(s.small.waiting), maxTogether)
		batch := s.small.waiting[:n:n]
		s.small.waiting = s.small.waiting[n:]
		if n == 0 {
			s.small.waiting, s.small.busy = nil, false
		}
		s.small.mu.Unlock()
		if n == 0 {
			return
		}
		s.writeBatch(batch)
	}
}

func (s *Store) writeBatch(batch []*waiter) {
	defer timed(s.took.WithLabelValues("sqlite", "change"))()
	errs := make([]error, len(batch))
	all := func() error {
		t, err := s.write.BeginTx(context.Background(), nil)
		if err != nil {
			return err
		}
		defer func() { _ = t.Rollback() }() // after Commit it does nothing
		x := tx{context.Background(), t}
		for i, w := range batch {
			if err := x.exec(`SAVEPOINT one`); err != nil {
				return err
			}
			if errs[i] = w.do(x); errs[i] != nil {
				if err := x.exec(`ROLLBACK TO one`); err != nil {
					return err
				}
			}
			if err := x.exec(`RELEASE one`); err != nil {
				return err
			}
		}
		return t.Commit()
	}
	err := all()
	for i, w := range batch {
		if err != nil {
			errs[i] = err
		}
		if errs[i] != nil {
			errs[i] = fmt.Errorf("store: %w", errs[i])
		}
		w.done <- errs[i]
	}
}
