package compose

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
)

func noise(w, h int, seed uint64) *Picture {
	p := NewPicture(w, h)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, plane := range [][]byte{p.Y, p.U, p.V} {
		for i := range plane {
			plane[i] = byte(r.Uint32())
		}
	}
	return p
}

// at returns the samples that make up the pixel x, y.
func at(p *Picture, x, y int) [3]byte {
	c := y/2*p.CStride + x/2
	return [3]byte{p.Y[y*p.YStride+x], p.U[c], p.V[c]}
}

func clone(p *Picture) *Picture {
	q := *p
	q.Y, q.U, q.V = bytes.Clone(p.Y), bytes.Clone(p.U), bytes.Clone(p.V)
	return &q
}

func TestNewPicture(t *testing.T) {
	for _, size := range []image.Point{{0, 0}, {1, 1}, {2, 2}, {33, 17}, {640, 360}, {-4, 6}} {
		p := NewPicture(size.X, size.Y)
		if p.W%2 != 0 || p.H%2 != 0 || p.W < size.X || p.H < size.Y || p.W > max(size.X, 0)+1 || p.H > max(size.Y, 0)+1 {
			t.Errorf("%v became %d×%d", size, p.W, p.H)
		}
		for y := range p.H {
			for x := range p.W {
				if at(p, x, y) != [3]byte{BlackY, BlackC, BlackC} {
					t.Fatalf("%v: pixel %d,%d is %v", size, x, y, at(p, x, y))
				}
			}
		}
	}
}

// TestBlit compares with copying pixel by pixel, inside, across every edge, and
// outside.
func TestBlit(t *testing.T) {
	src := noise(20, 12, 1)
	for _, pos := range []image.Point{{0, 0}, {4, 6}, {5, 7}, {-6, -4}, {-7, -3}, {30, 20}, {44, 30}, {-20, 0}, {0, -12}, {100, 100}, {-100, 3}} {
		dst := noise(48, 32, 2)
		want := clone(dst)
		at := image.Pt(pos.X&^1, pos.Y&^1)
		for y := range src.H {
			for x := range src.W {
				dx, dy := x+at.X, y+at.Y
				if dx < 0 || dy < 0 || dx >= dst.W || dy >= dst.H {
					continue
				}
				want.Y[dy*want.YStride+dx] = src.Y[y*src.YStride+x]
				want.U[dy/2*want.CStride+dx/2] = src.U[y/2*src.CStride+x/2]
				want.V[dy/2*want.CStride+dx/2] = src.V[y/2*src.CStride+x/2]
			}
		}
		Blit(dst, src, pos.X, pos.Y)
		if !bytes.Equal(dst.Y, want.Y) || !bytes.Equal(dst.U, want.U) || !bytes.Equal(dst.V, want.V) {
			t.Errorf("at %v: not what copying each pixel gives", pos)
		}
	}
}

// TestSub: a part shares the memory and writing it leaves the rest alone, whatever
// part is asked for.
func TestSub(t *testing.T) {
	tests := []struct{ ask, want image.Rectangle }{
		{image.Rect(4, 6, 20, 10), image.Rect(4, 6, 20, 10)},
		{image.Rect(5, 7, 21, 11), image.Rect(4, 6, 20, 10)},
		{image.Rect(-8, -2, 6, 4), image.Rect(0, 0, 6, 4)},
		{image.Rect(40, 28, 60, 60), image.Rect(40, 28, 48, 32)},
		{image.Rect(0, 0, 48, 32), image.Rect(0, 0, 48, 32)},
		{image.Rect(50, 0, 60, 10), image.Rectangle{}},
		{image.Rect(4, 4, 5, 5), image.Rectangle{}},
	}
	for _, tt := range tests {
		p := NewPicture(48, 32)
		s := p.Sub(tt.ask.Min.X, tt.ask.Min.Y, tt.ask.Dx(), tt.ask.Dy())
		if image.Pt(s.W, s.H) != tt.want.Size() {
			t.Errorf("%v: got %d×%d", tt.ask, s.W, s.H)
		}
		s.Fill(99, 98, 97)
		for y := range p.H {
			for x := range p.W {
				want := [3]byte{BlackY, BlackC, BlackC}
				if image.Pt(x, y).In(tt.want) {
					want = [3]byte{99, 98, 97}
				}
				if at(p, x, y) != want {
					t.Fatalf("%v: pixel %d,%d is %v", tt.ask, x, y, at(p, x, y))
				}
			}
		}
	}
}

