package webhooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// TestRotate: for a day both secrets sign, also after a restart, then the new one alone.
func TestRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := open(t, dir, nil)
		id, first := r.hook(t, receiver)
		begin := time.Now()
		h, second, err := r.Rotate(t.Context(), root, id)
		must(t, err)
		if first == second || !strings.HasPrefix(string(second), "whsec_") || h.OldSecretUntil.Sub(begin) != 24*time.Hour {
			t.Errorf("%q after %q, which signs until %v", string(second), string(first), h.OldSecretUntil)
		}
		if l := r.List()[0]; l.OldSecretUntil != h.OldSecretUntil || strings.Contains(fmt.Sprintf("%+v", l), "whsec_") {
			t.Errorf("%+v", l)
		}
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		synctest.Wait()
		r.signedBy(t, second, first)
		stored, err := r.store.Webhooks(t.Context())
		must(t, err)
		if got := secretsOf(stored[0], time.Now()); len(got) != 2 || got[0] != second || got[1] != first {
			t.Errorf("kept are %d secrets", len(got))
		}
		time.Sleep(23 * time.Hour)
		must(t, r.Pin("studio", show.Pin{ID: "q"}))
		synctest.Wait()
		r.signedBy(t, second, first)
		time.Sleep(2 * time.Hour)
		must(t, r.Pin("studio", show.Pin{ID: "r"}))
		synctest.Wait()
		r.signedBy(t, second)
		if l := r.List()[0]; !l.OldSecretUntil.IsZero() {
			t.Errorf("%+v", l)
		}
		_, third, err := r.Rotate(t.Context(), root, id)
		must(t, err)
		stored, err = r.store.Webhooks(t.Context())
		must(t, err)
		if got := secretsOf(stored[0], time.Now()); len(stored[0].Old) != 1 || len(got) != 2 || got[0] != third || got[1] != second {
			t.Errorf("kept are %d old secrets", len(stored[0].Old))
		}
	})
}

// TestRotateOften: a secret that was lost is replaced again; what receivers may have
// signs on, and not without end.
func TestRotateOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir(), nil)
		if _, _, err := r.Rotate(t.Context(), root, "nobody"); err != errNoWebhook {
			t.Errorf("%v", err)
		}
		id, first := r.hook(t, receiver)
		all := []show.HookSecret{first}
		for range maxOld {
			_, secret, err := r.Rotate(t.Context(), root, id)
			must(t, err)
			all = append([]show.HookSecret{secret}, all...)
		}
		if _, secret, err := r.Rotate(t.Context(), root, id); err == nil || secret != "" || !strings.Contains(err.Error(), "replaced 3 times within a day") {
			t.Errorf("once more: %v", err)
		}
		must(t, r.Pin("studio", show.Pin{ID: "p"}))
		synctest.Wait()
		r.signedBy(t, all...)
		time.Sleep(25 * time.Hour)
		if _, _, err := r.Rotate(t.Context(), root, id); err != nil {
			t.Error(err)
		}
	})
}

// signedBy wants the last request signed by these secrets and by no other.
func (r *rig) signedBy(t *testing.T, secrets ...show.HookSecret) {
	t.Helper()
	got := r.requests()
	last := got[len(got)-1]
	h, err := signed(secrets, last.header.Get("Webhook-Id"), last.at, []byte(last.body))
	must(t, err)
	is, want := last.header.Get("Webhook-Signature"), h.Get("Webhook-Signature")
	if is != want || strings.Count(is, "v1,") != len(secrets) || strings.Count(is, " ") != len(secrets)-1 {
		t.Errorf("signed %q, want %q", is, want)
	}
}

// TestOperatorRotates: the command's answer has the new secret, and until when the old
// one signs.
func TestOperatorRotates(t *testing.T) {
	r := idle(t, t.TempDir(), nil)
	id, first := r.hook(t, receiver)
	mux := http.NewServeMux()
	r.OperatorRoutes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/webhooks/"+string(id)+"/secret", nil))
	var made Made
	must(t, json.Unmarshal(w.Body.Bytes(), &made))
	if made.ID != id || !strings.HasPrefix(made.Secret, "whsec_") || made.Secret == string(first) || made.OldSecretUntil.IsZero() || strings.Contains(w.Body.String(), string(first)) {
		t.Errorf("%d: %+v", w.Code, made)
	}
}
