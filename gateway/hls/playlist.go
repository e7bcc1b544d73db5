package hls

import (
	"fmt"
	"strconv"
	"time"
)

// part is a published part; it never changes.
type part struct {
	first, end  int64 // frame indexes, end exclusive
	independent bool  // its first picture is a keyframe in every rung
	media       []*body
}

// in gives a part's media in a rendition; nil when there is none.
func (p part) in(rendition int) *body {
	if p.media == nil {
		return nil
	}
	return p.media[rendition]
}

// segment is a media segment, or the beginning of one. It never changes: a new
// part makes a new segment. Its timing holds for all renditions.
type segment struct {
	msn           uint64
	first, end    int64 // frame indexes, end exclusive
	before        int64 // frames in all segments before it since the stream began
	plannedEnd    int64 // where end will be when nothing goes wrong
	init          int   // number of its initialisation segment
	discontinuity bool
	done          bool // no part is still to come
	parts         []part
	whole         []*body // by rendition, once done; nil in a rendition that has nothing of it
	entry         *entry  // on the disk; nil when it does not go there
}

// in gives a whole segment's media in a rendition; nil when there is none.
func (s *segment) in(rendition int) *body {
	if s.whole == nil {
		return nil
	}
	return s.whole[rendition]
}

// length is how many frames segments last, gaps between them not counted.
func length(segments []*segment) int64 {
	if len(segments) == 0 {
		return 0
	}
	last := segments[len(segments)-1]
	return last.before + last.end - last.first - segments[0].before
}

// position is a part's place: part -1 is "before the first part of".
type position struct {
	msn  uint64
	part int
}

func (p position) before(q position) bool {
	return p.msn < q.msn || p.msn == q.msn && p.part < q.part
}

// firstMSN is the first segment's number. Not 0: hls.js 1.7.4 takes a part of
// segment 0 for "no part", forgets it as soon as it is buffered and loads it again
// without end, so that whoever joins in a session's first seconds stalls.
const firstMSN = 1

// beforeFirst is where a stream stands that has published nothing.
var beforeFirst = position{firstMSN, -1}

// view is what the media playlists say. Rendering it is a pure function.
type view struct {
	grid            grid
	epoch           time.Time // wall time of program time 0
	name            string    // the EPOCH in addresses
	renditions      []string
	segments        []*segment
	discontinuities uint64 // that have left the playlist
	newest, hint    position
	cues            cueList
	ended           bool
}

// dateFormat is ISO 8601 in UTC, to the millisecond.
const dateFormat = "2006-01-02T15:04:05.000Z"

// playlistKind is which of its forms a media playlist is asked for in.
type playlistKind uint8

const (
	fullPlaylist playlistKind = iota
	deltaUpdate               // _HLS_skip=YES: without the older segments
	deltaUpdate2              // _HLS_skip=v2: nor the older date ranges
)

// skippable is how many segments a delta update leaves out: those further from
// the end of the newest whole segment than the skip boundary (RFC 8216bis
// 6.2.5.1). There is no delta update of a finished playlist.
func (v view) skippable() int {
	if v.ended {
		return 0
	}
	last := len(v.segments) - 1
	if !v.segments[last].done {
		last--
	}
	return v.before(last, v.skipUntil())
}

// skipUntil is the skip boundary in seconds: the least that RFC 8216bis 4.4.3.8
// allows.
func (v view) skipUntil() int64 { return 6 * v.grid.targetDuration() }

// partsFrom is the first segment whose parts are listed: none of them starts more
// than three target durations before the end (RFC 8216bis 6.2.2).
func (v view) partsFrom() int {
	last := len(v.segments) - 1
	n := v.before(last, 3*v.grid.targetDuration())
	if n <= last && length(v.segments[n:]) > 3*v.grid.targetDuration()*v.grid.fps {
		n++
	}
	return n
}

// before counts the segments that end at least so many seconds before segment
// last does. Gaps do not count: playlists do not hold them.
func (v view) before(last int, seconds int64) int {
	for n := last; n > 0; n-- {
		if length(v.segments[n:last+1]) >= seconds*v.grid.fps {
			return n
		}
	}
	return 0
}

