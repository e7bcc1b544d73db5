package slate

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sort"
	"strings"
	"sync"

	"github.com/go-text/typesetting/segmenter"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// face is one of the built-in fonts at one size, with a pen's other fonts for what it
// lacks.
type face struct {
	font.Face
	pen  *Pen
	size float64
	// slack is how far beyond their line box letters of other fonts may reach: scripts
	// that stack need more height than Latin.
	slack float64
	bold  bool
	lines map[string]line // what was laid out, by text
}

// face opens one of the fonts compiled into the program at size pixels. Those fonts
// are constants, so failure is a broken build and not a state to handle.
func (p *Pen) face(ttf []byte, size float64) face {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("slate: the built-in font does not parse: %v", err))
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(fmt.Sprintf("slate: the built-in font has no face at %v pixels: %v", size, err))
	}
	return face{Face: f, pen: p, size: size, slack: size * 0.2, bold: &ttf[0] == &gobold.TTF[0], lines: map[string]line{}}
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

// builtIn reports whether the built-in fonts have all of a cluster.
func builtIn(cluster []rune) bool {
	for _, r := range cluster {
		if !drawable(r) {
			return false
		}
	}
	return true
}

func (f face) close() { _ = f.Face.Close() }

// line lays s out, once.
func (f face) line(s string) line {
	l, ok := f.lines[s]
	if !ok {
		l = f.layout(s)
		f.lines[s] = l
	}
	return l
}

// measure finds how wide a line is, and how much smaller its glyphs must be to stay
// in it.
func (f face) measure(l line) line {
	m := f.Metrics()
	l.size = f.size * fit(l.pieces, f.size, pixels(m.Ascent)+f.slack, pixels(m.Descent)+f.slack)
	for i := range l.pieces {
		p := &l.pieces[i]
		p.width = pixels(font.MeasureString(f, p.text))
		for _, g := range p.glyphs {
			p.width += g.advance * l.size
		}
		l.width += p.width
	}
	return l
}

func pixels(v fixed.Int26_6) float64 { return float64(v) / 64 }

// width returns how many pixels s takes.
func (f face) width(s string) int { return int(math.Ceil(f.line(s).width)) }

// height returns the pixels from the top of the tallest letter to the bottom of
// the deepest one.
func (f face) height() int {
	m := f.Metrics()
	return (m.Ascent + m.Descent).Ceil()
}

// beyond returns how many pixels of s are above and below its line box.
func (f face) beyond(s string) (above, below int) {
	l, m := f.line(s), f.Metrics()
	for _, p := range l.pieces {
		for _, g := range p.glyphs {
			above = max(above, int(math.Ceil(g.top*l.size-pixels(m.Ascent))))
			below = max(below, int(math.Ceil(-g.bottom*l.size-pixels(m.Descent))))
		}
	}
	return min(above, int(f.slack)), min(below, int(f.slack))
}

// draw puts s with the upper left corner of its line box at x, y.
func (f face) draw(img *image.RGBA, s string, x, y int, c color.RGBA) {
	l := f.line(s)
	baseline := fixed.I(y) + f.Metrics().Ascent
	clip := image.Rect(x, y, x+int(math.Ceil(l.width)), y+f.height()).Inset(-int(f.slack))
	at := float64(x)
	for _, p := range l.pieces {
		if p.face != nil {
			drawGlyphs(img, p, at, pixels(baseline), l.size, clip, c)
		} else {
			d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: f, Dot: fixed.Point26_6{X: fixed.Int26_6(at * 64), Y: baseline}}
			d.DrawString(p.text)
		}
		at += p.width
	}
}

// drawCentered puts s with the middle of its capitals at x, y, shortened to room
// pixels.
func (f face) drawCentered(img *image.RGBA, s string, x, y, room int, c color.RGBA) {
	s = f.ellipsize(s, room)
	m := f.Metrics()
	top := y + m.CapHeight.Round()/2 - m.Ascent.Round()
	f.draw(img, s, x-f.width(s)/2, top, c)
}

// low returns how many pixels below the middle of capitals the middle of s is, if it is
// written in another font: letters of some scripts hang from their line.
func (f face) low(s string) int {
	l := f.line(s)
	top, bottom := -1.0, 1.0
	for _, p := range l.pieces {
		if p.face == nil {
			return 0
		}
		for _, g := range p.glyphs {
			top, bottom = max(top, g.top), min(bottom, g.bottom)
		}
	}
	return f.Metrics().CapHeight.Round()/2 - int((top+bottom)/2*l.size)
}

const ellipsis = "…"

// narrowest is what part of its size a letter is wide at least, in the mean of a text.
const narrowest = 0.12

// ellipsize returns s, or as much of its start as fits into room pixels with an
// ellipsis behind it; "" when not even one letter does.
func (f face) ellipsize(s string, room int) string {
	all := clusters([]rune(s))
	// No letter is narrower: what is surely too long need not be set to find that out.
	if most := int(float64(room)/(f.size*narrowest)) + 1; len(all) > most {
		all = all[:most]
	} else if f.width(s) <= room {
		return s
	}
	short := func(n int) string {
		var b strings.Builder
		for _, c := range all[:n] {
			b.WriteString(string(c))
		}
		return strings.TrimRight(b.String(), " ") + ellipsis
	}
	n := sort.Search(len(all), func(i int) bool { return f.width(short(i+1)) > room })
	if n == 0 {
		return ""
	}
	return short(n)
}

// wrap breaks s into at most n lines of room pixels; the last one takes the rest and
// is shortened when drawn.
func (f face) wrap(s string, room, n int) []string {
	var lines []string
	line := ""
	for _, part := range breakable(s) {
		switch longer := line + part; {
		case line == "" || len(lines) == n-1 || f.width(strings.TrimRight(longer, " ")) <= room:
			line = longer
		default:
			lines, line = append(lines, strings.TrimRight(line, " ")), part
		}
	}
	return append(lines, strings.TrimRight(line, " "))
}

// breakable cuts s where a line may end: between words, and in writing without spaces
// where its own rules let it (UAX #14).
func breakable(s string) []string {
	var parts []string
	for _, word := range strings.Fields(s) {
		word += " "
		if builtInLine(word) {
			parts = append(parts, word)
			continue
		}
		var breaks segmenter.Segmenter
		breaks.Init([]rune(word))
		for it := breaks.LineIterator(); it.Next(); {
			parts = append(parts, string(it.Line().Text))
		}
	}
	return parts
}
