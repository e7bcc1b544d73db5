package testcard

import (
	"fmt"
	"image"
	"image/color"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/slate"
)

// picture draws and encodes. The encoder's canvas keeps what was drawn, so each
// frame repaints only the bar code, the clock, the box and the flash.
type picture struct {
	o       Options
	enc     *libav.VideoEncoder
	config  []byte
	n       int64
	y, u, v byte                      // the background
	glyphs  map[rune]*compose.Overlay // of the clock
	step    int                       // width of a clock digit
	white   bool                      // the flash is on the canvas
	boxX    int                       // where the box is on the canvas
}

// PlainRect is where a card of w × h shows nothing but its colour.
func PlainRect(w, h int) image.Rectangle {
	return evenRect(w/16, h*68/100, w*5/16, h*80/100)
}

// FlashRect is where a card of w × h flashes.
func FlashRect(w, h int) image.Rectangle {
	return evenRect(w*7/8, h/9, w, h/3)
}

// ClockRect is where a card of w × h shows the bar code that ReadClock reads.
func ClockRect(w, h int) image.Rectangle { return evenRect(0, 0, w, h/18) }

func evenRect(x0, y0, x1, y1 int) image.Rectangle { return image.Rect(x0&^1, y0&^1, x1&^1, y1&^1) }

// track is the strip along which the box runs.
func (p *picture) track() image.Rectangle {
	return evenRect(0, p.o.H*86/100, p.o.W, p.o.H*94/100)
}

func openPicture(o Options) (*picture, error) {
	if o.W < 160 || o.H < 90 {
		return nil, fmt.Errorf("testcard: %d×%d is too small to read: choose at least 160×90", o.W, o.H)
	}
	cfg := libav.VideoEncoderConfig{W: o.W, H: o.H, FPS: o.FPS, Kbps: o.Kbps, GOP: o.GOP, Codec: o.VideoCodec}
	config, err := parameterSets(cfg)
	if err != nil {
		return nil, err
	}
	enc, err := libav.OpenVideoEncoder(cfg)
	if err != nil {
		return nil, err
	}
	p := &picture{o: o, enc: enc, config: config}
	p.y, p.u, p.v = compose.YCbCr(o.Color.R, o.Color.G, o.Color.B)
	ink := textColor(p.y)
	p.drawGlyphs(ink)
	p.drawBackground(ink)
	return p, nil
}

// textColor reads well on a background of luma y.
func textColor(y byte) color.RGBA {
	if y > 140 {
		return color.RGBA{0x14, 0x11, 0x0F, 0xFF}
	}
	return color.RGBA{0xFB, 0xF6, 0xEE, 0xFF}
}

func (p *picture) drawGlyphs(ink color.RGBA) {
	size := float64(min(p.o.H/8, p.o.W/10))
	p.glyphs = map[rune]*compose.Overlay{}
	pen := slate.NewPen(nil, nil)
	for _, r := range "0123456789:." {
		o := compose.NewOverlay(pen.Text(string(r), size, ink))
		p.glyphs[r] = o
		w, _ := o.Size()
		p.step = max(p.step, w)
	}
}

func (p *picture) drawBackground(ink color.RGBA) {
	c := p.enc.Canvas()
	c.Fill(p.y, p.u, p.v)
	// As large as fits: the letters of a long name are smaller.
	pen := slate.NewPen(nil, nil)
	size, img := float64(p.o.H)/4, (*image.RGBA)(nil)
	for ; size > 6; size *= 0.9 {
		if img = pen.Text(p.o.Name, size, ink); img.Bounds().Dx() <= p.o.W*7/10 {
			break
		}
	}
	if img != nil && !img.Bounds().Empty() {
		b := img.Bounds()
		compose.NewOverlay(img).Blend(c, (p.o.W-b.Dx())/2, p.o.H*35/100-b.Dy()/2)
	}
}

// due is when the next picture is taken.
func (p *picture) due() time.Duration {
	return time.Duration(p.n) * time.Second / time.Duration(p.o.FPS)
}

// next draws the picture that is due at the wall-clock time now, and encodes it.
func (p *picture) next(now time.Time, key bool) ([]byte, bool, error) {
	c := p.enc.Canvas()
	if c == nil {
		return nil, false, libav.ErrClosed
	}
	due := p.due()
	DrawClock(c, now)
	p.drawTime(c, now)
	p.drawBox(c, due)
	if flash := p.o.FlashBeep && flashing(due); flash != p.white {
		p.white = flash
		r := FlashRect(p.o.W, p.o.H)
		patch := c.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
		if flash {
			patch.Fill(235, 128, 128)
		} else {
			patch.Fill(p.y, p.u, p.v)
		}
	}
	data, isKey, err := p.enc.Encode(p.n, key)
	p.n++
	return data, isKey, err
}

// drawTime writes the time of day to a tenth of a second.
func (p *picture) drawTime(c *compose.Picture, now time.Time) {
	text := now.UTC().Format("15:04:05.0")
	_, h := p.glyphs['0'].Size()
	w := p.step * len(text)
	x, y := (p.o.W-w)/2, p.o.H*58/100-h/2
	c.Sub(x, y, w, h).Fill(p.y, p.u, p.v)
	for _, r := range text {
		g := p.glyphs[r]
		gw, _ := g.Size()
		g.Blend(c, x+(p.step-gw)/2, y)
		x += p.step
	}
}

// drawBox moves the box: across the picture in four seconds, then from the start.
func (p *picture) drawBox(c *compose.Picture, t time.Duration) {
	const lap = 4 * time.Second
	r := p.track()
	size := r.Dy()
	c.Sub(p.boxX, r.Min.Y, size, size).Fill(p.y, p.u, p.v)
	p.boxX = int(int64(r.Dx()-size)*int64(t%lap)/int64(lap)) &^ 1
	bright := byte(235)
	if p.y > 140 {
		bright = 16
	}
	c.Sub(p.boxX, r.Min.Y, size, size).Fill(bright, 128, 128)
}
