package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/amf0"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/transcode/media"
)

// notebook is a sink that writes down, in words.
type notebook struct {
	lines []string
	units []media.AccessUnit
}

func (n *notebook) SetTracks(ts []media.Track) error {
	var codecs []string
	for _, t := range ts {
		codecs = append(codecs, string(t.Codec))
	}
	n.lines = append(n.lines, strings.Join(codecs, "+"))
	return nil
}

func (n *notebook) Write(au media.AccessUnit) {
	n.units = append(n.units, au)
	key := ""
	if au.Key && au.Kind == media.Video {
		key = "!"
	}
	n.lines = append(n.lines, fmt.Sprintf("%c%d%s", au.Kind.String()[0], au.PTS.Milliseconds(), key))
}

func (n *notebook) Dropped(reason string, k int) {
	n.lines = append(n.lines, fmt.Sprintf("-%s", reason))
}

var (
	avcC      = []byte{1, 100, 0, 12, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 3}
	avcConfig = cat([]byte{0x17, 0, 0, 0, 0}, avcC)
	aacConfig = []byte{0xaf, 0, 0x11, 0x90}
	aacFrame  = []byte{0xaf, 1, 0x21, 0x10}
	idrFrame  = []byte{0x17, 1, 0, 0, 80, 0, 0, 0, 2, 0x65, 0x88}
	pFrame    = []byte{0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x9a}
	bFrame    = []byte{0x27, 1, 0xff, 0xff, 0xd8, 0, 0, 0, 2, 0x01, 0x9a} // 40 ms before its decoding time
)

func video(ms uint32, b []byte) rawMessage {
	return rawMessage{typ: typeVideo, time: ms, body: bytes.Clone(b)}
}
func audio(ms uint32, b []byte) rawMessage {
	return rawMessage{typ: typeAudio, time: ms, body: bytes.Clone(b)}
}

