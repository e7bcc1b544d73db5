package slate

import (
	"image"
	"strings"
	"testing"
)

// hostile are texts that people send to break a page.
var hostile = []string{
	"", " ", "\x00\xff\xfe", strings.Repeat("\u0301", 3000), "Z" + strings.Repeat("\u0334\u0322\u031b\u0353\u0332\u031e", 500) + "algo",
	"\u202eevil\u202c \u2066x\u2069\u200f", strings.Repeat("\u202e\u2067", 1000) + "a", strings.Repeat("א(", 1000) + strings.Repeat(")a", 1000),
	strings.Repeat("क्", 1000) + "ष", strings.Repeat("\u0f40\u0f90", 700), strings.Repeat("ﷺ", 600), strings.Repeat("م", 1<<20), strings.Repeat("W", 1<<20),
	strings.Repeat("漢", 5000), strings.Repeat("👩‍👩‍👧‍👦", 800), strings.Repeat("\u200d", 5000), "ا\u200d\u200d\u200cب", strings.Repeat("a 漢 א ก ", 500),
	strings.Repeat("\u1100", 900) + strings.Repeat("\u1161", 900), "\u2028\u2029\u0085", strings.Repeat("𒐫", 300), "꧅꧅꧅", strings.Repeat("ﷻ𓀐\u0e49", 100),
	// What is left when something is left out makes other letters.
	"e\xa7\u0301", "e\x01\u0301", "\u1100\U000f0000\u1161\U000f0000\u11a8", "م\xa7\xaf\u0653\u0301",
}

// TestHostile: whatever comes, little of it is drawn, and that stays in its box.
func TestHostile(t *testing.T) {
	p := NewPen(installed(), nil)
	for _, s := range hostile {
		if n := len([]rune(p.clean(s))); n > maxBytes {
			t.Errorf("%.40q: %d letters are kept", s, n)
		}
		stable(t, p, s)
		drawAll(t, p, s)
	}
}

// stable: what is clean stays as it is.
func stable(t *testing.T, p *Pen, s string) {
	t.Helper()
	if once, again := p.clean(s), p.clean(p.clean(s)); again != once {
		t.Errorf("%.40q is cleaned to %+.40q and then to %+.40q", s, once, again)
	}
}

// drawAll draws s in every way, and wants it in its box.
func drawAll(t *testing.T, p *Pen, s string) {
	t.Helper()
	for _, size := range []image.Point{{320, 180}, {96, 96}} {
		inside(t, s, p.Caption(s, size.X, size.Y), size.X*3/4+1, size.Y)
		inside(t, s, p.NameCard(s, size.X, size.Y), size.X, size.Y)
		inside(t, s, p.Card(s, s, size.X, size.Y), size.X, size.Y)
		plate, at := p.LowerThird(s, s, size.X, size.Y)
		inside(t, s, plate, size.X, size.Y)
		if plate != nil && !plate.Bounds().Add(at).In(image.Rectangle{Max: size}) {
			t.Errorf("%.40q: a plate at %v of %v", s, plate.Bounds().Add(at), size)
		}
	}
}

// inside wants a text that leaves the edge of its picture alone.
func inside(t *testing.T, s string, img *image.RGBA, w, h int) {
	t.Helper()
	if img == nil {
		return
	}
	b := img.Bounds()
	if b.Dx() > w || b.Dy() > h {
		t.Errorf("%.40q: %v is larger than %d×%d", s, b, w, h)
	}
	_, box := marks(img, paper)
	if _, other := marks(img, dim); !box.Union(other).In(b.Inset(1)) {
		t.Errorf("%.40q: text in %v of %v", s, box.Union(other), b)
	}
}

func FuzzDraw(f *testing.F) {
	for _, s := range hostile {
		f.Add(s[:min(len(s), 4000)])
	}
	for _, s := range named {
		f.Add(s)
	}
	p := NewPen(installed(), nil)
	f.Fuzz(func(t *testing.T, s string) {
		drawAll(t, p, s)
		stable(t, p, s)
	})
}

// BenchmarkNameCard: in letters of our own, of others, and for the first time, when
// the fonts are read.
func BenchmarkNameCard(b *testing.B) {
	p := NewPen(installed(), nil)
	for _, name := range []string{"Théo Martin", "محمد الأحمد", "李小龍"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.NameCard(name, 640, 360)
			}
		})
		b.Run(name+" first", func(b *testing.B) {
			for b.Loop() {
				NewPen(installed(), nil).NameCard(name, 640, 360)
			}
		})
	}
}

// BenchmarkHostile: the worst that a text can cost.
func BenchmarkHostile(b *testing.B) {
	p := NewPen(installed(), nil)
	for b.Loop() {
		for _, s := range hostile {
			p.NameCard(s, 640, 360)
		}
	}
}
