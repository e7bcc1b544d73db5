package slate

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// roundRect fills r with corners of the given radius.
func roundRect(img *image.RGBA, r image.Rectangle, radius float64, c color.RGBA) {
	z := vector.NewRasterizer(img.Bounds().Dx(), img.Bounds().Dy())
	x0, y0, x1, y1 := float32(r.Min.X), float32(r.Min.Y), float32(r.Max.X), float32(r.Max.Y)
	q := float32(min(radius, float64(r.Dx())/2, float64(r.Dy())/2))
	k := q * (1 - circle)
	z.MoveTo(x0+q, y0)
	z.LineTo(x1-q, y0)
	z.CubeTo(x1-k, y0, x1, y0+k, x1, y0+q)
	z.LineTo(x1, y1-q)
	z.CubeTo(x1, y1-k, x1-k, y1, x1-q, y1)
	z.LineTo(x0+q, y1)
	z.CubeTo(x0+k, y1, x0, y1-k, x0, y1-q)
	z.LineTo(x0, y0+q)
	z.CubeTo(x0, y0+k, x0+k, y0, x0+q, y0)
	z.ClosePath()
	z.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{})
}

// circle is how far a cubic's control points lie along the tangents for a quarter
// of a circle of radius 1.
const circle = 0.5522848

// ring draws a circle line of the given thickness.
func ring(img *image.RGBA, cx, cy, r, thick float64, c color.RGBA) {
	z := vector.NewRasterizer(img.Bounds().Dx(), img.Bounds().Dy())
	// The inner edge runs the other way round, which leaves it empty.
	arc(z, cx, cy, r, 1)
	arc(z, cx, cy, r-thick, -1)
	z.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{})
}

// arc adds a whole circle as 64 straight pieces: below a tenth of a pixel off at
// any size a cell has.
func arc(z *vector.Rasterizer, cx, cy, r float64, direction float64) {
	const pieces = 64
	for i := range pieces {
		sin, cos := math.Sincos(direction * 2 * math.Pi * float64(i) / pieces)
		x, y := float32(cx+r*cos), float32(cy+r*sin)
		if i == 0 {
			z.MoveTo(x, y)
			continue
		}
		z.LineTo(x, y)
	}
	z.ClosePath()
}
