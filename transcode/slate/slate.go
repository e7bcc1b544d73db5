// Package slate draws what the program shows beside pictures: name captions, name
// cards, full-screen cards with a countdown, lower thirds and logos, in Regie's
// "warm control room" look. It is pure: same words, sizes and fonts, same pixels; no
// file, no cgo, and no state but what a Pen keeps to be fast.
//
// It guarantees an image of exactly the size asked for (captions and lower thirds
// choose their own, inside their cell or the program), and that text never leaves
// its box: what does not fit is shortened with an ellipsis, on a letter's border,
// at the end where its reader expects it, and only the first two kilobytes count. Drawing takes milliseconds, so callers
// draw once and keep the result; nothing here is meant for every frame.
//
// The Go fonts, which are compiled in, write Latin, Greek and Cyrillic. A Pen is given
// other fonts for other scripts, and writes with them as those scripts are written:
// letters join, marks stack, lines run from right to left where they do. What no font
// has is left out, emoji among it, and never shows as a box.
package slate

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
)

// The look's own colours. Amber says "act here" in the pages; on a card it is the
// accent. Red is kept for "on air" and never drawn here.
var (
	ink   = color.RGBA{0x14, 0x11, 0x0F, 0xFF}
	raise = color.RGBA{0x24, 0x1F, 0x1B, 0xFF} // ink, one step up
	paper = color.RGBA{0xFB, 0xF6, 0xEE, 0xFF}
	dim   = color.RGBA{0xB9, 0xB0, 0xA4, 0xFF}
	amber = color.RGBA{0xFF, 0xC8, 0x57, 0xFF}
	// scrim keeps white text readable on any picture: ink at 78 %.
	scrim = color.RGBA{0x10, 0x0D, 0x0C, 0xC7}
)

// Caption draws name on a small plate for the lower left corner of a cell. The
// plate is at most three quarters of the cell wide and belongs Inset(cellH)
// away from the corner. It is nil when name is blank or the cell too small to
// read anything in.
func (p *Pen) Caption(name string, cellW, cellH int) *image.RGBA {
	name = p.clean(name)
	size := float64(captionSize(cellH))
	if name == "" || cellW < 64 || cellH < 48 {
		return nil
	}
	f := p.face(gomedium.TTF, size)
	defer f.close()
	padX, padY := int(size*0.6), int(size*0.32)
	text := f.ellipsize(name, cellW*3/4-2*padX)
	if text == "" {
		return nil
	}
	w, h := evenUp(f.width(text)+2*padX), evenUp(f.height()+2*padY)
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	roundRect(img, img.Bounds(), size*0.42, scrim)
	f.draw(img, text, padX, padY, paper)
	return img
}

// Inset is the gap in pixels between a caption and the edges of a cell of height
// cellH; even.
func Inset(cellH int) int { return min(max(cellH/36, 4), 32) &^ 1 }

// NameCard stands for a participant who sends no picture: initials in a ring, and
// the name below.
func (p *Pen) NameCard(name string, w, h int) *image.RGBA {
	img := canvas(w, h, raise)
	name = p.clean(name)
	unit := float64(min(w, h))
	if unit < 32 {
		return img
	}
	r := unit * 0.19
	cx, cy := float64(w)/2, float64(h)*0.44
	ring(img, cx, cy, r, max(r*0.055, 1.5), amber)
	if in := initials(name); in != "" {
		f := p.face(gobold.TTF, r*0.78)
		defer f.close()
		f.slack = f.size * 0.4
		f.drawCentered(img, in, int(cx), int(cy)-f.low(in), int(1.7*r), paper)
	}
	f := p.face(gomedium.TTF, max(unit*0.075, 11))
	defer f.close()
	f.slack = f.size * 0.4
	f.drawCentered(img, name, w/2, int(cy+r+unit*0.115), w*9/10, paper)
	return img
}

// Card is a full-screen slate: a title, an amber rule, a line below.
func (p *Pen) Card(title, line string, w, h int) *image.RGBA {
	img := canvas(w, h, ink)
	unit := float64(min(w, h))
	if unit < 64 {
		return img
	}
	big, small := p.face(gobold.TTF, unit*0.105), p.face(goregular.TTF, unit*0.05)
	defer big.close()
	defer small.close()
	mid := float64(h) / 2
	room := w * 86 / 100
	lines := big.wrap(p.clean(title), room, 2)
	step := int(unit * 0.125)
	y := int(mid-unit*0.085) - (len(lines)-1)*step
	for _, l := range lines {
		big.drawCentered(img, l, w/2, y, room, paper)
		y += step
	}
	half := int(unit * 0.075)
	thick := max(int(unit*0.008), 2)
	draw.Draw(img, image.Rect(w/2-half, int(mid), w/2+half, int(mid)+thick), image.NewUniform(amber), image.Point{}, draw.Src)
	small.drawCentered(img, p.clean(line), w/2, int(mid+unit*0.085), room, dim)
	return img
}

// Text draws s alone, in bold letters of size pixels on nothing: for test pictures.
// The image is as high as the letters may reach and as wide as s.
func (p *Pen) Text(s string, size float64, c color.RGBA) *image.RGBA {
	f := p.face(gobold.TTF, size)
	defer f.close()
	s = p.clean(s)
	img := image.NewRGBA(image.Rect(0, 0, evenUp(f.width(s)), evenUp(f.height())))
	f.draw(img, s, 0, 0, c)
	return img
}

func canvas(w, h int, c color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, max(w, 0), max(h, 0)))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

func evenUp(v int) int { return (v + 1) &^ 1 }
