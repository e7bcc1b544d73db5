package audience

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// whepSide is what all WHEP viewers share.
type whepSide struct {
	client *http.Client
	local  netip.Addr
	certs  []webrtc.Certificate

	clock   clock
	stop    chan struct{}
	reading sync.WaitGroup
}

func newWHEPSide(o Options) (*whepSide, error) {
	u, err := url.Parse(o.WHEP)
	if err != nil {
		return nil, err
	}
	// Where packets to the server would leave this machine; none is sent.
	probe, err := net.Dial("udp4", net.JoinHostPort(u.Hostname(), "9"))
	if err != nil {
		return nil, fmt.Errorf("WHEP viewers use IPv4: %w", err)
	}
	defer probe.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	s := &whepSide{
		clock:  clock{sockets: map[*socket]struct{}{}},
		stop:   make(chan struct{}),
		client: &http.Client{Transport: tlsTransport(o), Timeout: 20 * time.Second},
		local:  probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr(),
		certs:  []webrtc.Certificate{*cert},
	}
	return s, nil
}

// run serves the viewers' sockets until close.
func (s *whepSide) run() { s.reading.Go(func() { s.clock.run(s.stop) }) }

func (s *whepSide) close() {
	close(s.stop)
	s.reading.Wait()
	s.client.CloseIdleConnections()
}

var (
	errNoPicture = errors.New("no picture")
	errGone      = errors.New("the connection is gone")
)

// watchWHEP watches until ctx ends; after an error it comes again, later and later.
func (a *Audience) watchWHEP(ctx context.Context) {
	a.tally.whep.joined.Add(1)
	a.tally.whep.watching.Add(1)
	defer a.tally.whep.watching.Add(-1)
	for wait := time.Second; ; wait = min(2*wait, maxRetryDelay) {
		err := a.watchWHEPOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		a.tally.whep.fail(whepKind(err))
		a.tally.whep.restarts.Add(1)
		if sleep(ctx, wait) != nil {
			return
		}
	}
}

func whepKind(err error) string {
	switch {
	case errors.Is(err, errNoPicture):
		return "no picture"
	case errors.Is(err, errGone):
		return "disconnected"
	}
	return kind(err)
}

func (a *Audience) watchWHEPOnce(ctx context.Context) error {
	v := newWHEPViewer(&a.tally.whep)
	sock, err := openSocket(a.whep.local, v.see)
	if err != nil {
		return err
	}
	a.whep.clock.add(sock)
	defer a.whep.clock.remove(sock)
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: sock, Logger: quiet.NewLogger("")})
	defer mux.Close()
	if v.pc, err = newPeer(mux, a.whep.certs); err != nil {
		return err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { _ = v.pc.GracefulClose() }()
	v.pc.OnConnectionStateChange(v.changed)
	v.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		reading.Add(1)
		defer reading.Done()
		v.awaitKeyframe(t)
	})
	resource, err := a.whep.offer(ctx, v.pc, a.o.WHEP)
	if err != nil {
		return err
	}
	a.tally.whep.requests.Add(1)
	defer a.whep.leave(resource)
	for _, r := range v.pc.GetReceivers() {
		reading.Go(func() { v.readReports(r) })
	}
	return v.watch(ctx)
}

var quiet = func() *logging.DefaultLoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	f.ScopeLevels = map[string]logging.LogLevel{}
	return f
}()

// newPeer is a browser's side without interceptors: reports and repairs are the
// viewer's own.
func newPeer(mux ice.UDPMux, certs []webrtc.Certificate) (*webrtc.PeerConnection, error) {
	engine := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}
	for i, profile := range []string{"42e01f", "42001f", "4d001f", "64001f"} {
		if err := engine.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000, RTCPFeedback: feedback,
				SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
			},
			PayloadType: webrtc.PayloadType(102 + i),
		}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	if err := engine.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"},
		PayloadType:        111,
	}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.LoggerFactory = quiet
	settings.SetICEUDPMux(mux)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(
		webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	).NewPeerConnection(webrtc.Configuration{Certificates: certs})
	if err != nil {
		return nil, err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			_ = pc.Close()
			return nil, err
		}
	}
	return pc, nil
}

// offer posts an offer and takes the answer; it returns the resource to delete.
func (s *whepSide) offer(ctx context.Context, pc *webrtc.PeerConnection, address string) (string, error) {
	sdp, err := pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(sdp); err != nil {
		return "", err
	}
	<-gathered
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(pc.LocalDescription().SDP))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/sdp")
	res, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusCreated {
		return "", statusError{res.StatusCode}
	}
	resource := ""
	if to, err := res.Location(); err == nil && to.Host == req.URL.Host {
		resource = to.String()
	}
	return resource, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)})
}

// leave tells the server, as pages do.
func (s *whepSide) leave(resource string) {
	if resource == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, resource, nil)
	if err != nil {
		return
	}
	if res, err := s.client.Do(req); err == nil {
		res.Body.Close()
	}
}
