package slate

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-text/typesetting/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	class "golang.org/x/text/unicode/bidi"

	"github.com/regie-live/regie/transcode/fonts"
)

// pen has the built-in fonts alone.
var pen = NewPen(nil, nil)

// installed are the fonts of this machine; deploy/setup.sh installs those that the
// tests need.
var installed = sync.OnceValue(func() (list []Font) {
	for _, f := range fonts.Find(fonts.Folders(), time.Minute) {
		list = append(list, Font(f))
	}
	return list
})

// scholar writes every script.
func scholar(t testing.TB) *Pen {
	return NewPen(installed(), func(script string) { t.Errorf("no font has the letters of %s", script) })
}

// named are names in scripts that the built-in fonts do not have.
var named = map[string]string{
	"Han": "李小龍 王伟", "Kana": "やまだ タロウ", "Hangul": "김민준", "Arabic": "محمد الأحمد", "Hebrew": "שירה כהן", "Devanagari": "अर्जुन क्षत्रिय",
	"Thai": "สุภาพร ปั๊ดน้ำ", "Tamil": "தமிழ் செல்வன்", "Bengali": "রবীন্দ্রনাথ", "Ethiopic": "አበበ ቢቂላ", "Georgian": "ქეთევან", "Armenian": "Հայկ",
	"Khmer": "សុខ ភូមិន្ទ", "Tibetan": "བསྟན་འཛིན", "Sinhala": "සුනිල්", "Burmese": "အောင်ဆန်း",
}

// inked are the pixels of a text alone.
func inked(p *Pen, text string) (n int, box image.Rectangle) {
	return marks(p.Text(text, 60, color.RGBA{255, 0, 0, 255}), color.RGBA{255, 0, 0, 255})
}

// TestScripts: every script has ink in every drawing, no glyph that means "missing",
// and stays within its box.
func TestScripts(t *testing.T) {
	p := scholar(t)
	for script, name := range named {
		if got := p.clean(name); got != name {
			t.Errorf("%s: %q became %q", script, name, got)
		}
		f := p.face(goregular.TTF, 40)
		for _, piece := range f.line(name).pieces {
			if strings.TrimSpace(piece.text) != "" || piece.face == nil && piece.text == "" {
				t.Errorf("%s: the built-in fonts write %q", script, piece.text)
			}
			for _, g := range piece.glyphs {
				if g.id == 0 {
					t.Errorf("%s: a box", script)
				}
			}
		}
		f.close()
		if n, _ := inked(p, name); n < 300 {
			t.Errorf("%s: %d pixels", script, n)
		}
		for _, size := range []image.Point{{640, 360}, {160, 90}} {
			stays(t, script+" caption", p.Caption(name, size.X, size.Y), 2)
			stays(t, script+" card", p.NameCard(name, size.X, size.Y), 2)
			stays(t, script+" slate", p.Card(name, name, size.X, size.Y), 2)
			plate, _ := p.LowerThird(name, name, size.X, size.Y)
			stays(t, script+" lower third", plate, 1)
		}
	}
}

// stays wants ink, and none at the edge.
func stays(t *testing.T, what string, img *image.RGBA, edge int) {
	t.Helper()
	if img == nil {
		return // too small to read anything in
	}
	n, box := marks(img, paper)
	m, below := marks(img, dim)
	if n+m == 0 || !box.Union(below).In(img.Bounds().Inset(edge)) {
		t.Errorf("%s: %d pixels of text in %v of %v", what, n+m, box.Union(below), img.Bounds())
	}
}

// TestJoined: letters of one word join, so that the word is not its letters in a row.
func TestJoined(t *testing.T) {
	p := scholar(t)
	f := p.face(goregular.TTF, 60)
	defer f.close()
	for _, word := range []string{"محمد", "سلام", "ܫܠܡܐ"} {
		var joined, apart []font.GID
		for _, g := range f.line(word).pieces[0].glyphs {
			joined = append(joined, g.id)
		}
		for _, r := range word {
			apart = append(apart, f.line(string(r)).pieces[0].glyphs[0].id)
		}
		slices.Reverse(joined)
		if n, _ := inked(p, word); slices.Equal(joined, apart) || n < 300 {
			t.Errorf("%s is written %v with %d pixels, its letters alone %v", word, joined, n, apart)
		}
	}
	first, middle := f.line("ب").pieces[0].glyphs[0].id, f.line("ببب").pieces[0].glyphs
	if len(middle) < 3 || slices.ContainsFunc(middle, func(g glyph) bool { return g.id == first }) {
		t.Errorf("a letter alone is glyph %d, three in a row are %v", first, middle)
	}
	if with, without := p.Caption("می\u200cخواهم", 640, 360), p.Caption("میخواهم", 640, 360); string(with.Pix) == string(without.Pix) {
		t.Error("a non-joiner joins")
	}
	if with, without := p.Caption("fi\u200cx\u200d", 640, 360), p.Caption("fix", 640, 360); string(with.Pix) != string(without.Pix) {
		t.Error("a joiner in Latin changes something")
	}
	syllable := f.line("कि").pieces[0].glyphs // the vowel that is spoken last stands first
	if alone := f.line("क").pieces[0].glyphs[0].id; len(syllable) < 2 || syllable[0].id == alone {
		t.Errorf("%v begins with the consonant %d", syllable, alone)
	}
}

