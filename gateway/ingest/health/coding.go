package health

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"

	"github.com/regie-live/regie/transcode/media"
)

// picture knows the profile and the size of a track: from its configuration, and
// from keyframes, because browsers change the size in mid-stream.
type picture struct {
	codec media.Codec
	video Video
	last  []byte // the parameter set that video came from
}

func newPicture(t media.Track) picture {
	p := picture{codec: t.Codec, video: Video{Codec: string(t.Codec)}}
	p.keyframe(t.Config)
	return p
}

// maxSet bounds what is kept and parsed; real sequence headers are 20 to 200 bytes.
const maxSet = 1024

// keyframe reads what a keyframe, or a track's configuration, says of the size.
func (p *picture) keyframe(data []byte) {
	set := data
	switch p.codec {
	case media.H264:
		set = parameterSet(data, h264Kind)
	case media.H265:
		set = parameterSet(data, h265Kind)
	default:
		set = set[:min(len(set), maxSet)]
	}
	if len(set) == 0 || len(set) > maxSet || bytes.Equal(set, p.last) {
		return
	}
	if v, ok := parse(p.codec, set); ok {
		v.Codec = string(p.codec)
		p.video, p.last = v, bytes.Clone(set)
	}
}

func parse(codec media.Codec, set []byte) (v Video, ok bool) {
	switch codec {
	case media.H264:
		var s h264.SPS
		if s.Unmarshal(set) != nil {
			return v, false
		}
		return Video{Profile: h264Profile(s), Width: s.Width(), Height: s.Height()}, true
	case media.H265:
		var s h265.SPS
		if s.Unmarshal(set) != nil {
			return v, false
		}
		return Video{Profile: h265Profiles[s.ProfileTierLevel.GeneralProfileIdc], Width: s.Width(), Height: s.Height()}, true
	case media.VP8: // RFC 6386 section 9.1
		if len(set) < 10 || set[0]&1 != 0 || !bytes.Equal(set[3:6], []byte{0x9d, 0x01, 0x2a}) {
			return v, false
		}
		return Video{Width: int(set[6]) | int(set[7]&0x3f)<<8, Height: int(set[8]) | int(set[9]&0x3f)<<8}, true
	case media.VP9:
		var h vp9.Header
		if h.Unmarshal(set) != nil || h.FrameSize == nil {
			return v, false
		}
		return Video{Profile: vp9Profiles[h.Profile&3], Width: h.Width(), Height: h.Height()}, true
	case media.AV1:
		return parseAV1(set)
	}
	return v, false
}

// parseAV1 reads the sequence header among the first OBUs; the last may be cut.
func parseAV1(data []byte) (v Video, ok bool) {
	for len(data) > 1 {
		var h av1.OBUHeader
		if h.Unmarshal(data) != nil || !h.HasSize {
			return v, false
		}
		var size av1.LEB128
		n, err := size.Unmarshal(data[1:])
		if err != nil || int(size) > len(data)-1-n {
			return v, false
		}
		if h.Type == av1.OBUTypeSequenceHeader {
			var s av1.SequenceHeader
			if s.Unmarshal(data[:1+n+int(size)]) != nil {
				return v, false
			}
			return Video{Profile: av1Profiles[s.SeqProfile&3], Width: s.Width(), Height: s.Height()}, true
		}
		data = data[1+n+int(size):]
	}
	return v, false
}

// nal tells NAL units apart: sequence parameter sets, slices, others.
type nal int

const (
	otherNAL nal = iota
	setNAL
	sliceNAL
)

func h264Kind(header byte) nal {
	switch t := header & 0x1f; {
	case t == byte(h264.NALUTypeSPS):
		return setNAL
	case t >= 1 && t <= 5:
		return sliceNAL
	}
	return otherNAL
}

func h265Kind(header byte) nal {
	switch t := h265.NALUType(header >> 1 & 0x3f); {
	case t == h265.NALUType_SPS_NUT:
		return setNAL
	case t < 32:
		return sliceNAL
	}
	return otherNAL
}

var startCode = []byte{0, 0, 1}

// parameterSet finds the first sequence parameter set of an Annex B unit. It looks
// no further than the first slice, before which they stand.
func parameterSet(unit []byte, kind func(byte) nal) []byte {
	for {
		i := bytes.Index(unit, startCode)
		if i < 0 || i+4 > len(unit) {
			return nil
		}
		unit = unit[i+3:]
		switch kind(unit[0]) {
		case sliceNAL:
			return nil
		case setNAL:
			if end := bytes.Index(unit, startCode); end >= 0 {
				unit = unit[:end]
			}
			return bytes.TrimRight(unit, "\x00")
		}
	}
}

func h264Profile(s h264.SPS) string {
	switch s.ProfileIdc {
	case 66:
		if s.ConstraintSet1Flag {
			return "Constrained Baseline"
		}
		return "Baseline"
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		return "High"
	case 110:
		return "High 10"
	case 122:
		return "High 4:2:2"
	case 244:
		return "High 4:4:4"
	}
	return ""
}

// Names of profiles, as encoders write them; a missing one is not shown.
var (
	h265Profiles = map[uint8]string{1: "Main", 2: "Main 10", 3: "Main Still Picture", 4: "Range Extensions"}
	vp9Profiles  = [4]string{"Profile 0", "Profile 1", "Profile 2", "Profile 3"}
	av1Profiles  = [4]string{"Main", "High", "Professional", ""}
)

// sound knows the rate and the channels of a track.
type sound struct{ audio Audio }

func newSound(t media.Track) sound {
	a := Audio{Codec: string(t.Codec), Rate: t.SampleRate, Channels: t.Channels}
	var c mpeg4audio.AudioSpecificConfig
	if t.Codec == media.AAC && c.Unmarshal(t.Config) == nil {
		a.Rate = max(c.SampleRate, c.ExtensionSampleRate)
		if c.ChannelConfig >= 1 && c.ChannelConfig <= 6 {
			a.Channels = int(c.ChannelConfig)
		}
	}
	return sound{a}
}
