package webhooks

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// TestTriedAgain: the same message at growing intervals, with a fresh time.
func TestTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir(), nil)
		id, _ := r.hook(t, receiver)
		r.answer = func(n int) (*outside.Answer, error) {
			switch n {
			case 1:
				return nil, errBroken
			case 2:
				return &outside.Answer{Status: 500}, nil
			case 3:
				return &outside.Answer{Status: 301}, nil
			}
			return &outside.Answer{Status: 200}, nil
		}
		must(t, r.Started("studio", "First session"))
		synctest.Wait()
		d := r.log(t, id)[0]
		if d.Outcome != show.DeliveryPending || d.Attempts != 1 || d.Error != errBroken.Error() || d.Next.Sub(d.At) != firstPause {
			t.Errorf("after the first: %+v", d)
		}
		if h := r.List()[0]; h.FailingSince.IsZero() || !h.Enabled {
			t.Errorf("%+v", h)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		got := r.requests()
		if len(got) != 4 {
			t.Fatalf("%d requests", len(got))
		}
		begin := got[0].at
		for i, after := range []time.Duration{0, 5 * time.Second, 30 * time.Second, 155 * time.Second} {
			q := got[i]
			if is := q.at.Sub(begin).Round(time.Second); is != after {
				t.Errorf("request %d after %v, want %v", i+1, is, after)
			}
			if q.header.Get("Webhook-Id") != got[0].header.Get("Webhook-Id") || q.body != got[0].body {
				t.Errorf("request %d is another message", i+1)
			}
			if i > 0 && q.header.Get("Webhook-Timestamp") == got[i-1].header.Get("Webhook-Timestamp") {
				t.Errorf("request %d has the time of the one before", i+1)
			}
		}
		if d := r.log(t, id)[0]; d.Outcome != show.Delivered || d.Attempts != 4 || d.Status != 200 || d.Error != "" || !d.Next.IsZero() {
			t.Errorf("%+v", d)
		}
		if !r.List()[0].FailingSince.IsZero() || r.counted(retried) != 3 || r.counted(delivered) != 1 {
			t.Errorf("%+v, %d retried, %d delivered", r.List()[0], r.counted(retried), r.counted(delivered))
		}
	})
}

// TestGivenUpAndSwitchedOff: a delivery after a day, a webhook after three.
func TestGivenUpAndSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := open(t, dir, nil)
		id, _ := r.hook(t, receiver)
		r.says(503)
		for range 4 {
			must(t, r.Pin("studio", show.Pin{ID: "p"}))
			time.Sleep(25 * time.Hour)
			synctest.Wait()
		}
		if len(r.log(t, id)) != 4 {
			t.Errorf("%+v", r.log(t, id))
		}
		for _, d := range r.log(t, id) {
			if d.Outcome != show.DeliveryFailed || d.Status != 503 || d.Attempts < 8 || d.Attempts > 12 {
				t.Errorf("%+v", d)
			}
		}
		h := r.List()[0]
		if h.Enabled || !strings.Contains(h.Why, "since 2000-01-01") || !strings.Contains(h.Why, "503") {
			t.Errorf("%+v", h)
		}
		tried := len(r.requests())
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		time.Sleep(time.Hour)
		if n := len(r.requests()); n != tried {
			t.Errorf("%d requests to a webhook that is off", n-tried)
		}
		stored, err := r.store.Webhooks(t.Context())
		must(t, err)
		if stored[0].Enabled || stored[0].Why != h.Why {
			t.Errorf("kept is %+v", stored[0])
		}
		r.says(200)
		must(t, r.Test(t.Context(), id)) // may be tried first
		synctest.Wait()
		yes := true
		if h, err := r.Change(t.Context(), root, id, show.WebhookPatch{Enabled: &yes}); err != nil || !h.Enabled || h.Why != "" {
			t.Errorf("%+v, %v", h, err)
		}
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		synctest.Wait()
		if n := len(r.requests()); n != tried+2 {
			t.Errorf("%d requests since it is on again", n-tried)
		}
	})
}

// TestWhatReceiversAsk: 410 ends it, Retry-After is kept within reason.
func TestWhatReceiversAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir(), nil)
		id, _ := r.hook(t, receiver)
		for after, want := range map[string]time.Duration{
			"120": 2 * time.Minute, "1": firstPause, "999999999999": firstPause, "864000": mostPause, "soon": firstPause,
			time.Now().Add(time.Hour).UTC().Format(http.TimeFormat): time.Hour,
		} {
			r.says(429, "Retry-After", after)
			begin := time.Now()
			must(t, r.Pin("studio", show.Pin{ID: "p"}))
			synctest.Wait()
			if d := r.log(t, id)[0]; d.Next.Sub(begin).Round(time.Second) != want && after != "999999999999" {
				t.Errorf("Retry-After: %s waits %v, want %v", after, d.Next.Sub(begin), want)
			}
		}
		r.says(http.StatusGone)
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		synctest.Wait()
		if h := r.List()[0]; h.Enabled || !strings.Contains(h.Why, "410") {
			t.Errorf("%+v", h)
		}
		for _, d := range r.log(t, id) {
			if d.Outcome == show.DeliveryPending {
				t.Errorf("waits for a webhook that is off: %+v", d)
			}
		}
	})
}

// TestBounds: what waits is bounded, and what one receiver does is no other's matter.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir(), nil)
		id, _ := r.hook(t, receiver, show.HookPin)
		other, _ := r.hook(t, receiver, show.HookQuestion)
		hangs, release := make(chan struct{}), make(chan struct{})
		r.answer = func(n int) (*outside.Answer, error) {
			if n > 1 {
				return &outside.Answer{Status: 200}, nil
			}
			r.mu.Unlock()
			close(hangs)
			<-release
			r.mu.Lock()
			return &outside.Answer{Status: 200}, nil
		}
		must(t, r.Pin("studio", show.Pin{ID: "0"}))
		<-hangs
		for range waiting + 4 {
			must(t, r.Pin("studio", show.Pin{ID: "p"}))
		}
		must(t, r.Question("studio", show.Question{ID: "q", Text: "why?"}))
		synctest.Wait()
		if d := r.log(t, other); len(d) != 1 || d[0].Outcome != show.Delivered {
			t.Errorf("the other webhook: %+v", d)
		}
		if n := r.counted(overflown); n != 5 {
			t.Errorf("%d were dropped, want 5", n)
		}
		close(release)
		synctest.Wait()
		if n := len(r.requests()); n != waiting+2 {
			t.Errorf("%d requests", n)
		}
		if n := len(r.log(t, id)); n != settled {
			t.Errorf("%d are listed", n)
		}
		must(t, r.Remove(t.Context(), root, id))
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		synctest.Wait()
		if n := len(r.requests()); n != waiting+2 {
			t.Errorf("a webhook that was deleted is told")
		}
		audit, err := r.store.Audit(t.Context(), 10)
		must(t, err)
		if a := audit[0]; a.Act != "webhook.remove" || a.Of != "hooks.example" || a.By != "Root" {
			t.Errorf("%+v", a)
		}
	})
}
