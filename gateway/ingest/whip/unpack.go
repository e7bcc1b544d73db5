package whip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
	"github.com/pion/rtp/codecs"

	"github.com/regie-live/regie/transcode/media"
)

// errPart says that a picture's first or last part is not there.
var errPart = errors.New("a part of the picture is missing")

var errShort = errors.New("the payload is too short")

// unpack joins the payloads of one picture into the form of media.AccessUnit.
func unpack(codec media.Codec, payloads [][]byte) (data []byte, key bool, err error) {
	switch codec {
	case media.H264:
		return unpackH264(payloads)
	case media.H265:
		return unpackH265(payloads)
	case media.VP8:
		return unpackVP8(payloads)
	case media.VP9:
		return unpackVP9(payloads)
	case media.AV1:
		return unpackAV1(payloads)
	}
	return nil, false, fmt.Errorf("no payload format for %q", codec)
}

// annexB collects NAL units.
type annexB struct {
	out      []byte
	fragment bool // the last unit is not complete
}

func (b *annexB) unit(header ...byte) {
	b.out = append(b.out, 0, 0, 0, 1)
	b.out = append(b.out, header...)
}

// aggregate adds units that each come after their length (16 bits).
func (b *annexB) aggregate(p []byte, add func(nalu []byte)) error {
	for len(p) >= 2 {
		n := int(binary.BigEndian.Uint16(p))
		if n == 0 || n > len(p)-2 {
			return errShort
		}
		add(p[2 : 2+n])
		p = p[2+n:]
	}
	return nil
}

// unpackH264 reads RFC 6184: single units, STAP-A and FU-A, which is all that
// packetization modes 0 and 1 have.
func unpackH264(payloads [][]byte) ([]byte, bool, error) {
	var b annexB
	key := false
	whole := func(nalu []byte) {
		key = key || nalu[0]&31 == 5
		b.unit(nalu...)
	}
	for _, p := range payloads {
		if len(p) < 2 {
			return nil, false, errShort
		}
		kind := p[0] & 31
		if b.fragment && kind != 28 {
			return nil, false, errPart
		}
		switch {
		case kind >= 1 && kind <= 23:
			whole(p)
		case kind == 24:
			if err := b.aggregate(p[1:], whole); err != nil {
				return nil, false, err
			}
		case kind == 28:
			start, end := p[1]&0x80 != 0, p[1]&0x40 != 0
			if start == b.fragment {
				return nil, false, errPart
			}
			if start {
				whole([]byte{p[0]&0xe0 | p[1]&0x1f})
			}
			b.out = append(b.out, p[2:]...)
			b.fragment = !end
		default:
			return nil, false, fmt.Errorf("H.264 packets of kind %d are not in modes 0 and 1", kind)
		}
	}
	if b.fragment {
		return nil, false, errPart
	}
	return b.out, key, nil
}

// unpackH265 reads RFC 7798 without decoding order numbers: single units,
// aggregation packets and fragmentation units.
func unpackH265(payloads [][]byte) ([]byte, bool, error) {
	var b annexB
	key := false
	whole := func(nalu []byte) {
		kind := nalu[0] >> 1 & 63
		key = key || kind >= 16 && kind <= 21 // BLA, IDR, CRA
		b.unit(nalu...)
	}
	for _, p := range payloads {
		if len(p) < 3 {
			return nil, false, errShort
		}
		kind := p[0] >> 1 & 63
		if b.fragment && kind != 49 {
			return nil, false, errPart
		}
		switch {
		case kind < 48:
			whole(p)
		case kind == 48:
			if err := b.aggregate(p[2:], whole); err != nil {
				return nil, false, err
			}
		case kind == 49:
			start, end := p[2]&0x80 != 0, p[2]&0x40 != 0
			if start == b.fragment {
				return nil, false, errPart
			}
			if start {
				whole([]byte{p[0]&0x81 | p[2]&63<<1, p[1]})
			}
			b.out = append(b.out, p[3:]...)
			b.fragment = !end
		default:
			return nil, false, fmt.Errorf("H.265 packets of kind %d are not supported", kind)
		}
	}
	if b.fragment {
		return nil, false, errPart
	}
	return b.out, key, nil
}

// hasHead reports whether a picture in Annex B form has a sequence parameter set.
// Those come before everything else, so what has one has its first packet.
func hasHead(codec media.Codec, data []byte) bool {
	for {
		i := bytes.Index(data, []byte{0, 0, 0, 1})
		if i < 0 || i+4 >= len(data) {
			return false
		}
		data = data[i+4:]
		if codec == media.H264 && data[0]&31 == 7 || codec == media.H265 && data[0]>>1&63 == 33 {
			return true
		}
	}
}

