package filter

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// confusable are letters that look like Latin ones and are not made so by NFKD, in
// lower case unless the capital alone looks so. Of UTS 39's table those that people
// have keyboards for.
var confusable = confusables()

func confusables() map[rune]string {
	all := map[rune]string{}
	for latin, like := range map[string]string{
		"a": "аɑαӓӑªᴀ", "b": "ьƅЬᖯʙВвβ", "c": "сϲᴄⅽСς", "d": "ԁɗᴅⅾ", "e": "еєɛεҽҿℯᴇЕ", "f": "ƒſϝғꜰ",
		"g": "ɡցǥɢ", "h": "һհнНʜ", "i": "іɩιӏıɪΙІӀǀⵏ∣¡ⅼ", "j": "јյϳᴊ", "k": "кκκᴋК",
		"l": "ʟ", "m": "мᴍⅿМ", "n": "ոռηпɴΝ", "o": "оοօσөᴏоОΟօ०٥ଠ๐", "p": "рρᴘРþ", "q": "ԛգզ",
		"r": "гᴦʀяⲅ", "s": "ѕꜱʂЅ", "t": "тτᴛТΤ", "u": "υսцʋᴜ", "v": "νѵᴠⅴ", "w": "ѡԝωшᴡɯ",
		"x": "хχⅹХ×", "y": "уүγʏУ", "z": "ᴢʐȥΖ", "ss": "ß", "ae": "æ", "oe": "œ",
	} {
		for _, r := range like {
			all[r] = latin
		}
	}
	for plain, like := range map[string]string{"o": "ø", "d": "đð", "l": "ł", "h": "ħ", "t": "ŧ", ".": "。｡․•"} {
		for _, r := range like {
			all[r] = plain
		}
	}
	return all
}

// invisible: what takes no place, turns the text around, or selects a variant.
func invisible(r rune) bool {
	switch {
	case unicode.Is(unicode.Cf, r), r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x2800:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF, r >= 0x180B && r <= 0x180F:
		return true
	}
	return unicode.IsControl(r) && r != '\n' && r != '\t'
}

// turns: embeds, overrides or isolates the direction of text.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// Clean is the text without what could make it look like another: direction
// overrides, controls, and joiners where nothing joins. A text of more than one
// line becomes one, in NFC (Unicode Standard Annex 15).
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	// What is dropped brings together what may compose, and a joiner beside that
	// may join no more: so until nothing changes, and each time there is less.
	for {
		before := text
		if text = clean(norm.NFC.String(text)); text == before {
			return text
		}
	}
}

func clean(text string) string {
	var b strings.Builder
	in := []rune(text)
	for i, r := range in {
		switch {
		case r == '\n', r == '\t', r == '\r', r == '\u2028', r == '\u2029':
			b.WriteByte(' ')
		case r == '\u200d' || r == '\u200c': // joiners
			if i > 0 && i+1 < len(in) && joins(in[i-1]) && joins(in[i+1]) {
				b.WriteRune(r)
			}
		case r >= 0xFE00 && r <= 0xFE0F, r == '\u200e', r == '\u200f', r >= 0xE0020 && r <= 0xE007F:
			b.WriteRune(r) // emoji, marks that right-to-left texts need, flags
		case !invisible(r):
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// joins: emoji and the scripts whose letters change where they meet.
func joins(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Mn) || r >= 0xFE00 && r <= 0xFE0F ||
		unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek)
}

// disguised: a word with letters of two scripts that look alike, invisible signs
// within a word, or text that is turned around.
func disguised(text string) bool {
	var latin, like, hidden bool
	before := rune(' ')
	for _, r := range norm.NFC.String(text) {
		switch {
		case turns(r):
			return true
		case invisible(r):
			hidden = hidden || unicode.In(before, unicode.Latin, unicode.Cyrillic, unicode.Greek)
			continue
		case unicode.IsLetter(r):
			if hidden && unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
				return true
			}
			latin = latin || unicode.Is(unicode.Latin, r)
			like = like || unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian) && confusable[unicode.ToLower(r)] != ""
		case !unicode.IsDigit(r):
			latin, like = false, false
		}
		if latin && like {
			return true
		}
		before, hidden = r, false
	}
	return false
}

var (
	address = regexp.MustCompile(`[a-z][a-z0-9+.-]*://\S|\bwww\.\S|\bmailto:\S`)
	// A name below one of the domains that spam comes from, or any with a path.
	domain  = regexp.MustCompile(`(?:^|[^\pL\pN])(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+(?:com|net|org|info|biz|io|co|tv|gg|ly|cc|xyz|top|site|online|shop|store|live|app|dev|link|click|club|vip|win|ru|cn|fr|ch|ca|de|uk|eu|nl|pl|pt|br|jp|kr|ua|tk|ml|ga|cf|su|ws|fm|ai)(?:$|[^\pL\pN-])`)
	path    = regexp.MustCompile(`[\pL\pN-]\.\pL{2,24}(?::\d{2,5})?/\S`)
	spelled = regexp.MustCompile(`\s*[\[({<]\s*(?:\.|dot|point)\s*[\])}>]\s*`)
	saidDot = regexp.MustCompile(`(\pL)\s+(?:dot|point)\s+(com|net|org|fr|io|gg|me|ly|tv|xyz|shop)\b`)
)

// HasLink says whether a text leads elsewhere: an address, a domain, an e-mail
// address, also spelled (example [dot] com).
func HasLink(text string) bool {
	var b strings.Builder
	for _, r := range norm.NFKC.String(text) {
		switch {
		case invisible(r):
		case strings.ContainsRune("。｡․", r):
			b.WriteByte('.')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	s := saidDot.ReplaceAllString(spelled.ReplaceAllString(b.String(), "."), "$1.$2")
	return address.MatchString(s) || domain.MatchString(s) || path.MatchString(s)
}
