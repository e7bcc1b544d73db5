package api

import (
	"context"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// pigeons are the webhooks of the company: there is one, w1.
type pigeons struct{ *company }

func (pigeons) List() []show.Webhook {
	return []show.Webhook{{ID: "w1", URL: "https://a.example/", Events: []show.HookEvent{show.HookPin}, Enabled: true}}
}
func (c pigeons) Add(_ context.Context, _ show.Principal, n show.NewWebhook) (show.Webhook, show.HookSecret, error) {
	return show.Webhook{ID: "w2", URL: n.URL, Events: n.Events}, "whsec_x", c.note("tell " + n.URL)
}
func (c pigeons) Change(_ context.Context, _ show.Principal, id show.WebhookID, p show.WebhookPatch) (show.Webhook, error) {
	what := "change "
	if p.Enabled != nil && !*p.Enabled {
		what = "switch off "
	}
	return show.Webhook{ID: id}, c.note(what + string(id))
}
func (c pigeons) Rotate(_ context.Context, _ show.Principal, id show.WebhookID) (show.Webhook, show.HookSecret, error) {
	return show.Webhook{ID: id}, "whsec_y", c.note("rotate " + string(id))
}
func (c pigeons) Remove(_ context.Context, _ show.Principal, id show.WebhookID) error {
	return c.note("remove " + string(id))
}
func (c pigeons) Test(_ context.Context, id show.WebhookID) error {
	return c.note("test " + string(id))
}
func (pigeons) Deliveries(context.Context, show.WebhookID) ([]show.Delivery, error) {
	return []show.Delivery{{ID: "msg_1", Event: show.HookPin, Outcome: show.Delivered, Attempts: 2, Status: 204}}, nil
}

func TestWebhooks(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		status             int
		does, says         string
	}{
		{"GET", "/webhooks", "", 200, "", `"events":["pin.shown"]`},
		{"POST", "/webhooks", `{"url":"https://b.example/","events":["pin.shown"]}`, 201, "tell https://b.example/", `"secret":"whsec_x"`},
		{"POST", "/webhooks", `{"url":"https://b.example/","events":["pin.shown"],"secret":"mine"}`, 422, "", "secret"},
		{"PATCH", "/webhooks/w1", `{"enabled":false}`, 200, "switch off w1", `"id":"w1"`},
		{"PATCH", "/webhooks/w1", `{"events":["pin.shown"]}`, 200, "change w1", ""},
		{"POST", "/webhooks/w1/secret", "", 200, "rotate w1", `"secret":"whsec_y"`},
		{"POST", "/webhooks/w1/test", "", 204, "test w1", ""},
		{"GET", "/webhooks/w1/deliveries", "", 200, "", `"outcome":"delivered","attempts":2,"status":204`},
		{"DELETE", "/webhooks/w1", "", 204, "remove w1", ""},
	} {
		t.Run(test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			c := &company{}
			res := ask(t, serve(t, c), "admin", test.method, base+test.path, test.body)
			if res.StatusCode != test.status || c.last() != test.does || !strings.Contains(res.text, test.says) {
				t.Errorf("%d, %q, %s", res.StatusCode, c.last(), res.text)
			}
			if test.method == "GET" && strings.Contains(res.text, "whsec_") {
				t.Error("the secret is shown again")
			}
		})
	}
}
