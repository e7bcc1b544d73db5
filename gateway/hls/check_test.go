package hls

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// listing is a media playlist read back by a parser that knows nothing of how it
// was written and forgives nothing.
type listing struct {
	target, skipUntil    int64 // seconds
	partTarget, holdBack int64 // microseconds
	sequence, breaks     uint64
	skipped              int
	segments             []listedSegment // the last may lack its URI
	hint                 string
	reports              []string // attributes of EXT-X-RENDITION-REPORT
	version              string
	ranges               []map[string]string // attributes of EXT-X-DATERANGE
	skip                 map[string]string   // attributes of EXT-X-SKIP
	ended                bool
}

type listedSegment struct {
	uri, init     string
	micros        int64
	date          time.Time
	discontinuity bool
	gap           bool
	parts         []listedPart
}

type listedPart struct {
	uri         string
	micros      int64
	independent bool
	gap         bool
}

// check parses a media playlist and complains of everything that RFC 8216bis
// forbids; the section is in the complaint.
func check(t testing.TB, playlist string) listing {
	t.Helper()
	l, errs := readListing(playlist)
	errs = append(errs, l.faults()...)
	if len(errs) > 0 {
		t.Fatalf("%s\n%s", strings.Join(errs, "\n"), playlist)
	}
	return l
}

func readListing(playlist string) (l listing, errs []string) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	lines := strings.Split(playlist, "\n")
	if lines[0] != "#EXTM3U" || lines[len(lines)-1] != "" {
		fault("4.4.1.1: no EXTM3U, or the last line is not ended")
	}
	var open listedSegment
	used := false
	for _, line := range lines[1 : len(lines)-1] {
		tag, value, _ := strings.Cut(line, ":")
		attributes := attributeList(value)
		switch tag {
		case "#EXT-X-VERSION":
			l.version = value
		case "#EXT-X-INDEPENDENT-SEGMENTS":
		case "#EXT-X-TARGETDURATION":
			l.target, _ = strconv.ParseInt(value, 10, 64)
		case "#EXT-X-SERVER-CONTROL":
			l.holdBack = micros(attributes["PART-HOLD-BACK"])
			l.skipUntil = micros(attributes["CAN-SKIP-UNTIL"]) / 1e6
			if attributes["CAN-BLOCK-RELOAD"] != "YES" || attributes["CAN-SKIP-DATERANGES"] != "YES" {
				fault("4.4.3.8: %v", attributes)
			}
		case "#EXT-X-PART-INF":
			l.partTarget = micros(attributes["PART-TARGET"])
		case "#EXT-X-MEDIA-SEQUENCE":
			l.sequence, _ = strconv.ParseUint(value, 10, 64)
		case "#EXT-X-DISCONTINUITY-SEQUENCE":
			l.breaks, _ = strconv.ParseUint(value, 10, 64)
		case "#EXT-X-SKIP":
			if l.skip != nil {
				fault("4.4.5: two EXT-X-SKIP")
			}
			l.skip = attributes
			l.skipped, _ = strconv.Atoi(attributes["SKIPPED-SEGMENTS"])
		case "#EXT-X-DATERANGE":
			l.ranges = append(l.ranges, attributes)
		case "#EXT-X-DISCONTINUITY":
			open.discontinuity, used = true, true
		case "#EXT-X-MAP":
			open.init, used = unquote(attributes["URI"]), true
		case "#EXT-X-PROGRAM-DATE-TIME":
			date, err := time.Parse("2006-01-02T15:04:05.000Z", value)
			if err != nil {
				fault("4.4.4.6: %v", err)
			}
			open.date, used = date, true
		case "#EXT-X-PART":
			open.parts = append(open.parts, listedPart{
				uri: unquote(attributes["URI"]), micros: micros(attributes["DURATION"]),
				independent: attributes["INDEPENDENT"] == "YES", gap: attributes["GAP"] == "YES",
			})
			used = true
		case "#EXT-X-GAP":
			open.gap, used = true, true
		case "#EXT-X-RENDITION-REPORT":
			l.reports = append(l.reports, value)
		case "#EXTINF":
			open.micros, used = micros(strings.TrimSuffix(value, ",")), true
		case "#EXT-X-PRELOAD-HINT":
			if l.hint != "" || attributes["TYPE"] != "PART" {
				fault("4.4.5.3: one hint, of a part")
			}
			l.hint = unquote(attributes["URI"])
		case "#EXT-X-ENDLIST":
			l.ended = true
		default:
			if strings.HasPrefix(line, "#") || line == "" {
				fault("4.4: unknown line %q", line)
				continue
			}
			open.uri = line
			l.segments = append(l.segments, open)
			open, used = listedSegment{}, false
		}
	}
	if used {
		l.segments = append(l.segments, open)
	}
	return l, errs
}

