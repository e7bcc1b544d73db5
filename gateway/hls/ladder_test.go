package hls

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/transcode"
)

// ladderOptions has a rung that is too much for an ordinary line.
func ladderOptions() Options {
	o := testOptions()
	o.Rungs = []transcode.Rung{{Width: 1920, Height: 1080, Kbps: 5000}, {Width: 1280, Height: 720, Kbps: 2500}, {Width: 640, Height: 360, Kbps: 700}}
	return o
}

// TestRenditionsAgree: what RFC 8216bis 6.2.4 and 4.4.3.8 ask of renditions that a
// player switches between holds at every moment, whatever goes wrong.
func TestRenditionsAgree(t *testing.T) {
	s := newSource(t, ladderOptions())
	s.lag = 0
	for step := range 60 {
		switch step % 20 {
		case 7:
			s.skip(25)
			s.frame(true)
		case 13:
			s.rung(0, false) // a worker dies after one rung …
			s.skip(3)
			s.frame(true) // … and the next begins with a keyframe
		case 17:
			s.frame(true)
		}
		s.frames(11)
		now := s.stream.current.Load()
		query := fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d", now.newest.msn, now.newest.part)
		var first listing
		for i, name := range s.stream.renditions {
			l := check(t, s.get(name+"/stream.m3u8"+query).Body.String())
			checkReports(t, l, name, s.stream.renditions, now.newest)
			l.reports = nil
			if i == 0 {
				first = l
				continue
			}
			for n := range l.segments {
				for p := range l.segments[n].parts {
					if name == audioName { // decodable anywhere
						l.segments[n].parts[p].independent = first.segments[n].parts[p].independent
					}
				}
			}
			if diff := cmp.Diff(first, l, cmp.AllowUnexported(listing{}, listedSegment{}, listedPart{})); diff != "" {
				t.Fatalf("6.2.4: %s differs from %s:\n%s", name, s.stream.renditions[0], diff)
			}
		}
	}
	if n := testutil.ToFloat64(s.stream.writer.metrics.renditions[0].dropped[dropIncomplete]); n != 3 {
		t.Errorf("%v pictures of incomplete frames dropped, want 3", n)
	}
}

// checkReports: Appendix B.1, one report for every other rendition.
func checkReports(t *testing.T, l listing, name string, renditions []string, newest position) {
	t.Helper()
	var want []string
	for _, other := range renditions {
		if other != name {
			want = append(want, fmt.Sprintf(`URI="../%s/stream.m3u8",LAST-MSN=%d,LAST-PART=%d`, other, newest.msn, newest.part))
		}
	}
	if !slices.Equal(l.reports, want) {
		t.Fatalf("4.4.5.4: %s reports %q, want %q", name, l.reports, want)
	}
}

// TestRungsOfAFrame: what becomes of a frame that is not there in every rung.
func TestRungsOfAFrame(t *testing.T) {
	type step struct {
		rung  int
		frame int64
		key   bool
	}
	for _, c := range []struct {
		name           string
		steps          []step
		parts, dropped string
	}{
		{"both", []step{{0, 0, true}, {1, 0, true}, {0, 1, false}, {1, 1, false}}, "[0-2*", ""},
		{"any order", []step{{1, 0, true}, {0, 0, true}, {1, 1, false}, {0, 1, false}}, "[0-2*", ""},
		{"one is missing: nothing until a keyframe", []step{{0, 0, true}, {1, 0, true}, {0, 1, false}, {0, 2, false}, {1, 2, false}, {0, 3, true}, {1, 3, true}},
			"[0-2* 2-4*", "incomplete 1, no_keyframe 2"},
		{"one comes after the next frame", []step{{0, 0, true}, {0, 1, true}, {1, 0, true}, {1, 1, true}}, "[1-2*]", "incomplete 1, late 1"},
		{"twice", []step{{0, 0, true}, {0, 0, true}, {1, 0, true}, {0, 1, false}, {1, 1, false}}, "[0-2*", "late 1"},
		{"a keyframe in one rung only", []step{{0, 0, true}, {1, 0, false}, {0, 1, true}, {1, 1, true}}, "[1-2*]", "no_keyframe 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parts []string
			dropped := make(map[dropReason]int)
			cut := newCutter(coarse, 2, 12, func(c cut) { parts = append(parts, notation(c)) }, func(_ int, r dropReason) { dropped[r]++ })
			for _, s := range c.steps {
				cut.picture(s.rung, coarse.ticks(s.frame), picture(spsSmall, s.key, s.frame))
			}
			cut.finish()
			if got := strings.Join(parts, " "); got != c.parts || tally(dropped) != c.dropped {
				t.Errorf("%s, dropped %q; want %s, dropped %q", got, tally(dropped), c.parts, c.dropped)
			}
		})
	}
}

