package main

import (
	"errors"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/regie-live/regie/gateway/demo"
	"github.com/regie-live/regie/transcode/media"
)

// loop plays a clip without end and without encoding anything: its timestamps go
// on where the clip begins again. It is for one publisher.
type loop struct {
	tracks []media.Track
	units  []timed
	length time.Duration
	next   int
	round  time.Duration // that the rounds before took
}

var _ demo.Card = (*loop)(nil)

// newLoop cuts the clip at a whole number of pictures. Sound that reaches further
// is left out, so that no two packets of it overlap.
func newLoop(c clip) (*loop, error) {
	l := &loop{tracks: append([]media.Track{}, c.tracks...)}
	var first, last time.Duration
	pictures := 0
	for _, u := range c.units {
		if u.Kind != media.Video {
			continue
		}
		if pictures == 0 {
			if !u.Key {
				return nil, errors.New("the clip does not begin with a keyframe")
			}
			first = u.PTS
			for i := range l.tracks {
				if l.tracks[i].Codec == media.H264 {
					l.tracks[i].Config = parameterSets(u.Data)
				}
			}
		}
		last = u.PTS
		pictures++
	}
	if pictures < 2 {
		return nil, errors.New("the clip has no pictures")
	}
	l.length = (last - first) * time.Duration(pictures) / time.Duration(pictures-1)
	for _, u := range c.units {
		if at := u.PTS - first; at >= 0 && at < l.length-time.Millisecond { // MPEG-TS rounds
			u.PTS, u.due = at, at
			l.units = append(l.units, u)
		}
	}
	return l, nil
}

// parameterSets are those of a keyframe, in Annex B form.
func parameterSets(keyframe []byte) []byte {
	var nals, sets h264.AnnexB
	if nals.Unmarshal(keyframe) != nil {
		return nil
	}
	for _, n := range nals {
		if t := h264.NALUType(n[0] & 0x1f); t == h264.NALUTypeSPS || t == h264.NALUTypePPS {
			sets = append(sets, n)
		}
	}
	b, _ := sets.Marshal() // of what was just read
	return b
}

func (l *loop) Tracks() []media.Track { return l.tracks }

// Next implements demo.Card.
func (l *loop) Next() (media.AccessUnit, time.Duration, error) {
	if l.next == len(l.units) {
		l.next = 0
		l.round += l.length
	}
	u := l.units[l.next]
	l.next++
	u.PTS += l.round
	return u.AccessUnit, u.due + l.round, nil
}

// RequestKeyframe does nothing: a clip has the keyframes that it has.
func (l *loop) RequestKeyframe() {}
