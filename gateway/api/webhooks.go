package api

import (
	"context"

	"github.com/regie-live/regie/gateway/show"
)

// Webhooks tell other systems what happens; package webhooks has them. Who may is
// decided here.
type Webhooks interface {
	List() []show.Webhook
	Add(context.Context, show.Principal, show.NewWebhook) (show.Webhook, show.HookSecret, error)
	Change(context.Context, show.Principal, show.WebhookID, show.WebhookPatch) (show.Webhook, error)
	Rotate(context.Context, show.Principal, show.WebhookID) (show.Webhook, show.HookSecret, error)
	Remove(context.Context, show.Principal, show.WebhookID) error
	Test(context.Context, show.WebhookID) error
	Deliveries(context.Context, show.WebhookID) ([]show.Delivery, error)
}

type webhookMade struct {
	show.Webhook
	Secret string `json:"secret" doc:"Signs what is sent (standard-webhooks); shown this once"`
}

type OfWebhook struct {
	ID show.WebhookID `path:"id" maxLength:"64"`
}

func (s *server) webhooks() {
	on(s, "GET", "/webhooks", users, "The addresses that are told what happens", s.listWebhooks)
	on(s, "POST", "/webhooks", users, "Tell an address what happens", s.addWebhook, created)
	on(s, "PATCH", "/webhooks/{id}", users, "Change a webhook, or switch it on or off", s.changeWebhook)
	on(s, "POST", "/webhooks/{id}/secret", users, "Give a webhook another secret; the one before signs too for 24 hours", s.rotateWebhook)
	on(s, "DELETE", "/webhooks/{id}", users, "Delete a webhook, with what waits for it", s.removeWebhook)
	on(s, "POST", "/webhooks/{id}/test", users, "Send a webhook a test, once; its deliveries say what became of it", s.testWebhook)
	on(s, "GET", "/webhooks/{id}/deliveries", users, "What was sent to a webhook and what waits for it, the newest first", s.deliveries)
}

var errNoWebhooks = off("There are no webhooks on this server")

func (s *server) listWebhooks(context.Context, *nothing) (*body[[]show.Webhook], error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	return listed(s.Webhooks.List(), nil)
}

func (s *server) addWebhook(ctx context.Context, in *body[show.NewWebhook]) (*body[webhookMade], error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	h, secret, err := s.Webhooks.Add(ctx, callerOf(ctx).Principal, in.Body)
	return &body[webhookMade]{webhookMade{h, string(secret)}}, err
}

func (s *server) changeWebhook(ctx context.Context, in *struct {
	OfWebhook
	Body show.WebhookPatch
}) (*body[show.Webhook], error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	h, err := s.Webhooks.Change(ctx, callerOf(ctx).Principal, in.ID, in.Body)
	return &body[show.Webhook]{h}, err
}

func (s *server) rotateWebhook(ctx context.Context, in *OfWebhook) (*body[webhookMade], error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	h, secret, err := s.Webhooks.Rotate(ctx, callerOf(ctx).Principal, in.ID)
	return &body[webhookMade]{webhookMade{h, string(secret)}}, err
}

func (s *server) removeWebhook(ctx context.Context, in *OfWebhook) (*nothing, error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	return nil, s.Webhooks.Remove(ctx, callerOf(ctx).Principal, in.ID)
}

func (s *server) testWebhook(ctx context.Context, in *OfWebhook) (*nothing, error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	return nil, s.Webhooks.Test(ctx, in.ID)
}

func (s *server) deliveries(ctx context.Context, in *OfWebhook) (*body[[]show.Delivery], error) {
	if s.Webhooks == nil {
		return nil, errNoWebhooks
	}
	list, err := s.Webhooks.Deliveries(ctx, in.ID)
	return listed(list, err)
}
