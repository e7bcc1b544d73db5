package show

// Cell is one place in a layout, in pixels. All four numbers are even, because
// pictures are coded with half the colour resolution.
type Cell struct{ X, Y, W, H int }

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
	cells := landscape(min(n, 1+MaxGuests), h, w)
	for i, c := range cells {
		cells[i] = Cell{X: c.Y, Y: c.X, W: c.H, H: c.W}
	}
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
