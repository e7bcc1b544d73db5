package whip

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// live publishes H.264 with sound and waits until it comes in.
func (b *bench) live(o rtctest.Options) *rtctest.Client {
	b.t.Helper()
	video, audio := rtctest.NewTrack(b.t, webrtc.MimeTypeH264), rtctest.NewTrack(b.t, webrtc.MimeTypeOpus)
	o.Send = []webrtc.TrackLocal{video, audio}
	c := b.publish(o)
	c.Play(video, 40*time.Millisecond, rtctest.H264(b.t, "1000"))
	c.Play(audio, 20*time.Millisecond, [][]byte{rtctest.Silence})
	b.seats.Wait(b.seats.Claims()-1, "pictures and sound", enough(3, 3))
	return c
}

// more waits for another n pictures of claim number i.
func (b *bench) more(i, n int) {
	b.t.Helper()
	have := len(b.seats.Wait(i, "a look", enough(0, 0)).Of(media.Video))
	b.seats.Wait(i, "more pictures", enough(have+n, 0))
}

func TestRefusals(t *testing.T) {
	b := newBench(t, rtc.Config{})
	offer := rtctest.New(t, rtctest.Options{Send: []webrtc.TrackLocal{rtctest.NewTrack(t, webrtc.MimeTypeVP8)}}).Offer()
	foreign := strings.NewReplacer("VP8/90000", "XYZ/90000", "VP9/90000", "XYZ/90000", "H264/90000", "XYZ/90000",
		"AV1/90000", "XYZ/90000", "H265/90000", "XYZ/90000").Replace(offer)
	key := "Bearer " + string([]byte(ingesttest.Key))
	for _, tc := range []struct {
		name, offer, auth string
		status            int
		outcome           ingest.Outcome
		detail            string
	}{
		{"no key", offer, "", 401, ingest.BadKey, "Bearer Token"},
		{"wrong key", offer, "Bearer nobody", 401, ingest.BadKey, "copy the key again"},
		{"not SDP", "hello", key, 400, ingest.BadRequest, "not SDP"},
		{"unknown codec", foreign, key, 422, ingest.UnsupportedCodec, "XYZ"},
	} {
		res, body := rtctest.Request(t, "POST", b.url, tc.offer, "Content-Type", "application/sdp", "Authorization", tc.auth)
		if res.StatusCode != tc.status || !strings.Contains(body, tc.detail) {
			t.Errorf("%s: %d %s", tc.name, res.StatusCode, body)
		}
		all := b.door.Refusals()
		if last := all[len(all)-1]; last.Refusal.Outcome != tc.outcome || last.Protocol != ingest.WHIP {
			t.Errorf("%s: counted as %+v", tc.name, last)
		}
	}
	// the seat of the one that failed late is free again
	b.live(rtctest.Options{})
	res, body := rtctest.Request(t, "POST", b.url, offer, "Content-Type", "application/sdp", "Authorization", key)
	if res.StatusCode != http.StatusConflict {
		t.Errorf("a second encoder: %d %s", res.StatusCode, body)
	}
}

// TestPatch: what a PATCH gets wrong leaves the session running.
func TestPatch(t *testing.T) {
	b := newBench(t, rtc.Config{})
	c := b.live(rtctest.Options{})
	remote := c.PC.LocalDescription().SDP
	_, rest, _ := strings.Cut(remote, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(rest, "\r\n")
	_, rest, _ = strings.Cut(remote, "a=ice-pwd:")
	pwd, _, _ := strings.Cut(rest, "\r\n")
	trickle := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 2122260223 198.51.100.9 61764 typ host\r\na=candidate:2 1 udp 1 abc.local 5 typ host\r\na=end-of-candidates\r\n"
	for _, tc := range []struct {
		body, match string
		status      int
	}{
		{trickle, "", 428},
		{trickle, `"another"`, 412},
		{"garbage", "*", 400},
		{trickle, c.ETag, 204},
		{trickle, "*", 204},
	} {
		if res, text := c.Patch(tc.body, tc.match); res.StatusCode != tc.status {
			t.Errorf("If-Match %q: %d %s, want %d", tc.match, res.StatusCode, text, tc.status)
		}
	}
	b.more(0, 5)
}

// TestRestartICE: media goes on, before and after, over the same session.
func TestRestartICE(t *testing.T) {
	for name, o := range map[string]rtctest.Options{"udp": {}, "tcp": {TCP: true}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, rtc.Config{PublicHosts: []string{"127.0.0.1"}})
			c := b.live(o)
			for range 2 {
				etag := c.ETag
				reply := c.RestartICE()
				if n := strings.Count(reply, "a=candidate:"); n != 1 {
					t.Errorf("%d candidates, want 1, in\n%s", n, reply)
				}
				if c.ETag == etag {
					t.Error("the ETag is the same")
				}
				b.more(0, 30)
			}
			if b.seats.Claims() != 1 || c.PC.ConnectionState() != webrtc.PeerConnectionStateConnected {
				t.Errorf("%d publishers, connection %v", b.seats.Claims(), c.PC.ConnectionState())
			}
		})
	}
}

