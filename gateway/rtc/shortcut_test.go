package rtc

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// TestShortcut has pion read what a shortcut writes: with both lengths of key, over
// several rollovers of the numbers, and what is sent again is the same.
func TestShortcut(t *testing.T) {
	for profile, length := range map[srtp.ProtectionProfile]int{srtp.ProtectionProfileAeadAes128Gcm: 16, srtp.ProtectionProfileAeadAes256Gcm: 32} {
		t.Run(profile.String(), func(t *testing.T) {
			key, salt := make([]byte, length), make([]byte, saltLength)
			_, _ = rand.Read(key)
			_, _ = rand.Read(salt)
			c, err := newCipher(key, salt)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := srtp.CreateContext(key, salt, profile, srtp.SRTPReplayProtection(64))
			if err != nil {
				t.Fatal(err)
			}
			sink := newSink(t, "127.0.0.1:0")
			b := newBatch(newTestSocket(t, "127.0.0.1:0"))
			way := &shortcut{cipher: c}
			way.to.Store(&sink.at)
			s := &Shortcut{way: way, batch: b}
			send := func(n uint32) []byte {
				h := &rtp.Header{PayloadType: 102, Marker: n%3 == 0, SequenceNumber: uint16(n), Timestamp: n * 3000, SSRC: 0xdeadbeef}
				b.Begin()
				size, err := s.WriteRTP(h, []byte(fmt.Sprint("payload ", n)))
				b.Flush()
				buf := make([]byte, 2000)
				_ = sink.SetReadDeadline(time.Now().Add(5 * time.Second))
				got, _, errRead := sink.ReadFromUDPAddrPort(buf)
				if err != nil || errRead != nil || got != size {
					t.Fatal(err, errRead, got, size)
				}
				return buf[:got]
			}
			for n := uint32(1<<15 - 5); n < 3<<16; n += 1 + n%97 {
				sealed := send(n)
				plain, err := theirs.DecryptRTP(nil, sealed, nil)
				if err != nil {
					t.Fatalf("packet %d: %v", n, err)
				}
				var p rtp.Packet
				if err := p.Unmarshal(plain); err != nil || string(p.Payload) != fmt.Sprint("payload ", n) || p.Marker != (n%3 == 0) ||
					p.SequenceNumber != uint16(n) || p.Timestamp != n*3000 || p.PayloadType != 102 {
					t.Fatalf("packet %d arrives as %v (%v)", n, p, err)
				}
				if n%5 != 0 {
					continue
				}
				after := send(n + 1) // of the next rollover, now and then
				if !bytes.Equal(send(n), sealed) || !bytes.Equal(send(n+1), after) {
					t.Fatalf("packet %d is not the same again", n)
				}
				if _, err := theirs.DecryptRTP(nil, after, nil); err != nil {
					t.Fatalf("packet %d: %v", n+1, err)
				}
				n++
			}
		})
	}
}
