package compose

import "image"

// Overlay is a picture with transparency, converted once so that drawing it
// every frame costs one multiplication per sample. It never changes after
// NewOverlay and may be shared.
type Overlay struct {
	w, h   int // even
	opaque *Picture
	luma   plane
	cb, cr plane
}

// plane holds w × h samples. What was d becomes s + d·k: s is the sample times its
// alpha as 8.7 fixed point, k is one minus alpha as 1.15.
type plane struct {
	w, h  int
	s, k  []uint16
	solid []byte // the samples, for where they are opaque; nil when they are nowhere
	spans []span // by row
}

// span says what of a row needs which work: columns outside [lo, hi) are clear, and
// [from, to) within is opaque.
type span struct{ lo, from, to, hi int }

// BT.709 luma weights of red and blue.
const (
	kr = 0.2126
	kb = 0.0722
	kg = 1 - kr - kb
)

// Limited-range scale of an 8 bit difference: luma spans 219 steps, chroma 224.
const (
	lumaScale   = 219.0 / 255
	chromaScale = 224.0 / 255
)

// YCbCr converts an opaque 8 bit R'G'B' colour to BT.709 limited range.
func YCbCr(r, g, b uint8) (y, cb, cr byte) {
	fy, fcb, fcr := premultiplied(float64(r), float64(g), float64(b), 255)
	return byte(fy + .5), byte(fcb + .5), byte(fcr + .5)
}

// premultiplied converts a colour already multiplied by its alpha (all 0..255).
func premultiplied(r, g, b, a float64) (y, cb, cr float64) {
	l := kr*r + kg*g + kb*b
	y = BlackY*a/255 + lumaScale*l
	cb = BlackC*a/255 + chromaScale*(b-l)/(2*(1-kb))
	cr = BlackC*a/255 + chromaScale*(r-l)/(2*(1-kr))
	return y, cb, cr
}

// NewOverlay converts img, whose pixels are premultiplied as image.RGBA's always
// are. Odd sizes are rounded up with clear pixels.
func NewOverlay(img *image.RGBA) *Overlay {
	b := img.Bounds()
	w, h := even(b.Dx()+1), even(b.Dy()+1)
	o := &Overlay{w: w, h: h, luma: newPlane(w, h), cb: newPlane(w/2, h/2), cr: newPlane(w/2, h/2)}
	opaque := true
	for j := range h / 2 {
		for i := range w / 2 {
			var sr, sg, sb, sa float64
			for q := range 4 {
				x, y := 2*i+q&1, 2*j+q>>1
				r, g, bl, a := pixel(img, b.Min.X+x, b.Min.Y+y)
				sr, sg, sb, sa = sr+r/4, sg+g/4, sb+bl/4, sa+a/4
				l, _, _ := premultiplied(r, g, bl, a)
				o.luma.set(x, y, l, a)
				opaque = opaque && a == 255
			}
			_, cb, cr := premultiplied(sr, sg, sb, sa)
			o.cb.set(i, j, cb, sa)
			o.cr.set(i, j, cr, sa)
		}
	}
	if opaque && w > 0 && h > 0 {
		o.opaque = &Picture{
			W: w, H: h, Y: o.luma.bytes(), U: o.cb.bytes(), V: o.cr.bytes(), YStride: w, CStride: w / 2,
		}
		o.luma, o.cb, o.cr = plane{}, plane{}, plane{}
		return o
	}
	o.luma.findSpans()
	o.cb.findSpans()
	o.cr.findSpans()
	return o
}

// FromImage converts img to a Picture of its own size (rounded up to even). What
// is transparent comes out black.
func FromImage(img *image.RGBA) *Picture {
	p := NewPicture(img.Bounds().Dx(), img.Bounds().Dy())
	NewOverlay(img).Blend(p, 0, 0)
	return p
}

func pixel(img *image.RGBA, x, y int) (r, g, b, a float64) {
	if x >= img.Rect.Max.X || y >= img.Rect.Max.Y {
		return 0, 0, 0, 0
	}
	p := img.Pix[img.PixOffset(x, y):]
	// A colour above its alpha is no premultiplied colour and would overflow a
	// sample when blended.
	return float64(min(p[0], p[3])), float64(min(p[1], p[3])), float64(min(p[2], p[3])), float64(p[3])
}