func TestFitContain(t *testing.T) {
	tests := []struct {
		srcW, srcH, dstW, dstH int
		want                   image.Rectangle
	}{
		{1280, 720, 640, 360, image.Rect(0, 0, 640, 360)},
		{640, 480, 640, 360, image.Rect(80, 0, 560, 360)},
		{480, 640, 640, 360, image.Rect(184, 0, 454, 360)},
		{1280, 720, 360, 640, image.Rect(0, 218, 360, 420)},
		{720, 1280, 360, 640, image.Rect(0, 0, 360, 640)},
		{854, 480, 640, 360, image.Rect(0, 0, 640, 360)}, // 640.5 wide: no bars for half a pixel
		{853, 480, 640, 360, image.Rect(0, 0, 640, 360)},
		{320, 180, 1280, 720, image.Rect(0, 0, 1280, 720)},
		{10000, 1, 640, 360, image.Rect(0, 178, 640, 180)},
		{1, 10000, 640, 360, image.Rect(318, 0, 320, 360)},
		{1, 1, 2, 2, image.Rect(0, 0, 2, 2)},
		{0, 0, 640, 360, image.Rect(0, 0, 640, 360)},
		{1280, 720, 0, 0, image.Rect(0, 0, 0, 0)},
		{1280, 720, 641, 361, image.Rect(0, 0, 640, 360)},
	}
	for _, tt := range tests {
		if got := FitContain(tt.srcW, tt.srcH, tt.dstW, tt.dstH); got != tt.want {
			t.Errorf("%d×%d in %d×%d: got %v, want %v", tt.srcW, tt.srcH, tt.dstW, tt.dstH, got, tt.want)
		}
	}
}

func TestCropCover(t *testing.T) {
	tests := []struct {
		srcW, srcH, dstW, dstH int
		want                   image.Rectangle
	}{
		{1280, 720, 640, 360, image.Rect(0, 0, 1280, 720)},
		{640, 480, 640, 360, image.Rect(0, 60, 640, 420)},
		{1280, 720, 360, 640, image.Rect(436, 0, 842, 720)},
		{720, 1280, 640, 360, image.Rect(0, 436, 720, 842)},
		{853, 479, 640, 360, image.Rect(0, 0, 850, 478)},
		{10000, 2, 640, 360, image.Rect(4998, 0, 5002, 2)},
		{1280, 720, 0, 0, image.Rect(0, 0, 1280, 720)},
		{1, 1, 640, 360, image.Rect(0, 0, 0, 0)},
	}
	for _, tt := range tests {
		if got := CropCover(tt.srcW, tt.srcH, tt.dstW, tt.dstH); got != tt.want {
			t.Errorf("%d×%d over %d×%d: got %v, want %v", tt.srcW, tt.srcH, tt.dstW, tt.dstH, got, tt.want)
		}
	}
}

// TestFitProperties: for any sizes the results are even, inside, and as near to the
// shape asked for as even numbers allow.
func TestFitProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		sw, sh, dw, dh := 2+r.IntN(3000), 2+r.IntN(3000), 2+2*r.IntN(1000), 2+2*r.IntN(1000)
		in, cut := FitContain(sw, sh, dw, dh), CropCover(sw, sh, dw, dh)
		for _, c := range []struct {
			name string
			r    image.Rectangle
			w, h int
		}{{"contain", in, dw, dh}, {"cover", cut, sw, sh}} {
			if c.r.Empty() || !c.r.In(image.Rect(0, 0, c.w, c.h)) || (c.r.Min.X|c.r.Min.Y|c.r.Dx()|c.r.Dy())&1 != 0 {
				t.Fatalf("%s %d×%d, %d×%d: %v", c.name, sw, sh, dw, dh, c.r)
			}
		}
		// Contain: one side is full; the other is within 4 pixels of exact.
		exactW, exactH := float64(dh)*float64(sw)/float64(sh), float64(dw)*float64(sh)/float64(sw)
		if math.Abs(float64(in.Dx())-min(exactW, float64(dw))) > 4 || math.Abs(float64(in.Dy())-min(exactH, float64(dh))) > 4 {
			t.Fatalf("contain %d×%d in %d×%d: %v", sw, sh, dw, dh, in)
		}
	}
}

// TestBlend compares with exact arithmetic on every sample.
func TestBlend(t *testing.T) {
	const w, h = 31, 17 // odd: the last row and column are padded
	img := image.NewRGBA(image.Rect(3, 5, 3+w, 5+h))
	r := rand.New(rand.NewPCG(5, 6))
	for i := range w * h {
		a := uint8(r.Uint32())
		switch i % 5 {
		case 0:
			a = 0
		case 1:
			a = 255
		}
		c := color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), a}
		img.Set(3+i%w, 5+i/w, c)
	}
	o := NewOverlay(img)
	if ow, oh := o.Size(); ow != 32 || oh != 18 {
		t.Fatalf("size %d×%d", ow, oh)
	}
	for _, pos := range []image.Point{{0, 0}, {8, 6}, {9, 7}, {-10, -6}, {50, 30}, {-31, 2}, {200, 0}} {
		dst := noise(64, 40, 7)
		want := reference(dst, img, pos.X&^1, pos.Y&^1)
		o.Blend(dst, pos.X, pos.Y)
		compare(t, pos, dst, want)
	}
}

