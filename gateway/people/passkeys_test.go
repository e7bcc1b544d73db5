package people_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// setUpByPasskey makes the administrator, without a password.
func (o *office) setUpByPasskey(a *authenticator) show.SignedIn {
	o.t.Helper()
	options := must(o.AskSetupPasskey(o.t.Context(), elsewhere, page, o.token(), "Ana"))(o.t)
	return must(o.SetupByPasskey(o.t.Context(), elsewhere, o.token(), "Ana", "Phone", a.make(options)))(o.t)
}

func (o *office) signInBy(a *authenticator, change ...func(*ceremony)) (show.SignedIn, error) {
	o.t.Helper()
	options, err := o.AskPasskey(o.t.Context(), elsewhere, page)
	if err != nil {
		return show.SignedIn{}, err
	}
	return o.SignInByPasskey(o.t.Context(), elsewhere, a.get(options, change...))
}

// addPasskey adds one to an account that is signed in.
func (o *office) addPasskey(by show.Principal, password, title string, a *authenticator) (show.Passkey, error) {
	o.t.Helper()
	options, err := o.AskNewPasskey(o.t.Context(), by, elsewhere, page, password)
	if err != nil {
		return show.Passkey{}, err
	}
	return o.AddPasskey(o.t.Context(), by, title, a.make(options))
}

func (o *office) acts() (acts []string) {
	o.t.Helper()
	for _, e := range must(o.Audit(o.t.Context(), operator))(o.t) {
		acts = append(acts, fmt.Sprintf("%s %s %s", e.By, e.Act, e.Of))
	}
	slices.Reverse(acts)
	return acts
}

