package api

import (
	"context"
	"encoding/json"

	"github.com/regie-live/regie/gateway/show"
)

func (c *company) AskSetupPasskey(_ context.Context, _, origin string, token show.Token, name string) (json.RawMessage, error) {
	return json.RawMessage(`{}`), c.note("asksetuppasskey " + origin + " " + string(token) + " " + name)
}

func (c *company) SetupByPasskey(_ context.Context, _ string, token show.Token, name, title string, answer []byte) (show.SignedIn, error) {
	return show.SignedIn{Token: "fresh", Expires: until, Principal: persons["admin"]}, c.note("setupbypasskey " + string(token) + " " + name + " " + title + " " + string(answer))
}

func (c *company) AskPasskey(_ context.Context, _, origin string) (json.RawMessage, error) {
	return json.RawMessage(`{"challenge":"c"}`), c.note("askpasskey " + origin)
}

func (c *company) SignInByPasskey(_ context.Context, remote string, answer []byte) (show.SignedIn, error) {
	return show.SignedIn{Token: "fresh", Expires: until, Principal: persons["creator"]}, c.note("signinbypasskey " + remote + " " + string(answer))
}

func (c *company) WaysIn(context.Context, show.Principal) (show.WaysIn, error) {
	return show.WaysIn{Password: true}, c.note("waysin")
}

func (c *company) AskNewPasskey(_ context.Context, _ show.Principal, _, _, password string) (json.RawMessage, error) {
	return json.RawMessage(`{}`), c.note("asknewpasskey " + password)
}

func (c *company) AddPasskey(_ context.Context, _ show.Principal, title string, answer []byte) (show.Passkey, error) {
	return show.Passkey{ID: "k1", Name: title}, c.note("addpasskey " + title + " " + string(answer))
}

func (c *company) RenamePasskey(_ context.Context, _ show.Principal, id show.PasskeyID, title string) (show.Passkey, error) {
	return show.Passkey{ID: id, Name: title}, c.note("renamepasskey " + string(id) + " " + title)
}

func (c *company) RemovePasskey(_ context.Context, _ show.Principal, keep show.Token, id show.PasskeyID) error {
	return c.note("removepasskey " + string(id) + " keep " + string(keep))
}
