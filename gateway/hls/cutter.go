package hls

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/regie-live/regie/transcode"
)

// audioQueue bounds the sound that waits for its picture: four seconds.
const audioQueue = 4 * transcode.AudioClock / 1024

// dropReason says why a packet reached no part, as a metric label.
type dropReason string

const (
	dropInvalid    dropReason = "invalid"     // not an H.264 access unit, or parameter sets that cannot be read
	dropNoKeyframe dropReason = "no_keyframe" // decoding cannot start here
	dropLate       dropReason = "late"        // its time has been published already
	dropQueueFull  dropReason = "queue_full"  // sound without a picture
)

// frame is one coded picture, length-prefixed and without parameter sets.
type frame struct {
	index int64
	key   bool
	data  []byte
}

// sound is one AAC packet; pts in transcode.AudioClock.
type sound struct {
	pts  int64
	data []byte
}

// params are the parameter sets that a decoder needs before the first picture,
// and what the first of them says.
type params struct {
	sps, pps      []byte
	width, height int
}

func newParams(sps, pps []byte) (*params, error) {
	var s h264.SPS
	if err := s.Unmarshal(sps); err != nil {
		return nil, fmt.Errorf("sequence parameter set: %w", err)
	}
	return &params{sps: bytes.Clone(sps), pps: bytes.Clone(pps), width: s.Width(), height: s.Height()}, nil
}

func (p *params) equal(q *params) bool {
	return p != nil && q != nil && bytes.Equal(p.sps, q.sps) && bytes.Equal(p.pps, q.pps)
}

// codec names the coding as RFC 6381 asks: profile, constraints and level.
func (p *params) codec() string {
	return fmt.Sprintf("avc1.%02x%02x%02x", p.sps[1], p.sps[2], p.sps[3])
}

// cut is one part as the cutter found it.
type cut struct {
	first, end    int64 // frame indexes, end exclusive
	frames        []frame
	audio         []sound
	params        *params
	newSegment    bool  // the part starts a segment …
	discontinuity bool  // … that does not follow on from the one before
	segmentEnd    int64 // where its segment is meant to end
	endSegment    bool  // the part ends its segment, as meant or early
}

// cutter sorts packets into parts. It is pure: parts go to emit as soon as their
// last frame is there, and drop hears of every packet that reached none.
type cutter struct {
	grid grid
	emit func(cut)
	drop func(dropReason)

	running       bool // false until the first keyframe, and after a gap until the next
	params        *params
	newSegment    bool // the open part starts a segment
	discontinuity bool
	segmentEnd    int64
	partStart     int64
	partEnd       int64
	frames        []frame // of the open part
	last          int64   // index of the newest frame taken

	audio     []sound // not yet in a part
	lastAudio int64   // PTS of the newest packet taken
	audioFrom int64   // no sound before this
}

func newCutter(g grid, emit func(cut), drop func(dropReason)) *cutter {
	return &cutter{grid: g, emit: emit, drop: drop, last: -1, lastAudio: -1}
}

// sound takes one AAC packet. Sound waits for the part that covers its time; when
// that part has gone, it goes into the next.
func (c *cutter) sound(s sound) {
	if s.pts <= c.lastAudio || s.pts < c.audioFrom {
		c.drop(dropLate)
		return
	}
	if len(c.audio) == audioQueue {
		c.drop(dropQueueFull)
		c.audio = append(c.audio[:0], c.audio[1:]...)
	}
	c.lastAudio = s.pts
	c.audio = append(c.audio, s)
}

// picture takes one access unit in Annex B form.
func (c *cutter) picture(pts int64, au []byte) {
	data, key, sets, err := repack(au)
	if err != nil || data == nil || pts < 0 {
		c.drop(dropInvalid)
		return
	}
	i := c.grid.index(pts)
	if i <= c.last {
		c.drop(dropLate)
		return
	}
	changed := sets != nil && !sets.equal(c.params)
	if changed || !c.running || !c.advance(i, key) {
		if !key || sets == nil && c.params == nil {
			c.drop(dropNoKeyframe)
			return
		}
		c.begin(i, sets)
	}
	c.last = i
	c.frames = append(c.frames, frame{index: i, key: key, data: data})
	if i == c.partEnd-1 {
		c.flush(c.partEnd)
	}
}

