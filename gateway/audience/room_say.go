package audience

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/internal/guess"
	"github.com/regie-live/regie/gateway/show"
)

// What everybody in a room is told.
type (
	toldMessage struct {
		Type    string    `json:"type"` // message, restored
		Message show.Said `json:"message"`
	}
	toldID struct {
		Type string `json:"type"` // hidden, deleted
		ID   string `json:"id"`
	}
	toldCleared struct {
		Type   string    `json:"type"`
		Before time.Time `json:"before"`
	}
	toldReactions struct {
		Type   string         `json:"type"`
		Counts map[string]int `json:"counts"`
	}
)

// Say says something to everybody, or holds it for a moderator.
func (rs *Rooms) Say(ctx context.Context, p show.Principal, of show.SessionID, n show.NewMessage, remote string) (show.Heard, error) {
	heard, err := rs.say(ctx, p, of, n, remote)
	rs.metrics.count(show.IsMessage, heard, err)
	return heard, err
}

func (rs *Rooms) say(ctx context.Context, p show.Principal, of show.SessionID, n show.NewMessage, remote string) (show.Heard, error) {
	r, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return show.Heard{}, err
	}
	text, err := checkedText(n.Text, 500)
	if err != nil {
		return show.Heard{}, err
	}
	if !isClientID(n.ID) {
		return show.Heard{}, no(show.Invalid, "The message needs an id of 16 to 40 letters, digits, dashes or underscores, of the sender's own.")
	}
	if was, ok, err := rs.said(ctx, r, n.ID); err != nil || ok {
		return again(was, me.ID, err)
	}
	if err := rs.hurry(rs.limits.messages, me, remote); err != nil {
		return show.Heard{}, err
	}
	said := show.Said{ID: n.ID, By: me.ID, Name: me.Nickname, Badge: me.Badge, Text: text, At: rs.now(), ReplyTo: r.messageID(n.ReplyTo)}
	v, err := rs.judge.Judge(ctx, Post{Session: of, Kind: show.IsMessage, Said: said, Crew: me.Badge != "", Remote: remote})
	if err != nil {
		return show.Heard{}, err
	}
	said.Text = v.Text
	if v.Held {
		return show.Heard{Said: said, Held: true, Why: v.Why}, nil
	}
	if err := rs.o.Store.AddMessage(ctx, of, said); err != nil {
		return show.Heard{}, err
	}
	rs.publish(r, said)
	return show.Heard{Said: said}, nil
}

// again answers for a message that was sent before.
func again(was show.Said, by show.ViewerID, err error) (show.Heard, error) {
	switch {
	case err != nil:
		return show.Heard{}, err
	case was.By != by:
		return show.Heard{}, no(show.Conflict, "Somebody else's message has this id; choose a random one.")
	}
	return show.Heard{Said: was}, nil
}

// said finds a message that was shown.
func (rs *Rooms) said(ctx context.Context, r *room, id string) (show.Said, bool, error) {
	r.mu.Lock()
	i := slices.IndexFunc(r.messages, func(m show.Said) bool { return m.ID == id })
	var m show.Said
	if i >= 0 {
		m = r.messages[i]
	}
	r.mu.Unlock()
	if i >= 0 {
		return m, true, nil
	}
	return rs.o.Store.Message(ctx, r.id, id)
}

// messageID is id if there is such a message, else nothing.
func (r *room) messageID(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.messages, func(m show.Said) bool { return m.ID == id }) {
		return id
	}
	return ""
}

// publish shows a message that is stored. One that two requests bring at once is
// shown once.
func (rs *Rooms) publish(r *room, m show.Said) {
	r.turn.Lock()
	defer r.turn.Unlock()
	rs.publishInTurn(r, m)
}

