package rtc

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
)

// Side says which way media flows with a peer.
type Side uint8

// The sides.
const (
	Publisher   Side = iota // the peer sends
	Viewer                  // the peer receives the program
	Participant             // the peer receives many people, each in sections of their own
	blind                   // a Participant that decodes no picture of ours
	sides
)

const (
	connectTimeout    = 15 * time.Second
	disconnectTimeout = 5 * time.Second
	failTimeout       = 5 * time.Second
)

// engine is what peers of one side have in common.
type engine struct {
	codecs       *webrtc.MediaEngine
	interceptors *interceptor.Registry
	settings     webrtc.SettingEngine
}

func (n *Net) newEngine(side Side, canonical []netip.Addr, log pionLogs) (engine, error) {
	e := engine{&webrtc.MediaEngine{}, &interceptor.Registry{}, n.settings(canonical, log)}
	add := addPublisher
	if side == Publisher {
		e.settings.BufferFactory = newBuffer
	} else {
		add = addViewer
		if side == blind {
			add = addBlind
		}
	}
	if err := add(e.codecs, e.interceptors, log); err != nil {
		return e, fmt.Errorf("webrtc codecs: %w", err)
	}
	return e, nil
}

// buffer holds a stream's packets until they are read.
type buffer struct{ *packetio.Buffer }

func (b buffer) Read(p []byte) (int, error) {
	n, _, err := b.Buffer.Read(p, nil)
	return n, err
}

func (b buffer) Write(p []byte) (int, error) { return b.Buffer.Write(p, nil) }

// newBuffer makes the buffer that pion would make by itself. That there is a factory
// keeps pion (4.2) from reading retransmissions before the track's first packet: it
// gives them payload type 0 then, and a track that begins with one, as Chromium's do
// when it probes for bitrate, is never told of.
func newBuffer(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	b.SetLimitSize(1 << 20)
	return buffer{b}
}

// api gives pion's constructor for one peer; k, which may be nil, listens to its
// handshake.
func (e engine) api(k *keys) *webrtc.API {
	if k != nil {
		k.listen(&e.settings)
	}
	e.settings.SetICEBindingRequestHandler((&follower{}).heard)
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(e.codecs),
		webrtc.WithInterceptorRegistry(e.interceptors),
		webrtc.WithSettingEngine(e.settings),
	)
}

func (n *Net) settings(canonical []netip.Addr, log pionLogs) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.LoggerFactory = log
	s.SetLite(true)
	s.DisableActiveTCP(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICETimeouts(disconnectTimeout, failTimeout, 2*time.Second)
	// A DTLS-passive client (FFmpeg) loses our first ClientHello, and pion would
	// repeat it after a second only.
	s.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	// A packet that is sent again comes as late as a round trip; pion's window of
	// 64 packets is 60 ms of 10 Mbit/s. Browsers have this one too.
	s.SetSRTPReplayProtectionWindow(1024)
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)

	// Viewers say little: a buffer of 1 MB and a reader with 64 kB each would be most
	// of what a viewer costs.
	s.SetSCTPMaxReceiveBufferSize(32 << 10)
	s.DetachDataChannels()

	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4}
	addrs := make([]net.Addr, 0, len(canonical))
	for _, a := range canonical {
		if a.Is6() {
			types = append(types, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP6)
		}
		addrs = append(addrs, &net.UDPAddr{IP: a.AsSlice(), Port: n.port})
	}
	s.SetNetworkTypes(types)
	s.SetIPFilter(func(ip net.IP) bool {
		a, ok := netip.AddrFromSlice(ip)
		for _, c := range canonical {
			if ok && a.Unmap() == c {
				return true
			}
		}
		return false
	})
	s.SetICEUDPMux(udpMux{n.mux, addrs})
	s.SetICETCPMux(tcpMux{n.tcp})
	return s
}

// videoFeedback is what we do about loss: NACK, then PLI.
func videoFeedback(more ...webrtc.RTCPFeedback) []webrtc.RTCPFeedback {
	return append([]webrtc.RTCPFeedback{
		{Type: webrtc.TypeRTCPFBNACK},
		{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
		{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
	}, more...)
}

// opus is offered and answered with in-band error correction.
func opus(feedback ...webrtc.RTCPFeedback) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: feedback,
		},
		PayloadType: 111,
	}
}

// addPublisher registers all we can decode, and the two reports that a browser
// needs to find its bitrate: receiver reports and transport-wide feedback.
// NACKs and keyframe requests come from whip, which knows what is missing.
func addPublisher(e *webrtc.MediaEngine, r *interceptor.Registry, log pionLogs) error {
	cc := webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}
	type codec struct{ mime, fmtp string }
	list := []codec{}
	for _, profile := range []string{"42e01f", "42001f", "4d001f", "64001f"} {
		for _, mode := range []string{"1", "0"} {
			list = append(list, codec{webrtc.MimeTypeH264,
				"level-asymmetry-allowed=1;packetization-mode=" + mode + ";profile-level-id=" + profile})
		}
	}
	list = append(list,
		codec{webrtc.MimeTypeVP8, ""},
		codec{webrtc.MimeTypeVP9, "profile-id=0"},
		codec{webrtc.MimeTypeVP9, "profile-id=2"},
		codec{webrtc.MimeTypeAV1, ""},
		codec{webrtc.MimeTypeH265, ""},
	)
	pt := 35 // ours are never offered; any free numbers will do
	for _, c := range list {
		for _, p := range []webrtc.RTPCodecParameters{
			{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: 90000, SDPFmtpLine: c.fmtp, RTCPFeedback: videoFeedback(cc)}, PayloadType: webrtc.PayloadType(pt)},
			{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=" + strconv.Itoa(pt)}, PayloadType: webrtc.PayloadType(pt + 1)},
		} {
			if err := e.RegisterCodec(p, webrtc.RTPCodecTypeVideo); err != nil {
				return err
			}
		}
		pt += 2
	}
	if err := e.RegisterCodec(opus(cc), webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		// Not sdes:mid: with it pion demands rid too of a stream whose SSRC is not
		// in the offer; without, it goes by the payload type.
		if err := e.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, kind); err != nil {
			return err
		}
	}
	reports, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(log))
	if err != nil {
		return err
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(log))
	if err != nil {
		return err
	}
	r.Add(reports)
	r.Add(feedback)
	return nil
}

// addViewer registers the program's codecs, which return feeds have too. The program
// is Constrained Baseline, which a decoder of any of these profiles plays. No
// interceptor: whep and returns send reports and repair losses themselves.
func addViewer(e *webrtc.MediaEngine, _ *interceptor.Registry, _ pionLogs) error {
	for i, profile := range []string{"42e01f", "42001f", "4d001f", "64001f", "640c1f", "64081f"} {
		if err := e.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000, RTCPFeedback: videoFeedback(),
				SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
			},
			PayloadType: webrtc.PayloadType(96 + i),
		}, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
	}
	return e.RegisterCodec(opus(), webrtc.RTPCodecTypeAudio)
}

// addBlind is addViewer with a codec that every browser has. It keeps the sections for
// pictures in the answer, where nothing is ever sent: were they rejected, so would be
// the first, which carries the transport of them all.
func addBlind(e *webrtc.MediaEngine, r *interceptor.Registry, log pionLogs) error {
	if err := addViewer(e, r, log); err != nil {
		return err
	}
	return e.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
		PayloadType:        120,
	}, webrtc.RTPCodecTypeVideo)
}
