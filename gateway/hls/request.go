package hls

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// want is the kind of thing that a request asks for.
type want uint8

const (
	wantNothing want = iota // an address that is none of ours
	wantIndex
	wantPlaylist
	wantInit
	wantSegment
	wantPart
)

// request is an address, understood.
type request struct {
	kind      want
	rendition int
	msn       uint64 // of a segment, a part or _HLS_msn; the number of an init segment
	part      int64  // of a part or _HLS_part; -1 when there is none
	hasMSN    bool
	skip      playlistKind // _HLS_skip
	gzip      bool
}

// maxPart is more parts than any segment has.
const maxPart = 1 << 15

// parse reads an address without allocating. The path has no leading slash; the
// query is raw, for delivery directives need no unescaping. It reports false
// for a malformed directive. Other query parameters (tokens) are not its concern.
func parse(path, query string, renditions []string, name string) (q request, ok bool) {
	q.part = -1
	if path == "index.m3u8" {
		q.kind = wantIndex
		return q, true
	}
	rendition, rest, _ := strings.Cut(path, "/")
	if q.rendition = slices.Index(renditions, rendition); q.rendition < 0 {
		return request{part: -1}, true
	}
	if rest == "stream.m3u8" {
		q.kind = wantPlaylist
		return q, q.directives(query)
	}
	rest, found := strings.CutPrefix(rest, name)
	if !found || rest == "" || rest[0] != '/' {
		return q, true
	}
	q.media(rest[1:])
	return q, true
}

// media reads init0.mp4, 12.m4s and 12.3.m4s.
func (q *request) media(file string) {
	if n, found := strings.CutPrefix(file, "init"); found {
		if n, found = strings.CutSuffix(n, ".mp4"); found && q.number(n) {
			q.kind = wantInit
		}
		return
	}
	file, found := strings.CutSuffix(file, ".m4s")
	if !found {
		return
	}
	msn, index, hasPart := strings.Cut(file, ".")
	if !q.number(msn) {
		return
	}
	if !hasPart {
		q.kind = wantSegment
		return
	}
	if n, valid := decimal(index); valid && n < maxPart {
		q.kind, q.part = wantPart, int64(n)
	}
}

func (q *request) number(s string) (ok bool) {
	q.msn, ok = decimal(s)
	return ok
}

// directives reads _HLS_msn, _HLS_part and _HLS_skip.
func (q *request) directives(query string) bool {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if !strings.HasPrefix(pair, "_HLS_") {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "_HLS_msn":
			if q.hasMSN || !q.number(value) {
				return false
			}
			q.hasMSN = true
		case "_HLS_part":
			n, valid := decimal(value)
			if q.part >= 0 || !valid {
				return false
			}
			q.part = int64(min(n, maxPart))
		case "_HLS_skip":
			switch value {
			case "YES":
				q.skip = deltaUpdate
			case "v2":
				q.skip = deltaUpdate2
			}
		}
	}
	return true
}

// decimal reads a decimal-integer (RFC 8216bis 4.2) in its one canonical spelling,
// so that each thing has one address. It stops short of 2⁶³.
func decimal(s string) (uint64, bool) {
	if s == "" || len(s) > 18 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}

// newProblem renders a problem document.
func newProblem(status int, cache, title, detail string, extra ...string) *body {
	doc, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{"about:blank", title, status, detail})
	if err != nil {
		panic(err) // strings and a number
	}
	return newBody(status, typeProblem, cache, "", [][]byte{doc}, extra...)
}
