package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestWebhooks: another system is told what happens, signed; the office shows that;
// and after a kill -9 it hears what it could not be told before.
func TestWebhooks(t *testing.T) {
	w := newReceiver(t)
	a := start(t, setup{more: fmt.Sprintf("outside: {allow: [%q]}", strings.TrimPrefix(w.URL, "http://"))})
	w.secret = a.webhook(w.URL)
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	w.awaits("session.started", `"session":"studio","title":"Session studio"`)

	root := a.setUp()
	var product struct{ ID string }
	root.ask("products", map[string]string{"title": "Cup", "price": "12.50", "currency": "EUR", "url": "https://shop.example/cup"}, &product)
	var pin struct{ ID string }
	root.ask("sessions/studio/pins", map[string]string{"product": product.ID}, &pin)
	w.awaits("pin.shown", `"id":"`+pin.ID+`"`)

	const id, text = "question-of-e2e-01", "Which clay is that?"
	root.ask("sessions/studio/room/questions", map[string]string{"id": id, "text": text}, &struct{}{})
	if status, detail := root.change("sessions/studio/room/questions/"+id, map[string]string{"state": "on_air"}); status != http.StatusOK {
		t.Fatalf("the question is not put on air: %d %s", status, detail)
	}
	w.awaits("question.on_air", text)

	p := startBrowser(t).open(a.url("/signin?next=/admin"))
	p.fill("name", "Ana")
	p.fill("password", "clay, fire and patience")
	p.click("Sign in")
	p.reads(20*time.Second, "Webhooks")
	evaluate[bool](p, `(location.hash = "webhooks", true)`)
	p.click("Send a test to " + w.URL)
	p.reads(30*time.Second, "a test")
	w.awaits("webhook.test", "asked for it")
	eventually(t, 20*time.Second, "the page says that all has arrived", func() bool {
		return evaluate[int](p, `document.querySelectorAll('.outcome.delivered').length`) == 4
	})
	p.noErrors()

	w.answers(http.StatusServiceUnavailable)
	root.ask("sessions/studio/pins", map[string]string{"product": product.ID}, &pin)
	a.terminate(syscall.SIGKILL)
	w.answers(http.StatusNoContent)
	a.run()
	w.awaits("pin.shown", `"id":"`+pin.ID+`"`)
	w.awaits("session.ended", `"session":"studio"`)
	if n := a.metric("regie_webhook_deliveries_total", label("outcome", "ok")); n < 1 {
		t.Errorf("%v deliveries are counted", n)
	}
}

// webhook makes one for everything, as the operator, and gives its secret.
func (a *appliance) webhook(url string) string {
	a.t.Helper()
	body := fmt.Sprintf(`{"url":%q,"events":["session.started","session.ended","question.on_air","pin.shown"]}`, url)
	status, text, _ := send(a.t, http.MethodPost, "http://"+a.ports.Metrics+"/webhooks", "application/json", body, nil)
	var made struct{ Secret string }
	if err := json.Unmarshal([]byte(text), &made); status != http.StatusOK || err != nil || !strings.HasPrefix(made.Secret, "whsec_") {
		a.t.Fatalf("%d %s", status, text)
	}
	return made.Secret
}

// receiver is another system that is told what happens.
type receiver struct {
	*httptest.Server
	t      *testing.T
	secret string // set before anything is told

	mu     sync.Mutex
	status int
	taken  []string
}

func newReceiver(t *testing.T) *receiver {
	w := &receiver{t: t, status: http.StatusNoContent}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *receiver) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
	if err != nil || r.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		w.t.Errorf("the signature is not of this message: %v %s", r.Header, body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	rw.WriteHeader(w.status)
	if w.status/100 == 2 {
		w.taken = append(w.taken, string(body))
	}
}

func (w *receiver) answers(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

// awaits waits for an event that says something.
func (w *receiver) awaits(event, says string) {
	w.t.Helper()
	eventually(w.t, 40*time.Second, event+" with "+says, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, b := range w.taken {
			if strings.HasPrefix(b, `{"type":"`+event+`"`) && strings.Contains(b, says) {
				return true
			}
		}
		return false
	})
}
