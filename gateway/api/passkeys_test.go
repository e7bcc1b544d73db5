package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestPasskeysAreAskedForThePage: the origin is what the browser says, if that is of
// the host that it asked.
func TestPasskeysAreAskedForThePage(t *testing.T) {
	url := func(host string) []string { return []string{"Origin", host} }
	for name, test := range map[string]struct {
		header []string
		want   string
	}{
		"nothing said":       {nil, "http://HOST"},
		"a page of it":       {url("http://HOST"), "http://HOST"},
		"behind a TLS proxy": {url("https://HOST"), "https://HOST"},
		"a proxy says so":    {[]string{"X-Forwarded-Proto", "https"}, "https://HOST"},
		"another's page":     {append(url("https://evil.example"), "Sec-Fetch-Site", "same-origin"), "http://HOST"},
		"a sandbox":          {append(url("null"), "Sec-Fetch-Site", "same-origin"), "http://HOST"},
	} {
		c := &company{}
		at := serve(t, c)
		host := strings.TrimPrefix(at, "http://")
		for i := range test.header {
			test.header[i] = strings.Replace(test.header[i], "HOST", host, 1)
		}
		res := ask(t, at, "", "POST", base+"/signin/passkey/options", "", test.header...)
		if want := "askpasskey " + strings.Replace(test.want, "HOST", host, 1); c.last() != want || res.StatusCode != http.StatusOK || res.text != `{"publicKey":{"challenge":"c"}}`+"\n" {
			t.Errorf("%s: %q, want %q (%d %s)", name, c.last(), want, res.StatusCode, res.text)
		}
	}
}

func TestPasskeyAnswersPassAsTheyAre(t *testing.T) {
	c := &company{}
	url := serve(t, c)
	const credential = `{"id":"x","response":{"clientDataJSON":"e30","more":[1,2]}}`
	res := ask(t, url, "", "POST", base+"/signin/passkey", `{"credential":`+credential+`}`)
	if c.last() != "signinbypasskey 127.0.0.1 "+credential || !strings.HasPrefix(res.Header.Get("Set-Cookie"), "regie=fresh; Path=/;") {
		t.Errorf("%q, %v", c.last(), res.Header)
	}
	ask(t, url, "", "POST", base+"/setup", `{"token":"t","name":"Ana","passkey":{"name":"Phone","credential":`+credential+`}}`)
	if c.last() != "setupbypasskey t Ana Phone "+credential {
		t.Errorf("%q", c.last())
	}
	ask(t, url, "creator", "DELETE", base+"/me/passkeys/k1", "")
	if c.last() != "removepasskey k1 keep creator" || len(c.kicked) != 1 {
		t.Errorf("%q, kicked %v", c.last(), c.kicked)
	}
	for _, wrong := range []string{`{}`, `{"credential":` + credential + `,"more":1}`} {
		if res := ask(t, url, "", "POST", base+"/signin/passkey", wrong); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", wrong, res.StatusCode)
		}
	}
	big := `{"credential":"` + strings.Repeat("x", maxBody) + `"}`
	if res := ask(t, url, "", "POST", base+"/signin/passkey", big); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a big one: %d", res.StatusCode)
	}
}