// faults is what no playlist may say.
func (l listing) faults() (errs []string) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	_, skipsRanges := l.skip["RECENTLY-REMOVED-DATERANGES"]
	if want := map[bool]string{false: "9", true: "10"}[skipsRanges]; l.version != want {
		fault("8: version %s, these tags need %s", l.version, want)
	}
	errs = append(errs, l.rangeFaults()...)
	if l.target < 1 || l.partTarget < 1 || l.partTarget > l.target*1e6 {
		fault("4.4.3.1, 4.4.3.7: target duration %d s, part target %d µs", l.target, l.partTarget)
	}
	if l.holdBack < 3*l.partTarget {
		fault("4.4.3.8: PART-HOLD-BACK %d µs is under three part targets", l.holdBack)
	}
	if l.skipUntil < 6*l.target {
		fault("4.4.3.8: CAN-SKIP-UNTIL %d s is under six target durations", l.skipUntil)
	}
	if l.ended != (l.hint == "") {
		fault("4.4.5.3: a hint in a finished playlist, or none in a live one")
	}
	if l.skipped == 0 && (len(l.segments) == 0 || l.segments[0].init == "") {
		fault("4.4.4.5: the first segment has no EXT-X-MAP")
	}
	// Each discontinuity may round its neighbours by a microsecond.
	whole, left := int64(0), int64(0) // whole segments; everything from the segment on
	for _, s := range l.segments {
		whole += s.micros
		left += s.length()
	}
	if l.sequence > firstMSN && l.skipped == 0 && whole < 3*l.target*1e6 {
		fault("6.2.2: segments were removed, %d µs are left", whole)
	}
	for i, s := range l.segments {
		if len(s.parts) > 0 && left > 3*l.target*1e6+int64(len(l.segments)) {
			fault("6.2.2: parts of %q are listed %d µs before the end", s.uri, left)
		}
		left -= s.length()
		errs = append(errs, s.faults(l, i == len(l.segments)-1)...)
		if i == 0 || s.discontinuity {
			continue
		}
		before := l.segments[i-1]
		if apart := s.date.Sub(before.date).Milliseconds() - before.micros/1000; apart < -1 || apart > 1 {
			fault("4.4.4.6: program time jumps by %d ms before %s", apart, s.uri)
		}
		if len(before.parts) > 0 && len(s.parts) == 0 && s.uri != "" {
			fault("6.2.2: parts of %s were removed before those of an older segment", s.uri)
		}
	}
	return errs
}

// rangeFaults is what no EXT-X-DATERANGE may say.
func (l listing) rangeFaults() (errs []string) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	seen := map[string]bool{}
	for _, r := range l.ranges {
		id := unquote(r["ID"])
		if id == "" || seen[id] {
			fault("4.4.5.1: no ID, or twice: %v", r)
		}
		seen[id] = true
		start, err := time.Parse(dateFormat, unquote(r["START-DATE"]))
		if err != nil {
			fault("4.4.5.1: %v", err)
		}
		if d := r["DURATION"]; d != "" && micros(d) < 0 {
			fault("4.4.5.1: DURATION %s", d)
		} else if end := start.Add(time.Duration(micros(d)) * time.Microsecond); d != "" && len(l.segments) > 0 && l.skip == nil && end.Before(l.segments[0].date.Add(-time.Millisecond)) {
			fault("a range that ended at %v in a playlist from %v on", end, l.segments[0].date)
		}
	}
	return errs
}