func TestSetupByPasskey(t *testing.T) {
	o := newOffice(t)
	a, ctx := newAuthenticator(t), t.Context()
	_, err := o.AskSetupPasskey(ctx, elsewhere, page, "guessed", "Ana")
	want(t, err, show.Gone)
	_, err = o.AskSetupPasskey(ctx, elsewhere, "http://192.0.2.1:8080", o.token(), "Ana")
	want(t, err, show.Conflict)
	for name, change := range map[string]func(*ceremony){
		"another page":     func(c *ceremony) { c.origin = "http://localhost:9999" },
		"another site":     func(c *ceremony) { c.site = "example.org" },
		"nobody verified":  func(c *ceremony) { c.flags &^= 4 },
		"nobody there":     func(c *ceremony) { c.flags &^= 1 },
		"a sign-in":        func(c *ceremony) { c.kind = "webauthn.get" },
		"in another frame": func(c *ceremony) { c.cross = true },
	} {
		options := must(o.AskSetupPasskey(ctx, elsewhere, page, o.token(), "Ana"))(t)
		if _, err := o.SetupByPasskey(ctx, elsewhere, o.token(), "Ana", "Phone", a.make(options, change)); show.KindOf(err) != show.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	options := must(o.AskSetupPasskey(ctx, elsewhere, page, o.token(), "Ana"))(t)
	_, err = o.SetupByPasskey(ctx, elsewhere, o.token(), "Eve", "Phone", a.make(options))
	want(t, err, show.Conflict)
	_, err = o.SetupByPasskey(ctx, elsewhere, o.token(), "Ana", "Phone", a.make(options))
	want(t, err, show.Expired) // that one was used

	late := must(o.AskSetupPasskey(ctx, elsewhere, page, o.token(), "Ana"))(t)
	signed := o.setUpByPasskey(a)
	if who := o.who(signed.Token); who.Name != "Ana" || who.Role != show.Admin || o.SetupOpen() {
		t.Fatalf("%+v, open %v", who, o.SetupOpen())
	}
	_, err = o.SetupByPasskey(ctx, elsewhere, "any", "Ana", "Phone", newAuthenticator(t).make(late))
	want(t, err, show.Gone)

	o.restart(declared)
	if again, err := o.signInBy(a); err != nil || again.Principal.Name != "Ana" || again.Token == signed.Token {
		t.Errorf("%+v, %v", again.Principal, err)
	}
	_, err = o.SignIn(ctx, elsewhere, "Ana", "") // who has no password has no empty one
	want(t, err, show.SignedOut)
	if got := o.acts(); !slices.Equal(got, []string{"Ana setup Ana", "Ana signin.passkey Phone"}) {
		t.Errorf("the log has %q", got)
	}
}

func TestWrongPasskeys(t *testing.T) {
	o := newOffice(t)
	a, ctx := newAuthenticator(t), t.Context()
	o.setUpByPasskey(a)
	for name, test := range map[string]struct {
		change func(*ceremony)
		kind   show.ErrorKind
	}{
		"another page":        {func(c *ceremony) { c.origin = "http://localhost:9999" }, show.SignedOut},
		"another scheme":      {func(c *ceremony) { c.origin = "https://localhost:8080" }, show.SignedOut},
		"another site":        {func(c *ceremony) { c.origin, c.site = "https://evil.example", "evil.example" }, show.SignedOut},
		"another challenge":   {func(c *ceremony) { c.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }, show.Expired},
		"no challenge":        {func(c *ceremony) { c.challenge = "" }, show.Expired},
		"a new one":           {func(c *ceremony) { c.kind = "webauthn.create" }, show.SignedOut},
		"nobody verified":     {func(c *ceremony) { c.flags &^= 4 }, show.SignedOut},
		"nobody there":        {func(c *ceremony) { c.flags &^= 1 }, show.SignedOut},
		"suddenly backed up":  {func(c *ceremony) { c.flags |= 8 | 16 }, show.SignedOut},
		"in another frame":    {func(c *ceremony) { c.cross = true }, show.SignedOut},
		"signed wrong":        {func(c *ceremony) { c.spoilt = true }, show.SignedOut},
		"another's handle":    {func(c *ceremony) { c.user = []byte("somebody") }, show.SignedOut},
		"nobody's handle":     {func(c *ceremony) { c.user = nil }, show.SignedOut},
		"as it should be (1)": {func(*ceremony) {}, ""},
	} {
		o.now = o.now.Add(time.Hour) // nobody is kept waiting
		if _, err := o.signInBy(a, test.change); show.KindOf(err) != test.kind || test.kind == "" && err != nil {
			t.Errorf("%s: %v, want %q", name, err, test.kind)
		}
	}

	options := must(o.AskPasskey(ctx, elsewhere, page))(t)
	answer := a.get(options)
	must(o.SignInByPasskey(ctx, elsewhere, answer))(t)
	_, err := o.SignInByPasskey(ctx, elsewhere, answer)
	want(t, err, show.Expired)

	options = must(o.AskPasskey(ctx, elsewhere, page))(t)
	o.now = o.now.Add(5 * time.Minute)
	_, err = o.SignInByPasskey(ctx, elsewhere, a.get(options))
	want(t, err, show.Expired)

	_, err = o.signInBy(newAuthenticator(t))
	want(t, err, show.SignedOut)
	for _, garbage := range []string{"", "{}", "null", "[", `{"response":{"clientDataJSON":"e30"}}`} {
		_, err := o.SignInByPasskey(ctx, elsewhere, []byte(garbage))
		want(t, err, show.Expired)
	}
	cut := must(o.AskPasskey(ctx, elsewhere, page))(t)
	_, err = o.SignInByPasskey(ctx, elsewhere, []byte(strings.Replace(string(a.get(cut)), "public-key", "secret-key", 1)))
	want(t, err, show.Invalid)
	must(o.signInBy(a))(t)
}

// TestCopiedPasskey: of two that count for themselves one falls behind, and is refused.
func TestCopiedPasskey(t *testing.T) {
	o := newOffice(t)
	a := newAuthenticator(t)
	o.setUpByPasskey(a)
	copied := *a
	must(o.signInBy(a))(t)
	must(o.signInBy(a))(t)
	_, err := o.signInBy(&copied)
	want(t, err, show.Forbidden)
	must(o.signInBy(a))(t) // its count was not put back
	if acts := o.acts(); !slices.Contains(acts, "Ana passkey.copied Phone") {
		t.Errorf("the log has %q", acts)
	}
	silent := newAuthenticator(t) // many count nothing
	silent.count = 0
	ana := must(o.signInBy(a))(t).Principal
	must(o.addPasskey(ana, "", "Laptop", silent))(t)
	for range 2 {
		silent.count = ^uint32(0) // one before 0
		must(o.signInBy(silent))(t)
	}
}

func TestOwnPasskeys(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	signed := must(o.Setup(ctx, elsewhere, o.token(), "Ana", password))(t)
	ana, phone, laptop := signed.Principal, newAuthenticator(t), newAuthenticator(t)
	_, err := o.addPasskey(ana, "", "Phone", phone)
	want(t, err, show.Forbidden)
	_, err = o.addPasskey(show.Principal{}, password, "Phone", phone)
	want(t, err, show.SignedOut)
	_, err = o.addPasskey(ana, password, "a\nb", phone)
	want(t, err, show.Invalid)
	first := must(o.addPasskey(ana, password, "Phone", phone))(t)
	_, err = o.addPasskey(ana, password, "Phone again", phone) // it should have known itself
	want(t, err, show.Conflict)
	second := must(o.addPasskey(ana, password, " Laptop ", laptop))(t)
	if second.Name != "Laptop" || second.Site != "localhost" || !second.Created.Equal(o.now) || !second.LastUsed.IsZero() {
		t.Errorf("%+v", second)
	}

	bo, _, err := o.AddUser(ctx, operator, show.NewUser{Name: "Bo", Role: show.Creator, Password: password + "!"})
	if err != nil {
		t.Fatal(err)
	}
	other := show.Principal{Kind: show.Account, Name: "Bo", User: bo.ID, Role: show.Creator}
	options := must(o.AskNewPasskey(ctx, ana, elsewhere, page, password))(t)
	_, err = o.AddPasskey(ctx, other, "Stolen", newAuthenticator(t).make(options))
	want(t, err, show.Forbidden)
	_, err = o.RenamePasskey(ctx, other, first.ID, "Mine")
	want(t, err, show.NotFound)
	want(t, o.RemovePasskey(ctx, other, "", first.ID), show.NotFound)

	o.now = o.now.Add(time.Minute)
	by := must(o.signInBy(laptop))(t)
	must(o.RenamePasskey(ctx, ana, first.ID, "Old phone"))(t)
	ways := must(o.WaysIn(ctx, ana))(t)
	if !ways.Password || len(ways.Passkeys) != 2 || ways.Passkeys[0].Name != "Old phone" || !ways.Passkeys[1].LastUsed.Equal(o.now) {
		t.Errorf("%+v", ways)
	}
	want(t, o.RemovePasskey(ctx, ana, signed.Token, first.ID), "")
	_, err = o.signInBy(phone)
	want(t, err, show.SignedOut)
	if o.who(signed.Token).Kind != show.Account || o.who(by.Token).Kind != show.Anonymous {
		t.Error("removing one signs others out, and not oneself")
	}
	want(t, o.RemovePasskey(ctx, ana, signed.Token, second.ID), "") // the password is left
	if acts := strings.Join(o.acts(), "\n"); !strings.Contains(acts, "Ana passkey.add Phone\nAna passkey.add Laptop") ||
		!strings.Contains(acts, "Ana passkey.rename Old phone\nAna passkey.remove Ana: Old phone\nAna passkey.remove Ana: Laptop") {
		t.Errorf("the log has %s", acts)
	}
}

// operate asks at the operator's port.
func (o *office) operate(method, path string) int {
	mux := http.NewServeMux()
	o.OperatorRoutes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(o.t.Context(), method, path, nil))
	return w.Code
}

