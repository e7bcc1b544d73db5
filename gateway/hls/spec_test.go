package hls

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The rules of RFC 8216bis (draft 22) that concern a server, each under the number
// of its section. What any playlist must obey is in check and follows, which look
// at every playlist of every test; TestAnyProgram feeds them with programs that
// have everything wrong. Here is one case for each rule by itself.

// TestPlaylistTags: section 4.4, what the tags of a playlist say.
func TestPlaylistTags(t *testing.T) {
	s := newSource(t, ladderOptions())
	s.parts(6*20 + 3)
	text := s.get("720p/stream.m3u8").Body.String()
	l := check(t, text)
	newest := l.segments[len(l.segments)-1]
	for rule, holds := range map[string]bool{
		"4.4.1.1: the first line is EXTM3U":                     strings.HasPrefix(text, "#EXTM3U\n"),
		"4.4.1.2: one version, no higher than needed":           l.version == "9" && strings.Count(text, "EXT-X-VERSION") == 1,
		"4.4.2.1: segments are independent":                     strings.Contains(text, "#EXT-X-INDEPENDENT-SEGMENTS\n"),
		"4.4.3.1: the target duration is a whole number":        strings.Contains(text, "#EXT-X-TARGETDURATION:2\n"),
		"4.4.3.2: the sequence number of the first segment":     strings.HasSuffix(l.segments[0].uri, fmt.Sprintf("/%d.m4s", l.sequence)),
		"4.4.3.3: the discontinuity sequence comes before all":  strings.Index(text, "DISCONTINUITY-SEQUENCE") < strings.Index(text, "EXT-X-MAP"),
		"4.4.3.5, 6.2.2-M12: no type, for segments are removed": !strings.Contains(text, "EXT-X-PLAYLIST-TYPE"),
		"4.4.3.7: the part target is the longest part":          l.partTarget == 333_334,
		"4.4.3.8: PART-HOLD-BACK is three part targets":         l.holdBack == 3*l.partTarget,
		"4.4.3.8: CAN-SKIP-UNTIL is six target durations":       l.skipUntil == 6*l.target,
		"4.4.3.8: HOLD-BACK is its default, three targets":      !strings.Contains(text, ",HOLD-BACK="),
		"4.4.4.1: EXTINF is a decimal of the media's length":    l.segments[0].micros == 2_000_000,
		"4.4.4.5: EXT-X-MAP before the first segment":           l.segments[0].init != "",
		"4.4.4.6: every segment has a date":                     strings.Count(text, "PROGRAM-DATE-TIME") == len(l.segments),
		"4.4.4.9: a part with a keyframe is INDEPENDENT":        newest.parts[0].independent && !newest.parts[1].independent,
		"4.4.5.3: one hint, the next part":                      strings.HasSuffix(l.hint, fmt.Sprintf("/%d.3.m4s", l.sequence+uint64(len(l.segments))-1)),
		"4.4.5.4, B.1: a report of each other rendition":        len(l.reports) == 3,
	} {
		if !holds {
			t.Errorf("%s\n%s", rule, text)
		}
	}
}

// TestMultivariantTags: 4.4.6.2 and 6.2.4-M1.
func TestMultivariantTags(t *testing.T) {
	s := newSource(t, ladderOptions())
	s.parts(6)
	text := s.get("index.m3u8").Body.String()
	variants := streamInf.FindAllStringSubmatch(text, -1)
	if len(variants) != 4 || !strings.HasPrefix(text, "#EXTM3U\n") || strings.Contains(text, "#EXTINF") {
		t.Fatalf("4.4.6.2:\n%s", text)
	}
	for _, v := range variants {
		if number(v[1]) < number(v[2]) {
			t.Errorf("4.4.6.2: the peak of %s is below its mean", v[6])
		}
		if sound := v[6] == audioName; sound == (v[4] != "") || sound == strings.Contains(v[3], "avc1") || !strings.Contains(v[3], "mp4a.40.2") {
			t.Errorf("6.2.4-M1: %s has codecs %s and resolution %q", v[6], v[3], v[4])
		}
		if got := s.get(v[6] + "/stream.m3u8"); got.Code != http.StatusOK {
			t.Errorf("4.4.6.2: %s: %d", v[6], got.Code)
		}
	}
}

