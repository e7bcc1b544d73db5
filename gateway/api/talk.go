package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// One person types no faster; a moment's flurry is let through.
	messagesPerSecond = 1
	messagesAtOnce    = 8
	maxTalkers        = 10_000
)

type messageAsk struct {
	To   show.ParticipantID `json:"to" minLength:"1" doc:"A participant, from the desk; host, to the desk"`
	Text string             `json:"text" minLength:"1" maxLength:"500"`
}

// say carries a message. A conversation is named after the person who is not at
// the desk.
func (s *server) say(ctx context.Context, in *struct {
	OfSession
	Body messageAsk
}) (*nothing, error) {
	if s.Say == nil {
		return nil, off("Messages are off")
	}
	c, to := callerOf(ctx), in.Body.To
	m := Message{From: c.participant, FromName: c.Name, Text: strings.TrimSpace(in.Body.Text), At: s.Now().UTC()}
	if m.From == "" {
		m.From = "desk"
	}
	st, err := s.stage(in.S)
	if err != nil {
		return nil, err
	}
	with, found := to, false
	for _, p := range st.Desk().People {
		found = found || p.ID == to && p.Of == ""
		if p.ID == c.participant {
			m.FromName = p.Name // as it is on this stage
		}
	}
	switch {
	case m.Text == "":
		return nil, &show.Error{Kind: show.Invalid, Detail: "write something first"}
	case !found:
		return nil, &show.Error{Kind: show.NotFound, Detail: "nobody here is called that; the desk lists who is"}
	case c.desk && to == c.participant:
		return nil, &show.Error{Kind: show.Invalid, Detail: "that is you; choose whom to write to"}
	case !c.desk && to != "host":
		return nil, &show.Error{Kind: show.Forbidden, Detail: "you can write to the host only; the host passes it on"}
	case !c.desk:
		with = c.participant
	}
	if wait := s.talks.wait(c.Principal, s.Now()); wait > 0 {
		return nil, &show.Error{Kind: show.TooMany, Detail: "that was a lot at once; wait a moment, then send it again", Wait: wait}
	}
	s.Say(in.S, with, m)
	return nil, nil
}

// talkLimits hold back who sends too much.
type talkLimits struct {
	mu   sync.Mutex
	each map[show.Principal]*rate.Limiter
}

// wait is 0 if a message may be sent now.
func (t *talkLimits) wait(p show.Principal, now time.Time) time.Duration {
	p.Name = "" // which they may change
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.each[p]
	if l == nil {
		if t.each == nil || len(t.each) >= maxTalkers {
			t.each = map[show.Principal]*rate.Limiter{} // all begin anew
		}
		l = rate.NewLimiter(messagesPerSecond, messagesAtOnce)
		t.each[p] = l
	}
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
