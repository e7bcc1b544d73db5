package web

import (
	"embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed i18n
var catalogueFiles embed.FS

// lang is a language that the pages speak, as a BCP 47 tag.
type lang string

const (
	english lang = "en"
	french  lang = "fr"
)

func languages() []lang { return []lang{english, french} }

// other is the language that the switch in the header offers.
func (l lang) other() lang {
	if l == french {
		return english
	}
	return french
}

// languageCookie keeps what the switch chose.
const languageCookie = "lang"

// chooseLanguage takes the first of ?lang, the cookie and Accept-Language that
// names a language the pages speak.
func chooseLanguage(r *http.Request) (l lang, asked bool) {
	if l, ok := spoken(r.URL.Query().Get("lang")); ok {
		return l, true
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		if l, ok := spoken(c.Value); ok {
			return l, false
		}
	}
	return acceptedLanguage(r.Header.Get("Accept-Language")), false
}

func spoken(tag string) (lang, bool) {
	base, _, _ := strings.Cut(tag, "-")
	for _, l := range languages() {
		if strings.EqualFold(base, string(l)) {
			return l, true
		}
	}
	return "", false
}

// acceptedLanguage reads Accept-Language (RFC 9110 §12.5.4): of the languages
// that the pages speak, the one with the greatest weight, the first of equals.
func acceptedLanguage(header string) lang {
	best, weight := english, 0.0
	for item := range strings.SplitSeq(header, ",") {
		tag, q := weighted(item)
		if l, ok := spoken(tag); ok && q > weight {
			best, weight = l, q
		}
	}
	return best
}

// catalogue is every message in one language.
type catalogue struct {
	lang     lang
	messages map[string]string
}

func loadCatalogue(l lang) *catalogue {
	text, err := catalogueFiles.ReadFile("i18n/" + string(l) + ".json")
	if err != nil {
		panic("web: no catalogue is embedded for a language we speak: " + err.Error())
	}
	c := &catalogue{lang: l}
	if err := json.Unmarshal(text, &c.messages); err != nil {
		panic("web: i18n/" + string(l) + ".json: " + err.Error())
	}
	return c
}

// text gives a message with its {placeholders} filled from name, value pairs.
// A key without a message prints as itself; a test looks for those.
func (c *catalogue) text(key string, pairs ...string) string {
	message, ok := c.messages[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		message = strings.ReplaceAll(message, "{"+pairs[i]+"}", pairs[i+1])
	}
	return message
}

// of gives the messages of some groups: those whose key is "group.rest".
func (c *catalogue) of(groups []string) map[string]string {
	some := map[string]string{}
	for key, message := range c.messages {
		if group, _, _ := strings.Cut(key, "."); slices.Contains(groups, group) {
			some[key] = message
		}
	}
	return some
}

// count gives the form of a message that goes with n, and n as people write it.
// The scripts do the same with Intl; these rules are CLDR's for en and fr.
func (c *catalogue) count(key string, n int) string {
	one := n == 1 || n == 0 && c.lang == french
	form := ".other"
	if one {
		form = ".one"
	}
	return c.text(key+form, "n", c.number(n))
}

func (c *catalogue) number(n int) string {
	digits, separator := strconv.Itoa(n), ","
	if c.lang == french {
		separator = "\u202f" // narrow no-break space
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return digits
}

// list joins names as a sentence does: "Théo, Mei and Lou".
func (c *catalogue) list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return c.text("people.and", "list", strings.Join(names[:n-1], ", "), "last", names[n-1])
	}
}
