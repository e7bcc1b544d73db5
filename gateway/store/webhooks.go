package store

import (
	"context"

	"github.com/regie-live/regie/gateway/show"
)

// Webhooks lists all, the oldest first.
func (s *Store) Webhooks(ctx context.Context) ([]show.StoredWebhook, error) {
	return query(ctx, s.read, func(r row) (h show.StoredWebhook, err error) {
		err = r.Scan(&h.ID, &h.URL, asJSON{&h.Events}, &h.Secret, asJSON{&h.Old}, moment{&h.Created}, &h.Enabled, &h.Why, &h.Reason, moment{&h.FailingSince})
		return
	}, `SELECT id, url, events, secret, old_secrets, created, enabled, why, reason, failing_since FROM webhooks ORDER BY created, id`)
}

// PutWebhook adds a webhook or changes it. One that is switched off has nothing
// waiting any more.
func (s *Store) PutWebhook(ctx context.Context, h show.StoredWebhook, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`INSERT INTO webhooks (id, url, events, secret, old_secrets, created, enabled, why, reason, failing_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET url = excluded.url, events = excluded.events, secret = excluded.secret, old_secrets = excluded.old_secrets,
				enabled = excluded.enabled, why = excluded.why, reason = excluded.reason, failing_since = excluded.failing_since`,
			h.ID, h.URL, toJSON(h.Events), string(h.Secret), toJSON(h.Old), stamp(h.Created), h.Enabled, h.Why, h.Reason, stamp(h.FailingSince)); err != nil || h.Enabled {
			return err
		}
		return t.exec(`UPDATE deliveries SET outcome = ?, next = 0, error = 'the webhook was switched off', reason = ? WHERE webhook = ? AND outcome = ? AND event <> ?`,
			show.DeliveryFailed, show.HookSwitchedOff, h.ID, show.DeliveryPending, show.HookTest)
	})
}

// WebhookFails notes since when nothing reaches a webhook; a zero time: it does.
func (s *Store) WebhookFails(h show.StoredWebhook) error {
	return s.gather(func(t tx) error {
		return t.exec(`UPDATE webhooks SET failing_since = ? WHERE id = ?`, stamp(h.FailingSince), h.ID)
	})
}

// RemoveWebhook deletes a webhook, and what waits for it.
func (s *Store) RemoveWebhook(ctx context.Context, id show.WebhookID, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`DELETE FROM webhooks WHERE id = ?`, id) })
}

// AddDeliveries puts events into the outbox, each for one webhook, together with
// what they say of a session. Of every webhook no more wait than waiting, and no
// more that are settled are kept than settled; it says how many were given up.
func (s *Store) AddDeliveries(all []show.StoredDelivery, on *show.ToldOnAir, off show.SessionID, waiting, settled int) (dropped int, err error) {
	err = s.gather(func(t tx) error {
		dropped = 0
		if on != nil {
			if err := t.exec(`INSERT OR REPLACE INTO on_air (session, title, since) VALUES (?, ?, ?)`, on.Session, on.Title, stamp(on.Since)); err != nil {
				return err
			}
		}
		if off != "" {
			if err := t.exec(`DELETE FROM on_air WHERE session = ?`, off); err != nil {
				return err
			}
		}
		for _, d := range all {
			if err := t.exec(`INSERT INTO deliveries (webhook, message, event, body, at, outcome, attempts, status, error, reason, next)
				SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM webhooks WHERE id = ?`, // which may have been deleted
				d.ID, d.Event, d.Body, stamp(d.At), d.Outcome, d.Attempts, d.Status, d.Error, d.Reason, stamp(d.Next), d.Webhook); err != nil {
				return err
			}
			n, err := tidy(t, d.Webhook, waiting, settled)
			if dropped += n; err != nil {
				return err
			}
		}
		return nil
	})
	return dropped, err
}

// tidy keeps what there is of a webhook's deliveries within bounds.
func tidy(t tx, of show.WebhookID, waiting, settled int) (dropped int, err error) {
	r, err := t.ExecContext(t.ctx, `UPDATE deliveries SET outcome = ?, next = 0, error = 'more waits than is kept: the oldest was given up', reason = ?
		WHERE n IN (SELECT n FROM deliveries WHERE webhook = ? AND outcome = ? ORDER BY n DESC LIMIT -1 OFFSET ?)`,
		show.DeliveryFailed, show.HookTooManyWait, of, show.DeliveryPending, waiting)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, err
	}
	return int(n), t.exec(`DELETE FROM deliveries WHERE n IN (SELECT n FROM deliveries WHERE webhook = ? AND outcome <> ? ORDER BY n DESC LIMIT -1 OFFSET ?)`,
		of, show.DeliveryPending, settled)
}

// NextDelivery is what is to be sent to a webhook next, at its time.
func (s *Store) NextDelivery(ctx context.Context, to show.WebhookID) (show.StoredDelivery, bool, error) {
	return one(ctx, s.read, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE webhook = ? AND outcome = ? ORDER BY next, n LIMIT 1`, to, show.DeliveryPending)
}

const deliveryColumns = `webhook, message, event, body, at, outcome, attempts, status, error, reason, next`

func scanDelivery(r row) (d show.StoredDelivery, err error) {
	err = r.Scan(&d.Webhook, &d.ID, &d.Event, &d.Body, moment{&d.At}, &d.Outcome, &d.Attempts, &d.Status, &d.Error, &d.Reason, moment{&d.Next})
	return
}

// SetDelivery notes how a delivery went, unless it was given up meanwhile.
func (s *Store) SetDelivery(d show.StoredDelivery) error {
	return s.gather(func(t tx) error {
		return t.exec(`UPDATE deliveries SET outcome = ?, attempts = ?, status = ?, error = ?, reason = ?, next = ? WHERE webhook = ? AND message = ? AND outcome = ?`,
			d.Outcome, d.Attempts, d.Status, d.Error, d.Reason, stamp(d.Next), d.Webhook, d.ID, show.DeliveryPending)
	})
}

// Deliveries are the newest to a webhook, the newest first.
func (s *Store) Deliveries(ctx context.Context, to show.WebhookID, atMost int) ([]show.StoredDelivery, error) {
	return query(ctx, s.read, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE webhook = ? ORDER BY n DESC LIMIT ?`, to, atMost)
}

// OnAir are the sessions whose start was told and not their end.
func (s *Store) OnAir(ctx context.Context) ([]show.ToldOnAir, error) {
	return query(ctx, s.read, func(r row) (o show.ToldOnAir, err error) {
		err = r.Scan(&o.Session, &o.Title, moment{&o.Since})
		return
	}, `SELECT session, title, since FROM on_air ORDER BY session`)
}
