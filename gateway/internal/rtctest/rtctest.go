// Package rtctest has a WHIP and WHEP client for tests: pion's own WebRTC stack,
// which shares nothing with ours but the library. It guarantees that all it
// starts has ended when the test has.
package rtctest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"github.com/regie-live/regie/gateway/internal/sdpfrag"
)

// Patience is how long a client waits for what ought to come.
const Patience = 20 * time.Second

// Options of a Client.
type Options struct {
	URL    string // of the endpoint
	Bearer string
	// TCP connects over TCP alone; otherwise it is UDP alone.
	TCP bool
	// Interface to connect from; default lo.
	Interface string
	// Loss is the share of media packets that are lost on the way to the client;
	// over UDP only.
	Loss float64
	// SendLoss is the same for packets on their way to the server.
	SendLoss float64
	// Cut makes CutOff work; over UDP only.
	Cut bool
	// Limited makes Limit work.
	Limited bool
	// Send are tracks to publish, Receive kinds to view.
	Send    []webrtc.TrackLocal
	Receive []webrtc.RTPCodecType
	// EditOffer changes the offer on its way to the server.
	EditOffer func(string) string
	// Relays are TURN servers; with any the client connects through them alone.
	Relays []webrtc.ICEServer
	// Engine replaces pion's default codecs.
	Engine *webrtc.MediaEngine
	// Channel is the label of a data channel to open.
	Channel string
	// OnTrack is called for each received track, in its own goroutine, which the
	// test waits for.
	OnTrack func(*webrtc.TrackRemote, *webrtc.RTPReceiver)
}

// Client is a connected (or connecting) publisher or viewer.
type Client struct {
	t  testing.TB
	o  Options
	PC *webrtc.PeerConnection

	Location string // absolute
	ETag     string
	Header   http.Header
	Answer   string

	Channel  *webrtc.DataChannel
	Messages chan string   // that come on it; what nobody takes is dropped
	Hangup   chan struct{} // closed when the server closes it

	Lost atomic.Int64 // packets dropped for Options.Loss and SendLoss, and by Limit
	cut  atomic.Bool
	done chan struct{}

	kbps   atomic.Int64
	bucket float64   // bytes that may come now; of the reading goroutine, as the next
	filled time.Time // when
}

// Connect publishes or views; it fails the test if it is refused.
func Connect(t testing.TB, o Options) *Client {
	t.Helper()
	c := New(t, o)
	res, answer := Request(t, http.MethodPost, o.URL, c.Offer(), "Content-Type", "application/sdp", "Authorization", "Bearer "+o.Bearer)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("POST: %d %s", res.StatusCode, answer)
	}
	location, err := res.Request.URL.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	c.Location, c.ETag, c.Header, c.Answer = location.String(), res.Header.Get("ETag"), res.Header, answer
	if o.TCP && o.Limited {
		answer = c.throughRelay(answer)
	}
	if err := c.PC.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	return c
}

// New makes a client that has not asked anything yet.
func New(t testing.TB, o Options) *Client {
	t.Helper()
	c := &Client{t: t, o: o, done: make(chan struct{})}
	options := []func(*webrtc.API){webrtc.WithSettingEngine(c.settings())}
	if o.Engine != nil {
		options = append(options, webrtc.WithMediaEngine(o.Engine))
	}
	var err error
	config := webrtc.Configuration{ICEServers: o.Relays}
	if len(o.Relays) > 0 {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	if c.PC, err = webrtc.NewAPI(options...).NewPeerConnection(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	if o.OnTrack != nil {
		c.PC.OnTrack(o.OnTrack)
	}
	if o.Channel != "" {
		c.openChannel()
	}
	for _, track := range o.Send {
		tr, err := c.PC.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			t.Fatal(err)
		}
		go drain(tr.Sender())
	}
	for _, kind := range o.Receive {
		if _, err := c.PC.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *Client) openChannel() {
	var err error
	if c.Channel, err = c.PC.CreateDataChannel(c.o.Channel, nil); err != nil {
		c.t.Fatal(err)
	}
	c.Messages, c.Hangup = make(chan string, 1000), make(chan struct{})
	c.Channel.OnMessage(func(m webrtc.DataChannelMessage) {
		select {
		case c.Messages <- string(m.Data):
		default:
		}
	})
	c.Channel.OnClose(func() { close(c.Hangup) })
}

// drain lets the interceptors see the reports.
func drain(s *webrtc.RTPSender) {
	buf := make([]byte, 1500)
	for {
		if _, _, err := s.Read(buf); err != nil {
			return
		}
	}
}

func (c *Client) settings() webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetSRTPReplayProtectionWindow(1024) // as in browsers
	name := c.o.Interface
	if name == "" {
		name = "lo"
	}
	s.SetInterfaceFilter(func(n string) bool { return n == name })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if c.o.TCP {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	if c.o.Loss > 0 || c.o.SendLoss > 0 || c.o.Cut || c.o.Limited && !c.o.TCP {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			c.t.Fatal(err)
		}
		mux := webrtc.NewICEUDPMux(nil, lossy{conn, c})
		c.t.Cleanup(func() { _ = mux.Close() })
		s.SetICEUDPMux(mux)
	}
	return s
}

// Offer returns the client's offer with all its candidates.
func (c *Client) Offer() string {
	c.t.Helper()
	return c.offer(nil)
}

func (c *Client) offer(o *webrtc.OfferOptions) string {
	c.t.Helper()
	offer, err := c.PC.CreateOffer(o)
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.PC)
	if err := c.PC.SetLocalDescription(offer); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	sdp := c.PC.LocalDescription().SDP
	if c.o.EditOffer != nil {
		sdp = c.o.EditOffer(sdp)
	}
	return sdp
}

