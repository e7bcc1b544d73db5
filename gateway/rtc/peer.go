package rtc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/sdpfrag"
	"github.com/regie-live/regie/gateway/show"
)

// Why a peer ended, beside what its owner says.
var (
	ErrNeverConnected = errors.New("no connection within 15 s; is the UDP (or TCP) port of WebRTC reachable from there?")
	ErrLost           = errors.New("nothing was heard of the peer for 10 s")
	ErrLeft           = errors.New("the peer left")
)

// ErrStaleETag says that a PATCH was meant for an earlier ICE session.
var ErrStaleETag = errors.New("the session has had an ICE restart since")

// PeerOptions describe a peer.
type PeerOptions struct {
	Side    Side
	Role    show.Role
	Reached net.Addr     // local address at which the peer's HTTP request arrived; may be nil
	Logger  *slog.Logger // default: the Net's
	Costs   []int        // what a viewer may be sent, in kbit/s: what it would like first, then what it would settle for

	// Setup is called once with the new connection, before the offer is applied:
	// the place for tracks and handlers.
	Setup func(*webrtc.PeerConnection) error
	// Connected is called once when media can flow.
	Connected func(*Peer)
	// Closed is called once when the peer has ended, if NewPeer had no error.
	Closed func(cause error)
}

// Peer is one WebRTC connection. Its methods may be called from any goroutine,
// pion's callbacks included; none of them waits for the network.
type Peer struct {
	net  *Net
	opts PeerOptions
	pc   *webrtc.PeerConnection
	born time.Time
	keys *keys // nil for publishers
	cost int   // guarded by Net.mu

	patching sync.Mutex // one Patch at a time
	calling  sync.Mutex // Connected is not called during or after Closed

	mu        sync.Mutex
	state     string
	connected bool
	closing   bool
	started   bool // NewPeer succeeded
	etag      string
	deadline  *time.Timer
	shortcut  *shortcut
}

// NewPeer answers an offer. The peer then has connectTimeout to connect.
func (n *Net) NewPeer(o *Offer, opts PeerOptions) (*Peer, Answer, error) {
	if opts.Logger == nil {
		opts.Logger = n.logger
	}
	p := &Peer{net: n, opts: opts, born: time.Now(), etag: newETag()}
	if opts.Side != Publisher {
		p.keys = &keys{}
	}
	if err := n.admit(p); err != nil {
		return nil, Answer{}, err
	}
	answer, err := p.start(o)
	if err != nil {
		p.Close(err)
		return nil, Answer{}, err
	}
	return p, answer, nil
}

func (p *Peer) start(o *Offer) (Answer, error) {
	side := p.opts.Side
	if o.blind {
		side = blind
	}
	pc, err := p.net.engines[side].api(p.keys).NewPeerConnection(webrtc.Configuration{
		Certificates: p.net.certs,
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
	})
	if err != nil {
		return Answer{}, err
	}
	p.mu.Lock()
	p.pc = pc
	closing := p.closing
	p.mu.Unlock()
	if closing { // by Net.Close, which saw no connection to close
		return Answer{}, errors.Join(ErrClosed, pc.Close())
	}
	pc.OnConnectionStateChange(p.onState)
	p.ice().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) { p.aim() })
	if p.opts.Setup != nil {
		if err := p.opts.Setup(pc); err != nil {
			return Answer{}, err
		}
	}
	body, err := o.desc.Marshal()
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.negotiate(string(body))
	if err != nil {
		return Answer{}, err
	}
	finished, err := p.net.finish(answer, p.opts.Side)
	if err != nil {
		return Answer{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return Answer{}, ErrClosed
	}
	p.started = true
	if !p.connected {
		p.deadline = time.AfterFunc(p.net.connectTimeout, func() { p.Close(ErrNeverConnected) })
	}
	return finished, nil
}

// negotiate applies an offer and returns pion's answer to it.
func (p *Peer) negotiate(offer string) (string, error) {
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", &OfferError{Malformed: true, Reason: "the offer cannot be applied: " + oneLine(err), Hint: "send the browser's offer as it is"}
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	if err := complete(answer.SDP, p.opts.Side); err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	// Nothing is asked of the network: this takes a millisecond, and the mux
	// knows our ufrag from then on.
	select {
	case <-gathered:
	case <-time.After(2 * time.Second):
		return "", errors.New("answer: the candidates are not ready")
	}
	return p.pc.LocalDescription().SDP, nil
}

// onState looks up the state, as pion calls it from a new goroutine each time,
// in no certain order.
func (p *Peer) onState(webrtc.PeerConnectionState) {
	switch p.pc.ConnectionState() {
	case webrtc.PeerConnectionStateConnected:
		p.setState("connected")
		p.onConnected()
	case webrtc.PeerConnectionStateDisconnected:
		p.setState("disconnected")
	case webrtc.PeerConnectionStateFailed:
		p.Close(ErrLost)
	case webrtc.PeerConnectionStateClosed:
		p.Close(ErrLeft)
	}
}

