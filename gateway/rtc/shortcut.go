package rtc

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// ErrMoved is why a peer ends who has a Shortcut and went over to TCP; it may come
// again.
var ErrMoved = errors.New("the peer cannot be reached by UDP any more")

// shortcut is the way of a peer's media past pion: from its cipher to the address of
// the ICE pair in use.
type shortcut struct {
	cipher *srtpCipher
	to     atomic.Pointer[netip.AddrPort]
}

// Shortcut sends one stream of a peer who is connected: it seals packets right into
// a batch, at a fraction of what they cost by pion. It takes the place of pion's
// webrtc.TrackLocalWriter before anything is sent by that: both have the same key,
// and would use the same nonces.
//
// WriteRTP is for one goroutine at a time, which has begun the batch. What has a
// number that was used before must be the same packet, and less than 1<<15 old.
type Shortcut struct {
	way    *shortcut
	batch  *Batch
	nonce  [saltLength]byte
	begun  bool
	latest uint64 // index of RFC 3711 section 3.3.1: the number with its rollovers
}

// Shortcut is nil for who does not come by UDP and AES-GCM: those are left to pion.
// All of a peer's streams have one, or none.
func (p *Peer) Shortcut(b *Batch) *Shortcut {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shortcut == nil {
		return nil
	}
	return &Shortcut{way: p.shortcut, batch: b}
}

// shorten looks for the shortcut when the peer is connected.
func (p *Peer) shorten() {
	to, ok, _ := p.remote()
	if !ok || p.keys == nil {
		return
	}
	c, err := p.keys.cipher()
	if err != nil || c == nil {
		p.opts.Logger.Debug("no shortcut to the peer", "error", err)
		return
	}
	s := &shortcut{cipher: c}
	s.to.Store(&to)
	p.mu.Lock()
	p.shortcut = s
	p.mu.Unlock()
	p.aim() // the address may have changed meanwhile
}

// aim follows the peer to another address.
func (p *Peer) aim() {
	p.mu.Lock()
	s := p.shortcut
	p.mu.Unlock()
	if s == nil {
		return
	}
	switch to, ok, known := p.remote(); {
	case ok:
		s.to.Store(&to)
	case known:
		p.Close(ErrMoved)
	}
}

// remote is the peer's address, if known, and whether a batch can send to it. During
// an ICE restart it is not known, and the old one is good until there is another.
func (p *Peer) remote() (to netip.AddrPort, ok, known bool) {
	pair, err := p.ice().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return to, false, false
	}
	if pair.Local.Protocol != webrtc.ICEProtocolUDP {
		return to, false, true
	}
	addr, err := netip.ParseAddr(pair.Remote.Address)
	to = netip.AddrPortFrom(addr, pair.Remote.Port)
	return to, err == nil && p.net.udp.takes(to), true
}

// WriteRTP is as that of webrtc.TrackLocalWriter. Headers have neither CSRCs nor
// extensions.
func (s *Shortcut) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	index := s.latest + uint64(int64(int16(h.SequenceNumber-uint16(s.latest))))
	if !s.begun {
		s.begun, index = true, uint64(h.SequenceNumber)
	}
	s.latest = max(s.latest, index)

	const header, tag = 12, 16
	b := s.batch.room(header+len(payload)+tag, *s.way.to.Load())
	b[0], b[1] = 2<<6, h.PayloadType
	if h.Marker {
		b[1] |= 1 << 7
	}
	binary.BigEndian.PutUint16(b[2:], h.SequenceNumber)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)

	// RFC 7714 section 8.1: SSRC and index, 48 bits of it, with the salt over them.
	n := s.nonce[:]
	n[0], n[1] = 0, 0
	binary.BigEndian.PutUint32(n[2:], h.SSRC)
	binary.BigEndian.PutUint32(n[6:], uint32(index>>16))
	binary.BigEndian.PutUint16(n[10:], uint16(index))
	for i, x := range s.way.cipher.salt {
		n[i] ^= x
	}
	s.way.cipher.Seal(b[:header], n, payload, b[:header])
	return len(b), nil
}