// TestDisconnect: the Door ends a publisher, who sees it at once.
func TestDisconnect(t *testing.T) {
	b := newBench(t, rtc.Config{})
	c := b.live(rtctest.Options{})
	claim := b.seats.Wait(0, "a look", enough(0, 0))
	claim.Offer.Disconnect(ingest.ErrReplaced)
	claim.Offer.Disconnect(ingest.ErrStopping)
	c.State(webrtc.PeerConnectionStateClosed)
	if cause := b.seats.WaitClosed(0).Cause; !errors.Is(cause, ingest.ErrReplaced) {
		t.Errorf("ended with %v", cause)
	}
	if res, _ := c.Delete(); res.StatusCode != http.StatusNotFound {
		t.Errorf("DELETE after the end: %d", res.StatusCode)
	}
	b.live(rtctest.Options{}) // the seat is free
}

// TestNothingComes: a publisher that connects and sends nothing is sent away.
func TestNothingComes(t *testing.T) {
	b := newBench(t, rtc.Config{})
	b.publish(rtctest.Options{Send: []webrtc.TrackLocal{rtctest.NewTrack(t, webrtc.MimeTypeVP8)}})
	var r *ingest.Refusal
	if cause := b.seats.WaitClosed(0).Cause; !errors.As(cause, &r) || r.Outcome != ingest.NoMedia {
		t.Errorf("ended with %v", cause)
	}
}

// TestSoundOnly and only pictures are welcome.
func TestSoundOnly(t *testing.T) {
	b := newBench(t, rtc.Config{})
	audio := rtctest.NewTrack(t, webrtc.MimeTypeOpus)
	c := b.publish(rtctest.Options{Send: []webrtc.TrackLocal{audio}})
	c.Play(audio, 20*time.Millisecond, [][]byte{rtctest.Silence})
	claim := b.seats.Wait(0, "sound", enough(0, 10))
	if len(claim.Last()) != 1 || claim.Last()[0].Codec != media.Opus {
		t.Errorf("tracks %v", claim.Last())
	}
	for i, au := range claim.Of(media.Audio)[1:] {
		if step := au.PTS - claim.Of(media.Audio)[i].PTS; step != 20*time.Millisecond {
			t.Fatalf("a step of %v in the sound's time", step)
		}
	}
}

// TestWithoutSSRCs: an offer need not say which SSRC is what; repairs work too.
func TestWithoutSSRCs(t *testing.T) {
	b := newBench(t, rtc.Config{})
	c := b.live(rtctest.Options{EditOffer: rtctest.WithoutSSRCs, SendLoss: 0.03})
	if strings.Contains(c.Answer, "rtx/") {
		t.Errorf("retransmission streams that nobody can tell from pictures:\n%s", c.Answer)
	}
	claim := b.seats.Wait(0, "pictures", enough(50, 50))
	if got := ingesttest.DecodeVideo(t, media.H264, claim.Elementary(media.Video)); got != len(claim.Of(media.Video)) {
		t.Errorf("ffmpeg decodes %d of %d pictures", got, len(claim.Of(media.Video)))
	}
}
