package slate

import (
	"image"
	"image/color"
	"image/draw"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
)

// captionSize is the letters' size in a caption of a cell of height cellH, and
// captionHeight how high the whole plate is at most.
func captionSize(cellH int) int { return min(max(cellH/14, 13), 40) }

func captionHeight(cellH int) int { return captionSize(cellH) * 19 / 10 }

// LowerThird draws a title and a line below it on a plate with an amber edge, for a
// program of w × h, and tells where its upper left corner rests: at the left, above
// where the captions of the lowest cells are. Either text may be blank; the plate is
// nil when both are, or the program is too small to read anything in. Text that
// reads from right to left is set at the right.
func (p *Pen) LowerThird(title, line string, w, h int) (plate *image.RGBA, at image.Point) {
	title, line = p.clean(title), p.clean(line)
	unit := float64(min(w, h))
	if title == "" && line == "" || w < 96 || h < 96 {
		return nil, at
	}
	margin := evenUp(w * 4 / 100)
	most := w * 62 / 100
	if w < h {
		most = w - 2*margin
	}
	size := max(unit*0.055, 12)
	edge := max(evenUp(int(size*0.2)), 4)
	pad := int(size * 0.5)
	big, small := p.face(gobold.TTF, size), p.face(goregular.TTF, max(unit*0.04, 10))
	defer big.close()
	defer small.close()
	big.slack, small.slack = big.size*0.4, small.size*0.4
	room := most - edge - 2*pad
	rows := []row{{f: big, text: big.ellipsize(title, room), c: paper}, {f: small, text: small.ellipsize(line, room), c: dim}}
	width, height := 0, 0
	for i := range rows {
		if r := &rows[i]; r.text != "" {
			r.above, r.below = r.f.beyond(r.text)
			width = max(width, r.f.width(r.text))
			height += r.height()
		}
	}
	if width == 0 {
		return nil, at
	}
	gap := int(size * 0.35)
	plate = image.NewRGBA(image.Rect(0, 0, evenUp(edge+2*pad+width), evenUp(height+2*gap)))
	b := plate.Bounds()
	draw.Draw(plate, b, image.NewUniform(ink), image.Point{}, draw.Src)
	draw.Draw(plate, image.Rect(0, 0, edge, b.Dy()), image.NewUniform(amber), image.Point{}, draw.Src)
	y := gap
	for _, r := range rows {
		if r.text == "" {
			continue
		}
		x := edge + pad
		if rightToLeft(r.text) {
			x = b.Dx() - pad - r.f.width(r.text)
		}
		r.f.draw(plate, r.text, x, y+r.above, r.c)
		y += r.height()
	}
	bottom := h - Inset(h) - captionHeight(h) - Inset(h)/2
	return plate, image.Pt(margin, max(bottom-b.Dy(), 0)&^1)
}

// row is a line of a lower third. It grows where its letters are taller than Latin.
type row struct {
	f            face
	text         string
	c            color.RGBA
	above, below int
}

func (r row) height() int { return r.above + r.f.height() + r.below }

// Logo scales a logo for a program of w × h and tells where its upper left corner
// rests: in the upper right corner of the picture. It is 8 % as wide as the longer
// side of the program, less when it would become higher than that.
func Logo(src image.Image, w, h int) (logo *image.RGBA, at image.Point) {
	b := src.Bounds()
	side := max(w, h) * 8 / 100
	if b.Empty() || side < 2 {
		return nil, at
	}
	size := image.Pt(side, side*b.Dy()/b.Dx())
	if size.Y > side {
		size = image.Pt(side*b.Dx()/b.Dy(), side)
	}
	size = image.Pt(max(evenUp(size.X), 2), max(evenUp(size.Y), 2))
	logo = image.NewRGBA(image.Rectangle{Max: size})
	xdraw.CatmullRom.Scale(logo, logo.Bounds(), src, b, xdraw.Src, nil)
	inset := evenUp(max(w, h) * 2 / 100)
	return logo, image.Pt(w-inset-size.X, inset)
}

// Digits are what a countdown on a Card of w × h is written with: the letters by
// rune, all digits in boxes of width step, and the middle of where it is written.
// There are none for a card that is too small for its own text.
type Digits struct {
	Glyphs map[rune]*image.RGBA
	Step   int
	Center image.Point
}

// Countdown draws the digits for a Card of w × h.
func Countdown(w, h int) Digits {
	unit := float64(min(w, h))
	d := Digits{Glyphs: map[rune]*image.RGBA{}, Center: image.Pt(w/2, h/2+int(unit*0.235))}
	if unit < 64 {
		return d
	}
	f := NewPen(nil, nil).face(gomedium.TTF, unit*0.13)
	defer f.close()
	for _, r := range "0123456789:" {
		img := image.NewRGBA(image.Rect(0, 0, evenUp(f.width(string(r))), evenUp(f.height())))
		f.draw(img, string(r), 0, 0, amber)
		d.Glyphs[r] = img
		if r != ':' {
			d.Step = max(d.Step, img.Bounds().Dx())
		}
	}
	return d
}
