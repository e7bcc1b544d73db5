package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
)

// TestConformity holds the running appliance against RFC 8216bis, from before
// the start to after the end.
func TestConformity(t *testing.T) {
	a := start(t, setup{})
	t.Run("before the start", func(t *testing.T) {
		status, body, header := fetch(t, http.MethodGet, a.hls("studio"), nil)
		notLive(t, status, body, header)
		if status, body, _ = fetch(t, http.MethodGet, a.hls("nowhere"), nil); status != http.StatusNotFound {
			t.Errorf("a session that does not exist: %d: %s", status, body)
		}
	})
	a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	p.awaitMix(10*time.Second, looks[0])
	media := mediaPlaylist(t, a.hls("studio"))

	t.Run("blocking reload", func(t *testing.T) { blockingReload(t, media) })
	t.Run("directives", func(t *testing.T) { directives(t, media) })
	t.Run("headers", func(t *testing.T) { headers(t, a.hls("studio"), media) })
	p.await(30*time.Second, "eight seconds", func() bool { return len(p.seen) > 8*fps })
	for _, list := range p.playlists() {
		judgePlaylist(t, list)
	}
	t.Run("the media is as the playlist says", func(t *testing.T) { judgeMedia(t, media) })
	p.playing()

	t.Run("the end", func(t *testing.T) {
		status, body, _ := send(t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/studio/end", "", "", nil)
		if status != http.StatusOK {
			t.Fatalf("ending the session: %d %s", status, body)
		}
		select {
		case <-p.done:
		case <-time.After(20 * time.Second):
			t.Fatal("the player was not told that it is over")
		}
		if p.err != nil {
			t.Errorf("the player ended with %v", p.err)
		}
		lists := p.playlists()
		if last := lists[len(lists)-1]; !last.list.Endlist {
			t.Errorf("the last playlist does not say that it is:\n%s", last.text)
		}
		if list := load(t, media, ""); !list.list.Endlist {
			t.Error("a late player is not told that it is over")
		}
	})
}

// notLive is the answer for a session that is not on air: RFC 9457.
func notLive(t *testing.T, status int, body []byte, header http.Header) {
	t.Helper()
	if status != http.StatusNotFound || header.Get("Retry-After") == "" {
		t.Errorf("%d with Retry-After %q, want 404 and a time", status, header.Get("Retry-After"))
	}
	var problem struct{ Title, Detail string }
	if kind := header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("the body is %s", kind)
	} else if err := json.Unmarshal(body, &problem); err != nil || problem.Title == "" || problem.Detail == "" {
		t.Errorf("the problem document is %s", body)
	}
}

// mediaPlaylist is the address of the one rendition.
func mediaPlaylist(t *testing.T, index string) *url.URL {
	t.Helper()
	status, body, _ := fetch(t, http.MethodGet, index, nil)
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	var variants playlist.Multivariant
	if err := variants.Unmarshal(body); err != nil {
		t.Fatal(err)
	}
	v := variants.Variants[0]
	if v.Resolution != "640x360" || v.Bandwidth < 100_000 || v.FrameRate == nil || *v.FrameRate != fps {
		t.Errorf("the variant is %+v", v)
	}
	if all := strings.Join(v.Codecs, ","); !strings.HasPrefix(all, "avc1.42") || !strings.Contains(all, "mp4a.40.2") {
		t.Errorf("the codecs are %s", all)
	}
	base, err := url.Parse(index)
	if err != nil {
		t.Fatal(err)
	}
	at, err := base.Parse(v.URI)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func load(t *testing.T, media *url.URL, query string) observed {
	t.Helper()
	at := *media
	at.RawQuery = query
	status, body, _ := fetch(t, http.MethodGet, at.String(), nil)
	if status != http.StatusOK {
		t.Fatalf("?%s: %d: %s", query, status, body)
	}
	var list playlist.Media
	if err := list.Unmarshal(body); err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	return observed{time.Now(), string(body), &list}
}

// newestPart is the position after which the next part comes.
func newestPart(list *playlist.Media) (msn, part int) {
	return list.MediaSequence + len(list.Segments), len(list.Parts) - 1
}

// blockingReload: section 6.2.5.2.
func blockingReload(t *testing.T, media *url.URL) {
	now := load(t, media, "")
	for range 5 {
		msn, part := newestPart(now.list)
		asked := time.Now()
		next := load(t, media, fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, part+1))
		waited := time.Since(asked)
		gotMSN, gotPart := newestPart(next.list)
		if gotMSN < msn || gotMSN == msn && gotPart < part+1 {
			t.Fatalf("asked for part %d.%d, the playlist ends with %d.%d", msn, part+1, gotMSN, gotPart)
		}
		if waited > 3*time.Second {
			t.Errorf("a part of a third of a second took %v", waited)
		}
		now = next
	}
	// The hinted part blocks as well.
	hint := now.list.PreloadHint
	if hint == nil {
		t.Fatal("there is no EXT-X-PRELOAD-HINT")
	}
	at, err := media.Parse(hint.URI)
	if err != nil {
		t.Fatal(err)
	}
	if status, body, _ := fetch(t, http.MethodGet, at.String(), nil); status != http.StatusOK || len(body) == 0 {
		t.Errorf("the hinted part: %d, %d bytes", status, len(body))
	}
}