// publishInTurn is publish with turn held.
func (rs *Rooms) publishInTurn(r *room, m show.Said) {
	r.mu.Lock()
	if slices.ContainsFunc(r.messages, func(x show.Said) bool { return x.ID == m.ID }) {
		r.mu.Unlock()
		return
	}
	r.messages = append(r.messages, m)
	if len(r.messages) > keptMessages {
		r.messages = slices.Clone(r.messages[len(r.messages)-keptMessages:])
	}
	r.mu.Unlock()
	rs.o.Listeners.Room(r.id, toldMessage{"message", m}, true)
}

// enter lets somebody take part who has a name and may.
func (rs *Rooms) enter(ctx context.Context, p show.Principal, of show.SessionID) (*room, show.MyPlace, error) {
	me := rs.Me(p, of)
	if me.ID == "" || me.Nickname == "" {
		return nil, me, no(show.SignedOut, "Choose a name first.")
	}
	if rs.o.Phase(of) == show.Ended {
		return nil, me, no(show.Conflict, notLive)
	}
	if me.Badge == "" {
		if err := rs.judge.Barred(me.ID); err != nil {
			return nil, me, err
		}
	}
	r, err := rs.room(ctx, of)
	return r, me, err
}

// hurry holds back who is too fast; the crew is not.
func (rs *Rooms) hurry(l *guess.Limiter[show.ViewerID], me show.MyPlace, remote string) error {
	if me.Badge != "" {
		return nil
	}
	wait := l.Wait(me.ID)
	if wait == 0 {
		wait = rs.limits.addresses.Wait(remote)
	}
	if wait > 0 {
		return &show.Error{Kind: show.TooMany, Wait: wait, Detail: "That was a lot at once; wait a moment, then send it again."}
	}
	l.Wrong(me.ID)
	rs.limits.addresses.Wrong(remote)
	return nil
}

// React shows a feeling, n times.
func (rs *Rooms) React(ctx context.Context, p show.Principal, of show.SessionID, kind string, n int, remote string) error {
	r, me, err := rs.enter(ctx, p, of)
	if err == nil && !slices.Contains(show.Reactions(), kind) {
		err = no(show.Invalid, "There is no reaction %.20q; there are %s.", kind, strings.Join(show.Reactions(), ", "))
	}
	if err == nil && (n < 1 || n > 20) {
		err = no(show.Invalid, "Send 1 to 20 reactions at once.")
	}
	if err == nil && r.stateNow().Paused && me.Badge == "" {
		err = no(show.Conflict, "The chat is paused; a moderator opens it again.")
	}
	if err == nil {
		err = rs.hurry(rs.limits.reactions, me, remote)
	}
	if err == nil {
		r.mu.Lock()
		r.reactions[kind] += n
		r.mu.Unlock()
	}
	rs.metrics.count("reaction", show.Heard{}, err)
	return err
}

// Report tells the moderators of a message.
func (rs *Rooms) Report(ctx context.Context, p show.Principal, of show.SessionID, id, reason, note, remote string) error {
	_, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return err
	}
	if err := rs.hurry(rs.limits.votes, me, remote); err != nil {
		return err
	}
	return rs.judge.Report(ctx, me.ID, of, id, reason, filter.Clean(note))
}

// checkedText is a text as it is shown: one line, as long as it may be, of what one
// can see.
func checkedText(text string, most int) (string, error) {
	if !utf8.ValidString(text) {
		return "", no(show.Invalid, "This is not text in UTF-8; type it again.")
	}
	marks := 0
	for _, r := range text {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return "", no(show.Invalid, "The text has characters that turn its direction; type it without.")
		}
		if marks++; !unicode.Is(unicode.Mn, r) {
			marks = 0
		}
		if marks > 4 {
			return "", no(show.Invalid, "The text has too many marks over one letter; type it without.")
		}
	}
	text = filter.Clean(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", no(show.Invalid, "Write something first.")
	case n > most:
		return "", no(show.Invalid, "The text has %d characters; keep it under %d.", n, most+1)
	}
	return text, nil
}

func isClientID(id string) bool {
	if len(id) < 16 || len(id) > 40 {
		return false
	}
	return strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
