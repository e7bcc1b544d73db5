package m3u8

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// reader is a media playlist while it is read.
type reader struct {
	m        *Media
	next     Segment // that the tags so far are about
	sequence uint64
	pdt      map[int]time.Time // by index in m.Segments
	mapURI   string
	mapRange string
	used     bool // next has anything
	ends     map[string]int64
}

// ParseMedia reads a media playlist.
func ParseMedia(text string) (*Media, error) {
	lines, err := open(text)
	if err != nil {
		return nil, err
	}
	r := reader{m: &Media{}, pdt: map[int]time.Time{}, ends: map[string]int64{}}
	for line := range lines {
		if line[0] != '#' {
			r.next.URI = line
			r.push()
			continue
		}
		tag, value, _ := strings.Cut(line, ":")
		if err := r.tag(tag, value); err != nil {
			return nil, err
		}
	}
	if r.used {
		r.push()
	}
	if r.m.Target == 0 {
		return nil, fmt.Errorf("%w: no EXT-X-TARGETDURATION", ErrMalformed)
	}
	for i := range r.m.Segments {
		r.m.Segments[i].MSN = r.sequence + r.m.Skipped + uint64(i)
	}
	r.date()
	return r.m, nil
}

func (r *reader) push() {
	r.next.Map, r.next.MapRange = r.mapURI, r.mapRange
	r.m.Segments = append(r.m.Segments, r.next)
	r.next, r.used = Segment{}, false
}

func (r *reader) tag(tag, value string) (err error) {
	switch tag {
	case "#EXT-X-TARGETDURATION":
		r.m.Target, err = seconds(value)
	case "#EXT-X-MEDIA-SEQUENCE":
		if r.sequence, err = strconv.ParseUint(value, 10, 62); err != nil {
			err = fmt.Errorf("%w: media sequence %.20q", ErrMalformed, value)
		}
	case "#EXT-X-SERVER-CONTROL":
		err = r.control(attributes(value))
	case "#EXT-X-PART-INF":
		r.m.PartTarget, err = seconds(attributes(value)["PART-TARGET"])
	case "#EXT-X-SKIP":
		n := attributes(value)["SKIPPED-SEGMENTS"]
		if r.m.Skipped, err = strconv.ParseUint(n, 10, 32); err != nil {
			err = fmt.Errorf("%w: %.20q skipped segments", ErrMalformed, n)
		}
	case "#EXT-X-MAP":
		a := attributes(value)
		r.mapURI, r.mapRange = a["URI"], r.byteRange(a["URI"], a["BYTERANGE"])
	case "#EXT-X-PROGRAM-DATE-TIME":
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
			if at, e := time.Parse(layout, value); e == nil {
				r.pdt[len(r.m.Segments)] = at
				break
			}
		}
	case "#EXTINF":
		d, _, _ := strings.Cut(value, ",")
		r.next.Duration, err = seconds(strings.TrimSpace(d))
	case "#EXT-X-BYTERANGE":
		r.next.Range = r.byteRange("", value)
	case "#EXT-X-GAP":
		r.next.Gap = true
	case "#EXT-X-DISCONTINUITY":
		r.next.Discontinuity = true
	case "#EXT-X-PART":
		err = r.part(attributes(value))
	case "#EXT-X-ENDLIST":
		r.m.Ended = true
	}
	return err
}

func (r *reader) control(a map[string]string) error {
	r.m.CanBlock = a["CAN-BLOCK-RELOAD"] == "YES"
	r.m.CanSkipDateRanges = a["CAN-SKIP-DATERANGES"] == "YES"
	for name, to := range map[string]*time.Duration{
		"HOLD-BACK": &r.m.HoldBack, "PART-HOLD-BACK": &r.m.PartHoldBack, "CAN-SKIP-UNTIL": &r.m.CanSkip,
	} {
		if a[name] == "" {
			continue
		}
		d, err := seconds(a[name])
		if err != nil {
			return err
		}
		*to = d
	}
	return nil
}

func (r *reader) part(a map[string]string) error {
	d, err := seconds(a["DURATION"])
	if err != nil {
		return err
	}
	if a["URI"] == "" {
		return fmt.Errorf("%w: a part without URI", ErrMalformed)
	}
	r.used = true
	r.next.Parts = append(r.next.Parts, Part{
		URI: a["URI"], Duration: d, Range: r.byteRange(a["URI"], a["BYTERANGE"]),
		Independent: a["INDEPENDENT"] == "YES", Gap: a["GAP"] == "YES",
	})
	return nil
}

// byteRange makes the value of a Range header of n[@o] (RFC 8216bis 4.4.4.2).
func (r *reader) byteRange(uri, s string) string {
	if s == "" {
		return ""
	}
	length, offset, given := strings.Cut(s, "@")
	n, err := strconv.ParseInt(length, 10, 62)
	if err != nil || n <= 0 {
		return ""
	}
	from := r.ends[uri]
	if given {
		if from, err = strconv.ParseInt(offset, 10, 62); err != nil || from < 0 {
			return ""
		}
	}
	r.ends[uri] = from + n
	return fmt.Sprintf("bytes=%d-%d", from, from+n-1)
}

// date gives every segment its start: counted on from the last one that has a
// date, and back from the first.
func (r *reader) date() {
	s := r.m.Segments
	first := -1
	for i := range s {
		if at, ok := r.pdt[i]; ok {
			s[i].Start = at
			if first < 0 {
				first = i
			}
		} else if i > 0 && !s[i-1].Start.IsZero() {
			s[i].Start = s[i-1].Start.Add(s[i-1].Length())
		}
	}
	for i := first - 1; i >= 0; i-- {
		s[i].Start = s[i+1].Start.Add(-s[i].Length())
	}
}
