package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/regie-live/regie/transcode/media"
)

var errBitstream = errors.New("a coded picture is cut short")

// startCode goes before every NAL unit in media.AccessUnit.
var startCode = [4]byte{0, 0, 0, 1}

// parseAVCC reads an AVCDecoderConfigurationRecord (ISO 14496-15 section
// 5.3.3.1): the size of the lengths before NAL units, and the parameter sets
// in Annex B form.
func parseAVCC(b []byte) (lengthSize int, sets []byte, err error) {
	if len(b) < 6 || b[0] != 1 {
		return 0, nil, fmt.Errorf("avcC: %w", errBitstream)
	}
	lengthSize = int(b[4]&3) + 1
	count, rest := int(b[5]&0x1f), b[6:]
	for range 2 { // sequence, then picture parameter sets
		for ; count > 0; count-- {
			if sets, rest, err = takeSet(sets, rest); err != nil {
				return 0, nil, fmt.Errorf("avcC: %w", err)
			}
		}
		if len(rest) > 0 {
			count, rest = int(rest[0]), rest[1:]
		}
	}
	return lengthSize, sets, nil
}

// parseHVCC reads an HEVCDecoderConfigurationRecord (ISO 14496-15 section
// 8.3.3.1) likewise.
func parseHVCC(b []byte) (lengthSize int, sets []byte, err error) {
	if len(b) < 23 {
		return 0, nil, fmt.Errorf("hvcC: %w", errBitstream)
	}
	lengthSize = int(b[21]&3) + 1
	arrays, rest := int(b[22]), b[23:]
	for ; arrays > 0; arrays-- {
		if len(rest) < 3 {
			return 0, nil, fmt.Errorf("hvcC: %w", errBitstream)
		}
		count := int(binary.BigEndian.Uint16(rest[1:]))
		rest = rest[3:]
		for ; count > 0; count-- {
			if sets, rest, err = takeSet(sets, rest); err != nil {
				return 0, nil, fmt.Errorf("hvcC: %w", err)
			}
		}
	}
	return lengthSize, sets, nil
}

func takeSet(sets, b []byte) (all, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errBitstream
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, nil, errBitstream
	}
	if n > 0 {
		sets = append(append(sets, startCode[:]...), b[2:2+n]...)
	}
	return sets, b[2+n:], nil
}

// parseAV1C reads an AV1CodecConfigurationRecord (AV1-ISOBMFF section 2.3) and
// returns its sequence header OBU, nil if it has none.
func parseAV1C(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("av1C: %w", errBitstream)
	}
	var header []byte
	err := eachOBU(b[4:], func(kind byte, obu []byte, _ bool) {
		if kind == obuSequenceHeader && header == nil {
			header = append([]byte(nil), obu...)
		}
	})
	return header, err
}

// annexB turns NAL units with lengths before them into Annex B form. With the
// usual 4 byte lengths it works in place. hasSets says that parameter sets of
// the codec are among the units.
//
// What is in that form already stays as it is: FFmpeg's concat demuxer, with
// which people send playlists around the clock, writes start codes where the
// lengths belong (and says lengths in its avcC).
func annexB(b []byte, lengthSize int, codec media.Codec) (out []byte, hasSets bool, err error) {
	if bytes.HasPrefix(b, startCode[:]) && !measured(b, lengthSize) {
		return b, holdsSPS(b, codec), nil
	}
	inPlace := lengthSize == len(startCode)
	if !inPlace {
		out = make([]byte, 0, len(b)+64)
	}
	for i := 0; i < len(b); {
		if len(b)-i < lengthSize {
			return nil, false, errBitstream
		}
		n := 0
		for _, x := range b[i : i+lengthSize] {
			n = n<<8 | int(x)
		}
		unit := i + lengthSize
		if n > len(b)-unit {
			return nil, false, errBitstream
		}
		if n > 0 {
			hasSets = hasSets || isSPS(b[unit], codec)
		}
		if inPlace {
			copy(b[i:], startCode[:])
		} else if n > 0 {
			out = append(append(out, startCode[:]...), b[unit:unit+n]...)
		}
		i = unit + n
	}
	if inPlace {
		out = b
	}
	return out, hasSets, nil
}

// measured says that b is a row of NAL units with lengths before them.
func measured(b []byte, lengthSize int) bool {
	for len(b) >= lengthSize {
		n := 0
		for _, x := range b[:lengthSize] {
			n = n<<8 | int(x)
		}
		if n > len(b)-lengthSize {
			return false
		}
		b = b[lengthSize+n:]
	}
	return len(b) == 0
}

// holdsSPS looks for a sequence parameter set in Annex B form.
func holdsSPS(b []byte, codec media.Codec) bool {
	for {
		i := bytes.Index(b, startCode[1:])
		if i < 0 || i+3 >= len(b) {
			return false
		}
		if b = b[i+3:]; isSPS(b[0], codec) {
			return true
		}
	}
}

func isSPS(first byte, codec media.Codec) bool {
	if codec == media.H265 {
		return first>>1&0x3f == 33
	}
	return first&0x1f == 7
}

// OBU types (AV1 section 6.2.2).
const (
	obuSequenceHeader    = 1
	obuTemporalDelimiter = 2
)

// temporalUnit returns b as OBUs that all have a size field, without temporal
// delimiters; in the usual case it shares b's memory. hasHeader says that a
// sequence header is among them.
func temporalUnit(b []byte) (out []byte, hasHeader bool, err error) {
	plain, skip, at := true, 0, 0 // plain: after skip bytes of delimiters, all can stay
	err = eachOBU(b, func(kind byte, obu []byte, sized bool) {
		switch {
		case kind == obuTemporalDelimiter && skip == at:
			skip += len(obu)
		case kind == obuTemporalDelimiter || !sized:
			plain = false
		}
		hasHeader = hasHeader || kind == obuSequenceHeader
		at += len(obu)
	})
	if err != nil || plain {
		return b[min(skip, len(b)):], hasHeader, err
	}
	out = make([]byte, 0, len(b)+binary.MaxVarintLen32)
	err = eachOBU(b, func(kind byte, obu []byte, sized bool) {
		switch {
		case kind == obuTemporalDelimiter:
		case sized:
			out = append(out, obu...)
		default:
			header := 1 + int(obu[0]>>2&1)
			out = append(out, obu[0]|2)
			out = append(out, obu[1:header]...)
			out = binary.AppendUvarint(out, uint64(len(obu)-header))
			out = append(out, obu[header:]...)
		}
	})
	return out, hasHeader, err
}

// eachOBU calls each with every OBU of b, header and all (AV1 section 5.3). The
// last one may lack its size field.
func eachOBU(b []byte, each func(kind byte, obu []byte, sized bool)) error {
	for len(b) > 0 {
		header := 1 + int(b[0]>>2&1) // with extension
		if len(b) < header || b[0]&0x80 != 0 {
			return errBitstream
		}
		kind, sized := b[0]>>3&0xf, b[0]&2 != 0
		end := len(b)
		if sized {
			size, n := binary.Uvarint(b[header:]) // leb128 is the same code
			if n <= 0 || size > uint64(len(b)-header-n) {
				return errBitstream
			}
			end = header + n + int(size)
		}
		each(kind, b[:end], sized)
		b = b[end:]
	}
	return nil
}
