package libav

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/regie-live/regie/transcode/media"
)

// SampleRate is what audio decoders put out, in Hz.
const SampleRate = 48000

// audioDecoderNames lists libav's decoders for c, the best first.
func audioDecoderNames(c media.Codec) []string {
	switch c {
	case media.AAC:
		return []string{"aac"}
	case media.Opus:
		return []string{"libopus", "opus"}
	case media.MP3:
		return []string{"mp3float"}
	case media.PCMA:
		return []string{"pcm_alaw"}
	case media.PCMU:
		return []string{"pcm_mulaw"}
	case media.LPCM:
		return []string{"pcm_s16be"}
	}
	return nil
}

// AudioDecoder turns packets of any codec into interleaved stereo at 48 kHz.
// Mono comes out on both sides at its own level; more channels are mixed down.
type AudioDecoder struct {
	d *C.ADec
}

// OpenAudioDecoder opens a decoder for t.
func OpenAudioDecoder(t media.Track) (*AudioDecoder, error) {
	names := audioDecoderNames(t.Codec)
	if names == nil {
		return nil, fmt.Errorf("libav: %q is no audio codec that can be decoded", t.Codec)
	}
	rate, channels, err := audioFormat(t)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		cname := C.CString(name)
		var code C.int
		d := C.adec_open(cname, C.int(rate), C.int(channels), bytePtr(t.Config), C.int(len(t.Config)), &code)
		C.free(unsafe.Pointer(cname))
		if d != nil {
			return &AudioDecoder{d: d}, nil
		}
		err = check("open "+name+" decoder", code)
	}
	return nil, err
}

// audioFormat returns what the decoder must be told: codecs whose packets say it
// themselves override it.
func audioFormat(t media.Track) (rate, channels int, err error) {
	rate, channels = t.SampleRate, t.Channels
	switch t.Codec {
	case media.AAC:
		if len(t.Config) < 2 {
			return 0, 0, errors.New("libav: an AAC track needs its AudioSpecificConfig")
		}
		if rate == 0 {
			rate = SampleRate
		}
	case media.Opus:
		rate, channels = SampleRate, 2 // RFC 7587 section 7: always so, whatever is inside
	case media.MP3:
		if rate == 0 {
			rate = SampleRate
		}
	case media.PCMA, media.PCMU:
		if rate == 0 {
			rate = 8000
		}
		if channels == 0 {
			channels = 1
		}
	}
	if channels == 0 {
		channels = 2
	}
	if rate < 4000 || rate > 384000 || channels < 1 || channels > 2 {
		return 0, 0, fmt.Errorf("libav: a %s track of %d Hz and %d channels cannot be decoded", t.Codec, t.SampleRate, t.Channels)
	}
	return rate, channels, nil
}

// Decode decodes one packet. The samples are interleaved stereo at 48 kHz, full
// scale at ±1 (a coded stream may overshoot), and valid until the next call on d.
// There may be none. Sample 0 belongs to the packet's PTS minus Delay samples.
func (d *AudioDecoder) Decode(data []byte) ([]float32, error) {
	if d.d == nil {
		return nil, ErrClosed
	}
	if err := checkUnit(data, maxAudioUnit); err != nil {
		return nil, err
	}
	err := check("decode audio", C.adec_decode(d.d, bytePtr(data), C.int(len(data))))
	if d.d.n == 0 {
		return nil, err
	}
	return unsafe.Slice((*float32)(d.d.out), 2*int(d.d.n)), err
}

// Delay returns how many samples before its packet's PTS the last result of Decode
// began: what the resampler still held from the packet before. It is 0 for
// sources at 48 kHz and well below a millisecond for others.
func (d *AudioDecoder) Delay() int {
	if d.d == nil {
		return 0
	}
	return int(d.d.delay)
}

// Flush forgets what came before: after a gap.
func (d *AudioDecoder) Flush() {
	if d.d != nil {
		C.adec_flush(d.d)
	}
}

// Close frees the decoder and the samples that Decode returned.
func (d *AudioDecoder) Close() {
	C.adec_close(d.d)
	d.d = nil
}
