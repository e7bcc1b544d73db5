package people_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// authenticator is a device with one passkey, in software: it does what it is told,
// wrong things too.
type authenticator struct {
	t     *testing.T
	key   *ecdsa.PrivateKey
	id    []byte
	user  []byte
	count uint32
}

// ceremony is what goes into an answer; tests change it.
type ceremony struct {
	kind, challenge, origin, site string
	cross                         bool
	flags                         byte // of the authenticator data: 1 present, 4 verified, 64 has a key
	user                          []byte
	spoilt                        bool // the signature
}

const page = "http://localhost:8080"

func newAuthenticator(t *testing.T) *authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{t: t, key: key, id: id, count: 1}
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// options are what both kinds hold.
type options struct {
	Challenge string
	RpID      string
	RP        struct{ ID string }
	User      struct{ ID string }
}

func (a *authenticator) read(raw json.RawMessage) (o options) {
	a.t.Helper()
	if err := json.Unmarshal(raw, &o); err != nil {
		a.t.Fatal(err)
	}
	return o
}

func (c ceremony) client() []byte {
	b, _ := json.Marshal(map[string]any{"type": c.kind, "challenge": c.challenge, "origin": c.origin, "crossOrigin": c.cross})
	return b
}

func (a *authenticator) data(c ceremony) []byte {
	site := sha256.Sum256([]byte(c.site))
	return binary.BigEndian.AppendUint32(append(site[:], c.flags), a.count)
}

// make answers a request for a new passkey.
func (a *authenticator) make(raw json.RawMessage, change ...func(*ceremony)) []byte {
	a.t.Helper()
	o := a.read(raw)
	a.user, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	c := ceremony{kind: "webauthn.create", challenge: o.Challenge, origin: page, site: o.RP.ID, flags: 1 | 4 | 64}
	for _, f := range change {
		f(&c)
	}
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(c), make([]byte, 16)...) // of no make
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // COSE: an ES256 key on P-256
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return a.answer(map[string]any{"clientDataJSON": text(c.client()), "attestationObject": text(append(object, data...)), "transports": []string{"internal"}})
}

// get answers a sign-in.
func (a *authenticator) get(raw json.RawMessage, change ...func(*ceremony)) []byte {
	a.t.Helper()
	o := a.read(raw)
	a.count++
	c := ceremony{kind: "webauthn.get", challenge: o.Challenge, origin: page, site: o.RpID, flags: 1 | 4, user: a.user}
	for _, f := range change {
		f(&c)
	}
	client, data := c.client(), a.data(c)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(data, hash[:]...))
	if c.spoilt {
		signed[0] ^= 1
	}
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(c.user)})
}

func (a *authenticator) answer(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"id": text(a.id), "rawId": text(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}
