package store

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// maxAudit is how many entries are kept.
const maxAudit = 10_000

// Audit is the last n entries, the newest first.
func (s *Store) Audit(ctx context.Context, n int) ([]show.AuditEntry, error) {
	return query(ctx, s.read, func(r row) (show.AuditEntry, error) {
		var e show.AuditEntry
		err := r.Scan(moment{&e.At}, &e.By, &e.Act, &e.Session, &e.Of)
		return e, err
	}, `SELECT at, by, act, session, of FROM audit ORDER BY id DESC LIMIT ?`, n)
}

// AddAudit writes an entry of something that is not kept here.
func (s *Store) AddAudit(ctx context.Context, e show.AuditEntry) error {
	return s.change(ctx, e, func(tx) error { return nil })
}

// Tidy forgets sign-ins that are over and the oldest of the audit log.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error {
		if err := t.exec(`DELETE FROM sign_ins WHERE user IS NOT NULL AND expires <= ?`, stamp(now)); err != nil {
			return err
		}
		return t.exec(`DELETE FROM audit WHERE id <= (SELECT coalesce(max(id), 0) FROM audit) - ?`, maxAudit)
	})
}
