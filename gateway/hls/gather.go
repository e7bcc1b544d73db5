package hls

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// frame is one picture in all rungs.
type frame struct {
	index int64
	key   bool // in every rung: decoding can start here whatever is watched
	rungs []coded
}

// coded is a picture in one rung, length-prefixed and without parameter sets.
type coded struct {
	key  bool
	data []byte
	sets *params // what came with it
}

// gatherer joins the rungs of a frame, which the mixer sends one after the other.
// A frame that lacks a rung when a later one comes is dropped in all of them: its
// worker died half-way.
type gatherer struct {
	rungs int
	open  frame
	have  int
	drop  func(rendition int, r dropReason)
}

// add takes a picture of one rung. It returns the frame when that was the last of
// its rungs; broken says that another frame was given up for it.
func (g *gatherer) add(rung int, index int64, c coded) (whole *frame, broken bool) {
	if g.have > 0 && index > g.open.index {
		g.give(dropIncomplete)
		broken = true
	}
	if g.have > 0 && (index < g.open.index || g.open.rungs[rung].data != nil) {
		g.drop(rung, dropLate)
		return nil, broken
	}
	if g.have == 0 {
		g.open = frame{index: index, key: true, rungs: make([]coded, g.rungs)}
	}
	g.open.rungs[rung] = c
	g.open.key = g.open.key && c.key
	if g.have++; g.have < g.rungs {
		return nil, broken
	}
	g.have = 0
	f := g.open
	return &f, broken
}

// give gives up the open frame.
func (g *gatherer) give(r dropReason) {
	for rung, c := range g.open.rungs {
		if c.data != nil {
			g.drop(rung, r)
		}
	}
	g.have = 0
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

// repack turns an access unit from Annex B into the length-prefixed form of ISO
// 14496-15 and takes out what avc1 samples must not carry (parameter sets, which
// are returned when both are there) or need not (delimiters, filler).
func repack(au []byte) (c coded, err error) {
	var units h264.AnnexB
	if err := units.Unmarshal(au); err != nil {
		return coded{}, err
	}
	var sps, pps []byte
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
			c.key = true
		}
		keep = append(keep, u)
	}
	if len(keep) == 0 {
		return coded{}, nil
	}
	if c.data, err = h264.AVCC(keep).Marshal(); err != nil {
		return coded{}, err
	}
	if c.key && sps != nil && pps != nil {
		c.sets, err = newParams(sps, pps)
	}
	return c, err
}
