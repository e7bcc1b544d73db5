package hls

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGolden compares playlists with testdata; -update writes them anew.
func TestGolden(t *testing.T) {
	odd := testOptions()
	odd.FPS = 13 // four frames a part, twenty-six a segment: the seventh part is short
	short := testOptions()
	short.Window = 6e9

	for name, c := range map[string]struct {
		options Options
		play    func(*source)
		ask     string
	}{
		// 4.4.6.2: BANDWIDTH, CODECS, RESOLUTION, FRAME-RATE.
		"multivariant": {testOptions(), func(s *source) { s.parts(6) }, "index.m3u8"},
		// 4.4.5.3: the hint is the first part of a segment that has not begun.
		"first_segment": {testOptions(), func(s *source) { s.parts(6) }, playlistPath},
		// A reload for a part is answered before there is a whole segment.
		"first_part": {testOptions(), func(s *source) { s.parts(1) }, playlistPath + "?_HLS_msn=1&_HLS_part=0"},
		// 6.2.2: parts only for the last three target durations.
		"open_segment": {testOptions(), func(s *source) { s.parts(6*5 + 2) }, playlistPath},
		// 6.2.5.1: everything further back than CAN-SKIP-UNTIL is skipped.
		"delta": {testOptions(), func(s *source) { s.parts(6*12 + 3) }, playlistPath + "?_HLS_skip=YES"},
		// 6.2.2: EXT-X-MEDIA-SEQUENCE counts what has left the window.
		"window": {short, func(s *source) { s.parts(6*8 + 5) }, playlistPath},
		// 4.4.4.9: only the last part of a segment may be short.
		"short_last_part": {odd, func(s *source) { s.frames(62) }, playlistPath},
		// A keyframe asked for by a WebRTC viewer does not cut; it makes a part
		// independent only where it begins one.
		"forced_keyframes": {testOptions(), func(s *source) {
			s.parts(7)
			s.frame(true) // begins part 2.1
			s.frames(14)
			s.frame(true) // in the middle of part 2.2
			s.frames(29)
		}, playlistPath},
		// 6.2.1, 4.4.4.7, 4.4.4.9: nothing was encoded for more than a part.
		"gap": {testOptions(), func(s *source) {
			s.parts(8)
			s.frames(4)
			s.skip(40)
			s.frame(true)
			s.frames(100)
		}, playlistPath},
		// 4.4.4.5: other parameters, another initialisation segment.
		"new_parameters": {testOptions(), func(s *source) {
			s.parts(8)
			s.frames(4)
			s.sps = spsLarge
			s.frame(true)
			s.parts(10)
		}, playlistPath},
		// 4.4.3.3: a discontinuity that has left the window is counted.
		"discontinuity_gone": {short, func(s *source) {
			s.parts(8)
			s.sps = spsLarge
			s.frame(true)
			s.frames(6*60 - 1)
		}, playlistPath},
		// 4.4.6.2: the largest rung that an ordinary line carries comes first.
		"ladder": {ladderOptions(), func(s *source) { s.parts(6) }, "index.m3u8"},
		// 4.4.5.4: every other rendition is reported.
		"reports": {ladderOptions(), func(s *source) { s.parts(7) }, "720p/stream.m3u8"},
		// 4.4.5.1: cues as date ranges; 6.2.5.1: a delta update has only the newer.
		"cues":       {testOptions(), cueProgram, playlistPath},
		"cues_delta": {testOptions(), cueProgram, playlistPath + "?_HLS_skip=v2"},
		// The sound alone: every part of it can be decoded.
		"audio": {ladderOptions(), func(s *source) { s.parts(7) }, "audio/stream.m3u8"},
		// 4.4.3.4: no hint, and what was there of the open part.
		"ended": {testOptions(), func(s *source) {
			s.parts(6*2 + 1)
			s.frames(3)
			over(s.stream)
		}, playlistPath + "?_HLS_msn=999&_HLS_skip=YES"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSource(t, c.options)
			c.play(s)
			got := s.get(c.ask).Body.String()
			file := filepath.Join("testdata", name+".m3u8")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

var update = flag.Bool("update", false, "write golden files anew")
