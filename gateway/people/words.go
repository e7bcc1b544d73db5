package people

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

const (
	maxName  = 40
	maxTitle = 200
)

// moment is now as the store keeps it.
func (s *Service) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// newID names what is stored.
func newID() string { return strings.ToLower(auth.NewSecret()) }

// checkedName is a name as it is kept: on one line, without blanks around it.
func checkedName(name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName || !printable(name) {
		return "", no(show.Invalid, "A name has 1 to %d characters, on one line.", maxName)
	}
	return name, nil
}

func optionalName(name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	return checkedName(name)
}

func checkedTitle(title string) (string, error) {
	title = norm.NFC.String(strings.TrimSpace(title))
	if n := utf8.RuneCountInString(title); n == 0 || n > maxTitle || !printable(title) {
		return "", no(show.Invalid, "A title has 1 to %d characters, on one line.", maxTitle)
	}
	return title, nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
