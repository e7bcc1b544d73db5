package libav

import (
	"fmt"
	"image"
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
