package deploy_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

const secret = "not-a-secret-at-all-but-long-enough"

// varnishToken is what the comment in authorise-signed.vcl tells how to make.
func varnishToken(session string, expires time.Time, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d/live/%s/", expires.Unix(), session)
	return fmt.Sprintf("%d.%s", expires.Unix(), hex.EncodeToString(h.Sum(nil)))
}

// nginxToken is the same for regie-signed.inc.
func nginxToken(session string, expires time.Time, secret string) string {
	sum := md5.Sum(fmt.Appendf(nil, "%d/live/%s/ %s", expires.Unix(), session, secret))
	return fmt.Sprintf("%d.%s", expires.Unix(), base64.RawURLEncoding.EncodeToString(sum[:]))
}

// TestSignedLinks: what is in the cache is there for who has a token, and for
// nobody else.
func TestSignedLinks(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	varnish, _ := startVarnish(t, o.address(), secret+"\n")
	nginx, _ := startNginx(t, o.address(), "#include", "include", "#internal", "internal")
	soon, past := time.Now().Add(time.Minute), time.Now().Add(-time.Minute)

	for _, c := range []struct {
		what, method, target string // TOKEN is replaced
		token                func(make func(string, time.Time, string) string, secret string) string
		header               bool // the token goes into Authorization
		varnish, nginx       int
	}{
		{what: "a signed link", target: "/signed/TOKEN" + stream, token: good("studio", soon), varnish: 200, nginx: 200},
		{what: "from the cache", target: "/signed/TOKEN" + stream, token: good("studio", soon), varnish: 200, nginx: 200},
		{what: "another one", target: "/signed/TOKEN" + stream + "?x=1", token: good("studio", soon.Add(time.Hour)), varnish: 200, nginx: 200},
		{what: "in the header", target: stream, token: good("studio", soon), header: true, varnish: 200, nginx: 404},
		{what: "none", target: stream, varnish: 401, nginx: 404},
		{what: "in the query", target: stream + "?token=TOKEN", token: good("studio", soon), varnish: 401, nginx: 404},
		{what: "an empty one", target: "/signed//live/studio/index.m3u8", varnish: 400, nginx: 403},
		{what: "nonsense", target: "/signed/1.2" + stream, varnish: 401, nginx: 403},
		{what: "expired", target: "/signed/TOKEN" + stream, token: good("studio", past), varnish: 403, nginx: 403},
		{what: "of another session", target: "/signed/TOKEN" + stream, token: good("other", soon), varnish: 403, nginx: 403},
		{what: "of another secret", target: "/signed/TOKEN" + stream, token: func(make func(string, time.Time, string) string, _ string) string {
			return make("studio", soon, "guessed-and-long-enough")
		}, varnish: 403, nginx: 403},
		{what: "another spelling", target: "/%6cive/studio/180p/stream.m3u8", varnish: 400, nginx: 404},
		{what: "and another", target: "/s/../live/studio/180p/stream.m3u8", varnish: 400, nginx: 404},
		{what: "and another", target: "//live/studio/180p/stream.m3u8", varnish: 400, nginx: 404},
		{what: "WHEP without", method: "POST", target: "/live/studio/whep", varnish: 401, nginx: 403},
		{what: "WHEP with", method: "POST", target: "/live/studio/whep", token: good("studio", soon), header: true, varnish: 201, nginx: 403},
		{what: "a page", target: "/s/studio", varnish: 200, nginx: 200},
	} {
		for name, at := range map[string]struct {
			address string
			make    func(string, time.Time, string) string
			secret  string
			want    int
		}{
			"varnish": {varnish, varnishToken, secret, c.varnish},
			"nginx":   {nginx, nginxToken, "SECRET", c.nginx},
		} {
			token, header, method := "", []string{"", ""}, "GET"
			if c.token != nil {
				token = c.token(at.make, at.secret)
			}
			if c.header {
				header = []string{"Authorization", "Bearer " + token}
			}
			if c.method != "" {
				method = c.method
			}
			got := request(t, method, at.address, strings.ReplaceAll(c.target, "TOKEN", token), "", header...)
			if got.status != at.want {
				t.Errorf("%s, %s: %d, want %d\n%.200s", name, c.what, got.status, at.want, got.body)
			}
			if got.status != 200 && strings.Contains(got.body, "#EXTM3U") {
				t.Errorf("%s, %s: a playlist comes with %d", name, c.what, got.status)
			}
		}
	}
	if n := len(o.requests()); n != 2+1+2 { // a playlist and a page for each, and WHEP
		t.Errorf("%d requests came to the origin", n)
	}
}

func good(session string, expires time.Time) func(func(string, time.Time, string) string, string) string {
	return func(make func(string, time.Time, string) string, secret string) string {
		return make(session, expires, secret)
	}
}

// TestSignedWithoutSecret: a file that is missing lets nobody in, least of all who
// signs with nothing.
func TestSignedWithoutSecret(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	varnish, _ := startVarnish(t, o.address(), "\n")
	target := "/signed/" + varnishToken("studio", time.Now().Add(time.Minute), "") + stream
	if got := request(t, "GET", varnish, target, ""); got.status != 500 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
