// Package compose puts pictures together: copying, cropping, letterboxing, mixing
// and blending of 8 bit YUV. It is pure arithmetic on memory: no cgo, no
// goroutine, no allocation once a Picture or an Overlay exists.
//
// It guarantees that nothing is ever written outside the destination: Blit and
// Blend clip to it on all four sides, so a layout that does not fit costs
// pixels and not the process. Positions are rounded down to even ones, because
// one chroma sample covers two by two pixels.
//
// Nothing here locks. A Picture that is being read may be read by others too;
// a Picture that is being written belongs to one goroutine.
package compose

import "image"

// Limited-range black (luma and both chroma) as ITU-R BT.709 section 4 codes it.
const (
	BlackY = 16
	BlackC = 128
)

// Picture is an 8 bit I420 picture: BT.709, limited range. Y holds H rows of W
// samples, each YStride bytes after the one before; U and V hold H/2 rows of
// W/2 samples, CStride apart. W and H are even. Bytes between the end of a row
// and the start of the next belong to somebody else (a picture made by Sub
// shares its rows) and are not to be touched.
type Picture struct {
	W, H             int
	Y, U, V          []byte
	YStride, CStride int
}

// rowAlign keeps every row on a cache line of its own, which is also what the
// widest vector stores of libswscale want.
const rowAlign = 64

// NewPicture returns a black picture. Odd sizes are rounded up.
func NewPicture(w, h int) *Picture {
	w, h = even(max(w, 0)+1), even(max(h, 0)+1)
	ys := (w + rowAlign - 1) &^ (rowAlign - 1)
	cs := (w/2 + rowAlign - 1) &^ (rowAlign - 1)
	yn, cn := ys*h, cs*h/2
	buf := make([]byte, yn+2*cn)
	p := &Picture{
		W: w, H: h, YStride: ys, CStride: cs,
		Y: buf[:yn:yn],
		U: buf[yn : yn+cn : yn+cn],
		V: buf[yn+cn:],
	}
	p.Fill(BlackY, BlackC, BlackC)
	return p
}

// Fill paints the whole picture in one colour.
func (p *Picture) Fill(y, u, v byte) {
	fillPlane(p.Y, p.YStride, p.W, p.H, y)
	fillPlane(p.U, p.CStride, p.W/2, p.H/2, u)
	fillPlane(p.V, p.CStride, p.W/2, p.H/2, v)
}

func fillPlane(d []byte, stride, w, h int, v byte) {
	if w == 0 || h == 0 {
		return
	}
	first := d[:w]
	for i := range first {
		first[i] = v
	}
	for r := 1; r < h; r++ {
		copy(d[r*stride:r*stride+w], first)
	}
}

// Sub returns the part of p at x, y with size w × h, clipped to p and rounded
// down to even numbers. It shares p's memory.
func (p *Picture) Sub(x, y, w, h int) *Picture {
	r := clip(image.Rect(x, y, x+w, y+h), p.W, p.H)
	s := &Picture{W: r.Dx(), H: r.Dy(), YStride: p.YStride, CStride: p.CStride}
	if s.W == 0 || s.H == 0 {
		s.W, s.H = 0, 0
		return s
	}
	s.Y = p.Y[r.Min.Y*p.YStride+r.Min.X : (r.Max.Y-1)*p.YStride+r.Max.X]
	c := image.Rect(r.Min.X/2, r.Min.Y/2, r.Max.X/2, r.Max.Y/2)
	from, to := c.Min.Y*p.CStride+c.Min.X, (c.Max.Y-1)*p.CStride+c.Max.X
	s.U, s.V = p.U[from:to], p.V[from:to]
	return s
}

// Blit copies src into dst with its upper left corner at x, y.
func Blit(dst, src *Picture, x, y int) {
	x, y = even(x), even(y)
	r := clip(image.Rect(x, y, x+src.W, y+src.H), dst.W, dst.H)
	if r.Empty() {
		return
	}
	sx, sy := r.Min.X-x, r.Min.Y-y
	copyPlane(dst.Y[r.Min.Y*dst.YStride+r.Min.X:], dst.YStride,
		src.Y[sy*src.YStride+sx:], src.YStride, r.Dx(), r.Dy())
	d := r.Min.Y/2*dst.CStride + r.Min.X/2
	s := sy/2*src.CStride + sx/2
	copyPlane(dst.U[d:], dst.CStride, src.U[s:], src.CStride, r.Dx()/2, r.Dy()/2)
	copyPlane(dst.V[d:], dst.CStride, src.V[s:], src.CStride, r.Dx()/2, r.Dy()/2)
}

func copyPlane(d []byte, ds int, s []byte, ss, w, h int) {
	for i := range h {
		copy(d[i*ds:i*ds+w], s[i*ss:i*ss+w])
	}
}

// clip cuts r to a picture of w × h and rounds all its edges down to even ones.
func clip(r image.Rectangle, w, h int) image.Rectangle {
	r.Min = image.Pt(even(r.Min.X), even(r.Min.Y))
	r.Max = image.Pt(even(r.Max.X), even(r.Max.Y))
	return r.Intersect(image.Rect(0, 0, w, h))
}

// even rounds towards minus infinity, for negative numbers too.
func even(v int) int { return v &^ 1 }
