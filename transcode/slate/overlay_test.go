package slate

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gomedium"
)

func TestLowerThird(t *testing.T) {
	p := scholar(t)
	long := strings.Repeat("A title that nobody could ever fit ", 10)
	for _, size := range []image.Point{{1280, 720}, {1920, 1080}, {720, 1280}, {640, 360}, {160, 160}, {96, 96}, {1920, 160}} {
		for _, c := range []struct{ title, line string }{
			{"Dr Théo Martin", "Astronomer"}, {"Ana", ""}, {"", "Only a line"}, {long, long},
			{"שלום עולם", "כותרת ארוכה מאוד שאינה נכנסת לשורה אחת של התמונה הזאת"}, {strings.Repeat("東京都庁前", 20), "早稲田"}, {"e" + strings.Repeat("\u0301", 500), "x"},
		} {
			img, at := p.LowerThird(c.title, c.line, size.X, size.Y)
			if img == nil {
				if size.X > 200 {
					t.Errorf("%.20q in %v: nothing drawn", c.title, size)
				}
				continue
			}
			b := img.Bounds()
			if (b.Dx()|b.Dy()|at.X|at.Y)&1 != 0 || !b.Add(at).In(image.Rectangle{Max: size}) {
				t.Errorf("%.20q in %v: the plate is at %v", c.title, size, b.Add(at))
			}
			for _, ink := range []color.RGBA{paper, dim} {
				if _, box := marks(img, ink); !box.In(b.Inset(2)) {
					t.Errorf("%.20q in %v: text %v touches the edge of its plate %v", c.title, size, box, b)
				}
			}
			if size == image.Pt(1280, 720) && at.Y < 2*size.Y/3-100 {
				t.Errorf("%.20q: at %v, which is no lower third", c.title, at)
			}
		}
	}
}

// TestLowerThirdSides: what reads from the right begins at the right.
func TestLowerThirdSides(t *testing.T) {
	left, _ := scholar(t).LowerThird("A", "A much longer line below", 1280, 720)
	right, _ := scholar(t).LowerThird("א", "A much longer line below", 1280, 720)
	_, l := marks(left, paper)
	_, r := marks(right, paper)
	if w := left.Bounds().Dx(); l.Max.X > w/2 || r.Min.X < w/2 {
		t.Errorf("an A at %v, an Alef at %v of %d", l, r, w)
	}
}

func TestLowerThirdNothing(t *testing.T) {
	for _, c := range []struct {
		title, line string
		w, h        int
	}{{"", "", 1280, 720}, {" \n", "\u200b", 1280, 720}, {"Ana", "Host", 64, 64}, {"Ana", "Host", 0, 0}, {"Ana", "Host", -4, 720}} {
		if img, _ := pen.LowerThird(c.title, c.line, c.w, c.h); img != nil {
			t.Errorf("%q, %q in %d×%d drew %v", c.title, c.line, c.w, c.h, img.Bounds())
		}
	}
}

// TestEllipsizeMarks: a letter goes with its marks or stays with them.
func TestEllipsizeMarks(t *testing.T) {
	f := pen.face(gomedium.TTF, 20)
	defer f.close()
	s := "कि" + "x\u0323\u0307" + "yz"
	for room := f.width(s) - 1; room > 0; room-- {
		got := strings.TrimSuffix(f.ellipsize(s, room), ellipsis)
		switch got {
		case "", "कि", "कि" + "x\u0323\u0307", "कि" + "x\u0323\u0307" + "y":
		default:
			t.Errorf("cut to %q", got)
		}
	}
}

func TestLogo(t *testing.T) {
	blue := color.RGBA{0, 0, 255, 255}
	for _, c := range []struct{ src, program, want image.Point }{
		{image.Pt(512, 512), image.Pt(1280, 720), image.Pt(102, 102)},
		{image.Pt(1024, 256), image.Pt(1280, 720), image.Pt(102, 26)},
		{image.Pt(256, 1024), image.Pt(1280, 720), image.Pt(26, 102)},
		{image.Pt(10, 10), image.Pt(720, 1280), image.Pt(102, 102)},
		{image.Pt(1024, 1), image.Pt(640, 360), image.Pt(52, 2)},
		{image.Pt(1, 1), image.Pt(160, 160), image.Pt(12, 12)},
	} {
		src := canvas(c.src.X, c.src.Y, blue)
		img, at := Logo(src, c.program.X, c.program.Y)
		if img.Bounds().Size() != c.want {
			t.Errorf("%v in %v became %v", c.src, c.program, img.Bounds())
		}
		if b := img.Bounds().Add(at); !b.In(image.Rectangle{Max: c.program}) || b.Min.X < c.program.X/2 || b.Max.Y > c.program.Y/2 {
			t.Errorf("%v in %v is at %v, want the upper right", c.src, c.program, b)
		}
		if n, _ := marks(img, blue); n != c.want.X*c.want.Y {
			t.Errorf("%v in %v: %d blue pixels", c.src, c.program, n)
		}
	}
	if img, _ := Logo(image.NewRGBA(image.Rectangle{}), 1280, 720); img != nil {
		t.Error("an empty picture drew", img.Bounds())
	}
}

// TestLogoEdge: what is clear in a logo has no colour that could bleed.
func TestLogoEdge(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 400, 400))
	for y := range 400 {
		for x := range 200 {
			src.SetRGBA(x, y, color.RGBA{255, 255, 255, 255})
		}
	}
	img, _ := Logo(src, 1280, 720)
	for i := 0; i < len(img.Pix); i += 4 {
		if p := img.Pix[i : i+4]; p[0] != p[3] || p[1] != p[3] || p[2] != p[3] {
			t.Fatalf("pixel %d is %v, want white of its alpha", i/4, p)
		}
	}
}

func TestCountdown(t *testing.T) {
	for _, size := range []image.Point{{1280, 720}, {720, 1280}, {160, 160}} {
		d := Countdown(size.X, size.Y)
		card := pen.Card("A title of two lines that is quite long for a card", "A line below", size.X, size.Y)
		_, line := marks(card, dim)
		h := d.Glyphs['0'].Bounds().Dy()
		n, digit := marks(d.Glyphs['8'], amber)
		if len(d.Glyphs) != 11 || d.Step == 0 || n < 20 {
			t.Fatalf("%v: %d glyphs, step %d, %d pixels in an 8", size, len(d.Glyphs), d.Step, n)
		}
		if top := d.Center.Y - h/2 + digit.Min.Y; top <= line.Max.Y || d.Center.Y+h/2 > size.Y || 8*d.Step > size.X {
			t.Errorf("%v: digits from %d to %d, the line above ends at %d", size, top, d.Center.Y+h/2, line.Max.Y)
		}
	}
	if d := Countdown(32, 32); len(d.Glyphs) != 0 {
		t.Error("digits for a card without text")
	}
}
