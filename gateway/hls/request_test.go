package hls

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	plain := func(q request) request { q.part = -1; return q }
	for path, want := range map[string]request{
		"index.m3u8":                             plain(request{kind: wantIndex}),
		"index.m3u8?_HLS_msn=1":                  plain(request{kind: wantIndex}),
		playlistPath:                             plain(request{kind: wantPlaylist}),
		playlistPath + "?_HLS_msn=7":             plain(request{kind: wantPlaylist, msn: 7, hasMSN: true}),
		playlistPath + "?_HLS_skip=YES":          plain(request{kind: wantPlaylist, skip: deltaUpdate}),
		playlistPath + "?_HLS_skip=v2&a=b":       plain(request{kind: wantPlaylist, skip: deltaUpdate2}),
		playlistPath + "?_HLS_skip=NO":           plain(request{kind: wantPlaylist}),
		playlistPath + "?_hls_msn=7":             plain(request{kind: wantPlaylist}),
		playlistPath + "?a=_HLS_msn=7":           plain(request{kind: wantPlaylist}),
		playlistPath + "?&&t=1&_HLS_part=3&":     {kind: wantPlaylist, part: 3},
		playlistPath + "?_HLS_part=9&_HLS_msn=0": {kind: wantPlaylist, part: 9, hasMSN: true},
		playlistPath + "?_HLS_part=99999999999":  {kind: wantPlaylist, part: maxPart},
		mediaPath("init0.mp4"):                   plain(request{kind: wantInit}),
		mediaPath("init12.mp4"):                  plain(request{kind: wantInit, msn: 12}),
		mediaPath("12.m4s"):                      plain(request{kind: wantSegment, msn: 12}),
		mediaPath("12.3.m4s"):                    {kind: wantPart, msn: 12, part: 3},
		mediaPath("12.3.m4s?t=1"):                {kind: wantPart, msn: 12, part: 3},
		"audio/stream.m3u8?_HLS_msn=7":           plain(request{kind: wantPlaylist, rendition: 1, msn: 7, hasMSN: true}),
		"audio/" + testName + "/12.3.m4s":        {kind: wantPart, rendition: 1, msn: 12, part: 3},
	} {
		if got, ok := parseAddress(path); !ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", path, got, ok, want)
		}
	}
	for _, path := range []string{
		"", "/", "index.m3u8/", "index.m3u", "180p", "180p/", "180px/stream.m3u8", "180p/stream.m3u8/", "180p/" + testName, "stream.m3u8",
		mediaPath(""), mediaPath("init.mp4"), mediaPath("init-1.mp4"), mediaPath("init0.m4s"), mediaPath("init00.mp4"),
		mediaPath(".m4s"), mediaPath("1.m4s.m4s"), mediaPath("1.2.3.m4s"), mediaPath("01.m4s"), mediaPath("1.02.m4s"), mediaPath("1..m4s"),
		mediaPath("+1.m4s"), mediaPath("1 .m4s"), mediaPath("1.-2.m4s"), mediaPath("9999999999999999999.m4s"), mediaPath("1.99999.m4s"),
		mediaPath("../1.m4s"), "180p//1.m4s", "180p/x/1.m4s",
	} {
		if got, ok := parseAddress(path); !ok || got.kind != wantNothing {
			t.Errorf("%s: %+v, %v; want nothing", path, got, ok)
		}
	}
}

var testRenditions = []string{"180p", "audio"}

func parseAddress(address string) (request, bool) {
	path, query := address, ""
	for i := range address {
		if address[i] == '?' {
			path, query = address[:i], address[i+1:]
			break
		}
	}
	return parse(path, query, testRenditions, testName)
}

func TestParseAllocatesNothing(t *testing.T) {
	for _, address := range []string{"index.m3u8", playlistPath + "?token=x&_HLS_msn=12&_HLS_part=3&_HLS_skip=YES", mediaPath("12.3.m4s"), "x"} {
		if n := testing.AllocsPerRun(100, func() { parseAddress(address) }); n != 0 {
			t.Errorf("%s: %v allocations", address, n)
		}
	}
}

// FuzzAnswer: whatever is asked, there is one answer, it does not panic, it never
// serves what the address does not name, and no address means two things.
func FuzzAnswer(f *testing.F) {
	for _, seed := range [][2]string{
		{"index.m3u8", ""}, {playlistPath, "_HLS_msn=11&_HLS_part=2&_HLS_skip=YES"}, {playlistPath, "_HLS_part=1"},
		{playlistPath, "_HLS_msn=18446744073709551615&_HLS_part=-1"}, {mediaPath("init0.mp4"), ""}, {mediaPath("2.1.m4s"), "t=%zz"},
		{mediaPath("2.m4s"), ""}, {mediaPath("99999999999999999.32767.m4s"), ""}, {"180p/../x", "&=&&"},
	} {
		f.Add(seed[0], seed[1])
	}
	s := newSource(f, testOptions())
	s.parts(6*2 + 2)
	now := s.stream.current.Load()
	f.Fuzz(func(t *testing.T, path, query string) {
		q, ok := parse(path, query, testRenditions, testName)
		if !ok {
			return
		}
		a := now.resolve(s.grid, q)
		answers := 0
		for _, is := range []bool{a.body != nil, a.problem != problemNone, a.wait} {
			if is {
				answers++
			}
		}
		if answers != 1 || a.wait != (a.late != problemNone) {
			t.Fatalf("%q ? %q: %+v", path, query, a)
		}
		switch q.kind {
		case wantPart, wantSegment, wantInit:
			name := mediaPath("init%d.mp4", q.msn)
			if q.kind == wantSegment {
				name = mediaPath("%d.m4s", q.msn)
			} else if q.kind == wantPart {
				name = mediaPath("%d.%d.m4s", q.msn, q.part)
			}
			if path != testRenditions[q.rendition]+strings.TrimPrefix(name, "180p") {
				t.Fatalf("%q means %q", path, name)
			}
		}
	})
}

// FuzzRepack: an encoder's output is ours, but a worker may be broken.
func FuzzRepack(f *testing.F) {
	f.Add(picture(spsSmall, true, 0))
	f.Add(picture(spsLarge, false, 1))
	f.Add([]byte{0, 0, 1, 0x67, 0, 0, 1, 0x68, 0, 0, 1, 0x65})
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, au []byte) {
		c, err := repack(au)
		if err != nil || c.data == nil {
			return
		}
		if c.sets != nil && (!c.key || c.sets.codec() == "") {
			t.Fatalf("%+v", c.sets)
		}
		for rest := c.data; len(rest) > 0; { // ISO 14496-15 5.3.4.2.1
			n := int(rest[0])<<24 | int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3])
			switch kind := rest[4] & 0x1f; kind {
			case 7, 8, 9, 12:
				t.Fatalf("a unit of type %d", kind)
			}
			rest = rest[4+n:]
		}
	})
}