// TestGeneralRules: 6.2.1.
func TestGeneralRules(t *testing.T) {
	t.Run("M6, M7: what is listed is there, at once and whole", func(t *testing.T) {
		s := newSource(t, testOptions())
		for range 6 * 18 {
			s.parts(1)
			if s.next < 60 {
				continue
			}
			l := check(t, s.get(playlistPath).Body.String())
			for _, seg := range l.segments {
				uris := []string{seg.uri}
				for _, p := range seg.parts {
					uris = append(uris, p.uri)
				}
				for _, uri := range uris {
					if got := s.get("180p/" + uri); uri != "" && (got.Code != http.StatusOK || got.Body.Len() == 0) {
						t.Fatalf("%s: %d", uri, got.Code)
					}
				}
			}
		}
	})
	t.Run("S2 to M4: absent media is a gap as long as it", func(t *testing.T) {
		s := newSource(t, testOptions())
		s.parts(8)
		s.skip(45)
		s.frame(true)
		s.frames(200)
		l := check(t, s.get(playlistPath).Body.String())
		gap := int64(0)
		for _, seg := range l.segments {
			if seg.gap {
				gap += seg.micros
			}
			if seg.discontinuity {
				t.Error("a discontinuity, and nothing has changed")
			}
		}
		if gap != 1_500_000 {
			t.Errorf("a gap of %d µs", gap)
		}
	})
	t.Run("M5: other parameters are a discontinuity", func(t *testing.T) {
		s := newSource(t, ladderOptions())
		s.parts(8)
		s.sps = spsLarge
		s.frame(true)
		s.frames(100)
		for _, name := range s.stream.renditions {
			l := check(t, s.get(name+"/stream.m3u8").Body.String())
			if at := l.segments[2]; !at.discontinuity || !strings.HasSuffix(at.init, "/init1.mp4") || s.get(name+"/"+at.init).Code != http.StatusOK {
				t.Errorf("6.2.4-M2c: %s: %+v", name, at)
			}
		}
	})
	t.Run("a gap without end is a discontinuity", func(t *testing.T) {
		s := newSource(t, testOptions())
		s.parts(8)
		s.skip(60 * 60 * 30)
		s.frame(true)
		s.frames(100)
		if l := check(t, s.get(playlistPath).Body.String()); len(l.segments) > 5 || !l.segments[2].discontinuity {
			t.Errorf("%d segments", len(l.segments))
		}
	})
	t.Run("M10, M13: nothing changes but at the ends", func(t *testing.T) {
		s := newSource(t, testOptions())
		s.parts(6)
		before := check(t, s.get(playlistPath).Body.String())
		for range 150 {
			s.parts(1)
			now := check(t, s.get(playlistPath).Body.String())
			now.follows(t, before)
			if now.target != before.target || now.partTarget != before.partTarget {
				t.Fatal("a target changed")
			}
			before = now
		}
	})
	t.Run("M20: ENDLIST, and no hint", func(t *testing.T) {
		s := live(t)
		over(s.stream)
		if text := s.get(playlistPath).Body.String(); !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") || strings.Contains(text, "HINT") {
			t.Error(text)
		}
	})
	t.Run("S8, M24: after the end the media stays, after Close there is none", func(t *testing.T) {
		s := live(t)
		over(s.stream)
		for _, seg := range check(t, s.get(playlistPath).Body.String()).segments {
			if s.get("180p/"+seg.uri).Code != http.StatusOK {
				t.Error(seg.uri)
			}
		}
		s.stream.Close()
		if s.get(playlistPath).Code != http.StatusNotFound {
			t.Error("no clear answer")
		}
	})
}

