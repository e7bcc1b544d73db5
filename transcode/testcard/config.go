package testcard

import (
	"bytes"

	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

// parameterSets returns media.Track.Config for what cfg encodes. It encodes one
// picture to find out: encoders that send their parameter sets in-band have them
// nowhere else.
func parameterSets(cfg libav.VideoEncoderConfig) ([]byte, error) {
	if cfg.Codec == media.VP8 || cfg.Codec == media.VP9 {
		return nil, nil
	}
	enc, err := libav.OpenVideoEncoder(cfg)
	if err != nil {
		return nil, err
	}
	defer enc.Close()
	enc.Canvas()
	data, _, err := enc.Encode(0, true)
	if err != nil {
		return nil, err
	}
	switch cfg.Codec {
	case media.H264:
		return keepUnits(data, func(header byte) bool { t := header & 0x1f; return t == 7 || t == 8 }), nil
	case media.H265:
		return keepUnits(data, func(header byte) bool { t := header >> 1 & 0x3f; return t >= 32 && t <= 34 }), nil
	case media.AV1:
		return sequenceHeader(data), nil
	}
	return nil, nil
}

// keepUnits returns the NAL units of an access unit in Annex B form (with four byte
// start codes) whose header's first byte pleases keep.
func keepUnits(au []byte, keep func(header byte) bool) []byte {
	var out []byte
	start := []byte{0, 0, 0, 1}
	for _, unit := range bytes.Split(au, start) {
		if len(unit) > 0 && keep(unit[0]) {
			out = append(append(out, start...), unit...)
		}
	}
	return out
}

// sequenceHeader returns the OBU of type 1 from a temporal unit whose OBUs have
// size fields (AV1 specification, sections 5.3.1 and 4.10.5).
func sequenceHeader(tu []byte) []byte {
	for len(tu) > 1 {
		header := 1
		if tu[0]&4 != 0 { // has an extension byte
			header = 2
		}
		size, n := 0, 0
		for header+n < len(tu) && n < 8 {
			b := tu[header+n]
			size |= int(b&0x7f) << (7 * n)
			n++
			if b&0x80 == 0 {
				break
			}
		}
		end := header + n + size
		if end > len(tu) {
			return nil
		}
		if tu[0]>>3&0xf == 1 {
			return tu[:end:end]
		}
		tu = tu[end:]
	}
	return nil
}
