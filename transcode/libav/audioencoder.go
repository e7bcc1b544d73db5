package libav

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/regie-live/regie/transcode/media"
)

// audioEncoder is how c is encoded. The program uses AAC and Opus; the others
// serve test sources.
type audioEncoder struct {
	name     string
	rate     int // Hz
	channels int
	samples  int // per packet, for encoders that take any number
	options  string
}

func audioEncoderFor(c media.Codec) (audioEncoder, bool) {
	switch c {
	case media.AAC:
		// The fast search is as good as the thorough one at the 96 kbit/s and more of a
		// program (21.0 against 20.3 dB at 128), for two fifths of its time.
		return audioEncoder{name: "aac", rate: SampleRate, channels: 2, options: "aac_coder=fast"}, true
	case media.Opus:
		return audioEncoder{name: "libopus", rate: SampleRate, channels: 2,
			options: "application=audio frame_duration=20 fec=1 packet_loss=5"}, true
	case media.MP3:
		return audioEncoder{name: "libmp3lame", rate: SampleRate, channels: 2, options: "reservoir=0"}, true
	case media.PCMA:
		return audioEncoder{name: "pcm_alaw", rate: 8000, channels: 1, samples: 160}, true
	case media.PCMU:
		return audioEncoder{name: "pcm_mulaw", rate: 8000, channels: 1, samples: 160}, true
	case media.LPCM:
		return audioEncoder{name: "pcm_s16be", rate: SampleRate, channels: 2, samples: 960}, true
	}
	return audioEncoder{}, false
}

// AudioEncoder makes packets from blocks of FrameSize samples.
//
// The n-th packet belongs to the n-th block, and its PTS is the block's PTS
// minus Delay: what a decoder puts out for it begins Delay samples earlier than
// what went in. Encoders that look ahead return their first packets late, so
// that with AAC the packet that comes back from one call belongs to the block of
// the call before.
type AudioEncoder struct {
	e    *C.AEnc
	kind audioEncoder
}

// OpenAudioEncoder opens an encoder for c. kbps is ignored by codecs without a
// choice.
func OpenAudioEncoder(c media.Codec, kbps int) (*AudioEncoder, error) {
	kind, ok := audioEncoderFor(c)
	if !ok {
		return nil, fmt.Errorf("libav: %q is no audio codec that can be encoded", c)
	}
	if kbps < 6 || kbps > 512 {
		return nil, fmt.Errorf("libav: cannot encode audio at %d kbit/s: choose 6 to 512", kbps)
	}
	cname, copts := C.CString(kind.name), C.CString(kind.options)
	defer C.free(unsafe.Pointer(cname))
	defer C.free(unsafe.Pointer(copts))
	var code C.int
	e := C.aenc_open(cname, C.int(kind.rate), C.int(kind.channels), C.int(kind.samples), C.int(kbps), copts, &code)
	if e == nil {
		return nil, check("open "+kind.name+" encoder", code)
	}
	return &AudioEncoder{e: e, kind: kind}, nil
}

// FrameSize is how many sample pairs Encode takes.
func (a *AudioEncoder) FrameSize() int {
	if a.e == nil {
		return 0
	}
	return int(a.e.frame.nb_samples)
}

// Delay is the encoder's pre-roll in samples.
func (a *AudioEncoder) Delay() int {
	if a.e == nil {
		return 0
	}
	return int(a.e.c.initial_padding)
}

// SampleRate is the rate of the samples that Encode takes, in Hz: 48000, or 8000
// for PCMA and PCMU.
func (a *AudioEncoder) SampleRate() int { return a.kind.rate }

// Channels is how many channels are coded; 1 gets the mean of both sides.
func (a *AudioEncoder) Channels() int { return a.kind.channels }

// Config returns what a decoder needs first: for AAC the AudioSpecificConfig. The
// others need nothing.
func (a *AudioEncoder) Config() []byte {
	if a.e == nil || a.e.c.codec_id != C.AV_CODEC_ID_AAC {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(a.e.c.extradata), a.e.c.extradata_size)
}

// Encode encodes FrameSize interleaved stereo pairs at SampleRate. The packet
// belongs to the caller; it is nil while the encoder still fills.
func (a *AudioEncoder) Encode(samples []float32) ([]byte, error) {
	if a.e == nil {
		return nil, ErrClosed
	}
	if len(samples) != 2*a.FrameSize() {
		return nil, fmt.Errorf("libav: encode audio: got %d samples, want %d", len(samples), 2*a.FrameSize())
	}
	r := C.aenc_encode(a.e, (*C.float)(unsafe.Pointer(&samples[0])))
	if r <= 0 {
		return nil, check("encode audio", r)
	}
	return C.GoBytes(unsafe.Pointer(a.e.pkt.data), a.e.pkt.size), nil
}

// Close frees the encoder.
func (a *AudioEncoder) Close() {
	C.aenc_close(a.e)
	a.e = nil
}