// Size returns the overlay's width and height in pixels, both even.
func (o *Overlay) Size() (w, h int) { return o.w, o.h }

// Blend draws o over dst with its upper left corner at x, y. The result is
// exact but for rounding.
func (o *Overlay) Blend(dst *Picture, x, y int) {
	x, y = even(x), even(y)
	if o.opaque != nil {
		Blit(dst, o.opaque, x, y)
		return
	}
	r := clip(image.Rect(x, y, x+o.w, y+o.h), dst.W, dst.H)
	if r.Empty() {
		return
	}
	from := r.Sub(image.Pt(x, y))
	o.luma.blend(dst.Y[r.Min.Y*dst.YStride+r.Min.X:], dst.YStride, from)
	half := image.Rect(from.Min.X/2, from.Min.Y/2, from.Max.X/2, from.Max.Y/2)
	at := r.Min.Y/2*dst.CStride + r.Min.X/2
	o.cb.blend(dst.U[at:], dst.CStride, half)
	o.cr.blend(dst.V[at:], dst.CStride, half)
}

func newPlane(w, h int) plane {
	return plane{w: w, h: h, s: make([]uint16, w*h), k: make([]uint16, w*h)}
}

// Fixed point: one is 1<<15 for k; samples have 7 bits below the point.
const (
	fullK   = 1 << 15
	sampleS = 1 << 7
)

// set takes a premultiplied sample and its alpha, both 0..255.
func (p *plane) set(x, y int, s, alpha float64) {
	p.s[y*p.w+x] = uint16(s*sampleS + .5)
	p.k[y*p.w+x] = uint16((255-alpha)*fullK/255 + .5)
}

// bytes returns the plane as plain samples; it must be opaque.
func (p *plane) bytes() []byte {
	out := make([]byte, len(p.s))
	for i, v := range p.s {
		out[i] = byte((v + sampleS/2) / sampleS)
	}
	return out
}

// findSpans notes what of each row is clear and what is opaque: plates have round
// corners and soft edges, clear samples need no work and opaque ones a copy.
func (p *plane) findSpans() {
	p.spans = make([]span, p.h)
	solid := false
	for j := range p.spans {
		p.spans[j] = spanOf(p.k[j*p.w : (j+1)*p.w])
		solid = solid || p.spans[j].from < p.spans[j].to
	}
	if solid {
		p.solid = p.bytes()
	}
}

func spanOf(row []uint16) span {
	sp := span{hi: len(row)}
	for sp.lo < sp.hi && row[sp.lo] == fullK {
		sp.lo++
	}
	for sp.hi > sp.lo && row[sp.hi-1] == fullK {
		sp.hi--
	}
	for i := sp.lo; i < sp.hi; i++ { // the longest opaque run
		begin := i
		for i < sp.hi && row[i] == 0 {
			i++
		}
		if i-begin > sp.to-sp.from {
			sp.from, sp.to = begin, i
		}
	}
	if sp.from == sp.to {
		sp.from, sp.to = sp.hi, sp.hi
	}
	return sp
}

// blend draws the part r of p at the start of d.
func (p *plane) blend(d []byte, stride int, r image.Rectangle) {
	within := func(x int) int { return min(max(x, r.Min.X), r.Max.X) }
	for j := r.Min.Y; j < r.Max.Y; j++ {
		sp := p.spans[j]
		row, at := d[(j-r.Min.Y)*stride:], j*p.w
		p.blendPart(row, at, r.Min.X, within(sp.lo), within(sp.from))
		if from, to := within(sp.from), within(sp.to); from < to {
			copy(row[from-r.Min.X:to-r.Min.X], p.solid[at+from:])
		}
		p.blendPart(row, at, r.Min.X, within(sp.to), within(sp.hi))
	}
}

// blendPart draws columns [lo, hi) of the row that begins at sample at over d, whose
// first is column x.
func (p *plane) blendPart(d []byte, at, x, lo, hi int) {
	if lo < hi {
		blendRow(d[lo-x:hi-x], p.s[at+lo:], p.k[at+lo:])
	}
}

// blendRow computes s + d·k, rounded.
func blendRow(d []byte, s, k []uint16) {
	s, k = s[:len(d)], k[:len(d)]
	for i, v := range d {
		d[i] = byte((uint32(s[i])<<8 + uint32(v)*uint32(k[i]) + fullK/2) >> 15)
	}
}
