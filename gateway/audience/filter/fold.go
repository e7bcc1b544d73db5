package filter

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// token is a word of a text, folded.
type token struct {
	plain  []rune // digits and signs are themselves
	letter bool   // has a letter: 455 is a number, a55 is not
}

// tokens takes a text apart into words.
func tokens(text string) []token {
	var all []token
	var t token
	end := func() {
		// Signs that end a sentence more often than they stand for a letter.
		for len(t.plain) > 0 && strings.ContainsRune("!|+", t.plain[len(t.plain)-1]) {
			t.plain = t.plain[:len(t.plain)-1]
		}
		if len(t.plain) > 0 && hasWordRune(t.plain) {
			all = append(all, t)
		}
		t = token{}
	}
	for _, r := range fold(text) {
		switch {
		case unicode.IsLetter(r):
			t.plain, t.letter = append(t.plain, r), true
		case unicode.IsDigit(r), leet[r] != 0:
			t.plain = append(t.plain, r)
		default:
			end()
		}
	}
	end()
	return all
}

func hasWordRune(s []rune) bool {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// joined sets letters that stand alone together: f u c k.
func joined(list []token) []token {
	var all []token
	for i := 0; i < len(list); {
		n := i
		var t token
		for n < len(list) && len(list[n].plain) == 1 {
			t.plain = append(t.plain, list[n].plain[0])
			t.letter = t.letter || list[n].letter
			n++
		}
		if n-i >= 3 {
			all = append(all, t)
			i = n
			continue
		}
		all = append(all, list[i])
		i++
	}
	return all
}

// fold makes equal what looks or sounds equal: compatibility forms, case, accents,
// letters of other scripts that look Latin; what cannot be seen is gone.
func fold(text string) []rune {
	text = norm.NFKD.String(strings.ToValidUTF8(text, "\ufffd"))
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if invisible(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			continue
		}
		if c, ok := confusable[r]; ok {
			out = append(out, []rune(c)...)
			continue
		}
		for _, l := range strings.ToLower(string(r)) {
			if c, ok := confusable[l]; ok {
				out = append(out, []rune(c)...)
			} else if !unicode.Is(unicode.Mn, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// leet are digits and signs that stand for letters.
var leet = map[rune]rune{
	'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b', '9': 'g',
	'@': 'a', '$': 's', '!': 'i', '|': 'i', '+': 't', '€': 'e', '£': 'i', '¢': 'c',
}

// spelled is the token with i and l made one, and digits as letters if asked for.
func (t token) spelled(leetToo bool) []rune {
	out := make([]rune, len(t.plain))
	for i, r := range t.plain {
		if c := leet[r]; c != 0 && leetToo {
			r = c
		}
		if r == 'l' {
			r = 'i'
		}
		out[i] = r
	}
	return out
}

// forms are the ways in which a token can be read.
func (t token) forms() []word {
	plain := runs(t.plain)
	if !t.letter {
		return []word{plain}
	}
	return []word{plain, runs(t.spelled(true))}
}

// word is letters with how often each stands in a row.
type word struct {
	letters []rune
	times   []int
	long    bool // of four letters or more
}

func runs(s []rune) word {
	w := word{long: len(s) >= 4}
	for _, r := range s {
		if r == 'l' { // which I, | and 1 look like
			r = 'i'
		}
		if n := len(w.letters); n > 0 && w.letters[n-1] == r {
			w.times[n-1]++
			continue
		}
		w.letters, w.times = append(w.letters, r), append(w.times, 1)
	}
	return w
}

// in says whether w is what t says, or how t begins if t may go on. Letters may be
// stretched: doubled in long words, from three on in all. Nothing is taken away, so
// that ass is not in as.
func (w word) in(t word, goesOn bool) bool {
	if len(t.letters) < len(w.letters) || !goesOn && len(t.letters) > len(w.letters) {
		return false
	}
	for i, r := range w.letters {
		is, want := t.times[i], w.times[i]
		if t.letters[i] != r || is < want {
			return false
		}
		last := goesOn && i == len(w.letters)-1
		if is > want && is < 3 && !w.long && !last {
			return false
		}
	}
	return true
}
