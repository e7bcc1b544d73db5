package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/compose"
)

// tolerance is how far a colour may be off after two lossy encodings.
const tolerance = 14

func (c yuv) near(other yuv, within int) bool {
	for i := range c {
		if d := int(c[i]) - int(other[i]); d > within || d < -within {
			return false
		}
	}
	return true
}

// mean is the mean colour of a part of a picture.
func mean(p *compose.Picture, x, y, w, h int) yuv {
	var sum [3]int
	n := 0
	for j := max(0, y) &^ 1; j < min(y+h, p.H)-1; j += 2 {
		for i := max(0, x) &^ 1; i < min(x+w, p.W)-1; i += 2 {
			sum[0] += int(p.Y[j*p.YStride+i])
			sum[1] += int(p.U[j/2*p.CStride+i/2])
			sum[2] += int(p.V[j/2*p.CStride+i/2])
			n++
		}
	}
	if n == 0 {
		return yuv{}
	}
	return yuv{byte(sum[0] / n), byte(sum[1] / n), byte(sum[2] / n)}
}

// place is a cell with a 16:9 picture letterboxed into it.
type place struct {
	cell    show.Cell
	picture show.Cell
}

// places are where n participants are to be seen on a w × h program.
func places(n, w, h int) []place { return placed(show.Arrange(n, w, h)) }

func placed(cells []show.Cell) (out []place) {
	for _, c := range cells {
		p := c
		if c.W*9 > c.H*16 {
			p.W = c.H * 16 / 9
		} else {
			p.H = c.W * 9 / 16
		}
		p.X += (c.W - p.W) / 2
		p.Y += (c.H - p.H) / 2
		out = append(out, place{cell: c, picture: p})
	}
	return out
}

// spots are the parts of a participant's picture in which only its colour may be
// seen: the middle, and three corners up to a few pixels from the border. The
// upper edge, for the clock, and the lower strip, with the caption and what
// moves, are left out.
func (p place) spots() []show.Cell {
	c := p.picture
	w, h, top := c.W/8, c.H/8, c.H/18+6
	return []show.Cell{
		{X: c.X + c.W/2 - w, Y: c.Y + c.H/2 - h, W: 2 * w, H: 2 * h},
		{X: c.X + 6, Y: c.Y + top, W: w, H: h},
		{X: c.X + c.W - w - 6, Y: c.Y + top, W: w, H: h},
		{X: c.X + c.W - w - 6, Y: c.Y + c.H/2, W: w, H: h},
	}
}

// shows says whether a place shows a colour and nothing else; what it shows is
// returned for the message.
func (p place) shows(pic *compose.Picture, want yuv) (string, bool) {
	var saw []string
	ok := true
	for _, s := range p.spots() {
		got := mean(pic, s.X, s.Y, s.W, s.H)
		saw = append(saw, got.String())
		ok = ok && got.near(want, tolerance)
	}
	return fmt.Sprintf("%v where %v belongs", saw, want), ok
}

// awaitMix waits until the program shows exactly these looks, in this order.
func (s *screen) awaitMix(within time.Duration, mix ...look) shot {
	s.t.Helper()
	return s.awaitLayout(within, show.Auto, mix...)
}

// awaitLayout waits until a layout's cells show these looks; those for whom it has no
// cell do not show.
func (s *screen) awaitLayout(within time.Duration, l show.Layout, mix ...look) shot {
	s.t.Helper()
	var why string
	found := shot{}
	ok := s.awaitQuietly(within, func() bool {
		found = s.newest
		if found.pic == nil {
			return false
		}
		why = ""
		for i, p := range placed(l.Cells(len(mix), found.pic.W, found.pic.H)) {
			if text, ok := p.shows(found.pic, mix[i].color); !ok {
				why += fmt.Sprintf("\n\tcell %d: %s", i, text)
			}
		}
		return why == ""
	})
	if !ok {
		s.t.Fatalf("%s: the program, %s, is not as sent within %v: %s\n%s", s.name, l, within, why, s.state())
	}
	return found
}

// readClock reads the bar code over the picture. Zero if there is none.
func readClock(p *compose.Picture, now time.Time) time.Time {
	y := p.H / 36
	at := func(i int) int { return int(p.Y[y*p.YStride+(2*i+1)*p.W/(2*clockCells)]) }
	middle := (at(0) + at(1) + at(2) + at(3)) / 4
	var code uint64
	for i := range clockCells {
		code <<= 1
		if at(i) > middle {
			code |= 1
		}
	}
	ms := uint32(code >> 12)
	sum := byte(ms>>24) + byte(ms>>16) + byte(ms>>8) + byte(ms) + 0x5a
	if code>>44 != 0b1010 || code&0xf != 0b0101 || byte(code>>4) != sum {
		return time.Time{}
	}
	// 32 bits are 49 days: the day comes from the clock on the wall.
	return now.Add(-time.Duration(int32(uint32(now.UnixMilli())-ms)) * time.Millisecond)
}

// delays are the times from the clock in the picture to its being seen, sorted.
func delays(seen []moment) (d []time.Duration) {
	for _, m := range seen {
		if !m.clock.IsZero() {
			d = append(d, m.at.Sub(m.clock))
		}
	}
	slices.Sort(d)
	return d
}

// percentile is the value below which p per cent of sorted values lie.
func percentile[T any](sorted []T, p int) T { return sorted[(len(sorted)-1)*p/100] }

// flashes are the times at which a quarter of the picture becomes white.
func flashes(seen []moment, quarter int) (at []time.Duration) {
	for i := 1; i < len(seen); i++ {
		if seen[i-1].luma[quarter] < 215 && seen[i].luma[quarter] >= 215 {
			at = append(at, seen[i].pts)
		}
	}
	return at
}

func TestClockIsReadFromThePicture(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	for _, size := range [][2]int{{320, 180}, {640, 360}, {1280, 720}, {384, 216}} {
		p := compose.NewPicture(size[0], size[1])
		if !readClock(p, now).IsZero() {
			t.Errorf("%v: a black picture tells the time", size)
		}
		want := now.Add(-1234 * time.Millisecond)
		drawClock(p, want)
		if got := readClock(p, now); !got.Equal(want) {
			t.Errorf("%v: read %v, drawn %v", size, got, want)
		}
	}
}

func TestPlacesAreJudgedByTheirWholePicture(t *testing.T) {
	p := compose.NewPicture(640, 360)
	for i, at := range places(4, 640, 360) {
		c := at.cell
		p.Sub(c.X, c.Y, c.W, c.H).Fill(looks[i].color[0], looks[i].color[1], looks[i].color[2])
	}
	for i, at := range places(4, 640, 360) {
		for j, l := range looks {
			if why, ok := at.shows(p, l.color); ok != (i == j) {
				t.Errorf("cell %d taken for look %d: %v; %s", i, j, ok, why)
			}
		}
	}
	at := places(4, 640, 360)[1]
	p.Sub(at.cell.X, at.cell.Y, 40, 60).Fill(looks[0].color[0], looks[0].color[1], looks[0].color[2])
	if _, ok := at.shows(p, looks[1].color); ok {
		t.Error("a neighbour that reaches over the border was not seen")
	}
}