// advance opens the part that frame i belongs to. It reports false, with
// everything before i flushed, when the timeline cannot go on there: a whole part
// had no picture, or a segment would not start with a keyframe.
func (c *cutter) advance(i int64, key bool) bool {
	for i >= c.partEnd {
		if len(c.frames) == 0 {
			c.running = false
			return false
		}
		c.flush(c.partEnd)
	}
	if c.newSegment && len(c.frames) == 0 && !key {
		c.running = false
		return false
	}
	return true
}

// begin starts a segment at frame i outside the schedule: at the very start,
// after a gap, or because the encoder's parameters changed.
func (c *cutter) begin(i int64, sets *params) {
	if len(c.frames) > 0 {
		c.flush(min(i, c.partEnd))
	}
	c.discontinuity = c.params != nil
	if sets != nil && !sets.equal(c.params) {
		c.params = sets
	}
	c.running = true
	c.newSegment = true
	c.segmentEnd = c.grid.borderAfter(i)
	c.partStart, c.partEnd = i, min(i+c.grid.part, c.segmentEnd)
	c.audioFrom = c.grid.samples(i)
	for len(c.audio) > 0 && c.audio[0].pts < c.audioFrom {
		c.drop(dropLate)
		c.audio = c.audio[1:]
	}
}

// flush emits the open part, which has frames, and opens the one that follows.
func (c *cutter) flush(end int64) {
	n, limit := 0, c.grid.samples(end)
	for n < len(c.audio) && c.audio[n].pts < limit {
		n++
	}
	out := cut{
		first: c.partStart, end: end, frames: c.frames, audio: c.audio[:n:n], params: c.params,
		newSegment: c.newSegment, discontinuity: c.discontinuity,
		segmentEnd: c.segmentEnd, endSegment: end == c.segmentEnd || end < c.partEnd,
	}
	c.audio = append([]sound(nil), c.audio[n:]...)
	c.frames, c.newSegment, c.discontinuity = nil, false, false
	if out.endSegment {
		c.newSegment, c.segmentEnd = true, c.grid.borderAfter(end)
	}
	c.partStart, c.partEnd = end, min(end+c.grid.part, c.segmentEnd)
	c.emit(out)
}

// finish emits what is there of the open part; nothing may be written after it.
func (c *cutter) finish() {
	if len(c.frames) > 0 {
		c.flush(c.last + 1)
	}
}

// repack turns an access unit from Annex B into the length-prefixed form of ISO
// 14496-15 and takes out what avc1 samples must not carry (parameter sets, which
// are returned when both are there) or need not (delimiters, filler).
func repack(au []byte) (data []byte, key bool, sets *params, err error) {
	var units h264.AnnexB
	if err := units.Unmarshal(au); err != nil {
		return nil, false, nil, err
	}
	var sps, pps []byte
	size := 0
	keep := units[:0]
	for _, u := range units {
		switch h264.NALUType(u[0] & 0x1F) {
		case h264.NALUTypeSPS:
			sps = u
			continue
		case h264.NALUTypePPS:
			pps = u
			continue
		case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeFillerData:
			continue
		case h264.NALUTypeIDR:
			key = true
		}
		keep = append(keep, u)
		size += 4 + len(u)
	}
	if len(keep) == 0 {
		return nil, false, nil, nil
	}
	if data, err = h264.AVCC(keep).Marshal(); err != nil {
		return nil, false, nil, err
	}
	if key && sps != nil && pps != nil {
		sets, err = newParams(sps, pps)
	}
	return data, key, sets, err
}