// TestOrder: letters in the order of reading become letters from left to right
// (UAX #9).
func TestOrder(t *testing.T) {
	for s, want := range map[string]string{
		"Ana Ruiz":           "Ana Ruiz",
		"אבג":                "גבא",
		"אב גד…":             "…דג בא",
		"אב abc גד":          "דג abc בא",
		"abc אב def":         "abc בא def",
		"אב 123":             "123 בא",
		"(אב)":               "(בא)",
		"abc אב 123 def":     "abc 123 בא def",
		"abc אב 1.5% def":    "abc 1.5% בא def",
		"abc אב 12 גד 34":    "abc 34 דג 12 בא",
		"7 אב":               "בא 7",
		"abc 123 אב":         "abc 123 בא",
		"ا ١٢ ب":             "ب ١٢ ا",
		"abc ١٢ אב":          "abc בא ١٢",
		"אב (abc) גד":        "דג (abc) בא",
		"abc (אב) def":       "abc (בא) def",
		"אב abc 123 def גד!": "!דג abc 123 def בא",
		"":                   "",
	} {
		if got := visual(s); got != want {
			t.Errorf("%q stands as %q, want %q", s, got, want)
		}
	}
}

// visual is how the letters of s stand, as layout orders them.
func visual(s string) string {
	text := []rune(s)
	levels := levelsOf(text, rightToLeft(s))
	var pieces []piece
	for i, r := range text {
		if i == 0 || levels[i] != levels[i-1] {
			pieces = append(pieces, piece{level: levels[i]})
		}
		pieces[len(pieces)-1].text += string(r)
	}
	reorder(pieces)
	out := ""
	for _, p := range pieces {
		if p.level%2 != 0 {
			p.text = class.ReverseString(p.text)
		}
		out += p.text
	}
	return out
}

// TestMixed: what is drawn of a mixed line is in the order of TestOrder.
func TestMixed(t *testing.T) {
	p := scholar(t)
	f := p.face(gobold.TTF, 40)
	defer f.close()
	for s, want := range map[string][]string{"abc שלום 20 def": {"abc ", "20", " ", "", " def"}, "שלום abc": {"abc", " ", ""}} {
		var got []string
		for _, piece := range f.line(s).pieces {
			got = append(got, piece.text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is drawn as %q, want %q", s, got, want)
		}
	}
}

// TestNoFont: what no font has is left out, and told once a script.
func TestNoFont(t *testing.T) {
	var told []string
	p := NewPen(nil, func(script string) { told = append(told, script) })
	plain := p.Caption("Mei Lin", 640, 360)
	for _, name := range []string{"Mei 李 Lin", "李李李 Mei Lin", "Mei Lin עברית עוד", "Mei\u05d0 Lin 🎉", "Mei Lin \U000e0041\ufffe\ue000"} {
		if img := p.Caption(name, 640, 360); string(img.Pix) != string(plain.Pix) {
			t.Errorf("%q is not drawn as what can be", name)
		}
	}
	if img := p.Caption("李小龍", 640, 360); img != nil {
		t.Errorf("a caption of nothing: %v", img.Bounds())
	}
	if n, _ := marks(p.NameCard("李小龍", 640, 360), paper); n != 0 {
		t.Errorf("%d pixels of a name that cannot be written", n)
	}
	if !slices.Equal(told, []string{"Han", "Hebrew"}) {
		t.Errorf("told of %v", told)
	}
	junk := NewPen([]Font{{"Empty.ttf", nil}, {"Junk.ttf", []byte(strings.Repeat("junk", 1000))}, {"Cut.ttf", goregular.TTF[:4000]}}, nil)
	if img := junk.Caption("Mei 李 Lin", 640, 360); string(img.Pix) != string(plain.Pix) {
		t.Error("fonts that are none change something")
	}
}

// TestPunctuation: signs that many scripts have are of the font of their letters.
func TestPunctuation(t *testing.T) {
	p := scholar(t)
	f := p.face(goregular.TTF, 40)
	defer f.close()
	for _, s := range []string{"すぐに戻ります。", "「山田」", "好，谢谢！"} {
		var of *typeface
		for _, piece := range f.line(s).pieces {
			if of == nil {
				of = piece.face
			}
			if piece.face != of {
				t.Errorf("%s: %v and another font", s, of.Name)
			}
		}
	}
}

// TestSlateWraps: a title without spaces breaks too.
func TestSlateWraps(t *testing.T) {
	p := scholar(t)
	f := p.face(gobold.TTF, 40)
	defer f.close()
	lines := f.wrap("我们马上回来，请不要走开。节目将在几分钟之后继续进行", 600, 2)
	if len(lines) != 2 || strings.HasPrefix(lines[1], "，") || strings.HasPrefix(lines[1], "。") {
		t.Errorf("%q", lines)
	}
	if got := f.wrap("one two-three four", f.width("one two-three"), 2); !slices.Equal(got, []string{"one two-three", "four"}) {
		t.Errorf("%q", got)
	}
}
