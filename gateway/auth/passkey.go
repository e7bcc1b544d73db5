package auth

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/regie-live/regie/gateway/show"
)

// ErrCopied is of a passkey whose count of signatures did not go on: there are two
// of it, or an old state of it was brought back.
var ErrCopied = errors.New("the passkey's count of signatures went back")

// Site is where passkeys are good: browsers give them to pages of that host only.
type Site struct {
	ID     string // the relying party: the host
	Origin string
}

// SiteOf is the site of a page by its origin, or a sentence why it has none.
func SiteOf(origin string) (Site, error) {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Hostname() == "" {
		return Site{}, noSite("This page's address is not known, so that no passkey can be tied to it; use a password.")
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return Site{}, noSite("Passkeys are tied to a name, and this page was opened by an IP address; open it by the server's name, or use a password.")
	}
	near := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if u.Scheme != "https" && !near {
		return Site{}, noSite("Browsers have passkeys on https pages only; open this page by https, or use a password.")
	}
	s := Site{ID: host, Origin: u.Scheme + "://" + host}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		s.Origin += ":" + port
	}
	if _, err := s.party(); err != nil {
		return Site{}, noSite("This page's address has no name that a passkey can be tied to; use a password.")
	}
	return s, nil
}

func noSite(why string) error { return &show.Error{Kind: show.Conflict, Detail: why} }

// party is the library for one site. It asks for no attestation: which make an
// authenticator is does not matter here.
func (s Site) party() (*webauthn.WebAuthn, error) {
	if err := protocol.ValidateRPID(s.ID); err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{
		RPID: s.ID, RPDisplayName: "Regie", RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: new(true),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// Challenge is what an authenticator has yet to answer, once and soon: its keeper
// sees to that.
type Challenge struct {
	Site Site
	of   webauthn.SessionData
}

// Text is the challenge itself, which its answer repeats.
func (c Challenge) Text() string { return c.of.Challenge }

// ChallengeIn finds which challenge an answer is to; it proves nothing.
func ChallengeIn(answer []byte) string {
	var a struct {
		Response struct {
			ClientData protocol.URLEncodedBase64 `json:"clientDataJSON"`
		} `json:"response"`
	}
	var data struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(answer, &a) != nil || json.Unmarshal(a.Response.ClientData, &data) != nil {
		return ""
	}
	return data.Challenge
}

// owner is an account as the library wants it.
type owner struct {
	id   show.UserID
	name string
	have []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.id) }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.have }

// AskNew begins to make a passkey; options are for the browser. An authenticator
// that holds one of have makes no second.
func AskNew(at Site, of show.UserID, name string, have []show.StoredPasskey) (options json.RawMessage, c Challenge, err error) {
	party, err := at.party()
	if err != nil {
		return nil, c, err
	}
	o := owner{of, name, credentials(have)}
	made, data, err := party.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.have).CredentialDescriptors()))
	if err != nil {
		return nil, c, err
	}
	options, err = json.Marshal(made.Response)
	return options, Challenge{at, *data}, err
}

// CheckNew is the passkey that was made, still without an ID, an owner and a name.
func CheckNew(c Challenge, answer []byte) (show.StoredPasskey, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return show.StoredPasskey{}, err
	}
	party, err := c.Site.party()
	if err != nil {
		return show.StoredPasskey{}, err
	}
	got, err := party.CreateCredential(owner{id: show.UserID(c.of.UserID)}, c.of, parsed)
	if err != nil {
		return show.StoredPasskey{}, err
	}
	k := show.StoredPasskey{
		Passkey:    show.Passkey{Site: c.Site.ID, Synced: got.Flags.BackupState},
		Credential: got.ID, PublicKey: got.PublicKey,
		Flags: byte(got.Flags.ProtocolValue()), Count: got.Authenticator.SignCount,
	}
	for _, t := range got.Transport {
		k.Transports = append(k.Transports, string(t))
	}
	return k, nil
}

// Ask begins a sign-in with whichever passkey its owner chooses.
func Ask(at Site) (options json.RawMessage, c Challenge, err error) {
	party, err := at.party()
	if err != nil {
		return nil, c, err
	}
	asked, data, err := party.BeginDiscoverableLogin()
	if err != nil {
		return nil, c, err
	}
	options, err = json.Marshal(asked.Response)
	return options, Challenge{at, *data}, err
}

// CheckAnswer proves an answer to Ask. find gives the passkey of a credential's ID; what
// is returned is that passkey as it is after its use.
func CheckAnswer(c Challenge, answer []byte, find func(credential []byte) (show.StoredPasskey, error)) (show.StoredPasskey, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return show.StoredPasskey{}, err
	}
	party, err := c.Site.party()
	if err != nil {
		return show.StoredPasskey{}, err
	}
	k, err := find(parsed.RawID)
	if err != nil {
		return show.StoredPasskey{}, err
	}
	// Whom the authenticator names, in the handle, must be the passkey's owner: the
	// library compares them.
	_, got, err := party.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) {
		return owner{id: k.User, have: credentials([]show.StoredPasskey{k})}, nil
	}, c.of, parsed)
	switch {
	case err != nil:
		return k, err
	case got.Authenticator.CloneWarning:
		return k, ErrCopied
	}
	k.Count, k.Flags, k.Synced = got.Authenticator.SignCount, byte(got.Flags.ProtocolValue()), got.Flags.BackupState
	return k, nil
}

func credentials(have []show.StoredPasskey) []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range have {
		c := webauthn.Credential{
			ID: k.Credential, PublicKey: k.PublicKey,
			Flags:         webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: k.Count},
		}
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}

// Why is what an authenticator's refused answer lacked, for a log.
func Why(err error) string {
	var e *protocol.Error
	if errors.As(err, &e) {
		return cmp.Or(strings.TrimSpace(e.Details+" "+e.DevInfo), e.Error())
	}
	return err.Error()
}