// TestLiveRules: 6.2.2, what leaves a playlist and when.
func TestLiveRules(t *testing.T) {
	o := testOptions()
	o.Window = 6 * time.Second
	s := newSource(t, o)
	parted := map[string]int64{} // parts that were listed, and until which frame
	listed := map[string]int64{} // segments likewise
	for range 6 * 30 {
		s.parts(1)
		if s.next < 60 {
			continue
		}
		l := check(t, s.get(playlistPath).Body.String())
		for _, seg := range l.segments {
			if seg.uri != "" {
				listed[seg.uri] = s.next
			}
			for _, p := range seg.parts {
				parted[p.uri] = s.next
			}
		}
		for uri, last := range parted {
			if ago := s.next - last; ago <= 3*l.target*s.grid.fps && s.get("180p/"+uri).Code != http.StatusOK {
				t.Fatalf("6.2.2-M4: the part %s was listed %d frames ago and is gone", uri, ago)
			}
		}
		for uri, last := range listed {
			if ago := s.next - last; ago <= s.grid.segment && s.get("180p/"+uri).Code != http.StatusOK {
				t.Fatalf("6.2.2-M8: the segment %s was listed %d frames ago and is gone", uri, ago)
			}
		}
	}
	l := check(t, s.get(playlistPath).Body.String()) // M6 is in check
	if l.sequence == firstMSN {
		t.Error("nothing was removed")
	}
}

// TestDeltaRules: 6.2.5.1.
func TestDeltaRules(t *testing.T) {
	s := newSource(t, testOptions())
	for range 6 * 25 {
		s.parts(1)
		if s.next < 60 {
			continue
		}
		full := check(t, s.get(playlistPath).Body.String())
		for _, skip := range []string{"YES", "v2"} {
			text := s.get(playlistPath + "?_HLS_skip=" + skip).Body.String()
			delta := check(t, text)
			// What ends further than CAN-SKIP-UNTIL before the end of the last
			// whole segment is skipped, and nothing else.
			whole, far := int64(0), 0
			for i := len(full.segments) - 1; i >= 0; i-- {
				if whole >= full.skipUntil*1e6 {
					far++
				}
				if full.segments[i].uri != "" {
					whole += full.segments[i].micros
				}
			}
			if delta.skipped != far || len(delta.segments)+far != len(full.segments) || (delta.skip != nil) != (far > 0) {
				t.Fatalf("M1: %s skips %d of %d segments, %d are far\n%s", skip, delta.skipped, len(full.segments), far, text)
			}
			if delta.breaks != full.breaks || delta.sequence != full.sequence || delta.hint != full.hint || len(delta.reports) != len(full.reports) {
				t.Fatalf("M4: other tags changed\n%s", text)
			}
			if _, has := delta.skip["RECENTLY-REMOVED-DATERANGES"]; far > 0 && has != (skip == "v2") {
				t.Fatalf("4.4.5.2: RECENTLY-REMOVED-DATERANGES\n%s", text)
			}
		}
	}
	over(s.stream)
	if strings.Contains(s.get(playlistPath+"?_HLS_skip=v2").Body.String(), "EXT-X-SKIP") {
		t.Error("M5: a delta update of a finished playlist")
	}
}

