package rtmp

import (
	"errors"
	"fmt"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/transcode/media"
)

// what an audio or video message carries.
type tagKind uint8

const (
	tagOther  tagKind = iota // metadata, end of sequence, another track
	tagConfig                // what the decoder needs first
	tagFrame
)

// tag is the body of an audio or video message, taken apart.
type tag struct {
	what  tagKind
	codec media.Codec
	key   bool
	mute  bool          // the message does not say whether it is a key
	cts   time.Duration // presentation minus decoding time
	data  []byte        // shares the message's memory

	rate, channels int // audio, where the tag says so
}

var errTag = errors.New("a media message ends too early")

// Packet types of Enhanced RTMP v2; those below modEx mean the same for audio
// and video, except where named for one of them.
const (
	packetSequenceStart = 0
	packetCodedFrames   = 1
	packetCodedFramesX  = 3 // video
	packetAudioTracks   = 5 // audio multitrack
	packetVideoTracks   = 6 // video multitrack
	packetModEx         = 7
)

// parseVideo reads a video message: the FLV VideoTagHeader, or the
// ExVideoTagHeader of Enhanced RTMP v2. The error is a *ingest.Refusal where
// the coding is one that we cannot decode.
func parseVideo(b []byte) (tag, error) {
	if len(b) == 0 {
		return tag{}, nil
	}
	if b[0]&0x80 != 0 {
		return parseVideoEx(b)
	}
	frameType, codecID := b[0]>>4, b[0]&0x0f
	if frameType == 5 { // info or command, no picture
		return tag{}, nil
	}
	var codec media.Codec
	switch codecID {
	case 7:
		codec = media.H264
	case 12: // not in the standard, but used before Enhanced RTMP
		codec = media.H265
	default:
		return tag{}, ingest.NewUnsupported(flvVideoName(codecID))
	}
	if len(b) < 5 {
		return tag{}, errTag
	}
	t := tag{codec: codec, key: frameType == 1, cts: int24ms(b[2:]), data: b[5:]}
	switch b[1] {
	case 0:
		t.what = tagConfig
	case 1:
		t.what = tagFrame
	}
	return t, nil
}

func parseVideoEx(b []byte) (tag, error) {
	frameType, packet := b[0]>>4&7, b[0]&0x0f
	packet, b, err := skipModEx(packet, b[1:])
	if err != nil {
		return tag{}, err
	}
	if frameType == 5 {
		return tag{}, nil
	}
	var fourCC string
	if packet == packetVideoTracks {
		if packet, fourCC, b, err = firstTrack(b); err != nil || fourCC == "" {
			return tag{}, err
		}
	} else if fourCC, b, err = takeFourCC(b); err != nil {
		return tag{}, err
	}

	codec, known := map[string]media.Codec{
		"avc1": media.H264, "hvc1": media.H265, "av01": media.AV1, "vp09": media.VP9, "vp08": media.VP8,
	}[fourCC]
	t := tag{codec: codec, key: frameType == 1, mute: frameType == 0}
	switch packet {
	case packetSequenceStart:
		t.what = tagConfig
	case packetCodedFrames:
		t.what = tagFrame
		if codec == media.H264 || codec == media.H265 {
			if len(b) < 3 {
				return tag{}, errTag
			}
			t.cts, b = int24ms(b), b[3:]
		}
	case packetCodedFramesX:
		t.what = tagFrame
	default:
		return tag{}, nil
	}
	if !known {
		return tag{}, ingest.NewUnsupported(fourCC)
	}
	t.data = b
	return t, nil
}

// parseAudio reads an audio message: the FLV AudioTagHeader, or the
// ExAudioTagHeader of Enhanced RTMP v2.
func parseAudio(b []byte) (tag, error) {
	if len(b) == 0 {
		return tag{}, nil
	}
	format := b[0] >> 4
	if format == 9 {
		return parseAudioEx(b)
	}
	t := tag{
		what: tagFrame, key: true, data: b[1:],
		rate:     [4]int{5512, 11025, 22050, 44100}[b[0]>>2&3],
		channels: 1 + int(b[0]&1),
	}
	switch format {
	case 10:
		if len(b) < 2 {
			return tag{}, errTag
		}
		t.codec, t.data = media.AAC, b[2:]
		if b[1] == 0 {
			t.what = tagConfig
		}
	case 2, 14:
		t.codec = media.MP3
	case 7:
		t.codec, t.rate = media.PCMA, 8000
	case 8:
		t.codec, t.rate = media.PCMU, 8000
	case 0, 3: // little endian: those that say "the machine's" are all x86
		if b[0]&2 == 0 {
			return tag{}, ingest.NewUnsupported("8 bit PCM")
		}
		t.codec = media.LPCM
	default:
		return tag{}, ingest.NewUnsupported(flvAudioName(format))
	}
	return t, nil
}

