package rtc

import (
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/transcode/media"
)

// binding is what a negotiation came to; it keeps what is written.
type binding struct {
	webrtc.TrackLocalContext
	codecs []webrtc.RTPCodecParameters
	sent   []rtp.Header
}

func (b *binding) CodecParameters() []webrtc.RTPCodecParameters { return b.codecs }
func (b *binding) SSRC() webrtc.SSRC                            { return 7 }
func (b *binding) WriteStream() webrtc.TrackLocalWriter         { return b }
func (b *binding) Write([]byte) (int, error)                    { panic("not used") }
func (b *binding) WriteRTP(h *rtp.Header, _ []byte) (int, error) {
	b.sent = append(b.sent, *h)
	return 0, nil
}

func TestTrack(t *testing.T) {
	codec := func(line string, pt webrtc.PayloadType) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, SDPFmtpLine: line}, PayloadType: pt}
	}
	b := &binding{codecs: []webrtc.RTPCodecParameters{codec("profile-level-id=64001f", 96), codec("profile-level-id=42e01f", 97)}}
	tr := NewTrack(media.Video, "video", "program")
	if tr.Again(tr.Last(), 0, false, nil, &rtp.Header{}) {
		t.Error("a track that leads nowhere sends something again")
	}
	if _, err := tr.Bind(b); err != nil {
		t.Fatal(err)
	}
	var h rtp.Header
	tr.Lock()
	defer tr.Unlock()
	first := tr.Last() + 1
	tr.Send(90, false, []byte("abc"), &h)
	tr.Send(90, true, []byte("de"), &h)
	if !tr.Again(first, 90, false, []byte("abc"), &h) {
		t.Fatal("nothing is sent again")
	}
	for i, want := range []rtp.Header{{SequenceNumber: first}, {SequenceNumber: first + 1, Marker: true}, {SequenceNumber: first}} {
		want.Version, want.PayloadType, want.SSRC, want.Timestamp = 2, 97, 7, 90
		if got := b.sent[i]; got.SequenceNumber != want.SequenceNumber || got.Marker != want.Marker ||
			got.PayloadType != want.PayloadType || got.SSRC != want.SSRC || got.Timestamp != want.Timestamp {
			t.Errorf("packet %d is %+v, want %+v", i, got, want)
		}
	}
	if tr.Sent() != 2 || tr.octets != 5 {
		t.Errorf("%d packets and %d bytes are reported", tr.Sent(), tr.octets)
	}

	silent := NewTrack(media.Audio, "audio", "program")
	if _, err := silent.Bind(b); err == nil {
		t.Error("a receiver without Opus is sent sound")
	}
}