// directives: what section 6.2.5 allows and what it does not.
func directives(t *testing.T, media *url.URL) {
	list := load(t, media, "").list
	msn, _ := newestPart(list)
	for _, c := range []struct {
		query string
		want  int
	}{
		{"_HLS_part=0", http.StatusBadRequest},                          // a part of which segment?
		{fmt.Sprintf("_HLS_msn=%d", msn+50), http.StatusBadRequest},     // two segments ahead at most
		{"_HLS_msn=x", http.StatusBadRequest},                           //
		{fmt.Sprintf("_HLS_msn=%d", list.MediaSequence), http.StatusOK}, // there already
		{fmt.Sprintf("_HLS_msn=%d&_HLS_part=0", msn-1), http.StatusOK},  //
		{"_HLS_skip=YES", http.StatusOK},                                //
		{"token=abc", http.StatusOK},                                    // not ours
	} {
		at := *media
		at.RawQuery = c.query
		if status, body, _ := fetch(t, http.MethodGet, at.String(), nil); status != c.want {
			t.Errorf("?%s: %d, want %d: %.100s", c.query, status, c.want, body)
		}
	}
	at, err := media.Parse("nothing-of-ours.m4s")
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := fetch(t, http.MethodGet, at.String(), nil); status != http.StatusNotFound {
		t.Errorf("an unknown address: %d", status)
	}
}

// headers: players of other sites may read, and nothing that changes is cached.
func headers(t *testing.T, index string, media *url.URL) {
	list := load(t, media, "").list
	segment, err := media.Parse(list.Segments[len(list.Segments)-1].URI)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ address, kind string }{
		{index, "application/vnd.apple.mpegurl"}, {media.String(), "application/vnd.apple.mpegurl"}, {segment.String(), "video/mp4"},
	} {
		status, body, h := fetch(t, http.MethodGet, c.address, http.Header{"Origin": {"https://elsewhere.example"}})
		if status != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %d %v", c.address, status, h)
		}
		if got := h.Get("Content-Type"); got != c.kind && !(c.kind == "video/mp4" && strings.HasSuffix(got, "/mp4")) {
			t.Errorf("%s is %s, want %s", c.address, got, c.kind)
		}
		if h.Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("%s: Content-Length %q for %d bytes", c.address, h.Get("Content-Length"), len(body))
		}
	}
	if status, _, h := fetch(t, http.MethodOptions, media.String(), http.Header{
		"Origin": {"https://elsewhere.example"}, "Access-Control-Request-Method": {"GET"},
	}); status >= 300 || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %d %v", status, h)
	}
}

