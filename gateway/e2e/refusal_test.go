package e2e

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/transcode/media"
)

// refusal is an attempt that must fail, and how its publisher learns of it.
type refusal struct {
	name     string
	protocol string // metric label
	outcome  string // metric label
	attempt  func(t *testing.T, a *appliance) (told string)
	told     string // a regular expression
}

// TestRefusals: whoever may not publish is told so in the words of the protocol;
// the operator reads why and what to do; and it is counted. Nobody who may
// publish notices.
func TestRefusals(t *testing.T) {
	a := start(t, setup{})
	host := a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	p.awaitMix(10*time.Second, looks[0])

	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			before := a.metric("regie_ingest_connects_total", label("protocol", r.protocol), label("outcome", r.outcome))
			lines := len(a.log.lines("publisher refused", r.outcome))
			told := r.attempt(t, a)
			if !regexp.MustCompile(r.told).MatchString(told) {
				t.Errorf("the publisher was told %q, want it to match %q", told, r.told)
			}
			if strings.Contains(told, "key-of-studio-host") {
				t.Errorf("the answer gives the stream key away: %q", told)
			}
			eventually(t, 3*time.Second, "the attempt is counted once", func() bool {
				return a.metric("regie_ingest_connects_total", label("protocol", r.protocol), label("outcome", r.outcome)) == before+1
			})
			now := a.log.lines("publisher refused", r.outcome)
			if len(now) != lines+1 {
				t.Fatalf("%d lines in the log, want one more than %d", len(now), lines)
			}
			// Whoever was let in before its coding was known has ended, for a cause.
			if !regexp.MustCompile(`"(reason|cause)":"[^"]`).MatchString(now[lines]) ||
				!strings.Contains(now[lines], `"hint":"`) || !strings.Contains(now[lines], `"protocol":"`+r.protocol+`"`) {
				t.Errorf("the log line does not say why, to whom and what to do: %s", now[lines])
			}
		})
	}
	host.alive(t, "the host")
	p.awaitMix(time.Second, looks[0])
	p.playing()
}

func label(name, value string) string { return fmt.Sprintf("%s=%q", name, value) }

func refusals() []refusal {
	card := func(by way, key string) func(*testing.T, *appliance) string {
		return func(t *testing.T, a *appliance) string {
			l := look{color: looks[3].color}
			if by == overWHIP {
				l.audio = media.Opus
			}
			return a.publishCard(by, key, newCard(t, l)).refused(t, 10*time.Second)
		}
	}
	foreign := func(address func(*appliance) string, args ...string) func(*testing.T, *appliance) string {
		return func(t *testing.T, a *appliance) string {
			return refusedFFmpeg(t, list(synthetic(looks[3], "320x180"), args, []string{address(a)})...)
		}
	}
	rtmp := func(key string) func(*appliance) string {
		return func(a *appliance) string { return "rtmp://" + a.ports.RTMP + "/live/" + key }
	}
	rtsp := func(key string) func(*appliance) string {
		return func(a *appliance) string { return "rtsp://" + a.ports.RTSP + "/live/" + key }
	}
	free, taken := key("studio", "guest1"), key("studio", "host")
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"}
	flv, tcp := []string{"-f", "flv"}, []string{"-f", "rtsp", "-rtsp_transport", "tcp"}
	return []refusal{
		{"wrong key RTMP", "rtmp", "bad_key", card(overRTMP, "nobodys-key"), `NetStream\.Publish|[Dd]enied|[Bb]ad|no session`},
		{"wrong key RTMPS", "rtmps", "bad_key", card(overRTMPS, "nobodys-key"), `NetStream\.Publish|[Dd]enied|[Bb]ad|no session`},
		{"wrong key RTSP", "rtsp", "bad_key", card(overRTSP, "nobodys-key"), `\b40[134]\b`},
		{"wrong key WHIP", "whip", "bad_key", card(overWHIP, "nobodys-key"), `\b401\b`},
		{"wrong key RTMP ffmpeg", "rtmp", "bad_key", foreign(rtmp("nobodys-key"), list(h264, flv)...), `Server error|no session`},
		{"wrong key RTSP ffmpeg", "rtsp", "bad_key", foreign(rtsp("nobodys-key"), list(h264, tcp)...), `\b40[134]\b`},
		{"seat taken RTMP", "rtmp", "seat_taken", card(overRTMP, taken), `NetStream\.Publish|taken|in use`},
		{"seat taken RTSP", "rtsp", "seat_taken", card(overRTSP, taken), `\b(403|409|45\d|503)\b`},
		{"seat taken WHIP", "whip", "seat_taken", card(overWHIP, taken), `\b(403|409|503)\b`},
		{"unsupported codec RTMP", "rtmp", "unsupported_codec", foreign(rtmp(free), list([]string{"-c:v", "flv1", "-c:a", "aac"}, flv)...), `Error|error|Broken pipe|reset`},
		{"unsupported codec RTSP", "rtsp", "unsupported_codec", foreign(rtsp(free), list([]string{"-c:v", "mpeg4", "-c:a", "aac"}, tcp)...), `\b415\b`},
		{"unsupported codec WHIP", "whip", "unsupported_codec", unsupportedWHIP, `\b(406|415|422)\b`},
	}
}

