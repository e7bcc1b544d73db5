// Package media names what flows through Regie: codecs, tracks and access
// units. Everything that carries media meets through these few types, so the
// package holds data only and imports nothing but the standard library.
//
// An AccessUnit belongs to whoever received it: its Data is never written to
// again once it has been handed on, and may be kept or shared freely.
package media

import "time"

// Kind tells pictures from sound.
type Kind uint8

// The two kinds of track.
const (
	Video Kind = iota
	Audio
)

func (k Kind) String() string {
	if k == Audio {
		return "audio"
	}
	return "video"
}

// Codec is a coded format, in the spelling used in logs, labels and JSON.
type Codec string

// Every codec that a publisher may send.
const (
	H264 Codec = "h264" // ITU-T H.264
	H265 Codec = "h265" // ITU-T H.265
	VP8  Codec = "vp8"  // RFC 6386
	VP9  Codec = "vp9"
	AV1  Codec = "av1"

	AAC  Codec = "aac"  // ISO 14496-3
	Opus Codec = "opus" // RFC 6716
	MP3  Codec = "mp3"  // ISO 11172-3 and 13818-3, layers I to III
	PCMA Codec = "pcma" // G.711 A-law
	PCMU Codec = "pcmu" // G.711 µ-law
	LPCM Codec = "lpcm" // signed 16 bit big endian, interleaved (RFC 3551 L16)
)

// Kind says whether c codes pictures or sound.
func (c Codec) Kind() Kind {
	switch c {
	case H264, H265, VP8, VP9, AV1:
		return Video
	}
	return Audio
}

// Known reports whether c is one of the codecs above.
func (c Codec) Known() bool {
	switch c {
	case H264, H265, VP8, VP9, AV1, AAC, Opus, MP3, PCMA, PCMU, LPCM:
		return true
	}
	return false
}

// Track describes one flow of a publisher.
type Track struct {
	Codec Codec `json:"codec"`

	// SampleRate in Hz and Channels (1 or 2) are set for audio only. For AAC
	// they are informative: Config decides.
	SampleRate int `json:"sample_rate,omitempty"`
	Channels   int `json:"channels,omitempty"`

	// Config is what a decoder needs before the first access unit:
	//   H264, H265  parameter sets in Annex B form; empty when they are in-band
	//   AV1         the sequence header OBU; empty when it is in-band
	//   AAC         the AudioSpecificConfig; required
	//   others      empty
	Config []byte `json:"config,omitempty"`
}

// AccessUnit is the coded form of one picture or of one block of sound.
type AccessUnit struct {
	Kind Kind

	// PTS is the presentation time on the publisher's own clock, from an
	// arbitrary start. Both tracks of a publisher share that clock; nothing
	// else does. Pictures come in decoding order.
	PTS time.Duration

	// Key: decoding can start here. Always true for audio.
	Key bool

	// Data by codec:
	//   H264, H265  one access unit in Annex B form (start codes 00 00 00 01)
	//   AV1         one temporal unit as OBUs with size fields, no delimiter
	//   VP8, VP9    one frame (VP9: one superframe)
	//   AAC         one raw_data_block without ADTS header
	//   Opus        one packet (RFC 6716 section 3)
	//   MP3         one frame with its header
	//   PCMA, PCMU, LPCM  interleaved samples
	Data []byte
}
