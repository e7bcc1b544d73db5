package show

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What an event may hold.
const (
	MaxEventDays  = 31
	MaxCreators   = 500
	MaxSlotTime   = 12 * time.Hour
	maxEventName  = 120
	maxMarkdown   = 5000
	maxPersonName = 60
	maxCategory   = 40
	maxLabel      = 40
	maxLinks      = 8
	maxURL        = 500
	maxOnSlot     = 16 // creators of a session
	maxTitle      = 200
)

func refuse(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// line is text on one line, as it is kept.
func line(what, text string, least, most int) (string, error) {
	text = norm.NFC.String(strings.TrimSpace(text))
	n := utf8.RuneCountInString(text)
	if n < least || n > most || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", refuse(Invalid, "%s has %d to %d characters, on one line.", what, least, most)
	}
	return text, nil
}

// Markdown is text as it is kept: its lines end in \n.
func Markdown(what, text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", refuse(Invalid, "%s is not UTF-8; save it as UTF-8.", what)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(text))
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n > maxMarkdown {
		return "", refuse(Invalid, "%s has %d characters; keep it under %d.", what, n, maxMarkdown)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
		return "", refuse(Invalid, "%s holds control characters; take them out.", what)
	}
	return text, nil
}

// Checked is the event as it is kept. Whether its time zone exists is for who has
// the list of them.
func (e Event) Checked() (Event, error) {
	var err error
	if e.Name, err = line("An event's name", e.Name, 1, maxEventName); err != nil {
		return e, err
	}
	if e.Description, err = Markdown("The event's description", e.Description); err != nil {
		return e, err
	}
	if len(e.Days) > MaxEventDays {
		return e, refuse(Invalid, "An event has at most %d days, not %d.", MaxEventDays, len(e.Days))
	}
	e.Days = slices.Clone(e.Days)
	for i, d := range e.Days {
		if e.Days[i], err = d.Checked(); err != nil {
			return e, err
		}
	}
	slices.SortFunc(e.Days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	for i := 1; i < len(e.Days); i++ {
		if e.Days[i].Date == e.Days[i-1].Date {
			return e, refuse(Invalid, "The day %s is there twice; take one out.", e.Days[i].Date)
		}
	}
	return e, nil
}

// Checked is the day as it is kept.
func (d Day) Checked() (Day, error) {
	at, err := time.Parse(time.DateOnly, d.Date)
	if err != nil || !sane(at) {
		return d, refuse(Invalid, "%.20q is no day; write it as 2026-11-27.", d.Date)
	}
	d.Title, err = line("A day's title", d.Title, 0, maxEventName)
	return d, err
}

// Checked is a creator as they are kept; an ID must be there.
func (p StoredProfile) Checked() (StoredProfile, error) {
	var err error
	if !IsID(string(p.ID)) {
		return p, refuse(Invalid, "A creator's id has 1 to 64 small letters, digits and dashes, such as ana-ruiz; %.70q has not.", p.ID)
	}
	if p.Name, err = line("A creator's name", p.Name, 1, maxPersonName); err != nil {
		return p, err
	}
	if p.Bio, err = Markdown("The bio of "+p.Name, p.Bio); err != nil {
		return p, err
	}
	if len(p.Links) > maxLinks {
		return p, refuse(Invalid, "%s has %d links; keep the best %d.", p.Name, len(p.Links), maxLinks)
	}
	links := make([]Link, 0, len(p.Links))
	for _, l := range p.Links {
		if l.Label, err = line("The label of a link", l.Label, 1, maxLabel); err != nil {
			return p, err
		}
		if !isLink(l.URL) {
			return p, refuse(Invalid, "The link %q of %s leads nowhere; write its address as https://example.org/page.", l.Label, p.Name)
		}
		links = append(links, l)
	}
	p.Links = links
	return p, nil
}

// isLink says whether a text is the address of a web page, without a password.
func isLink(text string) bool {
	rest, ok := strings.CutPrefix(text, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(text, "http://")
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	return ok && len(text) <= maxURL && host != "" && !strings.ContainsAny(host, `@\"<>%`) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || !unicode.IsPrint(r) })
}

// Checked is a slot's own part as it is kept; known says which creators there are.
func (s StoredSlot) Checked(known func(CreatorID) bool) (StoredSlot, error) {
	var err error
	if s.Description, err = Markdown("The description", s.Description); err != nil {
		return s, err
	}
	if s.Category, err = line("A category", s.Category, 0, maxCategory); err != nil {
		return s, err
	}
	if len(s.Creators) > maxOnSlot {
		return s, refuse(Invalid, "A session has at most %d creators, not %d.", maxOnSlot, len(s.Creators))
	}
	creators := make([]CreatorID, 0, len(s.Creators))
	for _, c := range s.Creators {
		if !known(c) {
			return s, refuse(Invalid, "There is no creator %.64q; add them first.", c)
		}
		if !slices.Contains(creators, c) {
			creators = append(creators, c)
		}
	}
	s.Creators = creators
	return s, nil
}

// SessionTitle is a session's title as it is kept.
func SessionTitle(title string) (string, error) { return line("A title", title, 1, maxTitle) }

// IsID says whether id may stand in an address.
func IsID(id string) bool {
	return len(id) >= 1 && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// maxSlug leaves room for a number behind it.
const maxSlug = 40

// Slug makes an id of words: "L'été, enfin !" becomes l-ete-enfin; otherwise is for
// words that leave nothing.
func Slug(words, otherwise string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(words)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	if id := strings.Trim(b.String(), "-"); id != "" {
		return id
	}
	return otherwise
}
