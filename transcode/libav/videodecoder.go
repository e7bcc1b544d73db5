package libav

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"time"
	"unsafe"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// videoDecoderName names libav's decoder for each codec. Its own AV1 decoder needs
// hardware, so AV1 goes to dav1d.
func videoDecoderName(c media.Codec) string {
	switch c {
	case media.H264:
		return "h264"
	case media.H265:
		return "hevc"
	case media.VP8:
		return "vp8"
	case media.VP9:
		return "vp9"
	case media.AV1:
		return "libdav1d"
	}
	return ""
}

// maxErrors bounds how often one access unit may fail before Decode gives up on
// it; each failure consumes a part of it, so the loop ends by itself long before.
const maxErrors = 64

// VideoDecoder turns access units into pictures.
type VideoDecoder struct {
	d      *C.VDec
	codec  media.Codec
	frame  Frame
	gaps   gaps
	config []byte // AV1: put before the next access unit
	prime  bool
}

// OpenVideoDecoder opens a decoder for t. maxPixels bounds width × height of what
// it accepts; a stream that says it is larger makes Decode return errors.
func OpenVideoDecoder(t media.Track, maxPixels int) (*VideoDecoder, error) {
	name := videoDecoderName(t.Codec)
	if name == "" {
		return nil, fmt.Errorf("libav: %q is no video codec that can be decoded", t.Codec)
	}
	if maxPixels <= 0 {
		return nil, errors.New("libav: a video decoder needs a limit of pixels above 0")
	}
	d := &VideoDecoder{codec: t.Codec}
	var code C.int
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	d.d = C.vdec_open(cname, bytePtr(t.Config), C.int(len(t.Config)), C.int64_t(maxPixels), &code)
	if d.d == nil {
		return nil, check("open "+name+" decoder", code)
	}
	if t.Codec == media.AV1 && len(t.Config) > 0 {
		// dav1d does not decode with the sequence header it was opened with.
		d.config, d.prime = slices.Clone(t.Config), true
	}
	if t.Codec == media.H264 {
		d.gaps.observe(t.Config)
	}
	d.frame.d = d
	return d, nil
}

// Decode decodes one access unit and calls each for every picture that is ready,
// in presentation order. pts comes back in Frame.PTS of the picture that this
// access unit holds, in this call or, when the stream reorders, in a later one.
// The Frame is valid only inside each. An error tells that something in data
// was unusable; pictures may have come nevertheless, and decoding may go on.
func (d *VideoDecoder) Decode(data []byte, pts time.Duration, each func(*Frame)) error {
	if d.d == nil {
		return ErrClosed
	}
	if err := checkUnit(data, maxAccessUnit); err != nil {
		return err
	}
	picture := d.codec != media.H264 || d.gaps.observe(data)
	if d.prime {
		data = slices.Concat(d.config, data)
	}
	r := C.vdec_send(d.d, bytePtr(data), C.int(len(data)), C.int64_t(pts))
	err := check("decode video", r)
	for range maxErrors {
		var info C.VInfo
		r := C.vdec_receive(d.d, &info)
		if r == 0 {
			break
		}
		if r < 0 {
			err = check("decode video", r)
			continue
		}
		d.prime = false
		d.frame.PTS = time.Duration(info.pts)
		d.frame.W, d.frame.H = int(info.w), int(info.h)
		d.frame.Corrupt = info.corrupt != 0 || info.missing != 0 && !d.gaps.allowed
		each(&d.frame)
		if d.d == nil { // each closed the decoder
			return ErrClosed
		}
	}
	if !picture {
		// Parameter sets, filler or a delimiter alone are legal and have been
		// read; libav calls it an error that no picture came of them.
		return nil
	}
	return err
}

// Flush forgets references and pictures that wait for reordering: after a gap,
// before decoding goes on at a keyframe.
func (d *VideoDecoder) Flush() {
	if d.d == nil {
		return
	}
	C.vdec_flush(d.d)
	d.prime = d.config != nil
}

// Close frees the decoder.
func (d *VideoDecoder) Close() {
	C.vdec_close(d.d)
	d.d = nil
}

// Frame is a decoded picture, still in the decoder's own format.
type Frame struct {
	PTS  time.Duration
	W, H int // as shown: after the stream's own cropping; may be odd
	// Corrupt: the decoder hid damage, or did without a reference that never
	// came. That it is false proves nothing: H.265 and VP8 hide most damage
	// inside a picture without a word.
	Corrupt bool

	d *VideoDecoder
}

// ScaleTo scales the part src of f to the whole of dst, averaging over the source
// pixels that fall on one of dst's. Whatever the stream uses (full range,
// 4:2:2, 4:4:4, 10 bit, BT.601, BT.2020) comes out as 8 bit 4:2:0 limited-range
// BT.709; high dynamic range is not tone-mapped. src's corner is rounded down to
// a whole chroma sample. What two sizes need is kept for as long as they stay the
// same.
func (f *Frame) ScaleTo(dst *compose.Picture, src image.Rectangle) error {
	if f.d.d == nil {
		return ErrClosed
	}
	if src.Empty() || !src.In(image.Rect(0, 0, f.W, f.H)) {
		return fmt.Errorf("libav: part %v is not inside the picture of %d×%d", src, f.W, f.H)
	}
	if dst.W < 2 || dst.H < 2 {
		return fmt.Errorf("libav: cannot scale to a picture of %d×%d", dst.W, dst.H)
	}
	return check("scale", C.vdec_scale(f.d.d,
		C.int(src.Min.X), C.int(src.Min.Y), C.int(src.Dx()), C.int(src.Dy()),
		bytePtr(dst.Y), bytePtr(dst.U), bytePtr(dst.V), C.int(dst.YStride), C.int(dst.CStride),
		C.int(dst.W), C.int(dst.H)))
}
