package libav

// #include "shim.h"
import "C"

import (
	"fmt"

	"github.com/regie-live/regie/transcode/compose"
)

// Scaler scales composed pictures. Its zero value is ready for use; what it
// needs for one pair of sizes is kept until another comes, or Close.
type Scaler struct{ s C.Scaler }

// Scale scales the whole of src to the whole of dst, averaging over the source
// pixels that fall on one of dst's.
func (s *Scaler) Scale(dst, src *compose.Picture) error {
	for _, p := range []*compose.Picture{dst, src} {
		if p.W < 2 || p.H < 2 {
			return fmt.Errorf("libav: cannot scale from %d×%d to %d×%d", src.W, src.H, dst.W, dst.H)
		}
	}
	return check("scale", C.scaler_run(&s.s,
		bytePtr(src.Y), bytePtr(src.U), bytePtr(src.V), C.int(src.YStride), C.int(src.CStride), C.int(src.W), C.int(src.H),
		bytePtr(dst.Y), bytePtr(dst.U), bytePtr(dst.V), C.int(dst.YStride), C.int(dst.CStride), C.int(dst.W), C.int(dst.H)))
}

// Close frees what was kept.
func (s *Scaler) Close() { C.scaler_free(&s.s) }
