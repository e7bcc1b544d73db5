// Package review asks a service of the operator's what it thinks of a message
// before viewers see it.
//
// It guarantees:
//   - A message waits for the service no longer than the hook's time limit; what
//     happens without an answer was declared beforehand: allow or hold.
//   - Only a clear answer counts. Another status than 200, anything but JSON, an
//     unknown verdict or an empty text is no answer.
//   - The service is asked through internal/outside, so that its address cannot be
//     turned against our own network.
//
// The request is a POST of JSON {session, kind, id, author, name, text, flags, at};
// the answer {"verdict": "allow"|"deny"|"modify", "text": "…"}, with a text if it
// is to be shown in place of what was written.
package review

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// maxText is what a viewer may write as well.
const maxText = 500

// waiting is how many messages may wait at once; more go the declared way at once.
const waiting = 64

// Verdict is what became of a message.
type Verdict string

// The verdicts.
const (
	Allow Verdict = "allow"
	Hold  Verdict = "hold"
)

// Asked is what the service sees.
type Asked struct {
	Session show.SessionID `json:"session"`
	Kind    show.SaidKind  `json:"kind"`
	ID      string         `json:"id"`
	Author  show.ViewerID  `json:"author"`
	Name    string         `json:"name"`
	Text    string         `json:"text"`
	Flags   []string       `json:"flags"`
	At      time.Time      `json:"at"`
}

// Hook asks one service.
type Hook struct {
	hook   show.ReviewHook
	client *outside.Client
	log    *slog.Logger
	now    atomic.Int64 // waiting
}

// New checks the hook; its address is refused early if it leads inside as written.
func New(h show.ReviewHook, allow []string, log *slog.Logger) (*Hook, error) {
	switch {
	case h.TimeoutMS < 50 || h.TimeoutMS > 2000:
		return nil, fmt.Errorf("timeout_ms is %d; choose 50 to 2000", h.TimeoutMS)
	case h.Fallback != string(Allow) && h.Fallback != string(Hold):
		return nil, fmt.Errorf("fallback is %.20q; choose allow or hold", h.Fallback)
	}
	client := outside.New(outside.Options{
		Allow: allow, Timeout: time.Duration(h.TimeoutMS) * time.Millisecond, MaxBytes: 8 << 10, UserAgent: "Regie-Review",
	})
	if err := client.Check(h.URL); err != nil {
		return nil, err
	}
	return &Hook{hook: h, client: client, log: log}, nil
}

// Close ends connections that are kept.
func (h *Hook) Close() { h.client.Close() }

// Ask says what to do with a message, and its text. It never fails.
func (h *Hook) Ask(ctx context.Context, a Asked) (Verdict, string) {
	v, text, err := h.ask(ctx, a)
	if err != nil {
		h.log.Warn("a review hook gave no answer", "session", a.Session, "fallback", h.hook.Fallback, "error", err)
		return Verdict(h.hook.Fallback), a.Text
	}
	return v, text
}

func (h *Hook) ask(ctx context.Context, a Asked) (Verdict, string, error) {
	defer h.now.Add(-1)
	if h.now.Add(1) > waiting {
		return "", "", fmt.Errorf("%d messages wait for it already", waiting)
	}
	sent, err := json.Marshal(a)
	if err != nil {
		return "", "", err
	}
	res, err := h.client.Post(ctx, h.hook.URL, http.Header{"Content-Type": {"application/json"}}, sent)
	if err != nil {
		return "", "", err
	}
	var said struct{ Verdict, Text string }
	if res.Status != http.StatusOK {
		return "", "", fmt.Errorf("the status is %d", res.Status)
	}
	if err := json.Unmarshal(res.Body, &said); err != nil {
		return "", "", fmt.Errorf("the answer is no JSON: %w", err)
	}
	switch said.Verdict {
	case "allow":
		return Allow, a.Text, nil
	case "deny":
		return Hold, a.Text, nil // a moderator has the last word
	case "modify":
		if n := utf8.RuneCountInString(said.Text); n == 0 || n > maxText || !utf8.ValidString(said.Text) {
			return "", "", fmt.Errorf("the new text has %d characters", n)
		}
		return Allow, said.Text, nil
	}
	return "", "", fmt.Errorf("there is no verdict %.20q", said.Verdict)
}
