package slate

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
)

// face is one font at one size.
type face struct {
	font.Face
}

// newFace opens one of the fonts compiled into the program at size pixels. Those
// fonts are constants, so failure is a broken build and not a state to handle.
func newFace(ttf []byte, size float64) face {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("slate: the built-in font does not parse: %v", err))
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(fmt.Sprintf("slate: the built-in font has no face at %v pixels: %v", size, err))
	}
	return face{f}
}

// letters is one of the built-in fonts, which all have the same letters.
var letters = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// drawable reports whether the built-in fonts have r.
func drawable(r rune) bool {
	f, err := letters()
	if err != nil {
		return false
	}
	glyph, err := f.GlyphIndex(nil, r)
	return err == nil && glyph != 0
}

func (f face) close() { _ = f.Face.Close() }

// width returns how many pixels s takes.
func (f face) width(s string) int { return font.MeasureString(f, s).Ceil() }

// height returns the pixels from the top of the tallest letter to the bottom of
// the deepest one.
func (f face) height() int {
	m := f.Metrics()
	return (m.Ascent + m.Descent).Ceil()
}

// draw puts s with the upper left corner of its line box at x, y.
func (f face) draw(img *image.RGBA, s string, x, y int, c color.RGBA) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: f,
		Dot: fixed.Point26_6{X: fixed.I(x), Y: fixed.I(y) + f.Metrics().Ascent}}
	d.DrawString(visual(s))
}

// drawCentered puts s with the middle of its capitals at x, y, shortened to room
// pixels.
func (f face) drawCentered(img *image.RGBA, s string, x, y, room int, c color.RGBA) {
	s = f.ellipsize(s, room)
	m := f.Metrics()
	top := y + m.CapHeight.Round()/2 - m.Ascent.Round()
	f.draw(img, s, x-f.width(s)/2, top, c)
}

const ellipsis = "…"

// ellipsize returns s, or as much of its start as fits into room pixels with an
// ellipsis behind it; "" when not even one letter does.
func (f face) ellipsize(s string, room int) string {
	if f.width(s) <= room {
		return s
	}
	for s != "" {
		s = withoutLast(s)
		if short := strings.TrimRight(s, " ") + ellipsis; s != "" && f.width(short) <= room {
			return short
		}
	}
	return ""
}

// withoutLast takes the last letter off, with the marks that belong to it.
func withoutLast(s string) string {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
		if !unicode.Is(unicode.M, r) {
			break
		}
	}
	return s
}

// rightToLeft reports whether s reads so: by its first letter that has a direction
// (UAX #9, rules P2 and P3).
func rightToLeft(s string) bool {
	for _, r := range s {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL:
			return true
		case bidi.L:
			return false
		}
	}
	return false
}

// visual returns the letters of s in the order in which they stand from left to
// right (UAX #9). It is s itself when nothing in it reads from right to left.
func visual(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return rightToLeft(string(r)) }) {
		return s
	}
	direction := bidi.LeftToRight
	if rightToLeft(s) {
		direction = bidi.RightToLeft
	}
	var p bidi.Paragraph
	if _, err := p.SetString(s, bidi.DefaultDirection(direction)); err != nil {
		return s
	}
	order, err := p.Order()
	if err != nil {
		return s
	}
	// Runs come in the order in which they are read.
	runs := make([]string, order.NumRuns())
	for i := range runs {
		run := order.Run(i)
		text := run.String()
		if run.Direction() == bidi.RightToLeft {
			text = bidi.ReverseString(text)
		}
		runs[i] = text
	}
	if direction == bidi.RightToLeft {
		slices.Reverse(runs)
	}
	return strings.Join(runs, "")
}

// wrap breaks s between words into at most n lines of room pixels; the last one
// takes the rest and is shortened when drawn.
func (f face) wrap(s string, room, n int) []string {
	var lines []string
	line := ""
	words := strings.Fields(s)
	for i, word := range words {
		switch longer := strings.TrimSpace(line + " " + word); {
		case line == "" || f.width(longer) <= room:
			line = longer
		case len(lines) == n-1:
			return append(lines, strings.Join(append([]string{line}, words[i:]...), " "))
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