func TestBlendOpaque(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 16, 8))
	for i := range 16 * 8 {
		img.SetRGBA(i%16, i/16, color.RGBA{uint8(i * 2), uint8(255 - i), 77, 255})
	}
	dst := noise(32, 32, 8)
	want := reference(dst, img, 4, 4)
	NewOverlay(img).Blend(dst, 4, 4)
	compare(t, image.Pt(4, 4), dst, want)

	p := FromImage(img)
	same := NewPicture(16, 8)
	compare(t, image.Point{}, p, reference(same, img, 0, 0))
}

// floats holds a picture as exact sample values.
type floats struct{ y, u, v []float64 }

// reference blends img over dst in floating point, from R'G'B' and ITU-R BT.709
// sections 3 and 4 alone.
func reference(dst *Picture, img *image.RGBA, x0, y0 int) floats {
	toFloat := func(b []byte) []float64 {
		f := make([]float64, len(b))
		for i, v := range b {
			f[i] = float64(v)
		}
		return f
	}
	f := floats{toFloat(dst.Y), toFloat(dst.U), toFloat(dst.V)}
	b := img.Bounds()
	color := func(x, y int) (ey, ecb, ecr, a float64) { // straight colour and alpha 0..1
		if !image.Pt(x, y).In(b) {
			return 0, 0, 0, 0
		}
		c := img.RGBAAt(x, y)
		r, g, bl := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
		ey = 0.2126*r + 0.7152*g + 0.0722*bl
		return ey, (bl - ey) / 1.8556, (r - ey) / 1.5748, float64(c.A) / 255
	}
	for y := range (b.Dy() + 1) / 2 {
		for x := range (b.Dx() + 1) / 2 {
			px, py := x0+2*x, y0+2*y
			if px < 0 || py < 0 || px >= dst.W || py >= dst.H {
				continue
			}
			var cb, cr, ca float64
			for q := range 4 {
				qx, qy := q&1, q>>1
				ey, ecb, ecr, a := color(b.Min.X+2*x+qx, b.Min.Y+2*y+qy)
				i := (py+qy)*dst.YStride + px + qx
				f.y[i] = 219*ey + 16*a + f.y[i]*(1-a)
				cb, cr, ca = cb+ecb/4, cr+ecr/4, ca+a/4
			}
			i := py/2*dst.CStride + px/2
			f.u[i] = 224*cb + 128*ca + f.u[i]*(1-ca)
			f.v[i] = 224*cr + 128*ca + f.v[i]*(1-ca)
		}
	}
	return f
}

func compare(t *testing.T, pos image.Point, got *Picture, want floats) {
	t.Helper()
	for name, p := range map[string]struct {
		got  []byte
		want []float64
	}{"Y": {got.Y, want.y}, "U": {got.U, want.u}, "V": {got.V, want.v}} {
		for i, v := range p.got {
			if d := math.Abs(float64(v) - p.want[i]); d > 0.52 {
				t.Fatalf("at %v: plane %s, sample %d is %d, want %.2f", pos, name, i, v, p.want[i])
			}
		}
	}
}

func TestYCbCr(t *testing.T) {
	tests := []struct {
		r, g, b uint8
		want    [3]byte
	}{
		{0, 0, 0, [3]byte{16, 128, 128}},
		{255, 255, 255, [3]byte{235, 128, 128}},
		{255, 0, 0, [3]byte{63, 102, 240}},
		{0, 255, 0, [3]byte{173, 42, 26}},
		{0, 0, 255, [3]byte{32, 240, 118}},
	}
	for _, tt := range tests {
		if y, u, v := YCbCr(tt.r, tt.g, tt.b); [3]byte{y, u, v} != tt.want {
			t.Errorf("%d,%d,%d: got %d,%d,%d, want %v", tt.r, tt.g, tt.b, y, u, v, tt.want)
		}
	}
}

func BenchmarkBlit(b *testing.B) {
	dst, src := NewPicture(1280, 720), NewPicture(640, 360)
	b.SetBytes(640 * 360 * 3 / 2)
	for b.Loop() {
		Blit(dst, src, 640, 360)
	}
}

func BenchmarkBlend(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 160, 40)) // a caption in a cell of 640 × 360
	for i := range img.Pix {
		img.Pix[i] = 100
	}
	o, dst := NewOverlay(img), NewPicture(1280, 720)
	b.SetBytes(160 * 40 * 3 / 2)
	for b.Loop() {
		o.Blend(dst, 10, 310)
	}
}