func (p *Peer) onConnected() {
	p.calling.Lock()
	defer p.calling.Unlock()
	p.mu.Lock()
	first := !p.connected && !p.closing
	p.connected = true
	if p.deadline != nil {
		p.deadline.Stop()
	}
	p.mu.Unlock()
	if !first {
		return
	}
	took, via := time.Since(p.born), p.transport()
	p.net.metrics.iceSeconds.WithLabelValues(string(via)).Observe(took.Seconds())
	p.opts.Logger.Debug("peer connected", "transport", via, "after", took.Round(time.Millisecond))
	p.shorten()
	if p.opts.Connected != nil {
		p.opts.Connected(p)
	}
}

// transport says over what the peer is connected.
func (p *Peer) transport() transport {
	if pair, err := p.ice().GetSelectedCandidatePair(); err == nil && pair != nil && pair.Local.Protocol == webrtc.ICEProtocolTCP {
		return tcp
	}
	return udp
}

func (p *Peer) ice() *webrtc.ICETransport { return p.pc.SCTP().Transport().ICETransport() }

// setState moves the peer between the gauge's series; "" leaves it.
func (p *Peer) setState(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s == p.state || p.closing && s != "" {
		return
	}
	role := string(p.opts.Role)
	if p.state != "" {
		p.net.metrics.peers.WithLabelValues(role, p.state).Dec()
	}
	if s != "" {
		p.net.metrics.peers.WithLabelValues(role, s).Inc()
	}
	p.state = s
}

// PC gives the connection itself.
func (p *Peer) PC() *webrtc.PeerConnection { return p.pc }

// Close ends the peer; it sees its DTLS transport close. The first cause counts.
func (p *Peer) Close(cause error) {
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		return
	}
	p.closing = true
	connected, started, pc := p.connected, p.started, p.pc
	if p.deadline != nil {
		p.deadline.Stop()
	}
	p.mu.Unlock()

	// pion's goroutines may be waiting for the caller, so they are waited for
	// elsewhere.
	p.net.wg.Go(func() {
		if pc != nil {
			sayGoodbye(pc)
			if err := pc.GracefulClose(); err != nil {
				p.opts.Logger.Debug("peer close", "error", err)
			}
		}
		p.setState("")
		if !connected && errors.Is(cause, ErrNeverConnected) {
			p.net.metrics.iceFailures.WithLabelValues(string(p.opts.Role)).Inc()
		}
		p.net.mu.Lock()
		delete(p.net.peers, p)
		p.net.capacity.leave(p.opts.Side, p.cost)
		p.net.mu.Unlock()
		p.calling.Lock()
		defer p.calling.Unlock()
		if started && p.opts.Closed != nil {
			p.opts.Closed(cause)
		}
	})
}

// sayGoodbye ends DTLS, which is how the other side learns at once that it is over,
// and lets that reach the network: what pion has queued for a TCP connection is
// thrown away when the connection closes.
func sayGoodbye(pc *webrtc.PeerConnection) {
	dtls := pc.SCTP().Transport()
	if dtls.State() != webrtc.DTLSTransportStateConnected {
		return
	}
	_ = dtls.Stop() // GracefulClose does it again and tells what is wrong
	time.Sleep(goodbye)
}

// goodbye is long for a packet to leave the machine and short for a person.
const goodbye = 20 * time.Millisecond

// ETag names the current ICE session, quoted as in HTTP.
func (p *Peer) ETag() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.etag
}

func newETag() string { return `"` + rand.Text()[:16] + `"` }

// Patch takes a trickle ICE fragment that was sent with If-Match: match. A
// fragment of the current ICE session carries candidates, which we do not need:
// there is no reply. One with new credentials restarts ICE: the reply has ours,
// with a single candidate, since a common client cannot read two.
func (p *Peer) Patch(f sdpfrag.Fragment, match string) (reply *sdpfrag.Fragment, err error) {
	p.patching.Lock()
	defer p.patching.Unlock()
	if match != "*" && match != p.ETag() {
		return nil, ErrStaleETag
	}
	remote := p.pc.RemoteDescription()
	if remote == nil {
		return nil, ErrLeft
	}
	if f.Ufrag == attribute(remote.SDP, "ice-ufrag") {
		return nil, nil
	}
	via := p.transport()
	answer, err := p.negotiate(withCredentials(remote.SDP, f))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.etag = newETag()
	p.mu.Unlock()
	return &sdpfrag.Fragment{
		Ufrag:      attribute(answer, "ice-ufrag"),
		Pwd:        attribute(answer, "ice-pwd"),
		MID:        f.MID,
		Candidates: []string{p.net.bestCandidate(via, p.opts.Reached)},
		End:        true,
	}, nil
}

// attribute returns the first value of an attribute anywhere in an SDP.
func attribute(sdp, name string) string {
	for line := range strings.Lines(sdp) {
		if v, ok := strings.CutPrefix(line, "a="+name+":"); ok {
			return strings.TrimRight(v, "\r\n")
		}
	}
	return ""
}

// withCredentials is the offer again, as if made for the new ICE session.
func withCredentials(offer string, f sdpfrag.Fragment) string {
	var b strings.Builder
	for line := range strings.Lines(offer) {
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			line = "a=ice-ufrag:" + f.Ufrag + "\r\n"
		case strings.HasPrefix(line, "a=ice-pwd:"):
			line = "a=ice-pwd:" + f.Pwd + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