// refusedFFmpeg runs an ffmpeg that has to fail.
func refusedFFmpeg(t *testing.T, args ...string) string {
	t.Helper()
	said, err := output(t, 20*time.Second, "ffmpeg", append([]string{"-hide_banner", "-nostdin", "-loglevel", "warning", "-y"}, args...)...)
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() <= 0 {
		t.Fatalf("ffmpeg was not refused: %v\n%s", err, said)
	}
	return said
}

// unsupportedWHIP offers what no mixer can use.
func unsupportedWHIP(t *testing.T, a *appliance) string {
	var engine webrtc.MediaEngine
	err := engine.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "video/theora", ClockRate: 90000}, PayloadType: 96,
	}, webrtc.RTPCodecTypeVideo)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.GracefulClose()
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	status, body, _ := send(t, http.MethodPost, a.url("/whip"), "application/sdp", offer(t, pc, nil).SDP,
		http.Header{"Authorization": {"Bearer " + key("studio", "guest1")}})
	return fmt.Sprint(status, " ", body)
}

// TestSilence: connections that send nothing are ended and counted, whatever they
// had begun.
func TestSilence(t *testing.T) {
	t.Parallel() // it mostly waits
	a := start(t, setup{})
	began := time.Now()
	idle := map[string]net.Conn{}
	for name, address := range map[string]string{"rtmp": a.ports.RTMP, "rtsp": a.ports.RTSP, "http": a.ports.HTTP} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle[name] = c
	}
	// One that was let in, and then says nothing.
	a.publishCard(overRTMP, key("studio", "guest1"), paused(newCard(t, looks[1]), 0))
	offered := offerAndLeave(t, a)

	for name, c := range idle {
		_ = c.SetReadDeadline(began.Add(20 * time.Second))
		for b := make([]byte, 4096); ; {
			if _, err := c.Read(b); err != nil {
				var timeout net.Error
				if errors.As(err, &timeout) && timeout.Timeout() {
					t.Errorf("%s: a silent connection was still open after 20 s", name)
				}
				break
			}
		}
		t.Logf("%s: a silent connection was closed after %v", name, time.Since(began).Round(time.Millisecond))
	}
	eventually(t, 20*time.Second, "those who were let in and sent nothing are gone", func() bool {
		return a.metric("regie_ingest_connections") == 0
	})
	for _, who := range []string{"guest1", "guest2"} {
		if n := len(a.log.lines(`"participant":"`+who+`"`, "check that the encoder has a source")); n != 1 {
			t.Errorf("%d lines of the log say what %s should do", n, who)
		}
	}
	for protocol := range idle {
		if protocol != "http" && a.metric("regie_ingest_connects_total", label("protocol", protocol), label("outcome", "no_media")) < 1 {
			t.Errorf("silence over %s is not counted", protocol)
		}
	}
	status, _, _ := send(t, http.MethodDelete, offered, "", "", nil)
	if status != http.StatusNotFound {
		t.Errorf("the WHIP session of a peer that never came answers %d to DELETE, want 404", status)
	}
}

// offerAndLeave begins a WHIP session whose media never comes.
func offerAndLeave(t *testing.T, a *appliance) (resource string) {
	t.Helper()
	pc := newPeer(t)
	defer pc.GracefulClose()
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	status, body, header := send(t, http.MethodPost, a.url("/whip"), "application/sdp", offer(t, pc, nil).SDP,
		http.Header{"Authorization": {"Bearer " + key("studio", "guest2")}})
	if status != http.StatusCreated {
		t.Fatalf("WHIP answered %d: %s", status, body)
	}
	return a.url(header.Get("Location"))
}

// TestTakeover: an encoder that was started anew gets its seat when the old
// connection has said nothing for 2 s, and not before.
func TestTakeover(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, by := range []way{overRTMP, overRTSP, overWHIP} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel() // it mostly waits
			a := start(t, setup{})
			l := looks[0]
			if by == overWHIP {
				l.audio = media.Opus
			}
			a.publishCard(by, key("studio", "host"), paused(newCard(t, l), 4*time.Second))
			p := a.live("studio")
			p.awaitMix(10*time.Second, looks[0])
			a.publishCard(by, key("studio", "host"), newCard(t, l)).refused(t, 5*time.Second)

			after := looks[1]
			after.audio = l.audio
			second := a.insist(by, after)
			p.awaitMix(10*time.Second, after)
			second.alive(t, "the second encoder")
			if n := len(a.log.lines("publisher ended", "took over", "of silence")); n != 1 {
				t.Errorf("%d lines of the log say that the seat was taken over", n)
			}
			if n := a.metric("regie_ingest_connections", label("role", "host")); n != 1 {
				t.Errorf("%v connections of the host", n)
			}
			p.playing()
		})
	}
}

// insist publishes as host four times a second until it is let in, which must be
// no sooner than the appliance promises.
func (a *appliance) insist(by way, l look) *publisher {
	a.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); {
		p := a.publishCard(by, key("studio", "host"), newCard(a.t, l))
		again := time.After(250 * time.Millisecond)
		select {
		case <-p.done:
			<-again
			continue
		case <-time.After(time.Second):
			return p
		}
	}
	a.t.Fatal("the second encoder was not let in within 15 s")
	return nil
}

// paused is a card that stops sending after a while, but stays connected.
func paused(c *card, after time.Duration) *card {
	c.until = after
	if after == 0 {
		c.until = -1
	}
	return c
}

// never is when a paused card is due again.
const never = time.Duration(math.MaxInt64 / 4)
