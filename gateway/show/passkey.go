package show

import "time"

// PasskeyID names a passkey of an account.
type PasskeyID string

// Passkey is what an account may sign in with beside a password, or instead of it.
type Passkey struct {
	ID       PasskeyID `json:"id"`
	Name     string    `json:"name"`
	Site     string    `json:"site" doc:"The host that it is good on"`
	Synced   bool      `json:"synced" doc:"Its owner's other devices may have it too"`
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"last_used,omitzero"`
}

// WaysIn are how an account can sign in.
type WaysIn struct {
	Password bool      `json:"password" doc:"There is one"`
	Passkeys []Passkey `json:"passkeys" nullable:"false"`
}

// StoredPasskey is a Passkey with what proves it. None of it is a secret: that is
// in the authenticator.
type StoredPasskey struct {
	Passkey
	User       UserID
	Credential []byte // its ID (WebAuthn, section 4)
	PublicKey  []byte // COSE
	Flags      byte   // of the authenticator data when it was used last
	Count      uint32 // signatures made; 0 where the authenticator does not count
	Transports []string
}
