package rtc

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/transcode/media"
)

// offerOf makes an offer of sections; each begins with its m= line.
func offerOf(sections ...string) string {
	head := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
		"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":") + "\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\na=setup:actpass\r\n"
	return head + strings.Join(sections, "")
}

const (
	h264Section = "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n" +
		"a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n" +
		"a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\na=simulcast:send l;h\r\na=rid:l send\r\na=rid:h send\r\n"
	vp8Section  = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
	mpegSection = "m=video 9 UDP/TLS/RTP/SAVPF 32\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:32 MPV/90000\r\n"
	opusSection = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
)

func receives(s string) string { return strings.ReplaceAll(s, "sendonly", "recvonly") }

func TestReadOffer(t *testing.T) {
	for name, tc := range map[string]struct {
		body      string
		side      Side
		kinds     []media.Kind
		reason    string // in the refusal; empty: none
		malformed bool
	}{
		"publisher":        {body: offerOf(h264Section, opusSection), kinds: []media.Kind{media.Video, media.Audio}},
		"only sound":       {body: offerOf(opusSection), kinds: []media.Kind{media.Audio}},
		"viewer":           {body: offerOf(receives(h264Section), receives(opusSection)), side: Viewer, kinds: []media.Kind{media.Video, media.Audio}},
		"no SDP":           {body: "hello", reason: "not SDP", malformed: true},
		"empty":            {body: "", reason: "no media section", malformed: true},
		"no media":         {body: offerOf(), reason: "no media section", malformed: true},
		"too many":         {body: offerOf(strings.Repeat(h264Section, 9)), reason: "too many", malformed: true},
		"no mid":           {body: offerOf(strings.ReplaceAll(h264Section, "a=mid:0\r\n", "")), reason: "a=mid", malformed: true},
		"two videos":       {body: offerOf(h264Section, vp8Section), reason: "more than one video"},
		"viewer publishes": {body: offerOf(receives(h264Section)), reason: "/whep"},
		"publisher views":  {body: offerOf(h264Section), side: Viewer, reason: "/whip"},
		"data channel":     {body: offerOf("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"), reason: "data channel"},
		"viewer's data":    {body: offerOf("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n", receives(opusSection)), side: Viewer, kinds: []media.Kind{media.Audio}},
		"hears only":       {body: offerOf(receives(vp8Section), receives(opusSection)), side: Participant, kinds: []media.Kind{media.Video, media.Audio}},
		"sees nothing":     {body: offerOf(receives(mpegSection), receives(opusSection)), side: Participant, reason: "H.264"},
		"text":             {body: offerOf("m=text 9 RTP/AVP 98\r\na=mid:0\r\n"), reason: `kind "text"`},
		"ice-lite":         {body: strings.Replace(offerOf(opusSection), "a=setup", "a=ice-lite\r\na=setup", 1), reason: "ICE-lite"},
		"session inactive": {body: strings.Replace(offerOf(opusSection), "a=setup:actpass", "a=inactive", 1), reason: "does not send"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := ReadOffer(tc.body, tc.side)
			var bad *OfferError
			switch {
			case tc.reason == "" && err != nil:
				t.Fatal(err)
			case tc.reason == "":
				if d := cmp.Diff(tc.kinds, o.Kinds); d != "" {
					t.Error(d)
				}
			case !errors.As(err, &bad), !strings.Contains(err.Error(), tc.reason), bad.Malformed != tc.malformed:
				t.Errorf("got %v (malformed %v), want %q", err, bad != nil && bad.Malformed, tc.reason)
			}
		})
	}
}

func TestOfferLosesCandidatesAndSimulcast(t *testing.T) {
	o, err := ReadOffer(offerOf(h264Section), Publisher)
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.desc.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"a=candidate", "a=simulcast", "a=rid"} {
		if strings.Contains(string(b), gone) {
			t.Errorf("%s is still in\n%s", gone, b)
		}
	}
}

func TestParameterSetsOutOfBand(t *testing.T) {
	sps, pps := []byte{0x67, 1, 2}, []byte{0x68, 3}
	sprop := ";sprop-parameter-sets=" + base64.StdEncoding.EncodeToString(sps) + "," + base64.StdEncoding.EncodeToString(pps)
	for value, want := range map[string][]byte{
		"":                        nil,
		sprop:                     {0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3},
		";sprop-parameter-sets=?": nil,
		";sprop-parameter-sets=":  nil,
	} {
		o, err := ReadOffer(offerOf(strings.Replace(h264Section, "42e01f", "42e01f"+value, 1)), Publisher)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, o.Config); d != "" {
			t.Errorf("%q: %s", value, d)
		}
	}
}