func onMetaData(t testing.TB, entries ...amf0.ObjectEntry) rawMessage {
	t.Helper()
	b, err := amf0.Data{"@setDataFrame", "onMetaData", amf0.ECMAArray(entries)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return rawMessage{typ: typeDataAMF0, body: b}
}

func TestDemuxer(t *testing.T) {
	videoOnly := onMetaData(t, amf0.ObjectEntry{Key: "videocodecid", Value: float64(7)}, amf0.ObjectEntry{Key: "audiocodecid", Value: float64(0)})
	audioOnly := onMetaData(t, amf0.ObjectEntry{Key: "audiocodecid", Value: "mp4a"})
	annexBConfig := cat([]byte{0x17, 0, 0, 0, 0}, avcC[:7], []byte{3, 0x67, 9, 9, 1, 0, 2, 0x68, 3})
	startCodes := []byte{0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x67, 0x64, 3, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 0x88}
	sps := []byte{0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x67, 0x64, 0, 0, 0, 2, 0x65, 0x88}
	for _, tc := range []struct {
		name string
		in   []rawMessage
		gap  time.Duration // between messages
		want string
	}{
		{"both at once", []rawMessage{video(0, avcConfig), audio(0, aacConfig), video(0, idrFrame), audio(10, aacFrame)}, 0,
			"h264+aac v80! a10"},
		{"frames wait for the other track", []rawMessage{video(0, avcConfig), video(0, idrFrame), audio(0, aacConfig), audio(0, aacFrame)}, 0,
			"h264+aac v80! a0"},
		{"only pictures, says the metadata", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame)}, 0, "h264 v80!"},
		{"only sound, says the metadata", []rawMessage{audioOnly, audio(0, aacConfig), audio(5, aacFrame)}, 0, "aac a5"},
		{"only pictures, without metadata", []rawMessage{video(0, avcConfig), video(0, idrFrame), video(400, pFrame), video(800, pFrame)},
			400 * time.Millisecond, "h264 v80! v400 v800"},
		{"sound comes late", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame), audio(9, aacConfig), audio(9, aacFrame)}, 0,
			"h264 v80! h264+aac a9"},
		{"B-frames", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame), video(80, pFrame), video(120, bFrame)}, 0,
			"h264 v80! v80 v80"},
		{"the same header again", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame), video(40, avcConfig), video(40, pFrame)}, 0,
			"h264 v80! v40"},
		{"another header", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame), video(40, annexBConfig), video(40, idrFrame)}, 0,
			"h264 v80! h264 v120!"},
		{"no header, sets in the stream", []rawMessage{videoOnly, video(0, pFrame), video(40, sps), video(80, pFrame)}, 0,
			"-invalid h264 v40! v80"},
		{"time wraps", []rawMessage{videoOnly, video(0xfffffff0, avcConfig), video(0xfffffff0, pFrame), video(16, pFrame)}, 0,
			"h264 v4294967280 v4294967312"},
		{"time jumps", []rawMessage{videoOnly, video(0, avcConfig), video(1000000, pFrame), video(40, pFrame)}, 0,
			"h264 v1000000 v40"},
		{"a broken picture", []rawMessage{videoOnly, video(0, avcConfig), video(0, idrFrame), video(40, pFrame[:10]), video(80, pFrame)}, 0,
			"h264 v80! -invalid v80"},
		{"start codes instead of lengths", []rawMessage{videoOnly, video(0, avcConfig), video(0, startCodes), video(40, pFrame)}, 0,
			"h264 v0! v40"},
		{"the same without a header", []rawMessage{videoOnly, video(0, startCodes)}, 0, "h264 v0!"},
		{"empty messages", []rawMessage{videoOnly, video(0, nil), audio(0, nil), video(0, avcConfig), video(1, []byte{0x17, 2, 0, 0, 0})}, 0, "h264"},
		{"AAC without its header", []rawMessage{audioOnly, audio(0, aacFrame)}, 0, "-invalid"},
		{"PCM turns around", []rawMessage{audioOnly, audio(0, []byte{0x3f, 1, 2, 3, 4})}, 0, "lpcm a0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := &notebook{}
			d := demuxer{sink: n}
			now := time.Unix(1, 0)
			for _, m := range tc.in {
				if err := d.message(m, now); err != nil {
					t.Fatal(err)
				}
				now = now.Add(tc.gap)
			}
			if got := strings.Join(n.lines, " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestHeldIsBounded(t *testing.T) {
	n := &notebook{}
	d := demuxer{sink: n}
	if err := d.message(video(0, avcConfig), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	for range maxHeld + 10 {
		if err := d.message(video(0, pFrame), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.units) != maxHeld+10 || d.held != nil {
		t.Errorf("%d units passed, %d held", len(n.units), len(d.held))
	}
}

func TestTags(t *testing.T) {
	four := func(first byte, fourCC string, body ...byte) []byte {
		return cat([]byte{first}, []byte(fourCC), body)
	}
	for _, tc := range []struct {
		name  string
		audio bool
		in    []byte
		want  string // what codec key cts data
	}{
		{"H.264", false, idrFrame, "2 h264 true 80ms 000000026588"},
		{"H.265 before the standard", false, []byte{0x1c, 0, 0, 0, 0, 1}, "1 h265 true 0s 01"},
		{"enhanced H.264", false, four(0x91, "avc1", 0, 0, 40, 1, 2), "2 h264 true 40ms 0102"},
		{"enhanced H.265 without offset", false, four(0xa3, "hvc1", 1, 2), "2 h265 false 0s 0102"},
		{"AV1", false, four(0x91, "av01", 1, 2), "2 av1 true 0s 0102"},
		{"VP8 header", false, four(0x90, "vp08", 1), "1 vp8 true 0s 01"},
		{"end of sequence", false, four(0x92, "hvc1"), "0  false 0s "},
		{"HDR metadata", false, four(0x94, "hvc1", 1), "0  false 0s "},
		{"command frame", false, []byte{0x57, 1}, "0  false 0s "},
		{"modifier first", false, cat([]byte{0x97, 2, 1, 2, 3, 0x01}, []byte("av01"), []byte{9}), "2 av1 true 0s 09"},
		{"long modifier", false, cat([]byte{0x97, 0xff, 0, 1, 1, 2, 0x03}, []byte("hvc1"), []byte{9}), "2 h265 true 0s 09"},
		{"one track of many", false, cat([]byte{0x96, 0x01}, []byte("av01"), []byte{0, 9}), "2 av1 true 0s 09"},
		{"another track", false, cat([]byte{0x96, 0x01}, []byte("av01"), []byte{1, 9}), "0  false 0s "},
		{"many tracks", false, cat([]byte{0x96, 0x11}, []byte("av01"), []byte{1, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9}), "2 av1 true 0s 0809"},
		{"many codecs", false, cat([]byte{0x96, 0x21}, []byte("av01"), []byte{1, 0, 0, 1, 7}, []byte("vp09"), []byte{0, 0, 0, 1, 8}), "2 vp9 true 0s 08"},
		{"AAC", true, aacFrame, "2 aac true 0s 2110"},
		{"A-law", true, []byte{0x72, 1}, "2 pcma true 0s 01"},
		{"µ-law", true, []byte{0x82, 1}, "2 pcmu true 0s 01"},
		{"Opus header", true, four(0x90, "Opus", 1), "1 opus true 0s 01"},
		{"MP3", true, four(0x91, ".mp3", 1), "2 mp3 true 0s 01"},
		{"channel order", true, four(0x94, "Opus", 1), "0  false 0s "},
		{"sound of many tracks", true, cat([]byte{0x95, 0x01}, []byte("mp4a"), []byte{0, 9}), "2 aac true 0s 09"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parse := parseVideo
			if tc.audio {
				parse = parseAudio
			}
			tag, err := parse(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			key := tag.key && tag.what != tagOther
			got := fmt.Sprintf("%d %s %v %v %x", tag.what, tag.codec, key, tag.cts, tag.data)
			if tag.what == tagOther {
				got = "0  false 0s "
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			for n := range tc.in {
				if _, err := parse(tc.in[:n]); err != nil && !errors.Is(err, errTag) {
					t.Errorf("cut to %d bytes: %v", n, err)
				}
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	for _, tc := range []struct {
		audio bool
		in    []byte
		says  string
	}{
		{false, []byte{0x12, 0}, "Sorenson H.263"},
		{false, []byte{0x14, 0}, "VP6"},
		{false, cat([]byte{0x90}, []byte("vvc1"), []byte{0}), "vvc1"},
		{true, []byte{0xb2, 0}, "Speex"},
		{true, []byte{0x1e, 0}, "ADPCM"},
		{true, []byte{0x3c, 0}, "8 bit PCM"},
		{true, cat([]byte{0x91}, []byte("fLaC"), []byte{0}), "fLaC"},
		{true, []byte{0xaf, 0, 0xff, 0xff}, "AAC"},
	} {
		n := &notebook{}
		d := demuxer{sink: n}
		m := video(0, tc.in)
		if tc.audio {
			m = audio(0, tc.in)
		}
		var r *ingest.Refusal
		if err := d.message(m, time.Unix(1, 0)); !errors.As(err, &r) || r.Outcome != ingest.UnsupportedCodec || !strings.Contains(r.Reason, tc.says) {
			t.Errorf("%x: %v, want %s", tc.in, err, tc.says)
		}
	}
}

func TestBitstreams(t *testing.T) {
	if size, sets, err := parseAVCC(avcC); size != 4 || err != nil || !bytes.Equal(sets, []byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3}) {
		t.Errorf("avcC: %d %x %v", size, sets, err)
	}
	hvcC := cat(make([]byte, 21), []byte{0xfd, 2, 0xa0, 0, 1, 0, 2, 0x40, 1, 0xa1, 0, 1, 0, 1, 0x42})
	if size, sets, err := parseHVCC(hvcC); size != 2 || err != nil || !bytes.Equal(sets, []byte{0, 0, 0, 1, 0x40, 1, 0, 0, 0, 1, 0x42}) {
		t.Errorf("hvcC: %d %x %v", size, sets, err)
	}
	for n := range hvcC {
		if _, _, err := parseHVCC(hvcC[:n]); err == nil {
			t.Errorf("hvcC cut to %d bytes is taken", n)
		}
	}
	for _, tc := range []struct {
		in   []byte
		size int
		want string
	}{
		{[]byte{0, 2, 0x65, 1, 0, 1, 0x41}, 2, "0000000165010000000141"},
		{[]byte{1, 0x65, 0, 1, 0x41}, 1, "00000001650000000141"},
		{[]byte{0, 0, 0, 1, 0x65}, 4, "0000000165"},
		{[]byte{0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 2}, 4, "000000016701000001" + "6502"}, // start codes, not lengths
		{[]byte{0, 0, 0, 1, 0x65, 0, 0, 0, 9, 1}, 4, "000000016500000009" + "01"},         // the same, or damage: the decoder finds out
		{[]byte{0, 0, 0, 9, 0x65}, 4, "error"},
		{[]byte{0, 0}, 4, "error"},
	} {
		out, _, err := annexB(bytes.Clone(tc.in), tc.size, media.H264)
		got := fmt.Sprintf("%x", out)
		if err != nil {
			got = "error"
		}
		if got != tc.want {
			t.Errorf("%x: %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestTemporalUnit(t *testing.T) {
	for _, tc := range []struct {
		name     string
		in, want []byte
		header   bool
		bad      bool
	}{
		{"as it should be", []byte{0x0a, 1, 7, 0x32, 1, 8}, []byte{0x0a, 1, 7, 0x32, 1, 8}, true, false},
		{"delimiter in front", []byte{0x12, 0, 0x32, 1, 8}, []byte{0x32, 1, 8}, false, false},
		{"delimiter inside", []byte{0x32, 1, 8, 0x12, 0, 0x32, 1, 9}, []byte{0x32, 1, 8, 0x32, 1, 9}, false, false},
		{"last without size", []byte{0x12, 0, 0x0a, 1, 7, 0x30, 8, 9}, []byte{0x0a, 1, 7, 0x32, 2, 8, 9}, true, false},
		{"with extension, without size", []byte{0x34, 0x08, 8}, []byte{0x36, 0x08, 1, 8}, false, false},
		{"only a delimiter", []byte{0x12, 0}, []byte{}, false, false},
		{"cut", []byte{0x32, 5, 8}, nil, false, true},
		{"forbidden bit", []byte{0x92, 0}, nil, false, true},
	} {
		got, header, err := temporalUnit(bytes.Clone(tc.in))
		if (err != nil) != tc.bad || !tc.bad && (!bytes.Equal(got, tc.want) || header != tc.header) {
			t.Errorf("%s: %x %v %v, want %x %v", tc.name, got, header, err, tc.want, tc.header)
		}
	}
}

// TestAV1HeaderOutOfBand: a keyframe without its sequence header gets the one
// of the configuration.
func TestAV1HeaderOutOfBand(t *testing.T) {
	n := &notebook{}
	d := demuxer{sink: n, noAudio: true}
	for _, m := range []rawMessage{
		video(0, cat([]byte{0x90}, []byte("av01"), []byte{0x81, 0, 0, 0, 0x0a, 1, 7})),
		video(0, cat([]byte{0x91}, []byte("av01"), []byte{0x12, 0, 0x32, 1, 8})),
		video(40, cat([]byte{0xa1}, []byte("av01"), []byte{0x32, 1, 9})),
	} {
		if err := d.message(m, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.units) != 2 || !bytes.Equal(n.units[0].Data, []byte{0x0a, 1, 7, 0x32, 1, 8}) || !bytes.Equal(n.units[1].Data, []byte{0x32, 1, 9}) {
		t.Errorf("units = %+v", n.units)
	}
}

// TestDamagedConfiguration: the one before it holds on.
func TestDamagedConfiguration(t *testing.T) {
	n := &notebook{}
	d := demuxer{sink: n, noAudio: true}
	for i, body := range [][]byte{avcConfig, idrFrame, avcConfig[:len(avcConfig)-1], pFrame} {
		if err := d.message(video(uint32(40*i), body), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.units) != 2 || !bytes.HasPrefix(n.units[1].Data, startCode[:]) {
		t.Errorf("units = %+v", n.units)
	}
}

func TestStreamKey(t *testing.T) {
	for _, tc := range []struct{ app, name, want string }{
		{"live", "KEY", "KEY"},
		{"live/", "KEY?token=1", "KEY"},
		{"live/KEY", "", "KEY"},
		{"live?x=y", "KEY", "KEY"},
		{"", "live/KEY", "KEY"},
		{"", "KEY", "KEY"},
		{"app", "KEY", "KEY"},
		{"live", "", ""},
		{"", "", ""},
		{"live", "?a", ""},
	} {
		if got := string(streamKey(tc.app, tc.name)); got != tc.want {
			t.Errorf("%q and %q: %q, want %q", tc.app, tc.name, got, tc.want)
		}
	}
}

// FuzzMessage gives a connection's messages to the demuxer and the commands.
func FuzzMessage(f *testing.F) {
	for _, b := range [][]byte{avcConfig, aacConfig, aacFrame, idrFrame, pFrame, bFrame} {
		f.Add(uint8(typeVideo), b, avcConfig)
		f.Add(uint8(typeAudio), b, aacConfig)
	}
	for _, s := range []string{"avc1", "hvc1", "av01", "vp09", "Opus", ".mp3", "mp4a"} {
		for _, first := range []byte{0x90, 0x91, 0x93, 0x95, 0x96, 0x97} {
			f.Add(uint8(typeVideo), cat([]byte{first}, []byte(s), []byte{0x81, 0, 0, 0, 10, 1, 7}), avcConfig)
			f.Add(uint8(typeAudio), cat([]byte{first}, []byte(s), []byte{1, 2, 3, 4}), aacConfig)
		}
	}
	f.Add(uint8(typeDataAMF0), onMetaData(f, amf0.ObjectEntry{Key: "videocodecid", Value: float64(7)}).body, idrFrame)
	f.Add(uint8(typeCommandAMF0), []byte{2, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, idrFrame)
	f.Add(uint8(typeVideo), cat([]byte{0x90}, []byte("vp09"), []byte{0x81, 0, 0, 0, 10, 1, 7}), idrFrame)               // once looped for ever
	f.Add(uint8(typeVideo), cat([]byte{0x17, 1, 0, 0, 0}, []byte{0, 0, 0, 3, 0x67, 1, 2}), []byte{0x17, 0, 0, 0, 0, 9}) // so did this
	f.Fuzz(func(t *testing.T, typ uint8, first, second []byte) {
		if len(first) > maxControl || len(second) > maxControl {
			return
		}
		_, _ = parseCommand(rawMessage{typ: typ, body: bytes.Clone(first)})
		n := &notebook{}
		d := demuxer{sink: n}
		now := time.Unix(1, 0)
		for i, b := range [][]byte{first, second, first} {
			if err := d.message(rawMessage{typ: typ, time: uint32(i * 40), body: bytes.Clone(b)}, now); err != nil {
				return
			}
			now = now.Add(settleTime)
		}
		for _, au := range n.units {
			if d.video != nil && au.Kind == media.Video && d.video.Codec == media.H264 && len(au.Data) > 4 &&
				!bytes.HasPrefix(au.Data, startCode[:]) {
				t.Fatalf("no start code: %x", au.Data)
			}
		}
	})
}
