package api

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/show"
)

// Passkeys sign people in, beside passwords. What authenticators are asked and
// answer passes as JSON in the shapes of WebAuthn (level 3, section 5.1).
type Passkeys interface {
	AskSetupPasskey(ctx context.Context, remote, origin string, token show.Token, name string) (json.RawMessage, error)
	SetupByPasskey(ctx context.Context, remote string, token show.Token, name, title string, answer []byte) (show.SignedIn, error)
	AskPasskey(ctx context.Context, remote, origin string) (json.RawMessage, error)
	SignInByPasskey(ctx context.Context, remote string, answer []byte) (show.SignedIn, error)

	WaysIn(context.Context, show.Principal) (show.WaysIn, error)
	AskNewPasskey(ctx context.Context, by show.Principal, remote, origin, password string) (json.RawMessage, error)
	AddPasskey(ctx context.Context, by show.Principal, title string, answer []byte) (show.Passkey, error)
	RenamePasskey(ctx context.Context, by show.Principal, id show.PasskeyID, title string) (show.Passkey, error)
	RemovePasskey(ctx context.Context, by show.Principal, keep show.Token, id show.PasskeyID) error
}

// origin is that of the page that asks. A browser says it of what changes
// something; it is taken if it names the host that was asked, as it knows better
// than we whether a proxy speaks TLS.
func (c *caller) origin() string {
	if o, err := url.Parse(c.request.Header.Get("Origin")); err == nil && o.Host != "" && strings.EqualFold(o.Host, c.host) {
		return o.Scheme + "://" + o.Host
	}
	return front.Origin(c.request)
}

// passkeyOptions is what the browser's credentials.create or .get takes.
type passkeyOptions struct {
	PublicKey json.RawMessage `json:"publicKey" doc:"PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON of WebAuthn"`
}

// PasskeyAnswer is a PublicKeyCredential as toJSON gives it.
type PasskeyAnswer struct {
	Credential json.RawMessage `json:"credential" doc:"RegistrationResponseJSON or AuthenticationResponseJSON of WebAuthn"`
}

type newPasskey struct {
	PasskeyAnswer
	Name string `json:"name" minLength:"1" maxLength:"40"`
}

type OfPasskey struct {
	ID show.PasskeyID `path:"id"`
}

func (s *server) passkeys() {
	on(s, "POST", "/setup/passkey", visitor, "Begin to make the first administrator's passkey", s.askSetupPasskey)
	on(s, "POST", "/signin/passkey/options", visitor, "Begin to sign in with a passkey; good for one answer within five minutes", s.askPasskey)
	on(s, "POST", "/signin/passkey", visitor, "Sign in with a passkey", s.signInByPasskey)
	on(s, "GET", "/me/passkeys", account, "How I can sign in", s.waysIn)
	on(s, "POST", "/me/passkeys/options", account, "Begin to make a passkey; who has a password says it", s.askNewPasskey)
	on(s, "POST", "/me/passkeys", account, "Keep the passkey that was made", s.addPasskey, created)
	on(s, "PATCH", "/me/passkeys/{id}", account, "Rename a passkey", s.renamePasskey)
	on(s, "DELETE", "/me/passkeys/{id}", account, "Remove a passkey; my other browsers are signed out. The only way in stays", s.removePasskey)
}

func optionsOf(options json.RawMessage, err error) (*body[passkeyOptions], error) {
	return &body[passkeyOptions]{passkeyOptions{options}}, err
}

func (s *server) askSetupPasskey(ctx context.Context, in *body[struct {
	Token show.Token `json:"token" minLength:"1" maxLength:"256"`
	Name  string     `json:"name" minLength:"1" maxLength:"40"`
}]) (*body[passkeyOptions], error) {
	c := callerOf(ctx)
	return optionsOf(s.People.AskSetupPasskey(ctx, c.remote, c.origin(), in.Body.Token, in.Body.Name))
}

func (s *server) askPasskey(ctx context.Context, _ *nothing) (*body[passkeyOptions], error) {
	c := callerOf(ctx)
	return optionsOf(s.People.AskPasskey(ctx, c.remote, c.origin()))
}

func (s *server) signInByPasskey(ctx context.Context, in *body[PasskeyAnswer]) (*withCookie[signedIn], error) {
	c := callerOf(ctx)
	got, err := s.People.SignInByPasskey(ctx, c.remote, in.Body.Credential)
	if err != nil {
		return nil, err
	}
	return &withCookie[signedIn]{s.cookieOf(c, got.Token, got.Expires), signedIn{s.meOf(got.Principal)}}, nil
}

func (s *server) waysIn(ctx context.Context, _ *nothing) (*body[show.WaysIn], error) {
	ways, err := s.People.WaysIn(ctx, callerOf(ctx).Principal)
	if ways.Passkeys == nil {
		ways.Passkeys = []show.Passkey{}
	}
	return &body[show.WaysIn]{ways}, err
}

func (s *server) askNewPasskey(ctx context.Context, in *body[struct {
	Password string `json:"password,omitempty" maxLength:"256"`
}]) (*body[passkeyOptions], error) {
	c := callerOf(ctx)
	return optionsOf(s.People.AskNewPasskey(ctx, c.Principal, c.remote, c.origin(), in.Body.Password))
}

func (s *server) addPasskey(ctx context.Context, in *body[newPasskey]) (*body[show.Passkey], error) {
	k, err := s.People.AddPasskey(ctx, callerOf(ctx).Principal, in.Body.Name, in.Body.Credential)
	return &body[show.Passkey]{k}, err
}

func (s *server) renamePasskey(ctx context.Context, in *struct {
	OfPasskey
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"40"`
	}
}) (*body[show.Passkey], error) {
	k, err := s.People.RenamePasskey(ctx, callerOf(ctx).Principal, in.ID, in.Body.Name)
	return &body[show.Passkey]{k}, err
}

func (s *server) removePasskey(ctx context.Context, in *OfPasskey) (*nothing, error) {
	c := callerOf(ctx)
	err := s.People.RemovePasskey(ctx, c.Principal, c.token, in.ID)
	if err == nil {
		s.Kick(c.Principal)
	}
	return nil, err
}
