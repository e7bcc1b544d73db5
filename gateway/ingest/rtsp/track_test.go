package rtsp

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/transcode/media"
)

// freeAddress is a loopback port that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// deafListener accepts one connection and never answers.
func deafListener(t *testing.T) (address string, accepted chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted = make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		close(accepted)
		nc.Read(make([]byte, 1))
		for {
			if _, err := nc.Read(make([]byte, 1000)); err != nil {
				nc.Close()
				return
			}
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String(), accepted
}

// notebook is a sink that writes down.
type notebook struct {
	tracks  []media.Track
	units   []media.AccessUnit
	dropped map[string]int
}

func (n *notebook) SetTracks(ts []media.Track) error { n.tracks = ts; return nil }
func (n *notebook) Write(au media.AccessUnit)        { n.units = append(n.units, au) }
func (n *notebook) Dropped(reason string, k int) {
	if n.dropped == nil {
		n.dropped = map[string]int{}
	}
	n.dropped[reason] += k
}

// receive sets up a receiver for one format.
func receive(t testing.TB, f format.Format, kind description.MediaType) (*receiver, *notebook) {
	t.Helper()
	rec, r := newReceiver(&description.Session{Medias: []*description.Media{
		{Type: kind, Formats: []format.Format{f}},
	}}, false)
	if r != nil {
		t.Fatal(r)
	}
	n := &notebook{}
	rec.start(n)
	if err := rec.announce(); err != nil {
		t.Fatal(err)
	}
	return rec, n
}

var t0 = time.Unix(1_700_000_000, 0)

func packet(seq uint16, ts uint32, marker bool, payload ...byte) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: seq, Timestamp: ts, Marker: marker},
		Payload: payload,
	}
}

// slice is an H.264 slice of type kind; first says that it begins its picture.
func slice(kind byte, first bool) []byte {
	if first {
		return []byte{kind, 0x80, 1}
	}
	return []byte{kind, 0x20, 1}
}

const (
	idrSlice = 0x65
	pSlice   = 0x41
)

func TestLoss(t *testing.T) {
	type p struct {
		seq    uint16
		ts     uint32
		marker bool
		data   []byte
	}
	whole := func(kind byte) []byte { return slice(kind, true) }
	for _, tc := range []struct {
		name    string
		packets []p
		want    string // RTP times that pass, in frames
		loss    int
	}{
		{"nothing lost", []p{{1, 0, true, whole(idrSlice)}, {2, 1, true, whole(pSlice)}}, "0 1", 0},
		{"begins in the middle", []p{{1, 0, true, whole(pSlice)}, {2, 1, true, whole(idrSlice)}}, "1", 0},
		{"across the wrap", []p{{65535, 0, true, whole(idrSlice)}, {0, 1, true, whole(pSlice)}}, "0 1", 0},
		{"a picture lost: wait for a keyframe", []p{
			{1, 0, true, whole(idrSlice)}, {3, 2, true, whole(pSlice)}, {4, 3, true, whole(pSlice)},
			{5, 4, true, whole(idrSlice)}, {6, 5, true, whole(pSlice)},
		}, "0 4 5", 2},
		{"the picture before a keyframe lost", []p{
			{1, 0, true, whole(idrSlice)}, {3, 2, true, whole(idrSlice)}, {4, 3, true, whole(pSlice)},
		}, "0 2 3", 0},
		{"the first slice of a keyframe lost", []p{
			{1, 0, true, whole(idrSlice)}, {3, 2, true, slice(idrSlice, false)}, {4, 3, true, whole(idrSlice)},
		}, "0 3", 1},
		{"the middle of a keyframe lost", []p{
			{1, 0, true, whole(idrSlice)}, {2, 1, false, whole(idrSlice)}, {4, 1, true, slice(idrSlice, false)},
			{5, 2, true, whole(pSlice)}, {6, 3, true, whole(idrSlice)},
		}, "0 3", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
			rec, n := receive(t, f, description.MediaTypeVideo)
			for _, p := range tc.packets {
				at := t0.Add(time.Duration(p.ts) * 40 * time.Millisecond)
				if err := rec.packet(f, packet(p.seq, p.ts*3600, p.marker, p.data...), at); err != nil {
					t.Fatal(err)
				}
			}
			first := tc.packets[0].ts
			var got []string
			for _, au := range n.units {
				got = append(got, fmt.Sprint(uint32(au.PTS/(40*time.Millisecond))+first))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("pictures %s passed, want %s", s, tc.want)
			}
			if n.dropped["loss"] != tc.loss {
				t.Errorf("%d dropped, want %d", n.dropped["loss"], tc.loss)
			}
		})
	}
}

// TestNoMarkers is about cameras that never set the marker: a picture ends when
// the next begins, and has its own time, not the next one's.
func TestNoMarkers(t *testing.T) {
	f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	rec, n := receive(t, f, description.MediaTypeVideo)
	for i, kind := range []byte{idrSlice, pSlice, pSlice} {
		at := t0.Add(time.Duration(i) * 40 * time.Millisecond)
		if err := rec.packet(f, packet(uint16(i), uint32(i)*3600, false, slice(kind, true)...), at); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.units) != 2 || !n.units[0].Key || n.units[0].PTS != 0 || n.units[1].PTS != 40*time.Millisecond {
		t.Errorf("units = %+v", n.units)
	}
}

