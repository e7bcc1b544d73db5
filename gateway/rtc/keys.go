package rtc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/webrtc/v4"
)

// keys listens to one peer's DTLS handshake, in which we are the server, for the
// keys of what we send by SRTP: pion/webrtc keeps those to itself.
type keys struct {
	mu      sync.Mutex
	suite   dtls.CipherSuiteID
	profile dtls.SRTPProtectionProfile
	server  [handshake.RandomLength]byte
	client  []byte
	master  []byte
}

// listen uses the two places that pion has for it.
func (k *keys) listen(s *webrtc.SettingEngine) {
	s.SetDTLSServerHelloMessageHook(k.hello)
	s.SetDTLSKeyLogWriter(k)
}

func (k *keys) hello(m handshake.MessageServerHello) handshake.Message {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.server = m.Random.MarshalFixed()
	if m.CipherSuiteID != nil {
		k.suite = dtls.CipherSuiteID(*m.CipherSuiteID)
	}
	for _, e := range m.Extensions {
		if use, ok := e.(*extension.UseSRTP); ok && len(use.ProtectionProfiles) == 1 {
			k.profile = use.ProtectionProfiles[0]
		}
	}
	return &m
}

// Write takes a line of the key log: CLIENT_RANDOM, that, and the master secret.
func (k *keys) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "CLIENT_RANDOM" {
		k.client, _ = hex.AppendDecode(nil, f[1])
		k.master, _ = hex.AppendDecode(nil, f[2])
	}
	return len(line), nil
}

// cipher is nil for what browsers do not use: all have this suite (RFC 8827 section
// 6.5), let us be the server, and can do AES-GCM.
func (k *keys) cipher() (*srtpCipher, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	length := map[dtls.SRTPProtectionProfile]int{dtls.SRTP_AEAD_AES_128_GCM: 16, dtls.SRTP_AEAD_AES_256_GCM: 32}[k.profile]
	if k.suite != dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 || k.master == nil || length == 0 {
		return nil, nil
	}
	// RFC 5705 section 4 and RFC 5764 section 4.2: keys of client and server, then
	// their salts.
	seed := slices.Concat([]byte("EXTRACTOR-dtls_srtp"), k.client, k.server[:])
	b, err := prf.PHash(k.master, seed, 2*(length+saltLength), sha256.New)
	if err != nil {
		return nil, fmt.Errorf("srtp keys: %w", err)
	}
	return newCipher(b[length:2*length], b[2*length+saltLength:])
}

// saltLength is that of AES-GCM (RFC 7714 section 12).
const saltLength = 12

// srtpCipher is SRTP by AES-GCM (RFC 7714), one way of one peer.
type srtpCipher struct {
	cipher.AEAD
	salt [saltLength]byte
}

func newCipher(master, salt []byte) (*srtpCipher, error) {
	block, err := aes.NewCipher(master)
	if err != nil {
		return nil, err
	}
	// RFC 3711 section 4.3, with a key derivation rate of 0: the stream of AES in
	// counter mode from the salt, whose eighth byte says what the key is for.
	derive := func(label byte, length int) []byte {
		var iv [aes.BlockSize]byte
		copy(iv[:], salt)
		iv[7] ^= label
		key := make([]byte, length)
		cipher.NewCTR(block, iv[:]).XORKeyStream(key, key)
		return key
	}
	c := &srtpCipher{salt: [saltLength]byte(derive(2, saltLength))}
	session, err := aes.NewCipher(derive(0, len(master)))
	if err != nil {
		return nil, err
	}
	c.AEAD, err = cipher.NewGCM(session)
	return c, err
}
