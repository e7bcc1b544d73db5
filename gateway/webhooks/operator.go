package webhooks

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

// operator is who runs the machine.
var operator = show.Principal{Kind: show.MachineOperator, Name: "operator"}

const maxAsk = 16 << 10

// Made is a webhook with its new secret, which is not to be had again.
type Made struct {
	show.Webhook
	Secret string `json:"secret"`
}

// OperatorRoutes puts what the commands `regie webhook …` ask for onto the operator's
// port. There is no password: who reaches it may all.
func (s *Service) OperatorRoutes(mux *http.ServeMux) {
	handle := func(pattern string, do func(*http.Request, show.WebhookID) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxAsk)
			v, err := do(r, show.WebhookID(r.PathValue("id")))
			if err != nil {
				s.refuse(w, err)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if v != nil {
				_ = json.NewEncoder(w).Encode(v) // whoever asked has left
			}
		})
	}
	handle("GET /webhooks", func(*http.Request, show.WebhookID) (any, error) { return s.List(), nil })
	handle("POST /webhooks", func(r *http.Request, _ show.WebhookID) (any, error) {
		var n show.NewWebhook
		if err := read(r, &n); err != nil {
			return nil, err
		}
		h, secret, err := s.Add(r.Context(), operator, n)
		return Made{h, string(secret)}, err
	})
	handle("PATCH /webhooks/{id}", func(r *http.Request, id show.WebhookID) (any, error) {
		var p show.WebhookPatch
		if err := read(r, &p); err != nil {
			return nil, err
		}
		return s.Change(r.Context(), operator, id, p)
	})
	handle("DELETE /webhooks/{id}", func(r *http.Request, id show.WebhookID) (any, error) {
		return nil, s.Remove(r.Context(), operator, id)
	})
	handle("POST /webhooks/{id}/secret", func(r *http.Request, id show.WebhookID) (any, error) {
		h, secret, err := s.Rotate(r.Context(), operator, id)
		return Made{h, string(secret)}, err
	})
	handle("POST /webhooks/{id}/test", func(r *http.Request, id show.WebhookID) (any, error) {
		return nil, s.Test(r.Context(), id)
	})
	handle("GET /webhooks/{id}/deliveries", func(r *http.Request, id show.WebhookID) (any, error) {
		return s.Deliveries(r.Context(), id)
	})
}

func read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return no(show.Invalid, "the body is not what was expected: %v", err)
	}
	return nil
}

func (s *Service) refuse(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	var e *show.Error
	if !errors.As(err, &e) {
		status = http.StatusInternalServerError
		s.log.Error("an operator's request for webhooks failed", "error", err)
	}
	problem.Write(w, problem.Problem{Status: status, Title: "That was not done", Detail: err.Error()})
}
