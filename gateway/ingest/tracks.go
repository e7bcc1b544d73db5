package ingest

import (
	"fmt"

	"github.com/regie-live/regie/transcode/media"
)

// checkTracks says whether a publisher's tracks can be mixed.
func checkTracks(tracks []media.Track) *Refusal {
	if len(tracks) == 0 {
		return NewNoMedia()
	}
	var seen [2]bool
	for _, t := range tracks {
		if !t.Codec.Known() {
			return NewUnsupported(string(t.Codec))
		}
		kind := t.Codec.Kind()
		if seen[kind] {
			return &Refusal{
				Outcome: UnsupportedCodec,
				Reason:  fmt.Sprintf("more than one %s track", kind),
				Hint:    fmt.Sprintf("send one %s track only", kind),
			}
		}
		seen[kind] = true
		if kind == media.Audio {
			if r := checkAudio(t); r != nil {
				return r
			}
		}
	}
	return nil
}

func checkAudio(t media.Track) *Refusal {
	switch {
	case t.Codec == media.AAC && len(t.Config) == 0:
		return &Refusal{
			Outcome: UnsupportedCodec,
			Reason:  "AAC without its configuration",
			Hint:    "set the encoder to AAC-LC, or restart the stream",
		}
	case t.Codec != media.AAC && (t.Channels < 1 || t.Channels > 2):
		return &Refusal{
			Outcome: UnsupportedCodec,
			Reason:  fmt.Sprintf("%s with %d channels", t.Codec, t.Channels),
			Hint:    "set the encoder's audio to mono or stereo",
		}
	case t.Codec != media.AAC && (t.SampleRate < 8000 || t.SampleRate > 192000):
		return &Refusal{
			Outcome: UnsupportedCodec,
			Reason:  fmt.Sprintf("%s at %d Hz", t.Codec, t.SampleRate),
			Hint:    "set the encoder's audio to 48 kHz",
		}
	}
	return nil
}

// NewUnsupported is the refusal of a coding that we cannot decode. The name is
// the peer's, and may be anything.
func NewUnsupported(name string) *Refusal {
	return &Refusal{
		Outcome: UnsupportedCodec,
		Reason:  fmt.Sprintf("%.40q is not a coding we can mix", name),
		Hint:    "set the encoder to H.264 (or H.265, VP8, VP9, AV1) and AAC or Opus",
	}
}