// judgePlaylist checks one playlist as it came.
func judgePlaylist(t *testing.T, o observed) {
	t.Helper()
	l := o.list
	if l.PartInf == nil || l.ServerControl == nil || !l.ServerControl.CanBlockReload || l.ServerControl.PartHoldBack == nil {
		t.Fatalf("it lacks what low latency needs:\n%s", o.text)
	}
	if least := 3 * l.PartInf.PartTarget; *l.ServerControl.PartHoldBack < least-time.Millisecond {
		t.Errorf("PART-HOLD-BACK is %v, want at least %v", *l.ServerControl.PartHoldBack, least)
	}
	edge := time.Time{}
	parts := l.Parts
	for i, s := range l.Segments {
		if s.Duration.Round(time.Second) > time.Duration(l.TargetDuration)*time.Second {
			t.Errorf("a segment of %v, EXT-X-TARGETDURATION is %d", s.Duration, l.TargetDuration)
		}
		if s.DateTime == nil {
			t.Fatalf("segment %d has no EXT-X-PROGRAM-DATE-TIME", l.MediaSequence+i)
		}
		if d := s.DateTime.Sub(edge); !edge.IsZero() && d.Abs() > 2*time.Millisecond {
			t.Errorf("the date of segment %d is %v away from the end of the one before", l.MediaSequence+i, d)
		}
		edge = s.DateTime.Add(s.Duration)
		var sum time.Duration
		for _, part := range s.Parts {
			sum += part.Duration
		}
		if d := sum - s.Duration; len(s.Parts) > 0 && d.Abs() > time.Millisecond {
			t.Errorf("the parts of segment %d are %v, it is %v", l.MediaSequence+i, sum, s.Duration)
		}
		parts = append(parts, s.Parts...)
	}
	for _, part := range parts {
		if part.Duration > l.PartInf.PartTarget {
			t.Errorf("a part of %v, PART-TARGET is %v", part.Duration, l.PartInf.PartTarget)
		}
	}
	for _, part := range l.Parts {
		edge = edge.Add(part.Duration)
	}
	// The date of the newest picture is its arrival: now, but for what a part
	// and a busy machine take.
	if late := o.at.Sub(edge); len(l.Segments) > 0 && !l.Endlist && late.Abs() > time.Second {
		t.Errorf("the newest picture is dated %v before it could be fetched", late)
	}
}

// judgeMedia: a segment's real times are those that the playlist gives it.
func judgeMedia(t *testing.T, media *url.URL) {
	list := load(t, media, "").list
	var last uint64
	for _, s := range list.Segments[max(0, len(list.Segments)-3):] {
		at, err := media.Parse(s.URI)
		if err != nil {
			t.Fatal(err)
		}
		status, body, _ := fetch(t, http.MethodGet, at.String(), nil)
		if status != http.StatusOK {
			t.Fatalf("%s: %d", s.URI, status)
		}
		var parts fmp4.Parts
		if err := parts.Unmarshal(body); err != nil {
			t.Fatal(err)
		}
		begin, end := uint64(0), uint64(0)
		for i, part := range parts {
			v := part.Tracks[0]
			if i == 0 {
				begin, end = v.BaseTime, v.BaseTime
				if v.Samples[0].IsNonSyncSample {
					t.Errorf("%s does not begin with a keyframe", s.URI)
				}
			}
			if v.BaseTime != end {
				t.Errorf("%s: a part begins at %d where the one before ends at %d", s.URI, v.BaseTime, end)
			}
			for _, sample := range v.Samples {
				end += uint64(sample.Duration)
			}
		}
		if last != 0 && begin != last {
			t.Errorf("%s begins at %d where the one before ends at %d", s.URI, begin, last)
		}
		last = end
		scale := videoScale(t, media, list)
		if d := time.Duration(end-begin) * time.Second / time.Duration(scale); (d - s.Duration).Abs() > 10*time.Microsecond {
			t.Errorf("%s is %v long, EXTINF says %v", s.URI, d, s.Duration)
		}
	}
}

func videoScale(t *testing.T, media *url.URL, list *playlist.Media) uint32 {
	t.Helper()
	at, err := media.Parse(list.Map.URI)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := fetch(t, http.MethodGet, at.String(), nil)
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	return init.Tracks[0].TimeScale
}
