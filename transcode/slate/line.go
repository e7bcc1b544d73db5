package slate

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/language"
	class "golang.org/x/text/unicode/bidi"
)

// line is a text as it stands from left to right.
type line struct {
	pieces []piece
	width  float64 // pixels
	size   float64 // of its glyphs
}

// piece is a part of a line in one font.
type piece struct {
	level  int     // UAX #9: odd reads from right to left
	text   string  // of the built-in fonts, from left to right; else it is glyphs
	glyphs []glyph // from left to right
	face   *typeface
	width  float64 // pixels
}

// stretch is a part of a text that has one font, one script and one direction.
type stretch struct {
	start, end int
	face       *typeface
	script     language.Script
}

// layout sets s. What no font has is left out.
func (f face) layout(s string) line {
	if builtInLine(s) {
		return f.measure(line{pieces: []piece{{text: s}}})
	}
	text, all := f.stretches(s)
	adopt(text, all)
	levels := levelsOf(text, rightToLeft(s))
	var l line
	for _, p := range joined(all) {
		for p.start < p.end {
			piece := p
			for piece.end = p.start + 1; piece.end < p.end && levels[piece.end] == levels[p.start]; {
				piece.end++
			}
			l.pieces = append(l.pieces, f.set(text, piece, levels[p.start]))
			p.start = piece.end
		}
	}
	reorder(l.pieces)
	return f.measure(l)
}

// stretches gives every cluster of s its font. What no font has is not in text.
func (f face) stretches(s string) (text []rune, all []stretch) {
	for _, c := range clusters([]rune(s)) {
		if drawn, in, ok := f.pen.resolve(c, f.bold); ok && len(drawn) > 0 {
			at := len(text)
			text = append(text, drawn...)
			all = append(all, stretch{at, len(text), in, language.LookupScript(drawn[0])})
		}
	}
	return text, all
}

// adopt lets signs that many scripts have, such as a Japanese full stop, follow the
// letters before them, or else those behind.
func adopt(text []rune, all []stretch) {
	follow := func(i, other int) {
		s := &all[i]
		if s.face == nil || s.script.Strong() || other < 0 || other >= len(all) {
			return
		}
		if o := all[other]; o.face != nil && o.script.Strong() && o.face.covers(text[s.start:s.end]) {
			s.face, s.script = o.face, o.script
		}
	}
	for i := range all {
		follow(i, i-1)
	}
	for i := range slices.Backward(all) {
		follow(i, i+1)
	}
}

// joined makes one of neighbours in one font and one script.
func joined(all []stretch) (parts []stretch) {
	for _, s := range all {
		if n := len(parts) - 1; n >= 0 && parts[n].face == s.face && (s.face == nil || parts[n].script == s.script) {
			parts[n].end = s.end
		} else {
			parts = append(parts, s)
		}
	}
	return parts
}

// set makes a piece of a stretch of one level.
func (f face) set(text []rune, s stretch, level int) piece {
	p := piece{level: level, face: s.face}
	if s.face != nil {
		p.glyphs = f.pen.lib.shape(text, s, level%2 != 0)
		return p
	}
	p.text = string(text[s.start:s.end])
	if level%2 != 0 {
		p.text = class.ReverseString(p.text)
	}
	return p
}

// builtInLine reports whether s needs neither other fonts nor another order.
func builtInLine(s string) bool {
	for _, r := range s {
		if !drawable(r) {
			return false
		}
	}
	return true
}

// rightToLeft reports whether s reads so: by its first letter that has a direction
// (UAX #9, rules P2 and P3).
func rightToLeft(s string) bool {
	for _, r := range s {
		switch p, _ := class.LookupRune(r); p.Class() {
		case class.R, class.AL:
			return true
		case class.L:
			return false
		}
	}
	return false
}

// levelsOf returns the level of each letter (UAX #9), without embeddings: clean takes
// the characters for those away.
func levelsOf(text []rune, rtl bool) []int {
	levels := make([]int, len(text))
	direction, even := bidi.LeftToRight, 0
	if rtl {
		direction, even = bidi.RightToLeft, 2
	}
	var p bidi.Paragraph
	runs := p.Segment(text, direction)
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		for at := r.Start; at < r.End; at++ {
			if levels[at] = 1; r.IsLeftToRight() {
				levels[at] = even
			}
		}
	}
	if !rtl {
		raiseNumbers(text, levels)
	}
	return levels
}

// raiseNumbers gives numbers among letters that read from right to left level 2 (rule
// I1): bidi knows the directions of its runs alone, which would leave such a number
// with what follows it.
func raiseNumbers(text []rune, levels []int) {
	afterRight := false
	for i, r := range text {
		switch p, _ := class.LookupRune(r); p.Class() {
		case class.L:
			afterRight = false
		case class.R, class.AL:
			afterRight = true
		case class.AN:
			levels[i] = 2
		case class.EN:
			if afterRight {
				levels[i] = 2
			}
		case class.ES, class.CS, class.ET:
			// Between two digits, or beside one, it is of the number.
			if levels[i]%2 == 0 && i > 0 && levels[i-1] == 2 && (p.Class() == class.ET || i+1 < len(text) && unicode.IsDigit(text[i+1])) {
				levels[i] = 2
			}
		}
	}
}

// reorder puts pieces that come in the order of reading into that from left to right
// (rule L2).
func reorder(pieces []piece) {
	highest := 0
	for _, p := range pieces {
		highest = max(highest, p.level)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(pieces); i++ {
			begin := i
			for i < len(pieces) && pieces[i].level >= level {
				i++
			}
			slices.Reverse(pieces[begin:i])
		}
	}
}