func parseAudioEx(b []byte) (tag, error) {
	packet, b, err := skipModEx(b[0]&0x0f, b[1:])
	if err != nil {
		return tag{}, err
	}
	var fourCC string
	if packet == packetAudioTracks {
		if packet, fourCC, b, err = firstTrack(b); err != nil || fourCC == "" {
			return tag{}, err
		}
	} else if fourCC, b, err = takeFourCC(b); err != nil {
		return tag{}, err
	}
	codec, known := map[string]media.Codec{
		"mp4a": media.AAC, "Opus": media.Opus, ".mp3": media.MP3,
	}[fourCC]
	t := tag{codec: codec, key: true, data: b}
	switch packet {
	case packetSequenceStart:
		t.what = tagConfig
	case packetCodedFrames:
		t.what = tagFrame
	default:
		return tag{}, nil
	}
	if !known {
		return tag{}, ingest.NewUnsupported(fourCC)
	}
	return t, nil
}

// skipModEx passes over modifiers in front of a packet (nanosecond offsets).
func skipModEx(packet byte, b []byte) (byte, []byte, error) {
	for packet == packetModEx {
		if len(b) < 1 {
			return 0, nil, errTag
		}
		size := int(b[0]) + 1
		b = b[1:]
		if size == 256 {
			if len(b) < 2 {
				return 0, nil, errTag
			}
			size = int(b[0])<<8 + int(b[1]) + 1
			b = b[2:]
		}
		if len(b) < size+1 {
			return 0, nil, errTag
		}
		packet, b = b[size]&0x0f, b[size+1:]
	}
	return packet, b, nil
}

// firstTrack finds track 0 in a multitrack message; the fourCC is empty if the
// message does not hold it. The other tracks are renditions that we make
// ourselves.
func firstTrack(b []byte) (packet byte, fourCC string, body []byte, err error) {
	const oneTrack, manyTracks, manyCodecs = 0, 1, 2
	if len(b) < 1 {
		return 0, "", nil, errTag
	}
	kind, packet := b[0]>>4, b[0]&0x0f
	b = b[1:]
	if kind > manyCodecs || packet == packetModEx {
		return 0, "", nil, nil
	}
	if kind != manyCodecs {
		if fourCC, b, err = takeFourCC(b); err != nil {
			return 0, "", nil, err
		}
	}
	for len(b) > 0 {
		if kind == manyCodecs {
			if fourCC, b, err = takeFourCC(b); err != nil {
				return 0, "", nil, err
			}
		}
		if len(b) < 1 {
			return 0, "", nil, errTag
		}
		id, size := b[0], len(b)-1
		b = b[1:]
		if kind != oneTrack {
			if len(b) < 3 {
				return 0, "", nil, errTag
			}
			size, b = int(uint24(b)), b[3:]
		}
		if size > len(b) {
			return 0, "", nil, errTag
		}
		if id == 0 {
			return packet, fourCC, b[:size:size], nil
		}
		b = b[size:]
	}
	return 0, "", nil, nil
}

func takeFourCC(b []byte) (string, []byte, error) {
	if len(b) < 4 {
		return "", nil, errTag
	}
	return string(b[:4]), b[4:], nil
}

// int24ms reads a signed composition time.
func int24ms(b []byte) time.Duration {
	return time.Duration(int32(uint24(b)<<8)>>8) * time.Millisecond
}

func flvVideoName(id byte) string {
	names := map[byte]string{
		2: "Sorenson H.263", 3: "Screen video", 4: "VP6", 5: "VP6", 6: "Screen video 2",
	}
	if n, ok := names[id]; ok {
		return n
	}
	return fmt.Sprintf("FLV video codec %d", id)
}

func flvAudioName(id byte) string {
	names := map[byte]string{1: "ADPCM", 4: "Nellymoser", 5: "Nellymoser", 6: "Nellymoser", 11: "Speex"}
	if n, ok := names[id]; ok {
		return n
	}
	return fmt.Sprintf("FLV audio codec %d", id)
}
