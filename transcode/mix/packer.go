package mix

// Packer cuts a stream of pairs into an encoder's frames so that packets lie on
// the encoder's grid: timestamps are multiples of the frame size, in order and
// without a gap.
type Packer struct {
	size  int
	delay int
	next  int64 // timestamp of the next packet
	skip  int64 // position of the first pair wanted
	buf   []float32
}

// NewPacker cuts frames of size pairs for an encoder whose packets begin delay
// pairs before the input they are made from. next is the timestamp of the first
// packet.
func NewPacker(size, delay int, next int64) *Packer {
	return &Packer{size: size, delay: delay, next: next, skip: next + int64(delay), buf: make([]float32, 0, 2*(size+Block))}
}

// Start is the position of the first pair that will be encoded.
func (p *Packer) Start() int64 { return p.skip }

// Next is the timestamp of the next packet.
func (p *Packer) Next() int64 { return p.next }

// Write takes the pairs of position pos on and gives each full frame to encode.
// When that returns data, packet is called with it.
func (p *Packer) Write(s []float32, pos int64, encode func([]float32) ([]byte, error), packet func(pts int64, data []byte) error) error {
	if cut := p.skip - pos; cut > 0 {
		s = s[min(2*cut, int64(len(s))):]
	}
	p.buf = append(p.buf, s...)
	for len(p.buf) >= 2*p.size {
		data, err := encode(p.buf[:2*p.size])
		p.buf = p.buf[:copy(p.buf, p.buf[2*p.size:])]
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		if err := packet(p.next, data); err != nil {
			return err
		}
		p.next += int64(p.size)
	}
	return nil
}

// Align rounds a position up to a multiple of size.
func Align(pos int64, size int) int64 {
	n := int64(size)
	return (pos + n - 1) / n * n
}
