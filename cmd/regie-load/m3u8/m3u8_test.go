package m3u8

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const low = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL=12.0,CAN-SKIP-DATERANGES=YES
#EXT-X-PART-INF:PART-TARGET=0.333334
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-SKIP:SKIPPED-SEGMENTS=3
#EXT-X-MAP:URI="e/init0.mp4"
#EXTINF:2.0,
e/10.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T10:00:00.000Z
#EXT-X-PART:DURATION=1.0,URI="e/11.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.0,URI="e/11.1.m4s",BYTERANGE="10@5"
#EXTINF:2.0,a title, with a comma
e/11.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PART:URI="e/12.0.m4s",DURATION=0.5,GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e/12.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../360p/stream.m3u8",LAST-MSN=12,LAST-PART=0
`

func TestParseMedia(t *testing.T) {
	got, err := ParseMedia(strings.ReplaceAll(low, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	ten := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	want := &Media{
		Target: 2 * time.Second, PartTarget: 333334 * time.Microsecond, PartHoldBack: time.Second,
		CanBlock: true, CanSkip: 12 * time.Second, CanSkipDateRanges: true, Skipped: 3,
		Segments: []Segment{
			{MSN: 10, URI: "e/10.m4s", Duration: 2 * time.Second, Start: ten.Add(-2 * time.Second), Map: "e/init0.mp4"},
			{MSN: 11, URI: "e/11.m4s", Duration: 2 * time.Second, Start: ten, Map: "e/init0.mp4", Parts: []Part{
				{URI: "e/11.0.m4s", Duration: time.Second, Independent: true},
				{URI: "e/11.1.m4s", Duration: time.Second, Range: "bytes=5-14"},
			}},
			{MSN: 12, Start: ten.Add(2 * time.Second), Map: "e/init0.mp4", Discontinuity: true, Parts: []Part{
				{URI: "e/12.0.m4s", Duration: 500 * time.Millisecond, Gap: true},
			}},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := got.Segments[2].Length(); d != 500*time.Millisecond {
		t.Errorf("the last is %v long", d)
	}
}

// TestByteRanges: one without an offset follows the one before (4.4.4.2).
func TestByteRanges(t *testing.T) {
	got, err := ParseMedia("#EXTM3U\n#EXT-X-TARGETDURATION:1\n" +
		"#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"10@0\"\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"5\"\n#EXT-X-ENDLIST\n")
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Segments[0].Parts; p[0].Range != "bytes=0-9" || p[1].Range != "bytes=10-14" || !got.Ended {
		t.Errorf("%+v", got)
	}
}

func TestParseMultivariant(t *testing.T) {
	got, err := ParseMultivariant(`#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Sound, all of it",DEFAULT=YES,URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",URI="subtitles.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a"
720p/stream.m3u8?session=x
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000

360p/stream.m3u8
`)
	if err != nil {
		t.Fatal(err)
	}
	want := &Multivariant{
		Variants: []Variant{
			{URI: "720p/stream.m3u8?session=x", Bandwidth: 3000000, Resolution: "1280x720", Audio: "a"},
			{URI: "360p/stream.m3u8", Bandwidth: 800000},
		},
		Audio: []Audio{{Group: "a", URI: "audio.m3u8", Default: true}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"", "<html>", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:x\n", "#EXTM3U\n#EXT-X-TARGETDURATION:-1\n",
		"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:-1\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PART:DURATION=NaN,URI=\"a\"\n",
		"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PART:DURATION=1\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=x\n",
	} {
		if m, err := ParseMedia(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
		if m, err := ParseMultivariant(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

// FuzzParseMedia: numbers stay in order and lengths are no surprise.
func FuzzParseMedia(f *testing.F) {
	f.Add(low)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ParseMultivariant(text)
		m, err := ParseMedia(text)
		if err != nil {
			return
		}
		for i, s := range m.Segments {
			if s.Length() < 0 || s.URI == "" && len(s.Parts) == 0 || i > 0 && s.MSN != m.Segments[i-1].MSN+1 {
				t.Errorf("segment %d: %+v", i, s)
			}
		}
	})
}
