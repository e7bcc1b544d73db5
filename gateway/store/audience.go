package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const viewerColumns = `SELECT id, hash, nickname, skeleton, created, last_seen FROM viewers `

func scanViewer(r row) (show.StoredViewer, error) {
	var v show.StoredViewer
	err := r.Scan(&v.ID, secret{&v.Hash}, &v.Nickname, &v.Skeleton, moment{&v.Created}, moment{&v.LastSeen})
	return v, err
}

// ViewerOf finds a viewer by the secret in their cookie.
func (s *Store) ViewerOf(ctx context.Context, hash show.SecretHash) (show.StoredViewer, bool, error) {
	return one(ctx, s.read, scanViewer, viewerColumns+`WHERE hash = ?`, hash[:])
}

// ViewersLike are those whose names look so, seen since.
func (s *Store) ViewersLike(ctx context.Context, skeleton string, since time.Time) ([]show.StoredViewer, error) {
	return query(ctx, s.read, scanViewer, viewerColumns+`WHERE skeleton = ? AND last_seen >= ?`, skeleton, stamp(since))
}

// PutViewer adds a viewer or changes their name.
func (s *Store) PutViewer(_ context.Context, v show.StoredViewer) error {
	return s.gather(func(t tx) error {
		return t.exec(`INSERT INTO viewers (id, hash, nickname, skeleton, created, last_seen) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET nickname = excluded.nickname, skeleton = excluded.skeleton, last_seen = excluded.last_seen`,
			v.ID, v.Hash[:], v.Nickname, v.Skeleton, stamp(v.Created), stamp(v.LastSeen))
	})
}

const messageColumns = `SELECT id, by, name, badge, text, at, reply_to, question FROM messages `

func scanSaid(r row) (show.Said, error) {
	var m show.Said
	err := r.Scan(&m.ID, &m.By, &m.Name, &m.Badge, &m.Text, moment{&m.At}, &m.ReplyTo, &m.Question)
	return m, err
}

// Message finds one.
func (s *Store) Message(ctx context.Context, of show.SessionID, id string) (show.Said, bool, error) {
	return one(ctx, s.read, scanSaid, messageColumns+`WHERE session = ? AND id = ?`, of, id)
}

// AddMessage adds a message; one with its ID stays as it is.
func (s *Store) AddMessage(_ context.Context, of show.SessionID, m show.Said) error {
	return s.gather(func(t tx) error {
		return t.exec(`INSERT INTO messages (session, id, by, name, badge, text, at, reply_to, question) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (session, id) DO NOTHING`, of, m.ID, m.By, m.Name, m.Badge, m.Text, stamp(m.At), m.ReplyTo, m.Question)
	})
}

// EraseMessage forgets what was said.
func (s *Store) EraseMessage(_ context.Context, of show.SessionID, id string) error {
	return s.gather(func(t tx) error {
		if err := t.exec(`DELETE FROM questions WHERE session = ? AND id = ?`, of, id); err != nil {
			return err
		}
		return t.exec(`UPDATE messages SET text = '' WHERE session = ? AND id = ?`, of, id)
	})
}

// Room is what is kept of a room, with the last n messages.
func (s *Store) Room(ctx context.Context, of show.SessionID, n int) (r show.StoredRoom, err error) {
	if r.Messages, err = query(ctx, s.read, scanSaid, `SELECT id, by, name, badge, text, at, reply_to, question FROM
		(SELECT * FROM messages WHERE session = ? AND text <> '' ORDER BY place DESC LIMIT ?) ORDER BY place`, of, n); err != nil {
		return r, err
	}
	if r.Questions, err = query(ctx, s.read, func(r row) (show.Question, error) {
		var q show.Question
		err := r.Scan(&q.ID, &q.By, &q.Name, &q.Text, moment{&q.At}, &q.State, &q.Votes)
		return q, err
	}, `SELECT id, by, name, text, at, state, (SELECT count(*) FROM question_votes v WHERE v.session = q.session AND v.question = q.id)
		FROM questions q WHERE session = ? ORDER BY at, id`, of); err != nil {
		return r, err
	}
	r.Polls, err = s.polls(ctx, of)
	return r, err
}

