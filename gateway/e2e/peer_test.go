package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/transcode/media"
)

// peer watches a session by WHEP with pion.
type peer struct {
	*screen
	pc       *webrtc.PeerConnection
	resource string // of the WHEP session
	etag     string
	asked    time.Time // when the request began
	reading  sync.WaitGroup

	mu      sync.Mutex
	origin  [2]uint32 // RTP timestamp of each track's first packet, by media.Kind
	reports [2]*rtcp.SenderReport
	lost    int
}

// timeScale is a track's RTP clock in Hz, by media.Kind.
var timeScale = [2]int64{media.Video: 90000, media.Audio: 48000}

// watchWHEP connects a viewer; the screen's times count from each track's first
// packet, and skew says how they relate.
func watchWHEP(t testing.TB, address string) *peer {
	t.Helper()
	p := &peer{screen: newScreen(t, "WHEP", media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}), asked: time.Now()}
	p.pc = newPeer(t)
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	// One goroutine feeds the screen; both tracks' readers send to it.
	units := make(chan func(), 256)
	p.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		p.reading.Go(func() { p.readTrack(track, units) })
		p.reading.Go(func() { p.readReports(receiver, track.Kind()) })
	})
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		defer p.screen.close()
		for show := range units {
			show()
		}
	}()
	t.Cleanup(func() {
		p.close()
		p.reading.Wait()
		close(units)
		<-shown
	})
	answer := p.post(address)
	if err := p.pc.SetRemoteDescription(answer); err != nil {
		t.Fatal(err)
	}
	return p
}

// newPeer can connect to an appliance on loopback.
func newPeer(t testing.TB) *webrtc.PeerConnection {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

func (p *peer) close() { _ = p.pc.GracefulClose() }

// offer gathers all candidates and returns the offer.
func offer(t testing.TB, pc *webrtc.PeerConnection, o *webrtc.OfferOptions) webrtc.SessionDescription {
	t.Helper()
	sdp, err := pc.CreateOffer(o)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(sdp); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return *pc.LocalDescription()
}

func (p *peer) post(address string) webrtc.SessionDescription {
	p.t.Helper()
	status, body, header := send(p.t, http.MethodPost, address, "application/sdp", offer(p.t, p.pc, nil).SDP, nil)
	if status != http.StatusCreated {
		p.t.Fatalf("POST %s: %d: %s", address, status, body)
	}
	base, err := http.NewRequest(http.MethodPost, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	at, err := base.URL.Parse(header.Get("Location"))
	if err != nil || header.Get("Location") == "" {
		p.t.Fatalf("the answer has the Location %q", header.Get("Location"))
	}
	p.resource, p.etag = at.String(), header.Get("ETag")
	return webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)}
}

// send makes one request with a body.
func send(t testing.TB, method, address, contentType, body string, header http.Header) (int, string, http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer), res.Header
}

func (p *peer) readTrack(track *webrtc.TrackRemote, units chan<- func()) {
	kind := media.Video
	if track.Kind() == webrtc.RTPCodecTypeAudio {
		kind = media.Audio
	}
	decoder := &rtph264.Decoder{PacketizationMode: 1}
	if err := decoder.Init(); err != nil {
		p.complain("%v", err)
		return
	}
	var last uint16
	for first := true; ; first = false {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if first {
			p.mu.Lock()
			p.origin[kind] = packet.Timestamp
			p.mu.Unlock()
		} else if packet.SequenceNumber != last+1 {
			p.mu.Lock()
			p.lost += int(packet.SequenceNumber - last - 1)
			p.mu.Unlock()
		}
		last = packet.SequenceNumber
		pts := p.since(kind, packet.Timestamp)
		if kind == media.Audio {
			units <- func() { p.screen.audio(packet.Payload, pts) }
			continue
		}
		if au := p.assemble(decoder, packet); au != nil {
			came := time.Now()
			units <- func() { p.screen.video(au, pts, came) }
		}
	}
}

// assemble returns a picture when a packet completes one.
func (p *peer) assemble(decoder *rtph264.Decoder, packet *rtp.Packet) []byte {
	if len(packet.Payload) == 0 {
		return nil
	}
	nals, err := decoder.Decode(packet)
	if err != nil {
		return nil // it needs more packets
	}
	au, err := h264.AnnexB(nals).Marshal()
	if err != nil {
		p.complain("%v", err)
		return nil
	}
	return au
}

