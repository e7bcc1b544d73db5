package slate

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/font/gofont/gomedium"
)

// marks counts the pixels of img that are nearer to want than 40 in each channel.
func marks(img *image.RGBA, want color.RGBA) (n int, box image.Rectangle) {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := img.Pix[img.PixOffset(b.Min.X, y):][:4*b.Dx()]
		for x := 0; x < len(row); x += 4 {
			if row[x+3] > 200 && near(row[x], want.R) && near(row[x+1], want.G) && near(row[x+2], want.B) {
				n++
				at := image.Pt(b.Min.X+x/4, y)
				box = box.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
			}
		}
	}
	return n, box
}

func near(a, b uint8) bool { return int(a)-int(b) < 40 && int(b)-int(a) < 40 }

func TestCaption(t *testing.T) {
	tests := []struct {
		name         string
		cellW, cellH int
	}{
		{"Ana", 640, 360},
		{"Théo", 640, 360},
		{"Ana", 160, 90},
		{"Ana", 1280, 720},
		{"A very long name that nobody could ever fit into one small cell of the mix", 320, 180},
		{"Привет Ωμέγα", 640, 360},
	}
	for _, tt := range tests {
		img := pen.Caption(tt.name, tt.cellW, tt.cellH)
		if img == nil {
			t.Errorf("%q in %d×%d: nothing drawn", tt.name, tt.cellW, tt.cellH)
			continue
		}
		b := img.Bounds()
		if b.Dx()%2 != 0 || b.Dy()%2 != 0 || b.Dx() > tt.cellW*3/4+1 || b.Dy() > tt.cellH/3 {
			t.Errorf("%q in %d×%d: plate is %v", tt.name, tt.cellW, tt.cellH, b)
		}
		n, box := marks(img, paper)
		if n < 20 {
			t.Errorf("%q: only %d pixels of text", tt.name, n)
		}
		if !box.In(b.Inset(2)) {
			t.Errorf("%q: text %v touches the edge of its plate %v", tt.name, box, b)
		}
		if img.RGBAAt(0, 0).A != 0 {
			t.Errorf("%q: the plate's corner is not round", tt.name)
		}
	}
}

func TestCaptionNothing(t *testing.T) {
	for _, name := range []string{"", "  ", "\n\t", "\u200b"} {
		if img := pen.Caption(name, 640, 360); img != nil {
			t.Errorf("%q drew %v", name, img.Bounds())
		}
	}
	if img := pen.Caption("Ana", 32, 32); img != nil {
		t.Error("a caption in a cell too small to read it")
	}
}

// TestCaptionSigns: emoji, with all that belongs to them, are no boxes; signs that the
// fonts have stay.
func TestCaptionSigns(t *testing.T) {
	plain := pen.Caption("Mei Lin", 640, 360)
	for _, name := range []string{"Mei 🎉 Lin", "👩🏽‍🎨 Mei Lin ❤️", "Mei Lin 🇫🇷"} {
		if img := pen.Caption(name, 640, 360); img == nil || string(img.Pix) != string(plain.Pix) {
			t.Errorf("%q is not drawn as the name alone", name)
		}
	}
	if img := pen.Caption("Mei Lin ©", 640, 360); img.Bounds().Dx() <= plain.Bounds().Dx() {
		t.Error("a sign that the font has is left out")
	}
}

// TestCaptionAccents: both ways to code "é" must draw the same letter, and it is
// not a bare "e".
func TestCaptionAccents(t *testing.T) {
	composed, combining, bare := pen.Caption("Théo", 640, 360), pen.Caption("The\u0301o", 640, 360), pen.Caption("Theo", 640, 360)
	if string(composed.Pix) != string(combining.Pix) {
		t.Error("a combining accent is drawn differently")
	}
	if string(composed.Pix) == string(bare.Pix) {
		t.Error("the accent is missing")
	}
}

func TestEllipsize(t *testing.T) {
	f := pen.face(gomedium.TTF, 20)
	defer f.close()
	tests := []struct {
		s    string
		room int
		want string
	}{
		{"Ana", 200, "Ana"},
		{"Ana Ruiz", f.width("Ana R…"), "Ana R…"},
		{"Ana Ruiz", f.width("Ana …"), "Ana…"},
		{"ééééé", f.width("éé…"), "éé…"},
		{"Ana", 3, ""},
		{"", 100, ""},
	}
	for _, tt := range tests {
		if got := f.ellipsize(tt.s, tt.room); got != tt.want {
			t.Errorf("ellipsize(%q, %d) = %q, want %q", tt.s, tt.room, got, tt.want)
		}
	}
}

func TestNameCard(t *testing.T) {
	for _, size := range []image.Point{{640, 360}, {1280, 720}, {360, 640}, {160, 90}, {2, 2}} {
		img := pen.NameCard("Théo Martin", size.X, size.Y)
		if img.Bounds().Size() != size {
			t.Errorf("asked for %v, got %v", size, img.Bounds())
		}
		if size.X < 100 {
			continue
		}
		n, text := marks(img, paper)
		m, circle := marks(img, amber)
		if n < 50 || m < 50 {
			t.Errorf("%v: %d pixels of text, %d of the ring", size, n, m)
		}
		if !circle.In(img.Bounds().Inset(2)) || !text.In(img.Bounds().Inset(2)) {
			t.Errorf("%v: text in %v, ring in %v", size, text, circle)
		}
	}
	if n, _ := marks(pen.NameCard("", 640, 360), amber); n == 0 {
		t.Error("a card without a name has no ring either")
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ana": "A", "Ana Ruiz": "AR", "théo": "T", "élise van der Berg": "ÉB", "": "", "☃": "", "(lou)": "L", "Studio 2": "S2",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCard(t *testing.T) {
	for _, size := range []image.Point{{1280, 720}, {720, 1280}, {160, 160}} {
		img := pen.Card("A long title that takes two lines and does not fit even then because it goes on", "Back in a moment", size.X, size.Y)
		if img.Bounds().Size() != size {
			t.Fatalf("asked for %v, got %v", size, img.Bounds())
		}
		n, title := marks(img, paper)
		m, _ := marks(img, dim)
		k, rule := marks(img, amber)
		if n < 50 || m < 50 || k < 10 {
			t.Errorf("%v: title %d, line %d, rule %d pixels", size, n, m, k)
		}
		if title.Max.Y > rule.Min.Y || !title.In(img.Bounds().Inset(4)) {
			t.Errorf("%v: title %v and rule %v meet or leave the card", size, title, rule)
		}
	}
}

func TestText(t *testing.T) {
	img := pen.Text("Mei 8", 40, color.RGBA{255, 0, 0, 255})
	n, _ := marks(img, color.RGBA{255, 0, 0, 255})
	if b := img.Bounds(); n < 100 || b.Dx() < 60 || b.Dy() < 40 || b.Dy() > 60 {
		t.Errorf("%d pixels of text in %v", n, b)
	}
}

func BenchmarkCaption(b *testing.B) {
	for b.Loop() {
		pen.Caption("Théo Martin", 640, 360)
	}
}
