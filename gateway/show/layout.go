package show

// Cell is one place in a layout, in pixels. All four numbers are even, because
// pictures are coded with half the colour resolution.
type Cell struct{ X, Y, W, H int }

// capacity is how many people a layout has a place for.
var capacity = map[Layout]int{Auto: 4, Solo: 1, TwoUp: 2, OnePlusTwo: 3, OnePlusThree: 4, PiP: 2, Grid: 4}

// Valid reports whether l is one of the layouts.
func (l Layout) Valid() bool { return capacity[l] > 0 }

// Cells places the first of n people on a w×h picture, as many as l has places
// for; with fewer people the places are larger. In drawing order: the small picture
// of PiP lies on the large one, nothing else overlaps.
//
//	landscape   1+2, 1+3: one left, the others stacked at its right   grid of 3: two above one
//	portrait    1+2, 1+3: one above, the others side by side below    grid of 3: stacked
func (l Layout) Cells(n, w, h int) []Cell {
	n = min(n, capacity[l])
	switch {
	case n <= 1, l == Auto:
		return Arrange(n, w, h)
	case l == PiP:
		return pip(w, h)
	case l == Grid && n == 3:
		return grid3(w, h)
	case l == Grid || l == TwoUp:
		return Arrange(n, w, h)
	}
	if w < h {
		return turned(beside(n-1, h, w))
	}
	return beside(n-1, w, h)
}

// beside is one cell of two thirds and n stacked at its right.
func beside(n, w, h int) []Cell {
	large := even(w * 2 / 3)
	cells := []Cell{{0, 0, large, even(h)}}
	for i := range n {
		top, bottom := even(h*i/n), even(h*(i+1)/n)
		cells = append(cells, Cell{large, top, even(w - large), bottom - top})
	}
	return cells
}

// pip is the whole picture and, in its lower right corner, three tenths of it.
func pip(w, h int) []Cell {
	margin := even(min(w, h) / 24)
	small := Cell{W: even(w * 3 / 10), H: even(h * 3 / 10)}
	small.X, small.Y = even(w)-small.W-margin, even(h)-small.H-margin
	return []Cell{{0, 0, even(w), even(h)}, small}
}

// grid3 is three equal cells.
func grid3(w, h int) []Cell {
	if w < h {
		a, b := even(h/3), even(h*2/3)
		return []Cell{{0, 0, even(w), a}, {0, a, even(w), a}, {0, b, even(w), a}}
	}
	half, tall := even(w/2), even(h/2)
	return []Cell{{0, 0, half, tall}, {half, 0, half, tall}, {even(w / 4), tall, half, tall}}
}

// turned makes a portrait picture of a landscape one.
func turned(cells []Cell) []Cell {
	for i, c := range cells {
		cells[i] = Cell{X: c.Y, Y: c.X, W: c.H, H: c.W}
	}
	return cells
}

// Arrange places n participants (1 to 4, the host first) on a w×h picture:
//
//	landscape   1: full   2: side by side   3: host left, guests stacked   4: two by two
//	portrait    1: full   2: stacked        3: host above, guests below    4: two by two
//
// Cells touch but never overlap, and together with the bars that two cells
// leave they cover the picture. n outside 1 to 4 is brought into that range; 0
// gives none.
func Arrange(n, w, h int) []Cell {
	if n <= 0 {
		return nil
	}
	if w >= h {
		return landscape(min(n, 1+MaxGuests), w, h)
	}
	// A portrait picture is a landscape one turned on its side.
	cells := turned(landscape(min(n, 1+MaxGuests), h, w))
	if n >= 4 { // two by two keeps reading order
		cells[1], cells[2] = cells[2], cells[1]
	}
	return cells
}

func landscape(n, w, h int) []Cell {
	half, tall := even(w/2), even(h/2)
	right, below := even(w-half), even(h-tall)
	switch n {
	case 1:
		return []Cell{{0, 0, even(w), even(h)}}
	case 2:
		return []Cell{{0, 0, half, even(h)}, {half, 0, right, even(h)}}
	case 3:
		host := even(w * 2 / 3)
		side := even(w - host)
		return []Cell{{0, 0, host, even(h)}, {host, 0, side, tall}, {host, tall, side, below}}
	}
	return []Cell{
		{0, 0, half, tall}, {half, 0, right, tall},
		{0, tall, half, below}, {half, tall, right, below},
	}
}

func even(v int) int { return v &^ 1 }
