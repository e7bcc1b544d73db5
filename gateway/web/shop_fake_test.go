package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// withShop answers what the office asks of products, words and webhooks, in the
// shapes of package api; everything else is the office's.
func (s *officeServer) withShop() *officeServer {
	office := s.Config.Handler
	stock := 32
	product := map[string]any{
		"id": "p1", "session": "studio", "title": "Celadon mug", "price": "24.50", "currency": "EUR", "url": "https://shop.example/mug",
		"stock": stock, "offer_ends": officeTime, "picture_error": "the picture is larger than 1 MiB",
	}
	answers := map[string]any{
		"GET products":         []any{product, map[string]any{"id": "p2", "title": "Glaze kit", "price": "60.00", "currency": "EUR", "url": "https://shop.example/kit"}},
		"POST products":        map[string]any{"id": "p9"},
		"POST products/import": map[string]any{"changes": []string{"add Tea bowl, 31.00 EUR", "change Celadon mug: stock \"32\" becomes \"12\""}, "warnings": []string{"1 pictures are fetched afterwards"}},
		"GET webhooks": []any{
			map[string]any{"id": "w1", "url": "https://hooks.example/regie", "events": []string{"session.started", "pin.shown"}, "enabled": true},
			map[string]any{"id": "w3", "url": "https://old.example/hook", "events": []string{"pin.shown"}, "enabled": false, "why": "it answered 410: it wants to hear nothing more", "reason": "gone", "old_secret_until": officeTime},
		},
		"POST webhooks":           map[string]any{"id": "w2", "url": "https://hooks.example/new", "events": []string{"session.started"}, "enabled": true, "secret": "whsec_SECRET"},
		"POST webhooks/w1/secret": map[string]any{"id": "w1", "url": "https://hooks.example/regie", "events": []string{"session.started", "pin.shown"}, "enabled": true, "secret": "whsec_OTHER", "old_secret_until": officeTime},
		"GET webhooks/w1/deliveries": []any{
			map[string]any{"id": "d1", "event": "pin.shown", "at": officeTime, "outcome": "delivered", "attempts": 2, "status": 200},
			map[string]any{"id": "d2", "event": "pin.shown", "at": officeTime, "outcome": "failed", "attempts": 9, "error": "hooks.example cannot be asked: dial tcp: connection refused", "reason": "closed"},
		},
		"GET event/words": map[string]any{"words": []string{"d*mn", "casino"}, "lists": []string{"en"}, "review": map[string]any{"url": "https://review.example/", "timeout_ms": 800, "fallback": "hold"}},
	}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, inAPI := strings.CutPrefix(r.URL.Path, "/api/v1/")
		kind, _, _ := strings.Cut(rest, "/")
		if !inAPI || kind != "products" && kind != "webhooks" && rest != "event/words" {
			office.ServeHTTP(w, r)
			return
		}
		s.serveShop(w, r, rest, answers[r.Method+" "+rest])
	})
	return s
}

func (s *officeServer) serveShop(w http.ResponseWriter, r *http.Request, rest string, answer any) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.Method != http.MethodGet {
		s.mu.Lock()
		s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+strings.TrimSuffix(rest+"?"+r.URL.RawQuery, "?")+" "+string(body)))
		s.mu.Unlock()
	}
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the page has gone
}