// length is EXTINF, or for an open segment what its parts add up to.
func (s listedSegment) length() (micros int64) {
	if s.uri != "" {
		return s.micros
	}
	for _, p := range s.parts {
		micros += p.micros
	}
	return micros
}

func (s listedSegment) faults(l listing, last bool) (errs []string) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	if s.date.IsZero() {
		fault("4.4.4.6: no program time for %q", s.uri)
	}
	if s.uri == "" && (!last || l.ended || s.micros != 0 || len(s.parts) == 0) {
		fault("4.4.4.1: a segment without a URI")
	}
	if s.uri != "" && (s.micros <= 0 || (s.micros+500_000)/1_000_000 > l.target) {
		fault("4.4.3.1: EXTINF %d µs with a target duration of %d s", s.micros, l.target)
	}
	sum := int64(0)
	for i, p := range s.parts {
		sum += p.micros
		final := i == len(s.parts)-1 && s.uri != ""
		if p.micros <= 0 || p.micros > l.partTarget {
			fault("4.4.4.9: part %s lasts %d µs, the target is %d", p.uri, p.micros, l.partTarget)
		}
		beforeGap := i+1 < len(s.parts) && s.parts[i+1].gap
		if !p.independent && !p.gap && !beforeGap && !final && p.micros*100 < l.partTarget*85 {
			fault("4.4.4.9: part %s lasts %d µs, less than 85 %% of %d", p.uri, p.micros, l.partTarget)
		}
		if i == 0 && !p.independent && !p.gap {
			fault("4.4.2.1: segment %s does not begin with a keyframe", s.uri)
		}
	}
	if s.uri != "" && len(s.parts) > 0 && sum != s.micros {
		fault("4.4.4.9: the parts of %s add up to %d µs, EXTINF is %d", s.uri, sum, s.micros)
	}
	return errs
}

// follows complains if a playlist takes back what an earlier one said (RFC
// 8216bis 6.2.1). Neither may be a delta update.
func (l listing) follows(t testing.TB, before listing) {
	t.Helper()
	if l.sequence < before.sequence || l.breaks < before.breaks {
		t.Fatalf("6.2.2: sequence %d after %d, discontinuity sequence %d after %d", l.sequence, before.sequence, l.breaks, before.breaks)
	}
	gone := int(l.sequence - before.sequence)
	breaks := uint64(0)
	for i, old := range before.segments {
		if i < gone {
			if old.discontinuity {
				breaks++
			}
			continue
		}
		now := l.segments[i-gone]
		if now.date != old.date || now.discontinuity != old.discontinuity || old.uri != "" && (now.uri != old.uri || now.micros != old.micros) {
			t.Fatalf("6.2.1: segment %d was %+v, is %+v", before.sequence+uint64(i), old, now)
		}
		for n, p := range old.parts {
			if len(now.parts) > 0 && now.parts[n] != p {
				t.Fatalf("6.2.1: part %d was %+v, is %+v", n, p, now.parts[n])
			}
		}
	}
	if l.breaks != before.breaks+breaks {
		t.Fatalf("6.2.2: discontinuity sequence %d, want %d", l.breaks, before.breaks+breaks)
	}
}

func attributeList(s string) map[string]string {
	m := make(map[string]string)
	for s != "" {
		name, rest, _ := strings.Cut(s, "=")
		var value string
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"') + 2
			value, rest = rest[:end], rest[end:]
			s = strings.TrimPrefix(rest, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
		}
		m[name] = value
	}
	return m
}

func unquote(s string) string { return strings.Trim(s, `"`) }

// micros reads decimal seconds without going through a float.
func micros(s string) int64 {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+(fraction + "000000")[:6], 10, 64)
	if err != nil {
		return -1
	}
	return n
}