// TestBlockingRules: 6.2.5.2 at its bounds, for every rendition alike. More is in
// TestAnswers, TestBlocks and TestStalled.
func TestBlockingRules(t *testing.T) {
	for _, part := range []time.Duration{200 * time.Millisecond, 333 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := ladderOptions()
			o.Part = part
			s := newSource(t, o)
			s.frames(60*3 + int(s.grid.part))
			limit := s.grid.advancePartLimit()
			perSegment := s.grid.partsBetween(0, s.grid.segment)
			for _, name := range s.stream.renditions {
				at := name + "/stream.m3u8"
				address := func(n int64) string { // n parts after the newest, which is 4.0
					return fmt.Sprintf("%s?_HLS_msn=%d&_HLS_part=%d", at, 4+n/perSegment, n%perSegment)
				}
				v := send(s, address(limit))
				if v.done() {
					t.Errorf("S1: %v parts: %s, %d after the newest: %d", part, name, limit, v.got.Code)
				}
				v.leave()
				for path, code := range map[string]int{
					address(limit + 1):              http.StatusBadRequest,
					at + "?_HLS_msn=7":              http.StatusBadRequest,
					at + "?_HLS_part=0":             http.StatusBadRequest,
					at + "?_HLS_msn=3":              http.StatusOK,
					at + "?_HLS_msn=0":              http.StatusOK,
					at + "?_HLS_msn=3&_HLS_part=99": http.StatusOK,
				} {
					if got := s.get(path); got.Code != code {
						t.Errorf("6.2.5.2: %v parts: %s: %d, want %d", part, path, got.Code, code)
					}
				}
				v = send(s, at+"?_HLS_msn=6")
				if v.done() {
					t.Errorf("S1: %s: two segments ahead: %d", name, v.got.Code)
				}
				time.Sleep(6*time.Second - time.Nanosecond)
				synctest.Wait()
				early := v.done()
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if early || !v.done() || v.got.Code != http.StatusServiceUnavailable {
					t.Errorf("S2: %s: %v, %d", name, early, v.got.Code)
				}
			}
		})
	}
}

// TestHintRules: 6.2.6.
func TestHintRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, ladderOptions())
		s.parts(6*2 + 1)
		for range 8 {
			var waiting []*viewer
			for _, name := range s.stream.renditions {
				l := check(t, s.get(name+"/stream.m3u8").Body.String())
				v := send(s, name+"/"+l.hint)
				if v.done() || v.got.Body.Len() > 0 {
					t.Fatalf("M2: bytes of a part that is not there: %d", v.got.Code)
				}
				waiting = append(waiting, v)
			}
			s.parts(1)
			synctest.Wait()
			for i, v := range waiting {
				if !v.done() || v.got.Code != http.StatusOK || v.got.Body.Len() == 0 {
					t.Errorf("M1: %s: %v, %d", s.stream.renditions[i], v.done(), v.got.Code)
				}
			}
		}
	})
}

// TestProfile: Appendix B.1, the configuration that low latency asks for, and the
// headers that caches need.
func TestProfile(t *testing.T) {
	s := newSource(t, ladderOptions())
	s.parts(6*4 + 2)
	maxAge := regexp.MustCompile(`max-age=(\d+)`)
	for _, name := range s.stream.renditions {
		for _, query := range []string{"", "?_HLS_msn=4", "?_HLS_msn=4&_HLS_part=1&_HLS_skip=v2"} {
			got := s.get(name+"/stream.m3u8"+query, "Accept-Encoding", "gzip")
			h := got.Header()
			if h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("6.2.1-S4: playlists are compressed: %v", h)
			}
			age := maxAge.FindStringSubmatch(h.Get("Cache-Control"))
			if age == nil || number(age[1]) > 12 {
				t.Errorf("B.1: %s%s: %s", name, query, h.Get("Cache-Control"))
			}
		}
		l := check(t, s.get(name+"/stream.m3u8").Body.String())
		if got := s.get(name + "/" + l.segments[0].uri).Header(); got.Get("Cache-Control") != cacheMedia || got.Get("Content-Encoding") != "" {
			t.Errorf("media: %v", got)
		}
		if got := s.get(name + "/" + testName + "/77.m4s"); got.Code != 404 || !strings.Contains(got.Header().Get("Cache-Control"), "max-age=1") {
			t.Errorf("a 404 is kept for %s", got.Header().Get("Cache-Control"))
		}
	}
}
