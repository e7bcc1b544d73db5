package libav

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/regie-live/regie/transcode/compose"
)

// TestScaler: one scaler serves any sizes one after the other, and writes nothing
// beside its picture.
func TestScaler(t *testing.T) {
	var s Scaler
	defer s.Close()
	for _, size := range []image.Point{{1280, 720}, {640, 360}, {854, 480}, {426, 240}, {64, 64}, {854, 480}} {
		for _, from := range []image.Point{{1280, 720}, {720, 1280}, {1920, 1080}} {
			src := compose.NewPicture(from.X, from.Y)
			drawQuadrants(src, 0)
			around := compose.NewPicture(size.X+16, size.Y+16)
			around.Fill(1, 2, 3)
			if err := s.Scale(around.Sub(8, 8, size.X, size.Y), src); err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprint(from, " to ", size)
			checkQuadrants(t, what, around.Sub(8, 8, size.X, size.Y), 1)
			for _, at := range []image.Point{{4, 4}, {size.X + 12, 4}, {4, size.Y + 12}, {size.X + 12, size.Y + 12}, {size.X + 12, size.Y / 2}} {
				checkColor(t, what+", beside", around, at.X, at.Y, [3]byte{1, 2, 3}, 0)
			}
		}
	}
	if err := s.Scale(compose.NewPicture(64, 64), &compose.Picture{}); err == nil {
		t.Error("a picture of nothing was scaled")
	}
	s.Close()
	if err := s.Scale(compose.NewPicture(426, 240), compose.NewPicture(1280, 720)); err != nil {
		t.Error("a closed scaler is a new one:", err)
	}
}

// TestScalerAverages: where sizes are in one of the simple ratios that have code of
// their own, every sample is the mean of the area it covers, as libswscale's would
// be. The width is above what is handled at once.
func TestScalerAverages(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	to := compose.NewPicture(1244, 44)
	for _, ratio := range []float64{1, 1.5, 2, 3} {
		from := compose.NewPicture(int(float64(to.W)*ratio), int(float64(to.H)*ratio))
		for _, plane := range [][]byte{from.Y, from.U, from.V} {
			for i := range plane {
				plane[i] = byte(rnd.UintN(256)) / 128 * 255 // as far apart as can be
				if i%3 > 0 {
					plane[i] = byte(rnd.UintN(256))
				}
			}
		}
		var s Scaler
		if err := s.Scale(to, from); err != nil {
			t.Fatal(err)
		}
		if s.s.sws != nil {
			t.Errorf("%v: left to libswscale", ratio)
		}
		s.Close()
		for p, plane := range [][2][]byte{{to.Y, from.Y}, {to.U, from.U}, {to.V, from.V}} {
			w, h, ds, ss := to.W, to.H, to.YStride, from.YStride
			if p > 0 {
				w, h, ds, ss = w/2, h/2, to.CStride, from.CStride
			}
			for y := range h {
				for x := range w {
					want := area(plane[1], ss, float64(x)*ratio, float64(y)*ratio, ratio)
					if d := float64(plane[0][y*ds+x]) - want; d > 0.51 || d < -0.51 {
						t.Fatalf("%v, plane %d at %d,%d: %d, want %.2f", ratio, p, x, y, plane[0][y*ds+x], want)
					}
				}
			}
		}
	}
}

// area is the mean of the square of the given side at x, y.
func area(plane []byte, stride int, x, y, side float64) float64 {
	sum := 0.0
	for j := int(y); float64(j) < y+side; j++ {
		for i := int(x); float64(i) < x+side; i++ {
			w := min(float64(i+1), x+side) - max(float64(i), x)
			h := min(float64(j+1), y+side) - max(float64(j), y)
			sum += float64(plane[j*stride+i]) * w * h
		}
	}
	return sum / side / side
}