// TestSoundAlone: the audio rendition has the very sound of the others (6.2.4
// S2), at the same times, and nothing else.
func TestSoundAlone(t *testing.T) {
	s := newSource(t, ladderOptions())
	s.parts(13)
	for msn := uint64(1); msn <= 2; msn++ {
		var sound [2]*fmp4.PartTrack
		for i, name := range []string{"360p", audioName} {
			var parts fmp4.Parts
			if err := parts.Unmarshal(s.get(fmt.Sprintf("%s/%s/%d.m4s", name, testName, msn)).Body.Bytes()); err != nil {
				t.Fatal(err)
			}
			sound[i] = &fmp4.PartTrack{}
			for _, p := range parts {
				track := p.Tracks[len(p.Tracks)-1]
				if track.ID != audioTrack || name == audioName && len(p.Tracks) != 1 {
					t.Fatalf("%s: %d tracks", name, len(p.Tracks))
				}
				if sound[i].Samples == nil {
					sound[i].BaseTime = track.BaseTime
				}
				sound[i].Samples = append(sound[i].Samples, track.Samples...)
			}
		}
		if diff := cmp.Diff(sound[0], sound[1]); diff != "" || len(sound[0].Samples) < 90 {
			t.Errorf("segment %d:\n%s", msn, diff)
		}
	}
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(s.get("audio/" + testName + "/init0.mp4").Body.Bytes())); err != nil || len(init.Tracks) != 1 {
		t.Errorf("%v, %d tracks", err, len(init.Tracks))
	}
}

// TestNoSound: where there is no sound, the rendition of the sound alone has a
// gap, and the others go on.
func TestNoSound(t *testing.T) {
	s := newSource(t, testOptions())
	s.lag = 1e12
	s.parts(13)
	l := check(t, s.get("audio/stream.m3u8").Body.String())
	if !l.segments[1].gap || !l.segments[1].parts[0].gap {
		t.Errorf("4.4.4.7: %+v", l.segments[1])
	}
	if got := s.get("audio/" + l.segments[1].uri); got.Code != http.StatusNotFound {
		t.Errorf("%d for a segment of nothing", got.Code)
	}
	if l := check(t, s.get(playlistPath).Body.String()); l.segments[1].gap {
		t.Error("the picture has a gap, too")
	}
}

var streamInf = regexp.MustCompile(`BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+),CODECS="([^"]+)"(?:,RESOLUTION=(\d+x\d+),FRAME-RATE=([\d.]+))?\n(\w+)/stream`)

// TestBandwidth: what the multivariant playlist says of real media (4.4.6.2).
// BANDWIDTH bounds every segment; AVERAGE-BANDWIDTH is what the encoder aims at
// while more may come, and what the segments were in the end.
func TestBandwidth(t *testing.T) {
	s := newStream(t, twoRungOptions())
	write(s, twoRungs(t))
	look := func() [][]string {
		return streamInf.FindAllStringSubmatch(ask(s, http.MethodGet, "index.m3u8").Body.String(), -1)
	}
	live := look()
	over(s)
	final := look()
	if len(live) != 3 || len(final) != 3 {
		t.Fatalf("%d and %d variants", len(live), len(final))
	}
	for i, v := range final {
		name, total, peak := v[6], 0.0, 0.0
		l := check(t, ask(s, http.MethodGet, name+"/stream.m3u8").Body.String())
		for _, seg := range l.segments {
			n := float64(ask(s, http.MethodGet, name+"/"+seg.uri).Body.Len()) * 8
			total += n
			peak = max(peak, n/(float64(seg.micros)/1e6))
		}
		mean := total / clipSeconds
		if said := number(v[2]); said < mean*.99 || said > mean*1.01 {
			t.Errorf("%s: AVERAGE-BANDWIDTH is %v in the end, the media has %.0f", name, said, mean)
		}
		if said := number(live[i][2]); said < mean*.9 || said > mean*1.25 {
			t.Errorf("%s: AVERAGE-BANDWIDTH was %v, the media has %.0f", name, said, mean)
		}
		for _, said := range []float64{number(v[1]), number(live[i][1])} {
			if said < peak*.999 || said > 2*mean {
				t.Errorf("%s: BANDWIDTH is %v, the largest segment has %.0f", name, said, peak)
			}
		}
		t.Logf("%s: peak %.0f of %v, mean %.0f of %v (live %v), %s %s", name, peak, v[1], mean, v[2], live[i][2], v[3], v[4])
	}
	for i, want := range []string{"avc1.42c01e,mp4a.40.2 640x360 30.000", "avc1.42c00d,mp4a.40.2 320x180 30.000", "mp4a.40.2  "} {
		if got := strings.Join(final[i][3:6], " "); got != want {
			t.Errorf("variant %d: %q, want %q", i, got, want)
		}
	}
}

func number(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return n
}
