package whip

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// rawTrack is a VP8 track that sets every field of its packets itself.
type rawTrack struct {
	out  webrtc.TrackLocalWriter
	pt   uint8
	ssrc uint32
}

func (r *rawTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	r.out, r.ssrc = c.WriteStream(), uint32(c.SSRC())
	for _, p := range c.CodecParameters() {
		if p.MimeType == webrtc.MimeTypeVP8 {
			r.pt = uint8(p.PayloadType)
			return p, nil
		}
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}
func (r *rawTrack) Unbind(webrtc.TrackLocalContext) error { return nil }
func (r *rawTrack) ID() string                            { return "video" }
func (r *rawTrack) RID() string                           { return "" }
func (r *rawTrack) StreamID() string                      { return "camera" }
func (r *rawTrack) Kind() webrtc.RTPCodecType             { return webrtc.RTPCodecTypeVideo }

// stream sends pictures with an SSRC until done or ok.
func (r *rawTrack) stream(t *testing.T, ssrc uint32, pictures [][]byte, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(rtctest.Patience)
	var payloader codecs.VP8Payloader
	seq, stamp := uint16(ssrc), ssrc*1000
	for i := 0; !ok(); i++ {
		<-tick.C
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
		parts := payloader.Payload(1100, pictures[i%len(pictures)])
		for n, p := range parts {
			h := rtp.Header{Version: 2, PayloadType: r.pt, SSRC: ssrc, SequenceNumber: seq, Timestamp: stamp, Marker: n == len(parts)-1}
			if _, err := r.out.WriteRTP(&h, p); err != nil {
				t.Fatal(err)
			}
			seq++
		}
		stamp += 1800
	}
}

// TestEncoderRestarts: a stream with a new SSRC takes over from the old in the
// same session. Offers without a=ssrc may do that.
func TestEncoderRestarts(t *testing.T) {
	b := newBench(t, rtc.Config{})
	raw, pictures := &rawTrack{}, rtctest.VP8(t)
	c := b.publish(rtctest.Options{Send: []webrtc.TrackLocal{raw}, EditOffer: rtctest.WithoutSSRCs})
	c.State(webrtc.PeerConnectionStateConnected)
	count := func() int { return len(b.seats.Wait(0, "a look", enough(0, 0)).Of(media.Video)) }
	raw.stream(t, raw.ssrc, pictures, func() bool { return count() >= 10 })
	before := count()
	raw.stream(t, 77, pictures, func() bool { return count() >= before+30 })

	claim := b.seats.Wait(0, "a look", enough(0, 0))
	units := claim.Of(media.Video)
	if !units[before].Key && !units[before+1].Key { // one may have been on its way
		t.Error("the new stream does not begin with a keyframe")
	}
	for i, au := range units[1:] {
		if step := au.PTS - units[i].PTS; step < -time.Second || step > 5*time.Second {
			t.Errorf("the time jumps by %v", step)
		}
	}
	if got := ingesttest.DecodeVideo(t, media.VP8, claim.Elementary(media.Video)); got != len(units) {
		t.Errorf("ffmpeg decodes %d of %d pictures", got, len(units))
	}
}
