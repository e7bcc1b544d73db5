package compose

import "encoding/binary"

// MixWhole is the share at which Mix shows its second picture alone.
const MixWhole = 256

// Mix writes a picture between a and b to dst, which may be one of them: share
// 0 is a, MixWhole is b. All three have one size; what is beyond the smallest stays
// as it is.
func Mix(dst, a, b *Picture, share int) {
	w, h := min(dst.W, a.W, b.W), min(dst.H, a.H, b.H)
	t := uint64(min(max(share, 0), MixWhole))
	mixPlane(dst.Y, dst.YStride, a.Y, a.YStride, b.Y, b.YStride, w, h, t)
	mixPlane(dst.U, dst.CStride, a.U, a.CStride, b.U, b.CStride, w/2, h/2, t)
	mixPlane(dst.V, dst.CStride, a.V, a.CStride, b.V, b.CStride, w/2, h/2, t)
}

func mixPlane(d []byte, ds int, a []byte, as int, b []byte, bs int, w, h int, t uint64) {
	for j := range h {
		mixRow(d[j*ds:j*ds+w], a[j*as:j*as+w], b[j*bs:j*bs+w], t)
	}
}

// mixRow computes a·(1−t) + b·t, rounded, eight samples at once: every second one
// has 16 bits of a word to itself, which their sum of at most 255·256 + 128 does
// not leave.
func mixRow(d, a, b []byte, t uint64) {
	const (
		lanes = 0x00ff00ff00ff00ff
		half  = 0x0080008000800080
	)
	s := MixWhole - t
	for len(d) >= 8 && len(a) >= 8 && len(b) >= 8 {
		x, y := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
		even := (x&lanes)*s + (y&lanes)*t + half
		odd := (x>>8&lanes)*s + (y>>8&lanes)*t + half
		binary.LittleEndian.PutUint64(d, even>>8&lanes|odd&^lanes)
		d, a, b = d[8:], a[8:], b[8:]
	}
	for i := range d {
		d[i] = byte((uint64(a[i])*s + uint64(b[i])*t + 128) >> 8)
	}
}
