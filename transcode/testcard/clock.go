package testcard

import (
	"time"

	"github.com/regie-live/regie/transcode/compose"
)

// The bar code over the top 1/18 of a picture: 48 cells of equal width, white for
// one. 1010 sets the threshold, then come 32 bits of milliseconds since 1970 and 8
// bits of checksum, highest first, then 0101.
const (
	cells    = 48
	preamble = 0b1010
	trailer  = 0b0101
	seed     = 0x5a
)

func checksum(ms uint32) uint64 {
	return uint64(byte(ms>>24) + byte(ms>>16) + byte(ms>>8) + byte(ms) + seed)
}

// DrawClock draws the bar code for t.
func DrawClock(p *compose.Picture, t time.Time) {
	ms := uint32(t.UnixMilli()) // its low 32 bits
	code := uint64(preamble)<<44 | uint64(ms)<<12 | checksum(ms)<<4 | trailer
	r := ClockRect(p.W, p.H)
	bar := p.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
	bar.Fill(16, 128, 128)
	for i := range cells {
		if code>>(cells-1-i)&1 == 0 {
			continue
		}
		for y := range bar.H {
			row := bar.Y[y*bar.YStride:]
			for x := i * bar.W / cells; x < (i+1)*bar.W/cells; x++ {
				row[x] = 235
			}
		}
	}
}

// ReadClock reads the bar code of a card that fills p, and returns the low 32 bits of
// the milliseconds since 1970. ok is false when there is none, or it is damaged.
func ReadClock(p *compose.Picture) (ms uint32, ok bool) {
	if p.W < cells || p.H < 36 {
		return 0, false
	}
	row := p.Y[p.H/36&^1*p.YStride:]
	at := func(i int) int { return int(row[(2*i+1)*p.W/(2*cells)]) }
	threshold := (at(0) + at(1) + at(2) + at(3)) / 4
	var code uint64
	for i := range cells {
		code <<= 1
		if at(i) > threshold {
			code |= 1
		}
	}
	ms = uint32(code >> 12)
	ok = code>>44 == preamble && code&0xf == trailer && code>>4&0xff == checksum(ms)
	return ms, ok
}
