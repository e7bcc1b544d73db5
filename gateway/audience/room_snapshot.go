package audience

import (
	"context"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

// Snapshot is the room as p sees it.
func (rs *Rooms) Snapshot(ctx context.Context, p show.Principal, of show.SessionID) (show.Room, error) {
	r, err := rs.room(ctx, of)
	if err != nil {
		return show.Room{}, err
	}
	rs.refresh(r, rs.judge.Levers(of))
	s := show.Room{Me: rs.Me(p, of), Messages: []show.Message{}, Questions: []show.Question{}, Polls: []show.Poll{}, Pins: rs.o.Pins(of), Reactions: show.Reactions()}
	if s.Pins == nil {
		s.Pins = []show.Pin{}
	}
	var voted []string
	var chosen map[string]int
	if s.Me.ID != "" {
		if voted, chosen, err = rs.o.Store.VotesOf(ctx, of, s.Me.ID); err != nil {
			return s, err
		}
	}
	r.mu.Lock()
	messages := slices.Clone(r.messages)
	s.State = r.state
	for _, q := range r.questions {
		x := *q
		x.Voted = slices.Contains(voted, q.ID)
		s.Questions = append(s.Questions, x)
	}
	for _, p := range r.polls {
		x := copied(p)
		if choice, ok := chosen[p.ID]; ok {
			x.Mine = &choice
		}
		s.Polls = append(s.Polls, x)
	}
	r.mu.Unlock()
	slices.SortFunc(s.Questions, show.Question.Asked)
	messages = withOthers(messages, rs.o.Others(of))
	for _, m := range messages {
		if !rs.judge.IsHidden(of, m.ID) {
			s.Messages = append(s.Messages, show.Message{Said: m, Mine: m.By == s.Me.ID && m.By != ""})
		}
	}
	s.Messages = s.Messages[max(0, len(s.Messages)-shownAtOnce):]
	return s, nil
}

func copied(p *show.Poll) show.Poll {
	c := *p
	c.Options = slices.Clone(p.Options)
	return c
}
