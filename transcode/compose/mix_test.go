package compose

import (
	"math"
	"testing"
)

// TestMix compares with exact arithmetic, at sizes that are no multiple of eight
// samples, and looks that nothing else is written.
func TestMix(t *testing.T) {
	for _, size := range [][2]int{{64, 32}, {38, 18}, {2, 2}, {6, 4}, {34, 6}} {
		a, b := noise(size[0], size[1], 1), noise(size[0], size[1], 2)
		for _, share := range []int{-5, 0, 1, 77, 128, 255, 256, 900} {
			dst := noise(size[0]+2, size[1], 3)
			before := clone(dst)
			Mix(dst, a, b, share)
			s := float64(min(max(share, 0), MixWhole)) / MixWhole
			for y := range a.H {
				for x := range a.W {
					p, q, got := at(a, x, y), at(b, x, y), at(dst, x, y)
					for i := range got {
						want := float64(p[i])*(1-s) + float64(q[i])*s
						if math.Abs(float64(got[i])-want) > 0.501 {
							t.Fatalf("%v, share %d: sample %d of %d,%d is %d, want %.2f", size, share, i, x, y, got[i], want)
						}
					}
				}
				if got := at(dst, a.W, y); got != at(before, a.W, y) {
					t.Fatalf("%v: written beyond the pictures", size)
				}
			}
		}
	}
}

func TestMixInPlace(t *testing.T) {
	a, b := noise(128, 32, 1), noise(128, 32, 2) // without padding
	want := NewPicture(128, 32)
	Mix(want, a, b, 100)
	Mix(a, a, b, 100)
	if string(a.Y) != string(want.Y) || string(a.U) != string(want.U) || string(a.V) != string(want.V) {
		t.Error("mixing into one of the two gives another picture")
	}
}

func BenchmarkMix(b *testing.B) {
	d, p, q := NewPicture(1280, 720), noise(1280, 720, 1), noise(1280, 720, 2)
	b.SetBytes(1280 * 720 * 3 / 2)
	for b.Loop() {
		Mix(d, p, q, 77)
	}
}
