package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minKey, maxKey  = 8, 128 // characters
	maxName         = 64
	maxTitle        = 200
	maxGain         = 4.0
	maxSessionCount = 500
)

var (
	sessionID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	// streamKey: what needs no escaping in rtmp://HOST/live/KEY (RFC 3986
	// section 2.3), so that every encoder sends the key that was meant.
	streamKey = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
)

func (c Config) checkSessions(k *checker) {
	if len(c.Sessions) > maxSessionCount {
		k.add("sessions", fmt.Sprintf("%d sessions are too many", len(c.Sessions)), fmt.Sprintf("declare at most %d", maxSessionCount))
		return
	}
	ids, keys := map[string]string{}, map[Secret]string{}
	for i, s := range c.Sessions {
		path := fmt.Sprintf("sessions[%d]", i)
		switch first, taken := ids[s.ID]; {
		case !sessionID.MatchString(s.ID):
			k.add(path+".id", fmt.Sprintf("%q cannot stand in an address", s.ID),
				"write 1 to 64 small letters, digits and dashes, such as first-session")
		case taken:
			k.add(path+".id", fmt.Sprintf("%q is also the id of %s", s.ID, first), "give each session its own")
		default:
			ids[s.ID] = path
		}
		if utf8.RuneCountInString(s.Title) > maxTitle || !printable(s.Title) {
			k.add(path+".title", "the title is too long or not printable", fmt.Sprintf("write at most %d characters on one line", maxTitle))
		}
		if len(s.Guests) > MaxGuests {
			k.add(path+".guests", fmt.Sprintf("%d guests are too many", len(s.Guests)), fmt.Sprintf("a stage holds the host and at most %d", MaxGuests))
		}
		k.participant(path+".host", s.Host, keys)
		for j, g := range s.Guests {
			k.participant(fmt.Sprintf("%s.guests[%d]", path, j), g, keys)
		}
	}
}

// participant checks one seat; keys holds who has which key so far.
func (k *checker) participant(path string, p Participant, keys map[Secret]string) {
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxName || !printable(p.Name) {
		k.add(path+".name", "a name is needed, it is shown in the picture", fmt.Sprintf("write 1 to %d characters on one line", maxName))
	}
	if !(p.Gain >= 0 && p.Gain <= maxGain) { // also refuses NaN
		k.add(path+".gain", fmt.Sprintf("%g is out of range", p.Gain), "write 0 (silent) to 4; 1 leaves the level as it is")
	}
	switch {
	case p.Key == "" && p.Source == "":
		k.add(path+".key", "this seat can neither be sent to nor pulled",
			"write a key of your own (regie config key makes one), or source: rtsp://camera/…")
	case p.Key != "" && p.Source != "":
		k.add(path+".source", "this seat has a key as well, and only one of them can feed it", "keep key or source")
	case p.Source != "":
		k.source(path+".source", p.Source)
	default:
		k.key(path+".key", p.Key, keys)
	}
}

// key never puts the key itself into a message.
func (k *checker) key(path string, key Secret, keys map[Secret]string) {
	const fix = "make one with: regie config key"
	n := len(key.Reveal())
	switch first, taken := keys[key]; {
	case !streamKey.MatchString(key.Reveal()):
		k.add(path, "the key has characters that encoders change in an address", "use letters, digits and - . _ ~ only; "+fix)
	case n < minKey:
		k.add(path, fmt.Sprintf("a key of %d characters can be guessed", n), fmt.Sprintf("write at least %d; %s", minKey, fix))
	case n > maxKey:
		k.add(path, fmt.Sprintf("a key of %d characters is too long", n), fmt.Sprintf("write at most %d; %s", maxKey, fix))
	case strings.Count(key.Reveal(), key.Reveal()[:1]) == n:
		k.add(path, "a key of one repeated character can be guessed", fix)
	case taken:
		k.add(path, "this is also the key of "+first+", and the key alone says who is sending", fix)
	default:
		keys[key] = strings.TrimSuffix(path, ".key")
	}
}

func (k *checker) source(path string, source SourceURL) {
	u, err := url.Parse(source.Reveal())
	if err != nil || !slices.Contains([]string{"rtsp", "rtsps"}, u.Scheme) || u.Hostname() == "" || !isHost(u.Hostname()) {
		k.add(path, "this is not the address of an RTSP camera", "write rtsp://user:password@camera:554/path, with special characters of the password as %xx")
	}
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
