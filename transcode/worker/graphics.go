package worker

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/slate"
)

// graphics draws what lies over the picture. Of each kind the last one is kept, apart
// from captions and cards, so that overlays that come and go cost those nothing.
type graphics struct {
	pen       *slate.Pen
	lower     transcode.LowerThird
	lowerDone *placed // nil when there is nothing to draw
	png       []byte
	logoDone  *placed
	digits    *digits
}

func (g *graphics) lowerThird(l *transcode.LowerThird, p transcode.Program) *placed {
	if l == nil {
		return nil
	}
	if *l != g.lower {
		g.lower, g.lowerDone = *l, nil
		if img, at := g.pen.LowerThird(l.Title, l.Line, p.Width, p.Height); img != nil {
			g.lowerDone = &placed{compose.NewOverlay(img), at}
		}
	}
	return g.lowerDone
}

// logo decodes a PNG once. One that cannot be used is told once and shows nothing.
func (g *graphics) logo(data []byte, p transcode.Program, log *slog.Logger) *placed {
	if len(data) == 0 {
		return nil
	}
	if !bytes.Equal(data, g.png) {
		g.png, g.logoDone = data, nil
		img, err := decodeLogo(data)
		if err != nil {
			log.Error("the logo is not shown; give a PNG within the limits", "error", err, "bytes", len(data))
			return nil
		}
		if scaled, at := slate.Logo(img, p.Width, p.Height); scaled != nil {
			g.logoDone = &placed{compose.NewOverlay(scaled), at}
		}
	}
	return g.logoDone
}

// decodeLogo looks at the size that a PNG says it has before it believes it.
func decodeLogo(data []byte) (image.Image, error) {
	if len(data) > transcode.MaxLogoBytes {
		return nil, fmt.Errorf("%d bytes are more than the %d that a logo may have", len(data), transcode.MaxLogoBytes)
	}
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a PNG that can be read: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > transcode.MaxLogoSide || c.Height > transcode.MaxLogoSide {
		return nil, fmt.Errorf("%d×%d pixels; a logo has at most %d×%d", c.Width, c.Height, transcode.MaxLogoSide, transcode.MaxLogoSide)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the PNG is damaged: %w", err)
	}
	b := img.Bounds()
	if b.Dx() != c.Width || b.Dy() != c.Height {
		return nil, errors.New("the PNG says two sizes of itself")
	}
	// Scaling is for colours that are multiplied by their alpha: what is clear
	// must not bleed its colour into the edge.
	flat := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Src)
	return flat, nil
}

// digits are slate.Digits made ready to be drawn.
type digits struct {
	glyphs map[rune]*compose.Overlay
	step   int
	center image.Point
}

func (g *graphics) countdown(p transcode.Program) *digits {
	if g.digits == nil {
		d := slate.Countdown(p.Width, p.Height)
		g.digits = &digits{map[rune]*compose.Overlay{}, d.Step, d.Center}
		for r, img := range d.Glyphs {
			g.digits.glyphs[r] = compose.NewOverlay(img)
		}
	}
	return g.digits
}

// clock is what the slate's countdown says at program time now; empty without one.
func (sc *scene) clock(now time.Duration) string {
	if sc.count == nil {
		return ""
	}
	// 0:01 stands during the last second, and 0:00 when the time has come.
	left := int64(0)
	if sc.until > now {
		left = int64((min(sc.until-now, 100*time.Hour-time.Second) + time.Second - 1) / time.Second)
	}
	h, m, s := left/3600, left/60%60, left%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%02d:%02d", m, s)
}

// write draws text centred at its place.
func (d *digits) write(canvas *compose.Picture, text string) {
	if d == nil || d.step == 0 {
		return
	}
	width := func(r rune) int {
		if r == ':' {
			return d.step / 2
		}
		return d.step
	}
	x := d.center.X
	for _, r := range text {
		x -= width(r) / 2
	}
	for _, r := range text {
		g := d.glyphs[r]
		w, h := g.Size()
		g.Blend(canvas, x+(width(r)-w)/2, d.center.Y-h/2)
		x += width(r)
	}
}
