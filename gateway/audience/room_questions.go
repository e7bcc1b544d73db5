package audience

import (
	"context"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

// Ask asks the stage something, or holds it for a moderator.
func (rs *Rooms) Ask(ctx context.Context, p show.Principal, of show.SessionID, n show.NewQuestion, remote string) (show.Question, show.Heard, error) {
	q, heard, err := rs.ask(ctx, p, of, n, remote)
	rs.metrics.count(show.IsQuestion, heard, err)
	return q, heard, err
}

func (rs *Rooms) ask(ctx context.Context, p show.Principal, of show.SessionID, n show.NewQuestion, remote string) (show.Question, show.Heard, error) {
	var none show.Heard
	r, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return show.Question{}, none, err
	}
	text, err := checkedText(n.Text, 280)
	if err == nil && !isClientID(n.ID) {
		err = no(show.Invalid, "The question needs an id of 16 to 40 letters, digits, dashes or underscores, of the sender's own.")
	}
	if err != nil {
		return show.Question{}, none, err
	}
	if was, ok := r.question(n.ID); ok {
		_, err := again(show.Said{By: was.By}, me.ID, nil)
		return was, show.Heard{Said: show.Said{ID: was.ID}}, err
	}
	if len(r.open()) >= maxQuestions {
		return show.Question{}, none, no(show.Conflict, "There are a lot of questions already; vote for one of them.")
	}
	if err := rs.hurry(rs.limits.questions, me, remote); err != nil {
		return show.Question{}, none, err
	}
	said := show.Said{ID: n.ID, By: me.ID, Name: me.Nickname, Badge: me.Badge, Text: text, At: rs.now()}
	v, err := rs.judge.Judge(ctx, Post{Session: of, Kind: show.IsQuestion, Said: said, Crew: me.Badge != "", Remote: remote})
	if err != nil {
		return show.Question{}, none, err
	}
	said.Text = v.Text
	if v.Held {
		return show.Question{}, show.Heard{Said: said, Held: true, Why: v.Why}, nil
	}
	q, err := rs.addQuestion(ctx, r, said)
	return q, show.Heard{Said: said}, err
}

func (rs *Rooms) addQuestion(ctx context.Context, r *room, s show.Said) (show.Question, error) {
	q := show.Question{ID: s.ID, By: s.By, Name: s.Name, Text: s.Text, At: s.At, State: show.QuestionOpen}
	if err := rs.o.Store.PutQuestion(ctx, r.id, q); err != nil {
		return q, err
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	r.questions[q.ID] = &q
	shown := q
	r.mu.Unlock()
	rs.o.Listeners.Live(r.id, show.Change{Key: "question/" + q.ID, Value: shown})
	return shown, nil
}

func (r *room) question(id string) (show.Question, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.questions[id]
	if q == nil {
		return show.Question{}, false
	}
	return *q, true
}

// open are the IDs of the questions that wait.
func (r *room) open() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, q := range r.questions {
		if q.State == show.QuestionOpen || q.State == show.QuestionNext {
			list = append(list, id)
		}
	}
	return list
}

// valueOf is a question or a poll as everybody sees it; nil when it is gone. With
// mu held.
func (r *room) valueOf(key string) any {
	if id, ok := strings.CutPrefix(key, "question/"); ok && r.questions[id] != nil {
		return *r.questions[id]
	}
	if id, ok := strings.CutPrefix(key, "poll/"); ok {
		if p := r.poll(id); p != nil {
			return copied(p)
		}
	}
	return nil
}

// VoteQuestion gives or takes one's vote.
func (rs *Rooms) VoteQuestion(ctx context.Context, p show.Principal, of show.SessionID, id string, up bool, remote string) error {
	r, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return err
	}
	switch q, ok := r.question(id); {
	case !ok || rs.judge.IsHidden(of, id):
		return no(show.NotFound, "There is no such question here any more.")
	case q.State == show.QuestionAnswered || q.State == show.QuestionDismissed:
		return no(show.Conflict, "This question is settled.")
	}
	if err := rs.hurry(rs.limits.votes, me, remote); err != nil {
		return err
	}
	votes, err := rs.o.Store.VoteQuestion(ctx, of, id, me.ID, up)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.questions[id]; q != nil {
		q.Votes = votes
		r.dirty["question/"+id] = struct{}{}
	}
	return nil
}

// SetQuestion moves a question on. One is on air at a time: the one before it is
// answered then.
func (rs *Rooms) SetQuestion(ctx context.Context, of show.SessionID, id string, state show.QuestionState) (show.Question, error) {
	r, err := rs.room(ctx, of)
	if err != nil {
		return show.Question{}, err
	}
	states := []show.QuestionState{show.QuestionOpen, show.QuestionNext, show.QuestionOnAir, show.QuestionAnswered, show.QuestionDismissed}
	if !slices.Contains(states, state) {
		return show.Question{}, no(show.Invalid, "There is no state %.20q; there are open, next, on_air, answered and dismissed.", state)
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	q, ok := r.question(id)
	if !ok || rs.judge.IsHidden(of, id) && state != show.QuestionDismissed {
		return q, no(show.NotFound, "There is no such question here any more.")
	}
	if q.State == state {
		return q, nil
	}
	before := r.stateNow().OnAir
	if state == show.QuestionOnAir {
		if rs.o.Phase(of) != show.Live {
			return q, no(show.Conflict, "The session is not live; go live first.")
		}
		if err := rs.o.OnAir(of, q); err != nil {
			return q, err
		}
	}
	changed := []show.Question{}
	if was, ok := r.question(before); ok && before != id && state == show.QuestionOnAir {
		was.State = show.QuestionAnswered
		changed = append(changed, was)
	}
	q.State = state
	changed = append(changed, q)
	for _, c := range changed {
		if err := rs.o.Store.PutQuestion(ctx, of, c); err != nil {
			return q, err
		}
	}
	if before == id { // and is so no more
		rs.o.OffAir(of)
		before = ""
	}
	rs.applied(r, changed, state == show.QuestionOnAir, id, before)
	if state == show.QuestionOnAir {
		rs.mark(ctx, r, q)
	}
	return q, nil
}

// applied puts what changed into the room and tells it. With turn held.
func (rs *Rooms) applied(r *room, changed []show.Question, onAir bool, id, before string) {
	var tell []show.Change
	r.mu.Lock()
	for _, c := range changed {
		if x := r.questions[c.ID]; x != nil {
			x.State = c.State
			tell = append(tell, show.Change{Key: "question/" + c.ID, Value: *x})
		}
	}
	now := before
	if onAir {
		now = id
	}
	if r.state.OnAir != now {
		r.state.OnAir = now
		tell = append(tell, show.Change{Key: "state", Value: r.state})
	}
	r.mu.Unlock()
	rs.o.Listeners.Live(r.id, tell...)
}

// mark says in the chat which question is on air. With turn held.
func (rs *Rooms) mark(ctx context.Context, r *room, q show.Question) {
	m := show.Said{ID: "question-" + q.ID, By: q.By, Name: q.Name, Text: q.Text, At: rs.now(), Question: q.ID}
	if err := rs.o.Store.AddMessage(ctx, r.id, m); err != nil {
		rs.o.Logger.Error("a question on air is not marked in the chat", "session", r.id, "error", err)
		return
	}
	rs.publishInTurn(r, m)
}