// WithoutSSRCs is an EditOffer: RFC 8829 does not ask for a=ssrc, and some
// encoders do not send it.
func WithoutSSRCs(offer string) string {
	var b strings.Builder
	for line := range strings.Lines(offer) {
		if !strings.HasPrefix(line, "a=ssrc") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// RestartICE restarts by PATCH and returns the server's fragment.
func (c *Client) RestartICE() string {
	c.t.Helper()
	offer := c.offer(&webrtc.OfferOptions{ICERestart: true})
	frag := sdpfrag.Fragment{Ufrag: attribute(offer, "ice-ufrag"), Pwd: attribute(offer, "ice-pwd"), MID: "0"}
	res, body := c.Patch(frag.String(), "*")
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("ICE restart: %d %s", res.StatusCode, body)
	}
	c.ETag = res.Header.Get("ETag")
	reply, err := sdpfrag.Parse(body)
	if err != nil {
		c.t.Fatal(err)
	}
	var answer strings.Builder
	for line := range strings.Lines(c.Answer) {
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			line = "a=ice-ufrag:" + reply.Ufrag + "\r\n"
		case strings.HasPrefix(line, "a=ice-pwd:"):
			line = "a=ice-pwd:" + reply.Pwd + "\r\n"
			for _, candidate := range reply.Candidates {
				line += "a=candidate:" + candidate + "\r\n"
			}
		case strings.HasPrefix(line, "a=candidate:"):
			line = ""
		}
		answer.WriteString(line)
	}
	if err := c.PC.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.String()}); err != nil {
		c.t.Fatal(err)
	}
	return body
}

func attribute(sdp, name string) string {
	_, rest, _ := strings.Cut(sdp, "a="+name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// Patch sends a fragment; match is left out when empty.
func (c *Client) Patch(body, match string) (*http.Response, string) {
	c.t.Helper()
	headers := []string{"Content-Type", sdpfrag.ContentType}
	if match != "" {
		headers = append(headers, "If-Match", match)
	}
	return Request(c.t, http.MethodPatch, c.Location, body, headers...)
}

// Delete ends the session.
func (c *Client) Delete() (*http.Response, string) {
	c.t.Helper()
	return Request(c.t, http.MethodDelete, c.Location, "")
}

// Request sends a request, headers in pairs, and reads the reply.
func Request(t testing.TB, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// Play sends samples over and over, one every period, until the test ends.
func (c *Client) Play(tr *webrtc.TrackLocalStaticSample, period time.Duration, samples [][]byte) {
	go func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-c.done:
				return
			}
			if tr.WriteSample(pionmedia.Sample{Data: samples[i%len(samples)], Duration: period}) != nil {
				return
			}
		}
	}()
}

// State waits until the connection is in state s.
func (c *Client) State(s webrtc.PeerConnectionState) {
	c.t.Helper()
	for end := time.Now().Add(Patience); c.PC.ConnectionState() != s; {
		if time.Now().After(end) {
			c.t.Fatalf("the connection is %v, not %v, after %v", c.PC.ConnectionState(), s, Patience)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (c *Client) close() {
	close(c.done)
	if err := c.PC.GracefulClose(); err != nil {
		c.t.Error(err)
	}
}

// NewTrack makes a track to Send.
func NewTrack(t testing.TB, mime string) *webrtc.TrackLocalStaticSample {
	t.Helper()
	tr, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime[:5], "camera")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}
