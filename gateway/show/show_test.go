package show

import (
	"fmt"
	"strings"
	"testing"
)

func TestSourceURLHidesPasswords(t *testing.T) {
	for in, want := range map[SourceURL]string{
		"rtsp://cam.example:8554/1":             "rtsp://cam.example:8554",
		"rtsp://me:SECRET@cam/SECRET?pw=SECRET": "rtsp://cam",
		"rtsps://me:S@ECRET@[fd12::7]:322":      "rtsps://[fd12::7]:322",
		"rtsp://me:SEC/RET@cam/1":               Redacted,
		"rtsp://me:SEC#RET@cam/1":               Redacted,
		"rtsp:///SECRET":                        Redacted,
		"SECRET":                                Redacted,
		"":                                      Redacted,
	} {
		if got := fmt.Sprintf("%v %s %#v", in, in, in); got != want+" "+want+" "+want {
			t.Errorf("%q prints as %s", string(in), got)
		}
	}
}

func TestArrangeCoversEverySizeWithoutOverlap(t *testing.T) {
	for _, size := range [][2]int{{1280, 720}, {720, 1280}, {1920, 1080}, {640, 360}, {162, 160}, {1278, 718}} {
		for n := range 6 {
			cells := Arrange(n, size[0], size[1])
			if want := min(n, 1+MaxGuests); len(cells) != want {
				t.Fatalf("Arrange(%d): %d cells, want %d", n, len(cells), want)
			}
			area := 0
			for i, c := range cells {
				if (c.X|c.Y|c.W|c.H)&1 != 0 || c.W <= 0 || c.H <= 0 || c.X+c.W > size[0] || c.Y+c.H > size[1] {
					t.Errorf("%v n=%d: cell %d is %+v", size, n, i, c)
				}
				area += c.W * c.H
				for j, d := range cells[:i] {
					if c.X < d.X+d.W && d.X < c.X+c.W && c.Y < d.Y+d.H && d.Y < c.Y+c.H {
						t.Errorf("%v n=%d: cells %d and %d overlap: %+v %+v", size, n, j, i, d, c)
					}
				}
			}
			if n > 0 && area != size[0]*size[1] {
				t.Errorf("%v n=%d: cells cover %d of %d pixels", size, n, area, size[0]*size[1])
			}
		}
	}
}

func TestArrangeReadsFromHostOn(t *testing.T) {
	for _, size := range [][2]int{{1280, 720}, {720, 1280}} {
		cells := Arrange(4, size[0], size[1])
		for i, c := range cells {
			if c.X != i%2*size[0]/2 || c.Y != i/2*size[1]/2 {
				t.Errorf("%v: cell %d is at %d,%d", size, i, c.X, c.Y)
			}
		}
	}
}

func TestStreamKeyNeverPrints(t *testing.T) {
	k := StreamKey("very-secret")
	for _, verb := range []string{"%v", "%s", "%q", "%#v", "%+v"} {
		if got := fmt.Sprintf(verb, struct{ K StreamKey }{k}); got == "" || strings.Contains(got, "secret") {
			t.Errorf("%s printed %s", verb, got)
		}
	}
	if !k.Equal("very-secret") || k.Equal("very-secreT") || k.Equal("") {
		t.Error("Equal is wrong")
	}
}
