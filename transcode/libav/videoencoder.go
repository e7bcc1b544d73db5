package libav

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unsafe"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

// VideoEncoderConfig says what an encoder makes. The bitrate is both the mean and
// the ceiling, over a buffer of one second.
type VideoEncoderConfig struct {
	W, H int // even
	FPS  int
	Kbps int
	// GOP is the longest distance between keyframes in frames; 0 makes
	// keyframes only on demand.
	GOP int
	// Preset is x264's; superfast when empty. Other codecs ignore it.
	Preset string
	// Codec is H264 when empty. The program is always H.264; the others serve
	// test pictures and need an encoder in the libavcodec that is installed.
	Codec media.Codec
}

// presets are x264's, as far as they make sense in real time. x264 itself would
// write an unknown one to stderr.
var presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium"}

// endless stands for "no scheduled keyframe": x264's own word for infinite.
const endless = 1 << 30

// videoEncoder returns libav's encoder for c and its options as "key=value"
// pairs: no delay, no B-frames, one thread, parameter sets in-band.
func videoEncoder(cfg VideoEncoderConfig) (name, options string) {
	switch cfg.Codec {
	case "", media.H264:
		preset := cmp.Or(cfg.Preset, "superfast")
		// Scene cuts are off: keyframes come on the grid or on demand only.
		return "libx264", "preset=" + preset +
			" tune=zerolatency profile=baseline forced-idr=1 x264-params=scenecut=0:repeat-headers=1"
	case media.H265:
		return "libx265", "preset=ultrafast tune=zerolatency forced-idr=1 " +
			"x265-params=log-level=none:scenecut=0:repeat-headers=1:pools=none:frame-threads=1"
	case media.VP8:
		return "libvpx", "deadline=realtime cpu-used=8 lag-in-frames=0"
	case media.VP9:
		return "libvpx-vp9", "deadline=realtime cpu-used=8 lag-in-frames=0"
	case media.AV1:
		return "libaom-av1", "usage=realtime cpu-used=8 lag-in-frames=0"
	}
	return "", ""
}

// VideoEncoder makes a video stream from what is drawn on its canvas.
type VideoEncoder struct {
	e      *C.VEnc
	cfg    VideoEncoderConfig
	canvas compose.Picture
	drawn  *C.uint8_t // the plane that canvas points into
}

// OpenVideoEncoder opens an encoder. H.264 comes out as Constrained Baseline in
// Annex B form with in-band parameter sets at every keyframe, and every keyframe
// is an IDR picture. Annex B start codes are 00 00 00 01 throughout.
func OpenVideoEncoder(cfg VideoEncoderConfig) (*VideoEncoder, error) {
	if cfg.W < 16 || cfg.H < 16 || cfg.W%2 != 0 || cfg.H%2 != 0 || cfg.W > 1<<14 || cfg.H > 1<<14 {
		return nil, fmt.Errorf("libav: cannot encode %d×%d: both must be even and at least 16", cfg.W, cfg.H)
	}
	if cfg.FPS < 1 || cfg.FPS > 240 || cfg.Kbps < 1 || cfg.Kbps > 1e6 {
		return nil, fmt.Errorf("libav: cannot encode at %d frames per second and %d kbit/s", cfg.FPS, cfg.Kbps)
	}
	if cfg.Preset != "" && !slices.Contains(presets, cfg.Preset) {
		return nil, fmt.Errorf("libav: %q is no preset: choose one of %v", cfg.Preset, presets)
	}
	name, options := videoEncoder(cfg)
	if name == "" {
		return nil, fmt.Errorf("libav: %q is no video codec that can be encoded", cfg.Codec)
	}
	gop := cfg.GOP
	if gop <= 0 {
		gop = endless
	}
	cname, copts := C.CString(name), C.CString(options)
	defer C.free(unsafe.Pointer(cname))
	defer C.free(unsafe.Pointer(copts))
	var code C.int
	e := C.venc_open(cname, C.int(cfg.W), C.int(cfg.H), C.int(cfg.FPS), C.int(cfg.Kbps), C.int(gop), copts, &code)
	if e == nil {
		return nil, check("open "+name+" encoder", code)
	}
	v := &VideoEncoder{e: e, cfg: cfg}
	c := v.Canvas()
	if c == nil {
		v.Close()
		return nil, fmt.Errorf("libav: open %s encoder: out of memory", name)
	}
	c.Fill(compose.BlackY, compose.BlackC, compose.BlackC)
	return v, nil
}

// Canvas returns the picture that the next Encode encodes, for drawing. It is
// valid until Encode or Close. It still holds what was drawn last, so only what
// changes must be drawn again; the first one is black. Nil after Close.
func (v *VideoEncoder) Canvas() *compose.Picture {
	if v.e == nil || C.venc_begin(v.e) < 0 {
		return nil
	}
	f := v.e.frame
	if f.data[0] == v.drawn {
		return &v.canvas
	}
	v.drawn = f.data[0]
	ys, cs := int(f.linesize[0]), int(f.linesize[1])
	v.canvas = compose.Picture{
		W: v.cfg.W, H: v.cfg.H, YStride: ys, CStride: cs,
		Y: unsafe.Slice((*byte)(f.data[0]), ys*v.cfg.H),
		U: unsafe.Slice((*byte)(f.data[1]), cs*v.cfg.H/2),
		V: unsafe.Slice((*byte)(f.data[2]), cs*v.cfg.H/2),
	}
	return &v.canvas
}

// Encode encodes the canvas as frame number frame, which counts in frames of 1/FPS
// from any start and only goes up. key asks for a keyframe. data belongs to the
// caller.
func (v *VideoEncoder) Encode(frame int64, key bool) (data []byte, isKey bool, err error) {
	if v.e == nil {
		return nil, false, ErrClosed
	}
	want := C.int(0)
	if key {
		want = 1
	}
	switch r := C.venc_encode(v.e, C.int64_t(frame), want); {
	case r < 0:
		return nil, false, check("encode video", r)
	case r == 0:
		return nil, false, fmt.Errorf("libav: encode video: frame %d gave no packet", frame)
	}
	p := v.e.pkt
	packet := unsafe.Slice((*byte)(p.data), int(p.size))
	switch v.cfg.Codec {
	case media.AV1:
		data = slices.Clone(withoutDelimiter(packet))
	case media.VP8, media.VP9:
		data = slices.Clone(packet)
	default:
		data = longStartCodes(packet)
	}
	return data, p.flags&C.AV_PKT_FLAG_KEY != 0, nil
}

// longStartCodes copies an access unit in Annex B form, giving every NAL unit the
// start code 00 00 00 01: encoders write a short one inside an access unit.
func longStartCodes(au []byte) []byte {
	short := []byte{0, 0, 1}
	out := make([]byte, 0, len(au)+16)
	for {
		i := bytes.Index(au, short)
		if i < 0 {
			return append(out, au...)
		}
		out = append(append(out, bytes.TrimRight(au[:i], "\x00")...), 0)
		out = append(out, short...)
		au = au[i+len(short):]
	}
}

// withoutDelimiter drops the temporal delimiter OBU (type 2, no payload) that
// starts a temporal unit: media.AccessUnit has none.
func withoutDelimiter(tu []byte) []byte {
	if len(tu) >= 2 && tu[0] == 2<<3|2 && tu[1] == 0 {
		return tu[2:]
	}
	return tu
}

// Close frees the encoder and its canvas.
func (v *VideoEncoder) Close() {
	C.venc_close(v.e)
	v.e, v.drawn, v.canvas = nil, nil, compose.Picture{}
}