func TestKeys(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  bool
		want bool
	}{
		{"H.264 IDR", h264Unit([][]byte{slice(idrSlice, true)}).key, true},
		{"H.264 with SPS, intra refresh", h264Unit([][]byte{{0x67, 1}, slice(pSlice, true)}).key, true},
		{"H.264 P", h264Unit([][]byte{slice(pSlice, true)}).key, false},
		{"H.265 IDR", h265Unit([][]byte{{19 << 1, 1, 0x80}}).key, true},
		{"H.265 CRA", h265Unit([][]byte{{21 << 1, 1, 0x80}}).key, true},
		{"H.265 trailing", h265Unit([][]byte{{1 << 1, 1, 0x80}}).key, false},
		{"H.265 parameter sets only", h265Unit([][]byte{{33 << 1, 1, 0x80}}).key, false},
		{"VP9 key", vp9Key([]byte{0b10_00_0_0_00}), true},
		{"VP9 inter", vp9Key([]byte{0b10_00_0_1_00}), false},
		{"VP9 show existing", vp9Key([]byte{0b10_00_1_0_00}), false},
		{"VP9 profile 3 key", vp9Key([]byte{0b10_11_0_0_0_0}), true},
		{"VP9 profile 3 inter", vp9Key([]byte{0b10_11_0_0_1_0}), false},
		{"VP9 no frame marker", vp9Key([]byte{0}), false},
		{"VP9 empty", vp9Key(nil), false},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: key %v", tc.name, tc.got)
		}
	}
}

func TestPCM(t *testing.T) {
	for _, tc := range []struct {
		depth, channels int
		in, want        []byte
	}{
		{8, 1, []byte{0, 128, 255}, []byte{0x80, 0, 0, 0, 0x7f, 0}},
		{16, 2, []byte{1, 2, 3, 4}, []byte{1, 2, 3, 4}},
		{24, 1, []byte{1, 2, 3, 4, 5, 6}, []byte{1, 2, 4, 5}},
		{24, 2, []byte{1, 2, 3}, nil}, // half a sample
	} {
		units, err := pcm16(tc.depth, tc.channels)(nil, packet(0, 0, false, tc.in...))
		if tc.want == nil {
			if err == nil {
				t.Errorf("%d bit: %v was taken", tc.depth, tc.in)
			}
			continue
		}
		if err != nil || string(units[0].data) != string(tc.want) {
			t.Errorf("%d bit: %v %v, want %v", tc.depth, units, err, tc.want)
		}
	}
}

func TestStreamKey(t *testing.T) {
	for path, want := range map[string]string{
		"/live/KEY": "KEY", "live/KEY/": "KEY", "/live/a%20b": "a b",
		"/live": "", "/live/": "", "/": "", "/other/KEY": "", "/live/KEY/more": "",
	} {
		key, ok := streamKey(path)
		if string(key) != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", path, string(key), ok, want)
		}
	}
}

// FuzzReceiver gives an encoder's description and its packets to the receiver,
// which must not panic.
func FuzzReceiver(f *testing.F) {
	for _, rtpmap := range []string{
		"H264/90000", "H265/90000", "AV1/90000", "VP8/90000", "VP9/90000", "opus/48000/2", "PCMA/8000",
		"L16/48000/2", "L24/48000/1", "mpeg4-generic/48000/2\r\na=fmtp:96 config=1190;sizelength=13;indexlength=3;indexdeltalength=3",
		"MP4A-LATM/48000/2\r\na=fmtp:96 cpresent=1",
	} {
		for _, payload := range [][]byte{{}, {0x65, 0x80}, {0x7c, 0x85, 1, 2}, {0x10, 0, 0}, {0, 16, 0, 8, 1}, {0x20, 0, 0x11, 0x90}} {
			f.Add(rtpmap, payload, uint16(1), true)
		}
	}
	f.Fuzz(func(t *testing.T, rtpmap string, payload []byte, step uint16, marker bool) {
		kind := "audio"
		if strings.Contains(rtpmap, "/90000") {
			kind = "video"
		}
		text := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=" + kind +
			" 0 RTP/AVP 96\r\na=rtpmap:96 " + rtpmap + "\r\na=control:0\r\n"
		var raw sdp.SessionDescription
		var d description.Session
		if raw.Unmarshal([]byte(text)) != nil || d.Unmarshal(&raw) != nil {
			return
		}
		rec, refused := newReceiver(&d, false)
		if refused != nil {
			return
		}
		rec.start(&notebook{})
		_ = rec.announce()
		format := rec.tracks[0].format
		for i := range uint16(3) {
			half := payload[:len(payload)*int(i+1)/3]
			p := packet(i*step, uint32(i)*uint32(step), marker, half...)
			if err := rec.packet(format, p, t0); err != nil && strings.Contains(err.Error(), "failed:") {
				t.Fatal(err) // the receiver's own net caught a panic
			}
		}
	})
}
