package libav

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// gaps knows whether an H.264 stream may leave out frame numbers: one whose
// sender drops temporal layers does (gaps_in_frame_num_value_allowed_flag, ITU-T
// H.264 section 7.4.2.1.1), and a gap means no loss then.
type gaps struct {
	allowed bool
	sps     []byte // the one that allowed was read from
}

// observe reads an access unit in Annex B form up to its first slice: any sequence
// parameter set comes before it. It reports whether there is a slice at all.
func (g *gaps) observe(au []byte) (slice bool) {
	start := []byte{0, 0, 1}
	i := bytes.Index(au, start)
	for i >= 0 && i+len(start) < len(au) {
		au = au[i+len(start):]
		switch h264.NALUType(au[0] & 0x1f) {
		case h264.NALUTypeNonIDR, h264.NALUTypeIDR, h264.NALUTypeDataPartitionA:
			return true
		case h264.NALUTypeSPS:
			unit := au
			if end := bytes.Index(unit, start); end >= 0 {
				unit = unit[:end]
			}
			g.read(bytes.TrimRight(unit, "\x00"))
		}
		i = bytes.Index(au, start)
	}
	return false
}

func (g *gaps) read(unit []byte) {
	if bytes.Equal(unit, g.sps) {
		return
	}
	g.sps = bytes.Clone(unit)
	var sps h264.SPS
	g.allowed = sps.Unmarshal(unit) == nil && sps.GapsInFrameNumValueAllowedFlag
}