// render writes a rendition's media playlist in one of its forms.
func (v view) render(rendition int, kind playlistKind) []byte {
	version, skip, ranges := 9, 0, v.cues.ranges
	if kind != fullPlaylist {
		skip = v.skippable()
	}
	if kind == deltaUpdate2 {
		version, ranges = 10, v.cues.since(v.segments[len(v.segments)-1].end-v.skipUntil()*v.grid.fps)
	}
	b := make([]byte, 0, 4096+128*(len(v.segments)-skip))
	target := v.grid.partTarget()
	b = fmt.Appendf(b, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n", version, v.grid.targetDuration())
	b = append(b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="...)
	b = appendSeconds(b, 3*target)
	b = fmt.Appendf(b, ",CAN-SKIP-UNTIL=%d.0,CAN-SKIP-DATERANGES=YES\n#EXT-X-PART-INF:PART-TARGET=", v.skipUntil())
	b = appendSeconds(b, target)
	b = fmt.Appendf(b, "\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n",
		v.segments[0].msn, v.discontinuities)
	if skip > 0 {
		b = fmt.Appendf(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%d", skip)
		if kind == deltaUpdate2 {
			b = v.appendRemoved(b)
		}
		b = append(b, '\n')
	}
	for _, r := range ranges {
		b = r.appendTag(b, v.epoch)
	}
	partsFrom := v.partsFrom()
	for i := skip; i < len(v.segments); i++ {
		b = v.appendSegment(b, rendition, i, i >= partsFrom)
	}
	if v.ended {
		return append(b, "#EXT-X-ENDLIST\n"...)
	}
	b = fmt.Appendf(b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%s/%d.%d.m4s\"\n", v.name, v.hint.msn, v.hint.part)
	for i, name := range v.renditions {
		if i != rendition {
			b = fmt.Appendf(b, "#EXT-X-RENDITION-REPORT:URI=\"../%s/stream.m3u8\",LAST-MSN=%d,LAST-PART=%d\n", name, v.newest.msn, v.newest.part)
		}
	}
	return b
}

// appendRemoved says which date ranges a player must forget (4.4.5.2).
func (v view) appendRemoved(b []byte) []byte {
	b = append(b, `,RECENTLY-REMOVED-DATERANGES="`...)
	for i, r := range v.cues.removed {
		if i > 0 {
			b = append(b, '\t')
		}
		b = append(b, r.id...)
	}
	return append(b, '"')
}

func (v view) appendSegment(b []byte, rendition, i int, parts bool) []byte {
	s := v.segments[i]
	if s.discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if i == 0 || s.init != v.segments[i-1].init {
		b = fmt.Appendf(b, "#EXT-X-MAP:URI=\"%s/init%d.mp4\"\n", v.name, s.init)
	}
	b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
	b = v.epoch.Add(time.Duration(v.grid.micros(s.first))*time.Microsecond).UTC().AppendFormat(b, dateFormat)
	b = append(b, '\n')
	if parts {
		b = v.appendParts(b, rendition, s)
	}
	if !s.done {
		return b
	}
	if s.in(rendition) == nil {
		b = append(b, "#EXT-X-GAP\n"...)
	}
	b = append(b, "#EXTINF:"...)
	b = appendSeconds(b, v.grid.micros(s.end)-v.grid.micros(s.first))
	b = append(b, ",\n"...)
	b = append(b, v.name...)
	b = append(b, '/')
	b = strconv.AppendUint(b, s.msn, 10)
	return append(b, ".m4s\n"...)
}

func (v view) appendParts(b []byte, rendition int, s *segment) []byte {
	for i, p := range s.parts {
		b = append(b, "#EXT-X-PART:DURATION="...)
		b = appendSeconds(b, v.grid.micros(p.end)-v.grid.micros(p.first))
		b = fmt.Appendf(b, ",URI=\"%s/%d.%d.m4s\"", v.name, s.msn, i)
		switch {
		case p.in(rendition) == nil:
			b = append(b, ",GAP=YES"...)
		case p.independent || rendition == len(v.renditions)-1: // sound is decoded from anywhere
			b = append(b, ",INDEPENDENT=YES"...)
		}
		b = append(b, '\n')
	}
	return b
}

// appendSeconds prints microseconds as decimal seconds with six places, exactly.
func appendSeconds(b []byte, micros int64) []byte {
	b = strconv.AppendInt(b, micros/1_000_000, 10)
	b = append(b, '.')
	fraction := micros % 1_000_000
	for place := int64(100_000); place > 0; place /= 10 {
		b = append(b, byte('0'+fraction/place%10))
	}
	return b
}
