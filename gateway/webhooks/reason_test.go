package webhooks

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// TestReasons: what can go wrong with real servers has its word, and its sentence.
func TestReasons(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	serve := func(h http.HandlerFunc, start func(http.Handler) *httptest.Server) string {
		s := start(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	slow := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then a server sees that the client leaves
		<-r.Context().Done()
	}
	for name, test := range map[string]struct {
		url    string
		within time.Duration
		want   show.HookReason
		says   string
	}{
		"taken":       {serve(answer(204, ""), httptest.NewServer), time.Minute, "", ""},
		"error":       {serve(answer(500, "oops"), httptest.NewServer), time.Minute, show.HookStatus, ""},
		"gone":        {serve(answer(410, ""), httptest.NewServer), time.Minute, show.HookGone, ""},
		"redirect":    {serve(answer(307, ""), httptest.NewServer), time.Minute, show.HookRedirects, "enter the address"},
		"long":        {serve(answer(200, strings.Repeat("x", 2000)), httptest.NewServer), time.Minute, show.HookLong, "a 204 without a body"},
		"slow":        {serve(slow, httptest.NewServer), 50 * time.Millisecond, show.HookSlow, "did not answer within"},
		"certificate": {serve(answer(200, ""), httptest.NewTLSServer), time.Minute, show.HookCertificate, "certificate"},
		"closed":      {closed.URL, time.Minute, show.HookClosed, "refused"},
		"refused":     {"https://10.1.2.3/", time.Minute, show.HookRefused, "not on the public internet"},
	} {
		c := outside.New(outside.Options{Allow: []string{"127.0.0.1"}, Timeout: test.within, MaxBytes: 1000})
		a, err := c.Post(t.Context(), test.url, http.Header{}, []byte("{}"))
		var d show.StoredDelivery
		judged(&d, a, err)
		if d.Reason != test.want || !strings.Contains(d.Error, test.says) || (d.Outcome == show.Delivered) != (test.want == "") {
			t.Errorf("%s: %q, %+v", name, d.Reason, d.Delivery)
		}
		c.Close()
	}
	for err, want := range map[error]show.HookReason{
		fmt.Errorf("a.example cannot be asked: %w", &net.DNSError{Err: "no such host", IsNotFound: true}): show.HookNoHost,
		errors.New("something else"): show.HookUnreachable,
	} {
		if _, reason := inWords(err); reason != want {
			t.Errorf("%v is %q", err, reason)
		}
	}
}