// since is the time from a track's first packet.
func (p *peer) since(kind media.Kind, stamp uint32) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(int64(int32(stamp-p.origin[kind])) * int64(time.Second) / timeScale[kind])
}

// readReports keeps each track's first sender report (RFC 3550 section 6.4.1).
func (p *peer) readReports(receiver *webrtc.RTPReceiver, codec webrtc.RTPCodecType) {
	kind := media.Video
	if codec == webrtc.RTPCodecTypeAudio {
		kind = media.Audio
	}
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			report, ok := packet.(*rtcp.SenderReport)
			if !ok {
				continue
			}
			p.mu.Lock()
			if p.reports[kind] == nil {
				p.reports[kind] = report
			}
			p.mu.Unlock()
		}
	}
}

// skew is what must be added to the times of sound to compare them with those of
// pictures; false while the sender has not reported both.
func (p *peer) skew() (time.Duration, bool) {
	video, audio := p.began(media.Video), p.began(media.Audio)
	return audio.Sub(video), !video.IsZero() && !audio.IsZero()
}

// began is the sender's clock at a track's first packet, by its first report.
func (p *peer) began(kind media.Kind) time.Time {
	p.mu.Lock()
	report := p.reports[kind]
	p.mu.Unlock()
	if report == nil {
		return time.Time{}
	}
	// NTP counts seconds from 1900 in 32.32 bits.
	seconds := int64(report.NTPTime>>32) - 2208988800
	nanos := int64(report.NTPTime&0xffffffff) * int64(time.Second) >> 32
	return time.Unix(seconds, nanos).Add(-p.since(kind, report.RTPTime))
}

// firstPicture waits for it and says how long after the request it was decoded.
func (p *peer) firstPicture(within time.Duration) time.Duration {
	p.t.Helper()
	p.await(within, "the first picture", func() bool { return p.frames > 0 })
	return p.watched(time.Time{})[0].at.Sub(p.asked)
}

// restart does an ICE restart by PATCH (RFC 9725 section 4.3.3).
func (p *peer) restart() {
	p.t.Helper()
	local := offer(p.t, p.pc, &webrtc.OfferOptions{ICERestart: true})
	status, body, header := send(p.t, http.MethodPatch, p.resource, "application/trickle-ice-sdpfrag",
		fragment(local.SDP), http.Header{"If-Match": {"*"}})
	if status != http.StatusOK {
		p.t.Fatalf("PATCH with new credentials: %d: %s", status, body)
	}
	if tag := header.Get("ETag"); tag == "" || tag == p.etag {
		p.t.Errorf("after an ICE restart the ETag is %q, before %q", tag, p.etag)
	}
	p.etag = header.Get("ETag")
	remote := p.pc.CurrentRemoteDescription().SDP
	for _, name := range []string{"ice-ufrag", "ice-pwd"} {
		line := regexp.MustCompile(`a=` + name + `:[^\r\n]+`)
		now := line.FindString(body)
		if now == "" {
			p.t.Fatalf("the answer to the restart has no %s: %s", name, body)
		}
		remote = line.ReplaceAllString(remote, now)
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: remote}); err != nil {
		p.t.Fatal(err)
	}
}

// fragment is the part of an offer that a PATCH carries (RFC 8840 section 9).
func fragment(sdp string) string {
	var b strings.Builder
	seen := map[string]bool{}
	mid := false
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		credentials := strings.HasPrefix(line, "a=ice-ufrag:") || strings.HasPrefix(line, "a=ice-pwd:")
		switch {
		case credentials && !seen[line], strings.HasPrefix(line, "m=") && !mid,
			strings.HasPrefix(line, "a=mid:") && !seen["mid"], strings.HasPrefix(line, "a=candidate:") && !seen[line]:
			if strings.HasPrefix(line, "m=") {
				mid = true
			}
			if strings.HasPrefix(line, "a=mid:") {
				seen["mid"] = true
			}
			seen[line] = true
			fmt.Fprintf(&b, "%s\r\n", line)
		}
	}
	return b.String()
}
