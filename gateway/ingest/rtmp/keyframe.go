package rtmp

import "github.com/regie-live/regie/transcode/media"

// beginsHere says whether decoding can start with a coded picture in the form of
// media.AccessUnit, by the picture itself. It is asked only where a message does
// not say: gortmplib's writer, and so whoever forwards with MediaMTX, leaves the
// frame type of Enhanced RTMP at 0.
func beginsHere(codec media.Codec, data []byte) bool {
	if len(data) == 0 {
		return false
	}
	switch codec {
	case media.H264, media.H265:
		return hasRandomAccess(codec, data)
	case media.AV1:
		found := false
		_ = eachOBU(data, func(kind byte, _ []byte, _ bool) { found = found || kind == obuSequenceHeader })
		return found
	case media.VP8:
		return data[0]&1 == 0 // RFC 6386 section 9.1
	case media.VP9:
		return vp9Key(data[0])
	}
	return false
}

// hasRandomAccess looks for an IDR (H.264) or IRAP (H.265) NAL unit among units
// that all begin with startCode.
func hasRandomAccess(codec media.Codec, data []byte) bool {
	for i := 0; i+len(startCode) < len(data); i++ {
		if [4]byte(data[i:]) != startCode {
			continue
		}
		first := data[i+len(startCode)]
		if codec == media.H264 && first&0x1f == 5 {
			return true
		}
		if kind := first >> 1 & 0x3f; codec == media.H265 && kind >= 16 && kind <= 23 {
			return true
		}
	}
	return false
}

// vp9Key reads the beginning of an uncompressed header (VP9 bitstream section
// 6.2): two marker bits, two of profile, one reserved in profile 3, then
// show_existing_frame and frame_type, where 0 is a keyframe.
func vp9Key(first byte) bool {
	bits := first << 4
	if first&0x30 == 0x30 {
		bits <<= 1
	}
	return first>>6 == 2 && bits&0xc0 == 0
}