func testNet(t testing.TB, c Config) *Net {
	t.Helper()
	if c.Address == "" {
		c.Address = "127.0.0.1:0"
	}
	n, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *Net) answer(body string, side Side) (string, error) {
	o, err := ReadOffer(body, side)
	if err != nil {
		return "", err
	}
	p, a, err := n.NewPeer(o, PeerOptions{Side: side})
	if err != nil {
		return "", err
	}
	p.Close(ErrLeft)
	return a.SDP, nil
}

func TestAnswer(t *testing.T) {
	n := testNet(t, Config{StartKbps: 1800, PublicHosts: []string{"203.0.113.5", "127.0.0.1", "203.0.113.5"}})
	answer, err := n.answer(offerOf(h264Section, opusSection), Publisher)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]int{
		"a=ice-lite": 1, "a=end-of-candidates": 1,
		"a=fmtp:102 packetization-mode=1;profile-level-id=42e01f;x-google-start-bitrate=1800": 1,
		"203.0.113.5": 2, "127.0.0.1": 2, // by UDP and by TCP, each once
		"tcptype passive": 2, "a=recvonly": 2, "a=simulcast": 0, "a=setup:": 2,
	} {
		if got := strings.Count(answer, what); got != want {
			t.Errorf("%d × %q, want %d", got, what, want)
		}
	}
	if t.Failed() {
		t.Log(answer)
	}
}

// TestPreferForwardable: whatever a browser would rather send, it is asked for what
// the others can play as it is.
func TestPreferForwardable(t *testing.T) {
	section := "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n" +
		"a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
		"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f\r\n" +
		"a=rtpmap:103 H264/90000\r\na=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f\r\n" +
		"a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" +
		"a=rtpmap:105 H264/90000\r\na=fmtp:105 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
		"a=rtpmap:106 AV1/90000\r\na=ssrc:1 cname:a\r\n"
	answer, err := testNet(t, Config{}).answer(offerOf(section), Publisher)
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(answer, "m=video 9 UDP/TLS/RTP/SAVPF ")
	if line, _, _ = strings.Cut(line, "\r\n"); !strings.HasPrefix(line, "105 104 103 102 96") {
		t.Errorf("the answer prefers %s", line)
	}
}

func TestStartBitrateWithoutFormat(t *testing.T) {
	answer, err := testNet(t, Config{}).answer(offerOf(vp8Section), Publisher)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "a=fmtp:96 x-google-start-bitrate=2500\r\n") {
		t.Error(answer)
	}
}

// TestUnusable: half a session is refused as a whole.
func TestUnusable(t *testing.T) {
	n := testNet(t, Config{})
	for name, tc := range map[string]struct {
		body string
		side Side
		want string
	}{
		"no codec of ours":  {offerOf(mpegSection), Publisher, "video"},
		"half":              {offerOf(mpegSection, opusSection), Publisher, "video"},
		"viewer of VP8":     {offerOf(receives(vp8Section), receives(opusSection)), Viewer, "video"},
		"no fingerprint":    {strings.Replace(offerOf(opusSection), "a=fingerprint", "a=x-fingerprint", 1), Publisher, "fingerprint"},
		"no ICE parameters": {strings.Replace(offerOf(opusSection), "a=ice-ufrag:abcd\r\n", "", 1), Publisher, "ufrag"},
	} {
		var bad *OfferError
		if _, err := n.answer(tc.body, tc.side); !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOffer(f *testing.F) {
	f.Add(offerOf(h264Section, opusSection), false)
	f.Add(offerOf(receives(h264Section), receives(opusSection)), true)
	f.Add(offerOf(mpegSection, vp8Section), false)
	f.Add(strings.Replace(offerOf(vp8Section), "rtpmap:96", "rtpmap:999999999999", 1), false)
	f.Add(strings.Replace(offerOf(h264Section), "profile-level-id=42e01f", "apt=102;sprop-parameter-sets=,,", 1), false)
	n := testNet(f, Config{})
	n.capacity.maxPublishers = 1 << 20 // they only go when their time is over
	f.Fuzz(func(t *testing.T, body string, view bool) {
		side := Publisher
		if view {
			side = Viewer
		}
		answer, err := n.answer(body, side)
		if err == nil && !strings.Contains(answer, "a=candidate:") {
			t.Errorf("an answer without candidates:\n%s", answer)
		}
	})
}
