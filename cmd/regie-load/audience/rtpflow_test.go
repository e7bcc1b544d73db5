package audience

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

func rtpPacket(sequence uint16, stamp uint32, marker bool) []byte {
	b := make([]byte, 20)
	b[0], b[1] = 0x80, 102
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[4:], stamp)
	binary.BigEndian.PutUint32(b[8:], 7)
	return b
}

// TestFlow sends pictures of three packets, the numbers wrapping, with some
// missing, late or twice, and asks which pictures are whole.
func TestFlow(t *testing.T) {
	const first = 65533
	for _, c := range []struct {
		name  string
		order []int // packets; -1 is 20 ms later, -2 two seconds later
		whole []uint32
		asked []uint16 // the last time
		lost  int64
		late  int64
	}{
		{"in order", []int{0, 1, 2, 3, 4, 5}, []uint32{0, 1}, nil, 0, 0},
		{"twice", []int{0, 1, 1, 2, 0, 3, 4, 5, 5}, []uint32{0, 1}, nil, 0, 0},
		{"out of order", []int{0, 2, 1, 4, 3, 5, -1}, []uint32{0, 1}, nil, 0, 0},
		{"missing for now", []int{0, 2, 3, 4, 5, -1}, nil, []uint16{65534}, 0, 0},
		{"sent again", []int{0, 2, 3, 4, 5, -1, 1}, []uint32{0, 1}, []uint16{65534}, 0, 1},
		{"lost for good", []int{0, 2, 3, 4, 5, -2}, []uint32{1}, nil, 1, 0},
		{"a marker lost", []int{0, 1, 3, 4, 5, -2, 6, 7, 8}, []uint32{2}, nil, 1, 0},
		{"two pictures lost", []int{0, 1, 2, 9, 10, 11, -2}, []uint32{0}, nil, 6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFlow(90000)
			now := time.Unix(1000, 0)
			var whole []uint32
			var asked []uint16
			done := func(stamp uint32) { whole = append(whole, stamp) }
			for _, n := range c.order {
				switch n {
				case -1, -2:
					now = now.Add([]time.Duration{20 * time.Millisecond, 2 * time.Second}[-n-1])
					asked, _ = f.ask(now, done)
				default:
					f.take(now, rtpPacket(uint16(first+n), uint32(n/3), n%3 == 2), done)
				}
			}
			if !slices.Equal(whole, c.whole) || !slices.Equal(asked, c.asked) || f.lost != c.lost || f.late != c.late {
				t.Errorf("whole %v, asked for %v, %d lost, %d late; want %v, %v, %d, %d", whole, asked, f.lost, f.late, c.whole, c.asked, c.lost, c.late)
			}
			if len(f.missing)+len(f.ahead)+len(f.stamps) > 12 {
				t.Errorf("it keeps %d, %d, %d", len(f.missing), len(f.ahead), len(f.stamps))
			}
		})
	}
}

// TestIsKeyframe goes through the packet types of RFC 6184.
func TestIsKeyframe(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"IDR", []byte{0x65, 1}, true},
		{"P", []byte{0x41, 1}, false},
		{"parameter sets and IDR", []byte{24, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 2, 0x65, 1}, true},
		{"parameter sets", []byte{24, 0, 2, 0x67, 1, 0, 1, 0x68}, false},
		{"a lie about lengths", []byte{24, 0xff, 0xff, 0x67}, false},
		{"the beginning of an IDR", []byte{28, 0x85, 1}, true},
		{"the beginning of a P", []byte{28, 0x81, 1}, false},
		{"nothing", nil, false},
	} {
		if got := isKeyframe(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