func (s *Store) polls(ctx context.Context, of show.SessionID) ([]show.Poll, error) {
	polls, err := query(ctx, s.read, func(r row) (show.Poll, error) {
		var p show.Poll
		var options []byte
		err := r.Scan(&p.ID, &p.Question, &options, &p.State, &p.Shown, moment{&p.Closes})
		if err == nil {
			err = json.Unmarshal(options, &p.Options)
		}
		return p, err
	}, `SELECT id, question, options, state, shown <> 0, closes FROM polls WHERE session = ? ORDER BY at, id`, of)
	if err != nil {
		return nil, err
	}
	type count struct {
		poll   string
		choice int
		votes  int
	}
	counts, err := query(ctx, s.read, func(r row) (count, error) {
		var c count
		err := r.Scan(&c.poll, &c.choice, &c.votes)
		return c, err
	}, `SELECT poll, choice, count(*) FROM poll_votes WHERE session = ? GROUP BY poll, choice`, of)
	for _, c := range counts {
		for i := range polls {
			if polls[i].ID == c.poll && c.choice < len(polls[i].Options) {
				polls[i].Options[c.choice].Votes = c.votes
			}
		}
	}
	return polls, err
}

// PutQuestion adds a question or changes its state.
func (s *Store) PutQuestion(_ context.Context, of show.SessionID, q show.Question) error {
	return s.gather(func(t tx) error {
		return t.exec(`INSERT INTO questions (session, id, by, name, text, at, state) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (session, id) DO UPDATE SET state = excluded.state`, of, q.ID, q.By, q.Name, q.Text, stamp(q.At), q.State)
	})
}

// VoteQuestion gives or takes a viewer's vote, and says how many there are now.
func (s *Store) VoteQuestion(_ context.Context, of show.SessionID, id string, by show.ViewerID, up bool) (votes int, err error) {
	err = s.gather(func(t tx) error {
		text := `DELETE FROM question_votes WHERE session = ? AND question = ? AND viewer = ?`
		if up {
			text = `INSERT INTO question_votes (session, question, viewer) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
		}
		if err := t.exec(text, of, id, by); err != nil {
			return err
		}
		return t.QueryRowContext(t.ctx, `SELECT count(*) FROM question_votes WHERE session = ? AND question = ?`, of, id).Scan(&votes)
	})
	return votes, err
}

// PutPoll adds a poll or changes its state.
func (s *Store) PutPoll(_ context.Context, of show.SessionID, p show.Poll, at time.Time) error {
	texts := make([]show.PollOption, len(p.Options))
	for i, o := range p.Options {
		texts[i].Text = o.Text
	}
	options, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	return s.gather(func(t tx) error {
		return t.exec(`INSERT INTO polls (session, id, question, options, state, shown, closes, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (session, id) DO UPDATE SET state = excluded.state, shown = excluded.shown, closes = excluded.closes`,
			of, p.ID, p.Question, string(options), p.State, p.Shown, stamp(p.Closes), stamp(at))
	})
}

// VotePoll notes what a viewer chose, instead of what they chose before, and says
// how many chose each option now.
func (s *Store) VotePoll(_ context.Context, of show.SessionID, id string, by show.ViewerID, choice int) (votes map[int]int, err error) {
	err = s.gather(func(t tx) error {
		if err := t.exec(`INSERT INTO poll_votes (session, poll, viewer, choice) VALUES (?, ?, ?, ?)
			ON CONFLICT (session, poll, viewer) DO UPDATE SET choice = excluded.choice`, of, id, by, choice); err != nil {
			return err
		}
		votes = map[int]int{}
		rows, err := t.QueryContext(t.ctx, `SELECT choice, count(*) FROM poll_votes WHERE session = ? AND poll = ? GROUP BY choice`, of, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var choice, n int
			if err := rows.Scan(&choice, &n); err != nil {
				return err
			}
			votes[choice] = n
		}
		return rows.Err()
	})
	return votes, err
}

// VotesOf are the questions that a viewer voted for, and what they chose in polls.
func (s *Store) VotesOf(ctx context.Context, of show.SessionID, by show.ViewerID) (questions []string, polls map[string]int, err error) {
	if questions, err = query(ctx, s.read, func(r row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT question FROM question_votes WHERE session = ? AND viewer = ?`, of, by); err != nil {
		return nil, nil, err
	}
	polls = map[string]int{}
	_, err = query(ctx, s.read, func(r row) (struct{}, error) {
		var id string
		var choice int
		err := r.Scan(&id, &choice)
		polls[id] = choice
		return struct{}{}, err
	}, `SELECT poll, choice FROM poll_votes WHERE session = ? AND viewer = ?`, of, by)
	return questions, polls, err
}
