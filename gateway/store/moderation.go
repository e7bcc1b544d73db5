package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/regie-live/regie/gateway/show"
)

// Moderation is all that moderators decided and have still to decide.
func (s *Store) Moderation(ctx context.Context) (show.StoredModeration, error) {
	var m show.StoredModeration
	var errs [6]error
	m.People, errs[0] = query(ctx, s.read, func(r row) (w show.Watched, err error) {
		err = r.Scan(&w.ID, &w.Name, moment{&w.Since}, moment{&w.FirstSeen}, &w.Note, &w.Trusted, &w.Banned, moment{&w.TimedOutUntil})
		return
	}, `SELECT viewer, name, since, first_seen, note, trusted, banned, timed_out FROM watched`)
	m.Held, errs[1] = query(ctx, s.read, func(r row) (h show.StoredHeld, err error) {
		var said show.Said
		var kind show.SaidKind
		var why []string
		err = r.Scan(&h.Session, &kind, asJSON{&said}, asJSON{&why}, moment{&h.At})
		at := h.At
		h.Held = show.NewHeld(kind, said, why)
		h.At = at
		return
	}, `SELECT session, kind, said, why, at FROM held ORDER BY at, id`)
	m.Hidden, errs[2] = query(ctx, s.read, func(r row) (h show.HiddenMessage, err error) {
		err = r.Scan(&h.Session, asJSON{&h.Said}, &h.By, &h.Cause)
		return
	}, `SELECT session, said, by, cause FROM hidden ORDER BY session, id`)
	m.Reports, errs[3] = query(ctx, s.read, func(r row) (p show.StoredReport, err error) {
		err = r.Scan(&p.Session, asJSON{&p.Said}, &p.By, &p.Reason, &p.Note, moment{&p.At})
		return
	}, `SELECT session, said, viewer, reason, note, at FROM reports ORDER BY at`)
	m.Levers, errs[4] = query(ctx, s.read, func(r row) (l show.StoredLever, err error) {
		err = r.Scan(&l.Session, &l.Name, &l.On, &l.Value, &l.By, &l.NameOfBy, moment{&l.Until})
		return
	}, `SELECT session, name, is_on, value, by, by_name, until FROM levers`)
	words, ok, err := one(ctx, s.read, func(r row) (w show.EventWords, err error) {
		err = r.Scan(asJSON{&w})
		return
	}, `SELECT data FROM event_words`)
	if errs[5] = err; ok {
		m.Words = &words
	}
	return m, errors.Join(errs[:]...)
}

// actsShown is how much of what was done to a person is kept for their card.
const actsShown = 100

// ActsOf is what was done to a person, the newest first.
func (s *Store) ActsOf(ctx context.Context, id show.ViewerID) ([]show.Act, error) {
	return query(ctx, s.read, func(r row) (a show.Act, err error) {
		err = r.Scan(&a.Session, &a.Act, &a.By, moment{&a.At}, &a.Reason, moment{&a.Until})
		return
	}, `SELECT session, act, by, at, reason, until FROM moderation_acts WHERE viewer = ? ORDER BY id DESC LIMIT ?`, id, actsShown)
}

// Moderate writes a change.
func (s *Store) Moderate(ctx context.Context, c show.ModerationChange, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if w := c.Person; w != nil {
			if err := t.exec(`INSERT OR REPLACE INTO watched (viewer, name, since, first_seen, note, trusted, banned, timed_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				w.ID, w.Name, stamp(w.Since), stamp(w.FirstSeen), w.Note, w.Trusted, w.Banned, stamp(w.TimedOutUntil)); err != nil {
				return err
			}
		}
		if a := c.Act; a != nil {
			if err := t.exec(`INSERT INTO moderation_acts (viewer, session, act, by, at, reason, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				c.Person.ID, a.Session, a.Act, a.By, stamp(a.At), a.Reason, stamp(a.Until)); err != nil {
				return err
			}
		}
		if err := moderateSaid(t, c); err != nil {
			return err
		}
		if l := c.Lever; l != nil {
			if err := t.exec(`INSERT OR REPLACE INTO levers (session, name, is_on, value, by, by_name, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				l.Session, l.Name, l.On, l.Value, l.By, l.NameOfBy, stamp(l.Until)); err != nil {
				return err
			}
		}
		if c.Forget != "" {
			for _, table := range []string{"hidden", "held", "reports", "levers"} {
				if err := t.exec(`DELETE FROM `+table+` WHERE session = ?`, c.Forget); err != nil {
					return err
				}
			}
		}
		if c.Words == nil {
			return nil
		}
		return t.exec(`INSERT OR REPLACE INTO event_words (one, data) VALUES (1, ?)`, oneJSON(c.Words))
	})
}

// moderateSaid is the part of a change that is about what was said.
func moderateSaid(t tx, c show.ModerationChange) error {
	for _, h := range c.Hide {
		if err := t.exec(`INSERT OR REPLACE INTO hidden (session, id, said, by, cause) VALUES (?, ?, ?, ?, ?)`,
			h.Session, h.Said.ID, oneJSON(h.Said), h.By, h.Cause); err != nil {
			return err
		}
	}
	for _, m := range c.Unhide {
		if err := t.exec(`DELETE FROM hidden WHERE session = ? AND id = ?`, m.Session, m.ID); err != nil {
			return err
		}
	}
	if h := c.Hold; h != nil {
		if err := t.exec(`INSERT OR REPLACE INTO held (session, id, kind, said, why, at) VALUES (?, ?, ?, ?, ?, ?)`,
			h.Session, h.ID, h.Kind, oneJSON(h.Said()), toJSON(h.Why), stamp(h.At)); err != nil {
			return err
		}
	}
	if m := c.Unhold; m != nil {
		if err := t.exec(`DELETE FROM held WHERE session = ? AND id = ?`, m.Session, m.ID); err != nil {
			return err
		}
	}
	if r := c.Report; r != nil {
		if err := t.exec(`INSERT OR REPLACE INTO reports (session, message, viewer, reason, note, at, said) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.Session, r.Said.ID, r.By, r.Reason, r.Note, stamp(r.At), oneJSON(r.Said)); err != nil {
			return err
		}
	}
	if m := c.Unreport; m != nil {
		return t.exec(`DELETE FROM reports WHERE session = ? AND message = ?`, m.Session, m.ID)
	}
	return nil
}

func oneJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: our own types are always JSON: " + err.Error())
	}
	return string(b)
}
