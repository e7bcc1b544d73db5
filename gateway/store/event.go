package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/regie-live/regie/gateway/show"
)

// Event is the event; without a UID nobody has set one up.
func (s *Store) Event(ctx context.Context) (show.StoredEvent, error) {
	e, _, err := one(ctx, s.read, func(r row) (show.StoredEvent, error) {
		var e show.StoredEvent
		err := r.Scan(&e.UID, &e.Name, &e.Description, &e.TimeZone, asJSON{&e.Days})
		return e, err
	}, `SELECT uid, name, description, time_zone, days FROM event`)
	return e, err
}

// PutEvent replaces it.
func (s *Store) PutEvent(ctx context.Context, v show.StoredEvent, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		return t.exec(`INSERT INTO event (one, uid, name, description, time_zone, days) VALUES (1, ?, ?, ?, ?, ?)
			ON CONFLICT (one) DO UPDATE SET uid = excluded.uid, name = excluded.name, description = excluded.description,
				time_zone = excluded.time_zone, days = excluded.days`,
			v.UID, v.Name, v.Description, v.TimeZone, toJSON(v.Days))
	})
}

// Profiles lists the creators.
func (s *Store) Profiles(ctx context.Context) ([]show.StoredProfile, error) {
	return query(ctx, s.read, func(r row) (show.StoredProfile, error) {
		var p show.StoredProfile
		err := r.Scan(&p.ID, &p.Name, &p.Bio, asJSON{&p.Links}, &p.PictureTag)
		return p, err
	}, `SELECT id, name, bio, links, picture_tag FROM creators ORDER BY id`)
}

// PutProfile adds a creator, or changes all of them but the picture.
func (s *Store) PutProfile(ctx context.Context, p show.StoredProfile, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		return t.exec(`INSERT INTO creators (id, name, bio, links) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, bio = excluded.bio, links = excluded.links`,
			p.ID, p.Name, p.Bio, toJSON(p.Links))
	})
}

// RemoveProfile deletes a creator and changes the slots that named them.
func (s *Store) RemoveProfile(ctx context.Context, id show.CreatorID, without []show.StoredSlot, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		for _, slot := range without {
			if err := putSlot(t, slot); err != nil {
				return err
			}
		}
		return t.exec(`DELETE FROM creators WHERE id = ?`, id)
	})
}

// Picture is a creator's, nil if there is none.
func (s *Store) Picture(ctx context.Context, id show.CreatorID) ([]byte, error) {
	return s.blob(ctx, `SELECT picture FROM creators WHERE id = ?`, string(id))
}

// PutPicture sets it, with its tag; nil takes it away.
func (s *Store) PutPicture(ctx context.Context, id show.CreatorID, picture []byte, tag string, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		return t.exec(`UPDATE creators SET picture = ?, picture_tag = ? WHERE id = ?`, picture, tag, id)
	})
}

// Slots lists what the schedule knows of sessions, also of those that are no more.
func (s *Store) Slots(ctx context.Context) ([]show.StoredSlot, error) {
	return query(ctx, s.read, func(r row) (show.StoredSlot, error) {
		var v show.StoredSlot
		err := r.Scan(&v.Session, &v.Description, &v.Category, asJSON{&v.Creators}, &v.Cancelled, &v.PosterTag,
			&v.Title, moment{&v.Starts}, moment{&v.Ends}, &v.Removed, &v.Sequence, moment{&v.Changed})
		return v, err
	}, `SELECT session, description, category, creators, cancelled, poster_tag, title, starts, ends, removed, sequence, changed
		FROM slots ORDER BY session`)
}

// PutSlot adds one, or changes all of it but the poster.
func (s *Store) PutSlot(ctx context.Context, v show.StoredSlot, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return putSlot(t, v) })
}

func putSlot(t tx, v show.StoredSlot) error {
	return t.exec(`INSERT INTO slots (session, description, category, creators, cancelled, title, starts, ends, removed, sequence, changed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (session) DO UPDATE SET description = excluded.description, category = excluded.category,
			creators = excluded.creators, cancelled = excluded.cancelled, title = excluded.title, starts = excluded.starts,
			ends = excluded.ends, removed = excluded.removed, sequence = excluded.sequence, changed = excluded.changed`,
		v.Session, v.Description, v.Category, toJSON(v.Creators), v.Cancelled, v.Title,
		stamp(v.Starts), stamp(v.Ends), v.Removed, v.Sequence, stamp(v.Changed))
}

// Poster is a session's, nil if there is none.
func (s *Store) Poster(ctx context.Context, id show.SessionID) ([]byte, error) {
	return s.blob(ctx, `SELECT poster FROM slots WHERE session = ?`, string(id))
}

// PutPoster sets it, with its tag; nil takes it away.
func (s *Store) PutPoster(ctx context.Context, id show.SessionID, poster []byte, tag string, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		return t.exec(`INSERT INTO slots (session, poster, poster_tag) VALUES (?, ?, ?)
			ON CONFLICT (session) DO UPDATE SET poster = excluded.poster, poster_tag = excluded.poster_tag`, id, poster, tag)
	})
}

func (s *Store) blob(ctx context.Context, text, id string) ([]byte, error) {
	b, _, err := one(ctx, s.read, func(r row) ([]byte, error) {
		var b []byte
		err := r.Scan(&b)
		return b, err
	}, text, id)
	return b, err
}

// toJSON is for lists that are never searched.
func toJSON[T any](list []T) string {
	if list == nil {
		list = []T{}
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("store: a list of our own types is always JSON: " + err.Error())
	}
	return string(b)
}

// asJSON scans a list.
type asJSON struct{ to any }

func (j asJSON) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a list is kept as %T", v)
	}
	return json.Unmarshal([]byte(text), j.to)
}
