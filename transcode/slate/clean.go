package slate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-text/typesetting/segmenter"
	"golang.org/x/text/unicode/norm"
)

// What people type is cut to what could be read in one line at most: drawing takes
// bounded time whatever comes.
const (
	maxBytes   = 2048
	maxCluster = 24 // letters and marks that are drawn as one; Tibetan stacks have eight
	maxMarks   = 6  // in a row, on one letter
	maxPasses  = 6  // of cleaning; each but the last leaves less
)

// Joiners have no shape: they say how the letters beside them join.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

func joins(r rune) bool { return r == nonJoiner || r == joiner }

// clean makes one printable line of what people type: composed letters, single
// spaces, no control or direction characters that would break the drawing, and
// nothing that no font has: it would be boxes.
func (p *Pen) clean(s string) string {
	// Where something is left out, what stood beside it may join into other letters.
	for range maxPasses {
		last := s
		if s = p.pass(last); s == last {
			break
		}
	}
	return s
}

func (p *Pen) pass(s string) string {
	var out []rune
	for _, cluster := range clusters(plain(s)) {
		drawn, _, ok := p.resolve(cluster, false)
		if !ok {
			p.lib.lacks(cluster[0])
		}
		out = append(out, drawn...)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// plain is s in composed letters, without characters that are no letters.
func plain(s string) []rune {
	s = strings.ToValidUTF8(s[:min(len(s), maxBytes)], "")
	in := []rune(norm.NFC.String(s))
	out, marks := in[:0], 0
	for i, r := range in {
		marks++
		switch {
		case joins(r):
			// Only where joining means something: it would split an "fi".
			if len(out) == 0 || !joinable(out[len(out)-1]) || i+1 == len(in) || !joinable(in[i+1]) {
				continue
			}
		case unicode.IsSpace(r):
			r, marks = ' ', 0
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Variation_Selector), r == utf8.RuneError:
			continue
		case unicode.In(r, unicode.So, unicode.Sk, unicode.Co) && pictorial(r) && !drawable(r):
			continue
		case !unicode.Is(unicode.M, r):
			marks = 0
		}
		if marks <= maxMarks {
			out = append(out, r)
		}
	}
	return out
}

// joinable are letters of scripts in which joiners are written: Arabic, Syriac, those
// of India and its neighbours, Mongolian.
func joinable(r rune) bool {
	return r >= 0x600 && r < 0x1900 && unicode.In(r, unicode.L, unicode.M)
}

// pictorial are signs that are pictures, apart from those which writing in some script
// needs: no font here has them in one colour.
func pictorial(r rune) bool {
	return unicode.Is(unicode.Co, r) || r >= 0x2000 && r < 0x2e80 || r >= 0xfe00
}

// clusters are the letters of a line, each with what is written on it (UAX #29).
func clusters(line []rune) [][]rune {
	var all [][]rune
	var s segmenter.Segmenter
	s.Init(line)
	for it := s.GraphemeIterator(); it.Next(); {
		c := it.Grapheme().Text
		for len(c) > maxCluster {
			all, c = append(all, c[:maxCluster]), c[maxCluster:]
		}
		if len(c) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// resolve says in which font a cluster is drawn (nil: the built-in ones), and what of
// it, if no font has all its marks. It is not ok when none has the letter.
func (p *Pen) resolve(cluster []rune, bold bool) (drawn []rune, in *typeface, ok bool) {
	if builtIn(cluster) {
		return cluster, nil, true
	}
	if t := p.lib.find(cluster, bold); t != nil {
		return cluster, t, true
	}
	base := cluster[:1]
	has := builtIn
	if !builtIn(base) {
		if in = p.lib.find(base, bold); in == nil {
			return nil, nil, false
		}
		has = in.covers
	}
	for i, r := range cluster {
		if has(cluster[i : i+1]) {
			drawn = append(drawn, r)
		}
	}
	return drawn, in, true
}

// initials returns the first letters of the first and the last word of name; of a
// script without capitals the first alone, because two may mean something.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !joins(r)
	})
	if len(words) == 0 {
		return ""
	}
	out := first(words[0])
	if r, _ := utf8.DecodeRuneInString(out); len(words) > 1 && unicode.ToUpper(r) != unicode.ToLower(r) {
		out += first(words[len(words)-1])
	}
	return strings.ToUpper(out)
}

func first(word string) string { return string(clusters([]rune(word))[0]) }
