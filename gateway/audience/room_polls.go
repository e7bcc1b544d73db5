package audience

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// poll with mu held.
func (r *room) poll(id string) *show.Poll {
	if i := slices.IndexFunc(r.polls, func(p *show.Poll) bool { return p.ID == id }); i >= 0 {
		return r.polls[i]
	}
	return nil
}

// AddPoll asks the audience.
func (rs *Rooms) AddPoll(ctx context.Context, of show.SessionID, n show.NewPoll) (show.Poll, error) {
	r, err := rs.room(ctx, of)
	if err != nil {
		return show.Poll{}, err
	}
	p := show.Poll{ID: rand.Text(), State: show.PollOpen, Options: []show.PollOption{}}
	if p.Question, err = checkedText(n.Question, 200); err != nil {
		return p, err
	}
	if len(n.Options) < 2 || len(n.Options) > 6 {
		return p, no(show.Invalid, "A poll has 2 to 6 answers.")
	}
	for _, o := range n.Options {
		text, err := checkedText(o, 80)
		if err != nil {
			return p, err
		}
		if slices.ContainsFunc(p.Options, func(x show.PollOption) bool { return x.Text == text }) {
			return p, no(show.Invalid, "Two answers are the same.")
		}
		p.Options = append(p.Options, show.PollOption{Text: text})
	}
	now := rs.now()
	if n.Seconds > 0 {
		p.Closes = now.Add(time.Duration(n.Seconds) * time.Second)
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	full := len(r.polls) >= maxPolls
	r.mu.Unlock()
	switch {
	case full:
		return p, no(show.Conflict, "This session has had %d polls; that is all it can have.", maxPolls)
	case rs.o.Phase(of) == show.Ended:
		return p, no(show.Conflict, notLive)
	}
	if err := rs.o.Store.PutPoll(ctx, of, p, now); err != nil {
		return p, err
	}
	r.mu.Lock()
	kept := copied(&p)
	r.polls = append(r.polls, &kept)
	r.mu.Unlock()
	rs.o.Listeners.Live(of, show.Change{Key: "poll/" + p.ID, Value: p})
	return p, nil
}

// SetPoll opens, closes and shows a poll.
func (rs *Rooms) SetPoll(ctx context.Context, of show.SessionID, id string, patch show.PollPatch) (show.Poll, error) {
	r, err := rs.room(ctx, of)
	if err != nil {
		return show.Poll{}, err
	}
	if patch.State != nil && *patch.State != show.PollOpen && *patch.State != show.PollClosed {
		return show.Poll{}, no(show.Invalid, "A poll is open or closed.")
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	var p show.Poll
	is := r.poll(id)
	if is != nil {
		p = copied(is)
	}
	r.mu.Unlock()
	if is == nil {
		return p, no(show.NotFound, "There is no such poll here.")
	}
	if patch.Shown != nil {
		p.Shown = *patch.Shown
	}
	if patch.State != nil {
		p.State = *patch.State
		if !rs.now().Before(p.Closes) {
			p.Closes = time.Time{} // else it would close at once again
		}
	}
	if err := rs.o.Store.PutPoll(ctx, of, p, rs.now()); err != nil {
		return p, err
	}
	r.mu.Lock()
	is.State, is.Shown, is.Closes = p.State, p.Shown, p.Closes
	p = copied(is)
	r.mu.Unlock()
	rs.o.Listeners.Live(of, show.Change{Key: "poll/" + id, Value: p})
	return p, nil
}

// VotePoll chooses, or chooses again.
func (rs *Rooms) VotePoll(ctx context.Context, p show.Principal, of show.SessionID, id string, choice int, remote string) error {
	r, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return err
	}
	r.mu.Lock()
	is := r.poll(id)
	open, options := false, 0
	if is != nil {
		open, options = is.State == show.PollOpen && (is.Closes.IsZero() || rs.now().Before(is.Closes)), len(is.Options)
	}
	r.mu.Unlock()
	switch {
	case is == nil:
		return no(show.NotFound, "There is no such poll here.")
	case !open:
		return no(show.Conflict, "This poll is closed.")
	case choice < 0 || choice >= options:
		return no(show.Invalid, "This poll has %d answers, from 0 on.", options)
	}
	if err := rs.hurry(rs.limits.votes, me, remote); err != nil {
		return err
	}
	votes, err := rs.o.Store.VotePoll(ctx, of, id, me.ID, choice)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range is.Options {
		is.Options[i].Votes = votes[i]
	}
	r.dirty["poll/"+id] = struct{}{}
	return nil
}

// closePolls closes those whose time is over.
func (rs *Rooms) closePolls(ctx context.Context, r *room) {
	now, closed := rs.now(), show.PollClosed
	var over []string
	r.mu.Lock()
	for _, p := range r.polls {
		if p.State == show.PollOpen && !p.Closes.IsZero() && !now.Before(p.Closes) {
			over = append(over, p.ID)
		}
	}
	r.mu.Unlock()
	for _, id := range over {
		if _, err := rs.SetPoll(ctx, r.id, id, show.PollPatch{State: &closed}); err != nil {
			rs.o.Logger.Error("a poll did not close", "session", r.id, "error", err)
		}
	}
}
