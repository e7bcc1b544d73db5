package audience

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/show"
)

const maxNickname = 24

// staff are words that a viewer's name must not pass for, beside the crew's names.
var staff = []string{"admin", "administrator", "host", "moderator", "moderateur", "mod", "regie", "system", "support", "staff"}

// Me is p in a room.
func (rs *Rooms) Me(p show.Principal, of show.SessionID) show.MyPlace {
	me := show.MyPlace{ID: p.ViewerID(), Nickname: p.Name, Badge: rs.badge(p, of), May: []string{}}
	if p.Kind == show.Anonymous {
		me.May = []string{"join"}
		return me
	}
	w := rs.judge.Watched(me.ID)
	if me.Badge == "" {
		me.Banned = w.Banned
		if rs.now().Before(w.TimedOutUntil) {
			me.TimedOutUntil = w.TimedOutUntil
		}
	}
	if p.Kind == show.Visitor {
		me.May = append(me.May, "join")
	}
	if !me.Banned {
		me.May = append(me.May, "say")
	}
	if rs.isCrew(p, of) {
		me.May = append(me.May, "moderate")
	}
	return me
}

func (rs *Rooms) isCrew(p show.Principal, of show.SessionID) bool {
	return p.Kind != show.Anonymous && (rs.o.May(p, show.MayDesk, of) || rs.o.May(p, show.MayModerate, of))
}

func (rs *Rooms) badge(p show.Principal, of show.SessionID) string {
	switch {
	case p.Kind == show.Invitee && p.Session == of && p.Role == show.Host:
		return "creator"
	case p.Kind == show.Invitee && p.Session == of:
		return "guest"
	case p.Kind == show.Account && p.Role == show.Admin:
		return "admin"
	case p.Kind == show.Account && p.Role == show.Moderator:
		return "moderator"
	case p.Kind == show.Account && rs.o.May(p, show.MayDesk, of):
		return "creator"
	}
	return ""
}

// Who says whose a viewer's cookie is; nobody's is no error.
func (rs *Rooms) Who(ctx context.Context, token show.Token) (show.Principal, error) {
	v, ok, err := rs.viewer(ctx, token)
	if !ok {
		return show.Principal{}, err
	}
	return show.Principal{Kind: show.Visitor, Name: v.Nickname, Viewer: v.ID, Role: show.Viewer}, nil
}

func (rs *Rooms) viewer(ctx context.Context, token show.Token) (show.StoredViewer, bool, error) {
	if token == "" {
		return show.StoredViewer{}, false, nil
	}
	hash := show.HashSecret(token)
	rs.mu.Lock()
	v, ok := rs.known[hash]
	rs.mu.Unlock()
	if ok {
		return v, true, nil
	}
	v, ok, err := rs.o.Store.ViewerOf(ctx, hash)
	if ok {
		rs.remember(v)
	}
	return v, ok, err
}

func (rs *Rooms) remember(v show.StoredViewer) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.known) >= maxKnown {
		clear(rs.known)
	}
	rs.known[v.Hash] = v
}

// Join gives a viewer a name, or another one. Token is theirs, once: it is empty if
// they have one already, or are known by an account or an invite.
func (rs *Rooms) Join(ctx context.Context, p show.Principal, token show.Token, of show.SessionID, nickname, remote string) (show.MyPlace, show.Token, error) {
	if p.Kind == show.Account || p.Kind == show.Invitee {
		return rs.Me(p, of), "", nil // they have a name
	}
	name, err := checkedNickname(nickname)
	if err != nil {
		return show.MyPlace{}, "", err
	}
	v, old, err := rs.viewer(ctx, token)
	if err != nil {
		return show.MyPlace{}, "", err
	}
	if old && v.Nickname == name {
		return rs.Me(p, of), "", nil
	}
	wait := rs.limits.joins.Wait(remote)
	if old {
		wait = rs.limits.names.Wait(v.ID)
	}
	if wait > 0 {
		return show.MyPlace{}, "", &show.Error{Kind: show.TooMany, Wait: wait, Detail: "Too many names were chosen from here; wait a moment."}
	}
	rs.naming.Lock()
	defer rs.naming.Unlock()
	if err := rs.free(ctx, of, v.ID, name); err != nil {
		return show.MyPlace{}, "", err
	}
	now := rs.now()
	var secret show.Token
	if !old {
		secret = newToken()
		v = show.StoredViewer{ID: show.ViewerID(strings.ToLower(rand.Text())), Hash: show.HashSecret(secret), Created: now}
		rs.limits.joins.Wrong(remote)
	} else {
		rs.limits.names.Wrong(v.ID)
	}
	v.Nickname, v.Skeleton, v.LastSeen = name, filter.Skeleton(name), now
	if err := rs.o.Store.PutViewer(ctx, v); err != nil {
		return show.MyPlace{}, "", err
	}
	rs.remember(v)
	return rs.Me(show.Principal{Kind: show.Visitor, Name: name, Viewer: v.ID, Role: show.Viewer}, of), secret, nil
}

// newToken is a cookie of 256 bits.
func newToken() show.Token {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return show.Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

// free says whether a name looks like nobody's, and else which would not.
func (rs *Rooms) free(ctx context.Context, of show.SessionID, own show.ViewerID, name string) error {
	crew := rs.o.Crew(of)
	taken, err := rs.taken(ctx, own, name, crew)
	if err != nil || taken == "" {
		return err
	}
	short := []rune(name)
	short = short[:min(len(short), maxNickname-4)]
	for n := 2; n < 1000; n++ {
		other := fmt.Sprintf("%s %d", strings.TrimSpace(string(short)), n)
		if taken == "crew" {
			other = fmt.Sprintf("Viewer %d", 100+n)
		}
		if t, err := rs.taken(ctx, own, other, crew); err != nil || t != "" {
			if err != nil {
				return err
			}
			continue
		}
		if taken == "crew" {
			return no(show.Conflict, "This name could pass for somebody of the stage or the crew. Take another, such as %s.", other)
		}
		return no(show.Conflict, "Somebody here has a name that looks like this. Take another, such as %s.", other)
	}
	return no(show.Conflict, "Somebody here has a name that looks like this. Take another.")
}

// taken says by whom a name is: the crew, a viewer, or nobody.
func (rs *Rooms) taken(ctx context.Context, own show.ViewerID, name string, crew []string) (string, error) {
	looks := filter.Skeleton(name)
	for _, c := range append(crew, staff...) {
		if filter.Skeleton(c) == looks {
			return "crew", nil
		}
	}
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }) {
		for _, s := range staff[:5] { // "Ana, moderator"
			if filter.Skeleton(word) == filter.Skeleton(s) {
				return "crew", nil
			}
		}
	}
	like, err := rs.o.Store.ViewersLike(ctx, looks, rs.now().Add(-takenFor))
	for _, v := range like {
		if v.ID != own {
			return "viewer", err
		}
	}
	return "", err
}

func checkedNickname(name string) (string, error) {
	if _, err := checkedText(name, 100); err != nil {
		return "", err
	}
	name = strings.Join(strings.Fields(filter.Clean(name)), " ")
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > maxNickname:
		return "", no(show.Invalid, "A name has 1 to %d characters.", maxNickname)
	case filter.Skeleton(name) == "":
		return "", no(show.Invalid, "A name needs letters or digits.")
	}
	return name, nil
}