// unpackVP8 reads RFC 7741.
func unpackVP8(payloads [][]byte) ([]byte, bool, error) {
	var out []byte
	for i, p := range payloads {
		var d codecs.VP8Packet
		part, err := d.Unmarshal(p)
		if err != nil {
			return nil, false, err
		}
		if i == 0 && (d.S != 1 || d.PID != 0) {
			return nil, false, errPart
		}
		out = append(out, part...)
	}
	if len(out) == 0 {
		return nil, false, errShort
	}
	return out, out[0]&1 == 0, nil // RFC 6386 section 9.1: 0 is a key frame
}

// unpackVP9 reads RFC 9628. The layers of a picture follow each other, which is
// a superframe that needs no index.
func unpackVP9(payloads [][]byte) ([]byte, bool, error) {
	var out []byte
	for i, p := range payloads {
		var d codecs.VP9Packet
		part, err := d.Unmarshal(p)
		if err != nil {
			return nil, false, err
		}
		if i == 0 && (!d.B || d.L && d.SID != 0) || i == len(payloads)-1 && !d.E {
			return nil, false, errPart
		}
		out = append(out, part...)
	}
	if len(out) == 0 {
		return nil, false, errShort
	}
	return out, vp9.IsRandomAccess(out), nil
}

// The OBU types that matter here (AV1 specification section 6.2.2).
const (
	obuSequenceHeader    = 1
	obuTemporalDelimiter = 2
	obuTileList          = 8
)

// unpackAV1 reads the AV1 RTP payload format: elements, each a whole OBU without
// size or a part of one (Z: goes on from the packet before, Y: goes on in the
// next; W: how many there are, the last without length).
func unpackAV1(payloads [][]byte) ([]byte, bool, error) {
	var out, open []byte
	key, fragment := false, false
	for _, p := range payloads {
		if len(p) < 2 {
			return nil, false, errShort
		}
		z, y, w := p[0]&0x80 != 0, p[0]&0x40 != 0, int(p[0]>>4&3)
		if z != fragment {
			return nil, false, errPart
		}
		elements, err := obuElements(p[1:], w)
		if err != nil {
			return nil, false, err
		}
		for i, e := range elements {
			open = append(open, e...)
			if fragment = y && i == len(elements)-1; fragment {
				break
			}
			if out, err = appendOBU(out, open, &key); err != nil {
				return nil, false, err
			}
			open = open[:0]
		}
	}
	if fragment {
		return nil, false, errPart
	}
	return out, key, nil
}

func obuElements(p []byte, count int) (list [][]byte, err error) {
	for len(p) > 0 {
		if count > 0 && len(list) == count-1 {
			return append(list, p), nil
		}
		size, n := leb128(p)
		if n == 0 || size > len(p)-n {
			return nil, errShort
		}
		list = append(list, p[n:n+size])
		p = p[n+size:]
	}
	if len(list) == 0 || count > 0 {
		return nil, errShort
	}
	return list, nil
}

// appendOBU writes an OBU with a size field. It may have one already. A sequence
// header comes with every keyframe (section 7.5).
func appendOBU(out, obu []byte, key *bool) ([]byte, error) {
	if len(obu) == 0 {
		return out, nil
	}
	header, body := 1, obu
	if obu[0]&4 != 0 { // has an extension
		header = 2
	}
	if len(obu) < header || obu[0]&0x80 != 0 {
		return nil, errShort
	}
	body = obu[header:]
	if obu[0]&2 != 0 { // has a size
		size, n := leb128(body)
		if n == 0 || size > len(body)-n {
			return nil, errShort
		}
		body = body[n : n+size]
	}
	switch obu[0] >> 3 & 15 {
	case obuTemporalDelimiter, obuTileList:
		return out, nil
	case obuSequenceHeader:
		*key = true
	}
	out = append(out, obu[0]|2)
	out = append(out, obu[1:header]...)
	out = binary.AppendUvarint(out, uint64(len(body))) // the same code as LEB128
	return append(out, body...), nil
}

// leb128 reads a size of at most 32 bits; n is 0 when there is none.
func leb128(p []byte) (size, n int) {
	for n < len(p) && n < 5 {
		size |= int(p[n]&0x7f) << (7 * n)
		n++
		if p[n-1]&0x80 == 0 {
			return size, n
		}
	}
	return 0, 0
}
