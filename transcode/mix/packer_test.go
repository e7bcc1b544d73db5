package mix

import "testing"

// TestPackerGrid: packets lie on the grid from the first asked for, and hold the
// input that belongs there, for encoders that fill first and for those that do
// not, also after a replacement of the worker.
func TestPackerGrid(t *testing.T) {
	for _, c := range []struct {
		name              string
		size, delay, hold int
		next              int64
	}{
		{"aac", 1024, 1024, 1, 0},
		{"opus", 960, 312, 0, 0},
		{"aac, going on", 1024, 1024, 1, 1024 * 777},
		{"opus, going on", 960, 312, 0, 960 * 777},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPacker(c.size, c.delay, c.next)
			start := p.Start() - 100 // the mix begins earlier: another encoder needs it
			held, count := 0, int64(0)
			first := float32(-1)
			for b := range int64(300) {
				s := make([]float32, 2*Block)
				for i := range Block {
					s[2*i] = float32(start + b*Block + int64(i))
				}
				err := p.Write(s, start+b*Block, func(f []float32) ([]byte, error) {
					if len(f) != 2*c.size {
						t.Fatalf("a frame of %d", len(f))
					}
					if first < 0 {
						first = f[0]
					}
					if held < c.hold {
						held++
						return nil, nil
					}
					return []byte{1}, nil
				}, func(pts int64, _ []byte) error {
					if want := c.next + count*int64(c.size); pts != want || pts%int64(c.size) != 0 {
						t.Fatalf("packet %d at %d, want %d", count, pts, want)
					}
					count++
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if want := float32(c.next + int64(c.delay)); first != want {
				t.Errorf("the first frame begins at %v, want %v", first, want)
			}
			if want := int64((300*Block-100)/c.size - c.hold); count != want {
				t.Errorf("%d packets, want %d", count, want)
			}
			if p.Next() != c.next+count*int64(c.size) {
				t.Errorf("Next is %d", p.Next())
			}
		})
	}
}

func TestAlign(t *testing.T) {
	for _, c := range [][3]int64{{0, 960, 0}, {1, 960, 960}, {960, 960, 960}, {961, 1024, 1024}} {
		if got := Align(c[0], int(c[1])); got != c[2] {
			t.Errorf("Align(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}
