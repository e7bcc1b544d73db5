package review

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// TestAsk: what the service may answer, and what is no answer.
func TestAsk(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   Verdict // empty: the fall-back
		text   string
	}{
		"allow":          {says(200, `{"verdict":"allow","text":"ignored"}`), Allow, "hello"},
		"deny":           {says(200, `{"verdict":"deny"}`), Hold, "hello"},
		"modify":         {says(200, `{"verdict":"modify","text":"h***o"}`), Allow, "h***o"},
		"modify to none": {says(200, `{"verdict":"modify"}`), "", "hello"},
		"modify to much": {says(200, `{"verdict":"modify","text":"`+strings.Repeat("x", 501)+`"}`), "", "hello"},
		"unknown":        {says(200, `{"verdict":"maybe"}`), "", "hello"},
		"no JSON":        {says(200, `<html>`), "", "hello"},
		"an error":       {says(500, `{"verdict":"allow"}`), "", "hello"},
		"a redirect":     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/else", 302) }, "", "hello"},
		"too long":       {says(200, `{"verdict":"allow","x":"`+strings.Repeat("x", 9<<10)+`"}`), "", "hello"},
		"never":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "", "hello"},
	} {
		for _, fallback := range []Verdict{Allow, Hold} {
			t.Run(name+", else "+string(fallback), func(t *testing.T) {
				var got Asked
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_ = json.NewDecoder(r.Body).Decode(&got)
					test.answer(w, r)
				}))
				defer s.Close()
				h, err := New(show.ReviewHook{URL: s.URL, TimeoutMS: 1000, Fallback: string(fallback)}, []string{"127.0.0.1"}, quiet)
				if err != nil {
					t.Fatal(err)
				}
				defer h.Close()
				want := test.want
				if want == "" {
					want = fallback
				}
				if v, text := h.Ask(t.Context(), Asked{Session: "studio", Kind: show.IsMessage, Text: "hello", Flags: []string{"link"}}); v != want || text != test.text {
					t.Errorf("%s %q, want %s %q", v, text, want, test.text)
				}
				h.Close()
				s.Close() // the service is done with what it got
				if got.Session != "studio" || got.Text != "hello" || got.Kind != "message" || len(got.Flags) != 1 {
					t.Errorf("asked %+v", got)
				}
			})
		}
	}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// What leads inside is refused when it is set, or answered by the fall-back.
func TestInside(t *testing.T) {
	for _, hook := range []show.ReviewHook{
		{URL: "http://127.0.0.1:1/", TimeoutMS: 500, Fallback: "hold"},
		{URL: "https://169.254.169.254/latest", TimeoutMS: 500, Fallback: "hold"},
		{URL: "https://[::1]/", TimeoutMS: 500, Fallback: "hold"},
		{URL: "https://user:pw@review.example/", TimeoutMS: 500, Fallback: "hold"},
		{URL: "file:///etc/passwd", TimeoutMS: 500, Fallback: "hold"},
		{URL: "https://review.example/", TimeoutMS: 5000, Fallback: "hold"},
		{URL: "https://review.example/", TimeoutMS: 500, Fallback: "deny"},
	} {
		if h, err := New(hook, nil, quiet); err == nil {
			h.Close()
			t.Errorf("%+v is taken", hook)
		}
	}
	h, err := New(show.ReviewHook{URL: "https://localhost:1/", TimeoutMS: 1000, Fallback: "hold"}, nil, quiet)
	if err != nil {
		return // refused as early
	}
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if v, _ := h.Ask(ctx, Asked{Text: "x"}); v != Hold {
		t.Errorf("localhost was asked: %s", v)
	}
}
