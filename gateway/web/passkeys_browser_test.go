package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	pagecdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/api"
	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

// made are the sessions of people.
type made struct{ *people.Service }

func (m made) List() (views []show.SessionView) {
	for _, s := range m.Stages() {
		views = append(views, show.NewSessionView(s, show.Planned, nil))
	}
	return views
}

func (m made) Get(id show.SessionID) (show.SessionView, bool) { return programmeOf(m.List()).Get(id) }

// newAppliance has real people behind the real API, and nobody set it up.
func newAppliance(t *testing.T) (*people.Service, string) {
	t.Helper()
	built(t)
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p, err := people.Open(t.Context(), people.Options{Store: db, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	quiet := slog.New(slog.DiscardHandler)
	mux.Handle("/api/", api.Handler(api.Options{Sessions: made{p}, People: p, Logger: quiet}))
	mux.Handle("/", Handler(Options{Sessions: made{p}, Logger: quiet}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return p, named(server.URL)
}

// named is a test server's address by name: an IP address has no passkeys.
func named(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// call asks the browser something of the page's.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) (result R) {
	p.t.Helper()
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) (err error) {
		result, err = cdp.Call(ctx, target, command, params)
		return err
	}))
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// authenticator gives the page's browser a device that always says yes.
func (p *tab) authenticator(transport webauthn.AuthenticatorTransport) webauthn.AuthenticatorID {
	p.t.Helper()
	return call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: transport, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
}

func (p *tab) goTo(url string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatal(err)
	}
}

const passkeysShown = `[...document.querySelectorAll(".rows .line-name")].map((n) => n.innerText).join()`

func TestPasskeysInABrowser(t *testing.T) {
	b := startBrowser(t)
	service, url := newAppliance(t)
	p := b.open(t, url+"/nowhere")
	call(p, webauthn.Enable, webauthn.EnableParams{})
	first := p.authenticator(webauthn.AuthenticatorTransportInternal)

	p.goTo(url + service.SetupLink())
	p.until("there is a choice", `document.querySelectorAll("[type=radio]").length === 2`)
	p.fill("name", "Iris")
	p.fill("title", "Glaze day")
	p.eval(`(document.querySelectorAll("[type=radio]")[1].click(), "")`)
	p.until("no password is asked for", `document.querySelector("[type=password]") === null`)
	p.click(".primary")
	p.arrive("it leads to the session", `location.pathname.startsWith("/studio/")`)
	if service.SetupOpen() {
		t.Error("there is no administrator still")
	}

	account := func() {
		p.goTo(url + "/admin#account")
		p.arrive("the account is shown", `document.querySelector("#add-passkey") !== null`)
	}
	signOut := func() {
		p.click(".account-menu button")
		p.arrive("one is out", `location.pathname === "/"`)
	}
	isIn := func() {
		p.arrive("one is in", `location.pathname === "/admin" && document.querySelector("#add-passkey") !== null`)
	}
	const signIn = "/signin?next=/admin%23account"
	byButton := func() { // as where the browser offers nothing at the name
		alone := call(p, pagecdp.AddScriptToEvaluateOnNewDocument, pagecdp.AddScriptToEvaluateOnNewDocumentParams{
			Source: `PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)`,
		})
		p.goTo(url + signIn)
		p.until("the button is there", `document.querySelector("#passkey") !== null`)
		p.click("#passkey")
		isIn()
		call(p, pagecdp.RemoveScriptToEvaluateOnNewDocument, pagecdp.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: alone.Identifier})
	}
	byName := func() { // a virtual authenticator takes the offer without a click
		p.goTo(url + signIn)
		isIn()
	}
	account()
	p.until("it is listed", passkeysShown+` === "Linux localhost"`)
	p.eval(`(document.querySelectorAll(".rows button")[1].click(), "")`)
	p.until("it asks", `document.querySelector("dialog[open]") !== null`)
	p.click("dialog .danger")
	p.until("the only way in stays", `document.querySelector("[role=alert]").innerText.startsWith("This is the only way to sign in to this account; set a password") && `+passkeysShown+` === "Linux localhost"`)
	signOut()
	byButton()

	p.click("#add-passkey")
	p.click("dialog .primary")
	p.until("a device makes no second", `document.querySelector("dialog [role=alert]").innerText === "This device has a passkey for this account already."`)
	call(p, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: first})
	p.authenticator(webauthn.AuthenticatorTransportInternal)
	p.fill("name", "Key")
	p.click("dialog .primary")
	p.until("both are there", passkeysShown+` === "Linux localhost,Key localhost" && document.querySelector(".done") !== null`)
	p.eval(`(document.querySelectorAll(".rows button")[0].click(), "")`)
	p.until("the name can be changed", `document.querySelector("dialog [name=name]")?.value === "Linux"`)
	p.fill("name", "Laptop, lost")
	p.click("dialog .primary")
	p.until("it is", passkeysShown+` === "Laptop, lost localhost,Key localhost"`)
	p.eval(`(document.querySelectorAll(".rows button")[1].click(), "")`)
	p.until("it asks", `document.querySelector("dialog[open]") !== null`)
	p.click("dialog .danger")
	p.until("one is left", passkeysShown+` === "Key localhost"`)
	signOut()
	byName()

	p.fill("password", "five mugs one kiln")
	p.click("form .primary")
	p.until("a password is set", `document.querySelector(".done")?.innerText.startsWith("Your password is changed") && document.querySelector("[name=old]") !== null`)
	if ways, err := service.WaysIn(t.Context(), owner(t, service)); err != nil || !ways.Password || len(ways.Passkeys) != 1 || ways.Passkeys[0].LastUsed.IsZero() {
		t.Errorf("%+v (%v)", ways, err)
	}
}

func owner(t *testing.T, s *people.Service) show.Principal {
	t.Helper()
	all, err := s.Users(t.Context(), show.Principal{Kind: show.MachineOperator})
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v (%v)", all, err)
	}
	return show.Principal{Kind: show.Account, User: all[0].ID, Name: all[0].Name, Role: all[0].Role}
}
