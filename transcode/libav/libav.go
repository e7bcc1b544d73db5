package libav

// #cgo pkg-config: libavcodec libavutil libswscale libswresample
// #cgo CFLAGS: -O3 -Wall
// #cgo LDFLAGS: -lm
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// ErrClosed is what a decoder or encoder returns after Close.
var ErrClosed = errors.New("libav: already closed")

// ErrEmpty refuses an access unit without data: libav would take it for the end
// of the stream and decode nothing afterwards.
var ErrEmpty = errors.New("libav: empty access unit")

// Bounds on one access unit, in bytes. The largest picture that the codecs of a
// live stream make is far below the first; the second is a third of a second
// of LPCM, which is the bulkiest sound.
const (
	maxAccessUnit = 8 << 20
	maxAudioUnit  = 64 << 10
)

// Error is a failure that libav reports.
type Error struct {
	Op   string // what was tried
	Code int    // negative AVERROR code
}

func (e *Error) Error() string {
	var buf [C.AV_ERROR_MAX_STRING_SIZE]C.char
	if C.av_strerror(C.int(e.Code), &buf[0], C.AV_ERROR_MAX_STRING_SIZE) < 0 {
		return fmt.Sprintf("libav: %s: error %d", e.Op, e.Code)
	}
	return fmt.Sprintf("libav: %s: %s", e.Op, C.GoString(&buf[0]))
}

// check turns a negative return value into an Error.
func check(op string, r C.int) error {
	if r >= 0 {
		return nil
	}
	return &Error{Op: op, Code: int(r)}
}

// bytePtr returns the address of b's first byte, or nil.
func bytePtr(b []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b)))
}

func checkUnit(data []byte, limit int) error {
	if len(data) == 0 {
		return ErrEmpty
	}
	if len(data) > limit {
		return fmt.Errorf("libav: access unit of %d bytes is over the limit of %d", len(data), limit)
	}
	return nil
}

// Version tells which libavcodec is loaded, as major.minor.micro.
func Version() string {
	v := uint(C.avcodec_version())
	return fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)
}
