// Package m3u8 reads the playlists of HTTP Live Streaming (RFC 8216bis) as far as
// a viewer needs them who plays at the live edge.
//
// It guarantees: whatever the text, it returns a playlist or an error; every URI
// and number in a playlist was in the text, but for start times, which are
// counted from the nearest EXT-X-PROGRAM-DATE-TIME.
package m3u8

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrMalformed is returned for what is not a playlist.
var ErrMalformed = errors.New("malformed playlist")

// Multivariant lists the renditions.
type Multivariant struct {
	Variants []Variant
	Audio    []Audio
}

// Variant is one EXT-X-STREAM-INF.
type Variant struct {
	URI        string
	Bandwidth  int64
	Resolution string
	Audio      string // group of its sound, if that is apart
}

// Audio is one EXT-X-MEDIA of TYPE=AUDIO.
type Audio struct {
	Group, URI string
	Default    bool
}

// Media is a media playlist.
type Media struct {
	Target                 time.Duration
	PartTarget             time.Duration
	HoldBack, PartHoldBack time.Duration
	CanBlock               bool
	CanSkip                time.Duration // CAN-SKIP-UNTIL; zero: no delta updates
	CanSkipDateRanges      bool
	Ended                  bool
	Skipped                uint64
	Segments               []Segment // after those that were skipped
}

// Segment is a media segment, or the beginning of one.
type Segment struct {
	MSN           uint64
	URI           string // empty while parts are still to come
	Range         string
	Duration      time.Duration
	Start         time.Time // zero if the playlist says no time at all
	Map, MapRange string
	Gap           bool
	Discontinuity bool
	Parts         []Part
}

// Part is a partial segment.
type Part struct {
	URI, Range  string
	Duration    time.Duration
	Independent bool
	Gap         bool
}

// Length is the segment's duration, or that of the parts there are.
func (s *Segment) Length() time.Duration {
	if s.URI != "" {
		return s.Duration
	}
	var d time.Duration
	for _, p := range s.Parts {
		d += p.Duration
	}
	return d
}

// ParseMultivariant reads a multivariant playlist.
func ParseMultivariant(text string) (*Multivariant, error) {
	lines, err := open(text)
	if err != nil {
		return nil, err
	}
	m := &Multivariant{}
	var next *Variant
	for line := range lines {
		tag, value, _ := strings.Cut(line, ":")
		switch {
		case tag == "#EXT-X-STREAM-INF":
			a := attributes(value)
			n, err := strconv.ParseInt(a["BANDWIDTH"], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: BANDWIDTH %.20q", ErrMalformed, a["BANDWIDTH"])
			}
			next = &Variant{Bandwidth: n, Resolution: a["RESOLUTION"], Audio: a["AUDIO"]}
		case tag == "#EXT-X-MEDIA":
			a := attributes(value)
			if a["TYPE"] == "AUDIO" && a["URI"] != "" {
				m.Audio = append(m.Audio, Audio{Group: a["GROUP-ID"], URI: a["URI"], Default: a["DEFAULT"] == "YES"})
			}
		case line[0] != '#' && next != nil:
			next.URI = line
			m.Variants = append(m.Variants, *next)
			next = nil
		}
	}
	if len(m.Variants) == 0 {
		return nil, fmt.Errorf("%w: no variant", ErrMalformed)
	}
	return m, nil
}

// open checks the first line and gives the others that are not empty.
func open(text string) (iter.Seq[string], error) {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(first) != "#EXTM3U" {
		return nil, fmt.Errorf("%w: it begins with %.20q", ErrMalformed, first)
	}
	return func(yield func(string) bool) {
		for line := range strings.Lines(rest) {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}, nil
}

// attributes reads an attribute list (RFC 8216bis section 4.2). Quotes are taken
// off.
func attributes(s string) map[string]string {
	all := map[string]string{}
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		var value string
		if quoted, is := strings.CutPrefix(rest, `"`); is {
			value, rest, _ = strings.Cut(quoted, `"`)
			_, s, _ = strings.Cut(rest, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
		}
		all[strings.TrimSpace(name)] = value
	}
	return all
}

// seconds reads a decimal number of seconds, up to a year.
func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 366*86400 {
		return 0, fmt.Errorf("%w: %.20q seconds", ErrMalformed, s)
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond, nil
}
