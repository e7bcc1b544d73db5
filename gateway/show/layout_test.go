package show

import (
	"fmt"
	"testing"
)

var allLayouts = []Layout{Auto, Solo, TwoUp, OnePlusTwo, OnePlusThree, PiP, Grid}

// TestLayouts: the geometry of each, on a picture of 1200×720 and of 720×1200.
func TestLayouts(t *testing.T) {
	const full, tall = "0,0 1200×720", "0,0 720×1200"
	for _, c := range []struct {
		layout              Layout
		n                   int
		landscape, portrait string
	}{
		{Solo, 1, full, tall},
		{Solo, 4, full, tall},
		{TwoUp, 1, full, tall},
		{TwoUp, 3, "0,0 600×720 600,0 600×720", "0,0 720×600 0,600 720×600"},
		{OnePlusTwo, 2, "0,0 800×720 800,0 400×720", "0,0 720×800 0,800 720×400"},
		{OnePlusTwo, 4, "0,0 800×720 800,0 400×360 800,360 400×360", "0,0 720×800 0,800 360×400 360,800 360×400"},
		{OnePlusThree, 3, "0,0 800×720 800,0 400×360 800,360 400×360", "0,0 720×800 0,800 360×400 360,800 360×400"},
		{OnePlusThree, 4, "0,0 800×720 800,0 400×240 800,240 400×240 800,480 400×240", "0,0 720×800 0,800 240×400 240,800 240×400 480,800 240×400"},
		{PiP, 2, full + " 810,474 360×216", tall + " 474,810 216×360"},
		{PiP, 1, full, tall},
		{Grid, 2, "0,0 600×720 600,0 600×720", "0,0 720×600 0,600 720×600"},
		{Grid, 3, "0,0 600×360 600,0 600×360 300,360 600×360", "0,0 720×400 0,400 720×400 0,800 720×400"},
		{Grid, 5, "0,0 600×360 600,0 600×360 0,360 600×360 600,360 600×360", "0,0 360×600 360,0 360×600 0,600 360×600 360,600 360×600"},
	} {
		if got := lay(c.layout.Cells(c.n, 1200, 720)); got != c.landscape {
			t.Errorf("%s of %d in landscape is\n%s, want\n%s", c.layout, c.n, got, c.landscape)
		}
		if got := lay(c.layout.Cells(c.n, 720, 1200)); got != c.portrait {
			t.Errorf("%s of %d in portrait is\n%s, want\n%s", c.layout, c.n, got, c.portrait)
		}
	}
}

func lay(cells []Cell) (s string) {
	for i, c := range cells {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprintf("%d,%d %d×%d", c.X, c.Y, c.W, c.H)
	}
	return s
}

// TestLayoutsFitEverySize: cells are even, within the picture, and as many as there
// are people and places; only the small picture of PiP lies on another.
func TestLayoutsFitEverySize(t *testing.T) {
	for w := 160; w <= 1920; w += 46 {
		for _, size := range [][2]int{{w, 160}, {w, 1080}, {w, w}, {160, w}, {w, w*9/16&^1 + 160}} {
			for _, l := range allLayouts {
				for n := range 8 {
					fits(t, l, n, size[0], size[1])
				}
			}
		}
	}
	if Layout("oval").Valid() || Layout("oval").Cells(2, 1280, 720) != nil {
		t.Error("there is an oval layout")
	}
}

func fits(t *testing.T, l Layout, n, w, h int) {
	t.Helper()
	cells := l.Cells(n, w, h)
	if len(cells) != min(n, capacity[l]) {
		t.Fatalf("%s of %d has %d cells", l, n, len(cells))
	}
	for i, c := range cells {
		if (c.X|c.Y|c.W|c.H)&1 != 0 || c.X < 0 || c.Y < 0 || c.W < 16 || c.H < 16 || c.X+c.W > w || c.Y+c.H > h {
			t.Fatalf("%s of %d on %d×%d: cell %d is %+v", l, n, w, h, i, c)
		}
		for j, d := range cells[:i] {
			if l != PiP && c.X < d.X+d.W && d.X < c.X+c.W && c.Y < d.Y+d.H && d.Y < c.Y+c.H {
				t.Fatalf("%s of %d on %d×%d: cells %d and %d overlap: %+v %+v", l, n, w, h, j, i, d, c)
			}
		}
	}
}
