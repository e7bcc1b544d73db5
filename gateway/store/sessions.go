package store

import (
	"context"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

// Sessions lists all with their people, the oldest first.
func (s *Store) Sessions(ctx context.Context) ([]show.StoredSession, error) {
	all, err := query(ctx, s.read, scanSession, `SELECT id, title, host_name, coalesce(owner, ''), starts, ends,
		autostart, declared, created, logo IS NOT NULL FROM sessions ORDER BY created, id`)
	if err != nil {
		return nil, err
	}
	type placed struct {
		session show.SessionID
		show.StoredParticipant
	}
	people, err := query(ctx, s.read, func(r row) (placed, error) {
		var p placed
		err := r.Scan(&p.session, &p.ID, &p.Name, &p.Role, &p.Declared, &p.Removed, &p.Source, &p.Reach)
		return p, err
	}, `SELECT session, id, name, role, declared, removed <> 0, source, reach FROM participants ORDER BY session, role = 'guest', length(id), id`)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if i := slices.IndexFunc(all, func(s show.StoredSession) bool { return s.ID == p.session }); i >= 0 {
			all[i].People = append(all[i].People, p.StoredParticipant)
		}
	}
	return all, nil
}

func scanSession(r row) (show.StoredSession, error) {
	var v show.StoredSession
	err := r.Scan(&v.ID, &v.Title, &v.HostName, &v.Owner, moment{&v.Starts}, moment{&v.Ends},
		&v.Autostart, &v.Declared, moment{&v.Created}, &v.Logo)
	return v, err
}

// PutSession adds a session with its people, or changes it and them; people whom
// it does not name stay. Its logo is another matter.
func (s *Store) PutSession(ctx context.Context, v show.StoredSession, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return putSession(t, v) })
}

func putSession(t tx, v show.StoredSession) error {
	if err := t.exec(`INSERT INTO sessions (id, title, host_name, owner, starts, ends, autostart, declared, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, host_name = excluded.host_name, owner = excluded.owner,
			starts = excluded.starts, ends = excluded.ends, autostart = excluded.autostart, declared = excluded.declared`,
		v.ID, v.Title, v.HostName, orNull(v.Owner), stamp(v.Starts), stamp(v.Ends), v.Autostart, v.Declared, stamp(v.Created)); err != nil {
		return err
	}
	for _, p := range v.People {
		if err := putParticipant(t, v.ID, p); err != nil {
			return err
		}
	}
	return nil
}

func putParticipant(t tx, id show.SessionID, p show.StoredParticipant) error {
	if p.Removed {
		p.Source, p.Reach = "", "" // nobody needs the password any more
	}
	return t.exec(`INSERT INTO participants (session, id, name, role, declared, removed, source, reach) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (session, id) DO UPDATE SET name = excluded.name, role = excluded.role, declared = excluded.declared,
			removed = excluded.removed, source = excluded.source, reach = excluded.reach`,
		id, p.ID, p.Name, p.Role, p.Declared, p.Removed, string(p.Source), p.Reach)
}

// PutParticipant adds a person to a session, or changes them.
func (s *Store) PutParticipant(ctx context.Context, id show.SessionID, p show.StoredParticipant, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return putParticipant(t, id, p) })
}

// RemoveSession deletes a session with its people, keys, invites and sign-ins.
func (s *Store) RemoveSession(ctx context.Context, id show.SessionID, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`DELETE FROM sessions WHERE id = ?`, id) })
}

// Logo is the PNG of a session, nil if there is none.
func (s *Store) Logo(ctx context.Context, id show.SessionID) ([]byte, error) {
	png, _, err := one(ctx, s.read, func(r row) ([]byte, error) {
		var png []byte
		err := r.Scan(&png)
		return png, err
	}, `SELECT logo FROM sessions WHERE id = ?`, id)
	return png, err
}

// PutLogo sets it; nil takes it away.
func (s *Store) PutLogo(ctx context.Context, id show.SessionID, png []byte, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`UPDATE sessions SET logo = ? WHERE id = ?`, png, id) })
}
