package hls

import "net/http"

// snapshot is everything there is to serve at one moment. It is never changed:
// the next part brings the next snapshot.
type snapshot struct {
	next chan struct{} // closed when this snapshot is out of date

	segments []*segment // in memory, oldest first, without gaps in their numbers
	inits    [][]*body  // by number and rendition; nil when no segment in memory needs it
	newest   position
	hint     position
	ended    bool // nothing will be added
	closed   bool // nothing is left

	index     *text       // nil until the coding is known
	playlists []playlists // by rendition; nil until there is a part
	zip       *compressors
	listable  bool // a whole segment is listed; players that know no parts need one
}

// segment finds a segment in memory, or nil.
func (s *snapshot) segment(msn uint64) *segment {
	if len(s.segments) == 0 || msn < s.segments[0].msn {
		return nil
	}
	i := msn - s.segments[0].msn
	if i >= uint64(len(s.segments)) {
		return nil
	}
	return s.segments[i]
}

// answer is what resolve found: exactly one of the three is set.
type answer struct {
	body    *body
	problem problem
	wait    bool // ask again when the snapshot is out of date
	late    problem
}

// resolve answers a request from this snapshot. It is pure.
func (s *snapshot) resolve(g grid, q request) answer {
	if s.closed {
		return answer{problem: problemClosed}
	}
	switch q.kind {
	case wantIndex:
		if s.index != nil && (s.listable || s.ended) {
			return answer{body: s.index.pick(q.gzip)}
		}
	case wantPlaylist:
		return s.playlist(g, q)
	case wantInit:
		if q.msn < uint64(len(s.inits)) && s.inits[q.msn] != nil {
			return answer{body: s.inits[q.msn][q.rendition]}
		}
		return answer{problem: problemUnknown}
	case wantSegment:
		if seg := s.segment(q.msn); seg != nil && seg.in(q.rendition) != nil {
			return answer{body: seg.in(q.rendition)}
		}
		return answer{problem: problemUnknown}
	case wantPart:
		return s.part(q)
	default:
		return answer{problem: problemUnknown}
	}
	return s.notYet()
}

// notYet is for what comes with the first segment.
func (s *snapshot) notYet() answer {
	if s.ended {
		return answer{problem: problemClosed}
	}
	return answer{wait: true, late: problemNotYet}
}

// part blocks for the hinted part (RFC 8216bis 6.2.6) and for no other.
func (s *snapshot) part(q request) answer {
	if seg := s.segment(q.msn); seg != nil && q.part < int64(len(seg.parts)) {
		if media := seg.parts[q.part].in(q.rendition); media != nil {
			return answer{body: media}
		}
		return answer{problem: problemUnknown} // 6.2.1: a gap
	}
	if !s.ended && q.msn == s.hint.msn && q.part == int64(s.hint.part) {
		return answer{wait: true, late: problemStalled}
	}
	return answer{problem: problemUnknown}
}

// playlist applies the delivery directives (RFC 8216bis 6.2.5).
func (s *snapshot) playlist(g grid, q request) answer {
	switch {
	case s.ended && s.playlists == nil:
		return answer{problem: problemClosed}
	case s.ended: // 6.2.5.1, 6.2.5.2: directives are ignored when there is an ENDLIST
		return answer{body: s.playlists[q.rendition].pick(fullPlaylist, false, q.gzip, s.zip)}
	case q.part >= 0 && !q.hasMSN:
		return answer{problem: problemPartWithoutMSN}
	case !q.hasMSN && !s.listable:
		return s.notYet()
	case q.hasMSN:
		switch there, ahead := s.reached(g, q); {
		case ahead:
			return answer{problem: problemTooFarAhead}
		case !there, s.playlists == nil:
			return answer{wait: true, late: problemStalled}
		}
	}
	return answer{body: s.playlists[q.rendition].pick(q.skip, q.hasMSN, q.gzip, s.zip)}
}

// reached says whether the playlist holds what a blocking reload waits for, and
// whether that is further ahead than a reload may ask (RFC 8216bis 6.2.5.2).
func (s *snapshot) reached(g grid, q request) (there, ahead bool) {
	if q.msn > s.newest.msn+2 {
		return false, true
	}
	seg := s.segment(q.msn)
	if q.part < 0 { // the whole segment
		return q.msn < s.newest.msn || seg != nil && seg.done, false
	}
	want := position{q.msn, int(q.part)}
	if q.msn < s.newest.msn {
		// Long gone, or a part that it has; or one that it never had, which
		// means the first of the next, and that is there too.
		return true, false
	}
	if seg != nil && seg.done && want.part >= len(seg.parts) {
		want = position{q.msn + 1, 0}
	}
	if !s.newest.before(want) {
		return true, false
	}
	return false, s.partsTo(g, want) > g.advancePartLimit()
}

// partsTo counts the parts from the newest to want, which lies after it.
func (s *snapshot) partsTo(g grid, want position) int64 {
	if want.msn == s.newest.msn {
		return int64(want.part - s.newest.part)
	}
	rest := g.partsBetween(0, g.segment) - 1 - int64(s.newest.part)
	if seg := s.segment(s.newest.msn); seg != nil {
		rest = 0
		if !seg.done {
			rest = g.partsBetween(seg.end, seg.plannedEnd)
		}
	}
	between := int64(want.msn-s.newest.msn-1) * g.partsBetween(0, g.segment)
	return rest + between + int64(want.part) + 1
}

// problem is an error answer, by its place in problems.
type problem uint8

const (
	problemNone problem = iota
	problemUnknown
	problemNotYet
	problemClosed
	problemPartWithoutMSN
	problemTooFarAhead
	problemMalformed
	problemStalled
	problemMethod
	problemCount
)

// newProblems renders every error answer (RFC 9457). Their cache lifetimes keep a
// mistake from outliving its cause.
func newProblems() (out [problemCount]*body) {
	add := func(p problem, status int, cache, title, detail string, extra ...string) {
		out[p] = newProblem(status, cache, title, detail, extra...)
	}
	add(problemUnknown, http.StatusNotFound, cacheSoon, "No such media",
		"This part or segment has left the window, lies in a gap or was never announced. Load the playlist again.")
	add(problemNotYet, http.StatusNotFound, cacheSoon, "Not live yet",
		"The session has no picture yet. Ask again in a few seconds.", "Retry-After", "2")
	add(problemClosed, http.StatusNotFound, cacheSoon, "Session over",
		"The session has ended and its media is gone.")
	add(problemPartWithoutMSN, http.StatusBadRequest, cacheSoon, "_HLS_part without _HLS_msn",
		"A part is named by its segment: add _HLS_msn (RFC 8216bis 6.2.5.2).")
	add(problemTooFarAhead, http.StatusBadRequest, cacheSoon, "Too far ahead",
		"_HLS_msn or _HLS_part lies too far beyond the playlist's end (RFC 8216bis 6.2.5.2). Load the playlist without directives.")
	add(problemMalformed, http.StatusBadRequest, cacheSoon, "Malformed delivery directive",
		"_HLS_msn and _HLS_part take one decimal number each (RFC 8216bis 6.2.5).")
	add(problemStalled, http.StatusServiceUnavailable, cacheNothing, "Nothing new",
		"No new media came within three target durations. Load the playlist again.", "Retry-After", "1")
	add(problemMethod, http.StatusMethodNotAllowed, cacheSoon, "Method not allowed",
		"Media is read with GET or HEAD.", "Allow", "GET, HEAD, OPTIONS")
	return out
}
