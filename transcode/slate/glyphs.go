package slate

import (
	"image"
	"image/color"
	"math"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// glyph is a shape of a font at its place. Lengths are parts of the font's size, y
// grows upwards.
type glyph struct {
	id          font.GID
	x, y        float64 // from where the line has come to
	advance     float64
	top, bottom float64 // how far its ink reaches
}

// shapeSize is at what size letters are shaped: large, because positions are whole
// 64ths of a pixel; they are scaled to what is wanted.
const shapeSize = 1024

// shape chooses and places the glyphs of a stretch: letters join, marks find their
// letters, syllables their order.
func (l *library) shape(text []rune, s stretch, rtl bool) []glyph {
	direction := di.DirectionLTR
	if rtl {
		direction = di.DirectionRTL
	}
	var out shaping.Output
	if err := guarded(func() error {
		out = l.shaper.Shape(shaping.Input{
			Text: text, RunStart: s.start, RunEnd: s.end, Direction: direction, Face: s.face.face, Size: fixed.I(shapeSize), Script: s.script,
		})
		return nil
	}); err != nil {
		s.face.broken = true
		l.shaper = shaping.HarfbuzzShaper{}
		clear(l.known)
		return nil
	}
	var glyphs []glyph
	for _, g := range out.Glyphs {
		if g.GlyphID == 0 { // .notdef: a box
			continue
		}
		glyphs = append(glyphs, glyph{
			id: g.GlyphID, x: em(g.XOffset), y: em(g.YOffset), advance: em(g.Advance),
			top: em(g.YOffset + g.YBearing), bottom: em(g.YOffset + g.YBearing + g.Height),
		})
	}
	return glyphs
}

func em(v fixed.Int26_6) float64 { return float64(v) / 64 / shapeSize }

// path adds a glyph's outline with its origin at x, y.
func (g glyph) path(z *vector.Rasterizer, in *typeface, x, y, size float64) {
	var outline font.GlyphOutline
	if guarded(func() error { outline, _ = in.face.GlyphDataOutline(g.id); return nil }) != nil {
		return
	}
	scale := size / float64(in.face.Upem())
	at := func(p opentype.SegmentPoint) (float32, float32) {
		return float32(x + float64(p.X)*scale), float32(y - float64(p.Y)*scale)
	}
	open := false
	for _, s := range outline.Segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if open {
				z.ClosePath()
			}
			open = true
			z.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			z.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			z.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			z.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	if open {
		z.ClosePath()
	}
}

// drawGlyphs draws glyphs from x on upon a base line, and nothing outside clip.
func drawGlyphs(img *image.RGBA, p piece, x, baseline, size float64, clip image.Rectangle, c color.RGBA) {
	if clip = clip.Intersect(img.Bounds()); clip.Empty() {
		return
	}
	z := vector.NewRasterizer(clip.Dx(), clip.Dy())
	x, baseline = x-float64(clip.Min.X), baseline-float64(clip.Min.Y)
	for _, g := range p.glyphs {
		g.path(z, p.face, x+g.x*size, baseline-g.y*size, size)
		x += g.advance * size
	}
	z.Draw(img, clip, image.NewUniform(c), image.Point{})
}

// smallest is how much letters of another font shrink at most to stay in their line;
// what still leaves it is cut off.
const smallest = 0.6

// fit is how much smaller than size the glyphs of a line must be to reach no further
// than up and down (pixels) from their base line.
func fit(pieces []piece, size, up, down float64) float64 {
	top, bottom := 0.0, 0.0
	for _, p := range pieces {
		for _, g := range p.glyphs {
			top, bottom = max(top, g.top), min(bottom, g.bottom)
		}
	}
	scale := 1.0
	if top*size > up {
		scale = up / (top * size)
	}
	if -bottom*size > down {
		scale = min(scale, down/(-bottom*size))
	}
	return math.Max(scale, smallest)
}