// TestTheOnlyWayIn stays, for its owner and for the operator.
func TestTheOnlyWayIn(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	phone := newAuthenticator(t)
	signed := o.setUpByPasskey(phone)
	id := must(o.WaysIn(ctx, signed.Principal))(t).Passkeys[0].ID
	err := o.RemovePasskey(ctx, signed.Principal, signed.Token, id)
	if want(t, err, show.Conflict); err == nil || !strings.Contains(err.Error(), "only way to sign in") {
		t.Error(err)
	}
	if got := o.operate("DELETE", "/people/users/Ana/passkeys/"+string(id)); got != http.StatusConflict {
		t.Errorf("the operator got %d", got)
	}
	if got := o.operate("GET", "/people/users/ana/passkeys"); got != http.StatusOK {
		t.Errorf("the operator got %d", got)
	}
	want(t, o.ChangePassword(ctx, signed.Principal, signed.Token, "", "short"), show.Invalid)
	want(t, o.ChangePassword(ctx, signed.Principal, signed.Token, "", password), "") // there was none to say
	want(t, o.ChangePassword(ctx, signed.Principal, signed.Token, "", password+"!"), show.Forbidden)
	if got := o.operate("DELETE", "/people/users/Ana/passkeys/"+string(id)); got != http.StatusNoContent {
		t.Errorf("the operator got %d", got)
	}
	if o.who(signed.Token).Kind != show.Anonymous {
		t.Error("what the operator removes still lets somebody in")
	}
	must(o.SignIn(ctx, elsewhere, "Ana", password))(t)
	if _, err := o.signInBy(phone); show.KindOf(err) != show.SignedOut {
		t.Error(err)
	}
}

// TestPasskeysAreGuessedSlowly: who is wrong often must wait, elsewhere nobody.
func TestPasskeysAreGuessedSlowly(t *testing.T) {
	o := newOffice(t)
	a, ctx := newAuthenticator(t), t.Context()
	o.setUpByPasskey(a)
	for range 10 {
		_, err := o.signInBy(a, func(c *ceremony) { c.spoilt = true })
		want(t, err, show.SignedOut)
	}
	_, err := o.signInBy(a)
	want(t, err, show.TooMany)
	const another = "198.51.100.9:1000"
	options := must(o.AskPasskey(ctx, another, page))(t)
	must(o.SignInByPasskey(ctx, another, a.get(options)))(t)
}

// TestChallengesAreBounded: whoever asks for too many loses their own first.
func TestChallengesAreBounded(t *testing.T) {
	o := newOffice(t)
	a := newAuthenticator(t)
	o.setUpByPasskey(a)
	ask := func(remote string) []byte {
		return must(o.AskPasskey(context.WithoutCancel(t.Context()), remote, page))(t)
	}
	const flood = "198.51.100.9:1000"
	mine, first := ask(elsewhere), ask(flood)
	var second []byte
	for i := range 64 {
		if b := ask(flood); i == 0 {
			second = b
		}
	}
	_, err := o.SignInByPasskey(t.Context(), flood, a.get(first))
	want(t, err, show.Expired)
	must(o.SignInByPasskey(t.Context(), flood, a.get(second)))(t)
	must(o.SignInByPasskey(t.Context(), elsewhere, a.get(mine)))(t)

	early := ask(elsewhere)
	for i := range 1024 {
		ask(fmt.Sprintf("198.51.%d.%d:1000", i/200, i%200))
	}
	_, err = o.SignInByPasskey(t.Context(), elsewhere, a.get(early))
	want(t, err, show.Expired)
}
