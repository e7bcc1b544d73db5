// Package filter looks at what viewers write: for words that the event does not
// want, links, and letters that pretend to be others. It is pure: what it finds
// depends on the text and the lists alone, and costs time linear in the text.
//
// It guarantees:
//   - It only finds. Whoever asks decides what to do with it, which is to hold the
//     message for a moderator and never to lose it.
//   - A word is found as a whole word, through case, accents, look-alike letters of
//     other scripts, digits and signs in the place of letters, stretched letters,
//     letters set apart (f.u.c.k) and invisible characters. Scunthorpe and class
//     stay what they are.
//   - Words match what was meant: c4 in a list finds C4 and not ça.
//   - Any text may come in, valid UTF-8 or not.
package filter

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Flag is something that was found.
type Flag string

// The flags.
const (
	Word      Flag = "word"      // of a list
	Link      Flag = "link"      // an address of something elsewhere
	Lookalike Flag = "lookalike" // letters of two scripts in a word, hidden or turned text
	Repeat    Flag = "repeat"    // one sign many times, or the same thing again (see Same)
)

// Limits of a list.
const (
	MaxWords = 2000
	MaxWord  = 60 // characters
)

//go:embed lists/*.txt
var lists embed.FS

// Lists are the names of the lists that come with Regie, by language.
func Lists() []string { return []string{"en", "fr"} }

// Filter knows the words. The zero value knows none. It does not change.
type Filter struct {
	byFirst map[rune][]phrase // by the first letter of the first word
}

// phrase is an entry of a list: words that follow one another.
type phrase struct {
	words  []word
	prefix bool // the last word may go on
}

// New takes words and phrases, and lists by name. An entry that ends with * also
// finds words that go on: enfoir* finds enfoiré.
func New(words, names []string) (*Filter, error) {
	if len(words) > MaxWords {
		return nil, fmt.Errorf("there are %d words; keep it at %d", len(words), MaxWords)
	}
	f := &Filter{byFirst: map[rune][]phrase{}}
	for _, w := range words {
		if n := utf8.RuneCountInString(w); n > MaxWord {
			return nil, fmt.Errorf("the entry %.40q has %d characters; keep each at %d", w, n, MaxWord)
		}
		if !f.add(w) {
			return nil, fmt.Errorf("the entry %q has no letter or digit to look for", w)
		}
	}
	for _, name := range names {
		if !slices.Contains(Lists(), name) {
			return nil, fmt.Errorf("there is no list %.20q; choose of %s", name, strings.Join(Lists(), ", "))
		}
		list, err := lists.ReadFile("lists/" + name + ".txt")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(list)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				f.add(line)
			}
		}
	}
	return f, nil
}

// add says whether there is anything to look for in an entry.
func (f *Filter) add(entry string) bool {
	entry, prefix := strings.CutSuffix(strings.TrimSpace(entry), "*")
	p := phrase{prefix: prefix}
	for _, t := range tokens(entry) {
		p.words = append(p.words, runs(t.plain))
	}
	if len(p.words) == 0 {
		return false
	}
	first := p.words[0].letters[0]
	f.byFirst[first] = append(f.byFirst[first], p)
	return true
}

// Check says what is in a text, sorted, each flag once.
func (f *Filter) Check(text string) []Flag {
	found := map[Flag]bool{}
	if HasLink(text) {
		found[Link] = true
	}
	if disguised(text) {
		found[Lookalike] = true
	}
	if flooded(text) {
		found[Repeat] = true
	}
	if f.hasWord(text) {
		found[Word] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func (f *Filter) hasWord(text string) bool {
	list := tokens(text)
	for _, at := range [][]token{list, joined(list)} {
		for i := range at {
			if f.begins(at[i:]) {
				return true
			}
		}
	}
	return false
}

// begins says whether an entry matches from the first of the tokens on.
func (f *Filter) begins(at []token) bool {
	for _, form := range at[0].forms() {
		for _, p := range f.byFirst[form.letters[0]] {
			if p.matches(at) {
				return true
			}
		}
	}
	return false
}

func (p phrase) matches(at []token) bool {
	if len(at) < len(p.words) {
		return false
	}
	for i, w := range p.words {
		goesOn := p.prefix && i == len(p.words)-1
		if !slices.ContainsFunc(at[i].forms(), func(form word) bool { return w.in(form, goesOn) }) {
			return false
		}
	}
	return true
}

// floodAt is how often one sign may stand in a row, and a text of it alone.
const floodAt = 16

// flooded: one sign so often that nobody else can be read.
func flooded(text string) bool {
	n, last := 0, rune(-1)
	for _, r := range text {
		if r != last {
			n, last = 0, r
		}
		if n++; n >= floodAt && r != '.' && r != ' ' {
			return true
		}
	}
	return false
}

// Same is equal for texts that say the same to a reader: what to compare to find
// who says something again and again. It is empty for a text without letters.
func Same(text string) string {
	var b strings.Builder
	for _, t := range tokens(text) {
		for _, r := range runs(t.plain).letters {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Skeleton is equal for names that look alike (in the sense of UTS 39, with digits,
// accents and blanks not told apart either).
func Skeleton(name string) string {
	var b strings.Builder
	for _, t := range tokens(name) {
		b.WriteString(string(t.spelled(true)))
	}
	return b.String()
}
