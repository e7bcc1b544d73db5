package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// What is said of an event; its type and its time stand beside it.
type (
	// sessionData is of session.started and session.ended.
	sessionData struct {
		Session show.SessionID `json:"session"`
		Title   string         `json:"title"`
		Started time.Time      `json:"started"`
		Ended   time.Time      `json:"ended,omitzero"`
	}
	questionData struct {
		Session  show.SessionID `json:"session"`
		Question question       `json:"question"`
	}
	question struct {
		ID   string    `json:"id"`
		Name string    `json:"name"`
		Text string    `json:"text"`
		At   time.Time `json:"at"` // when it was asked
	}
	pinData struct {
		Session show.SessionID `json:"session"`
		Pin     show.Pin       `json:"pin"`
	}
	testData struct {
		Webhook show.WebhookID `json:"webhook"`
		Says    string         `json:"says"`
	}
)

// Started says that a session is on air. One that is so already is told nothing of.
func (s *Service) Started(of show.SessionID, title string) error {
	now := s.stamp()
	s.mu.Lock()
	_, already := s.live[of]
	on := show.ToldOnAir{Session: of, Title: title, Since: now}
	if !already {
		s.live[of] = on
	}
	s.mu.Unlock()
	if already {
		return nil
	}
	return s.tell(show.HookStarted, now, sessionData{Session: of, Title: title, Started: now}, &on, "")
}

// Ended says that a session is on air no more.
func (s *Service) Ended(of show.SessionID) error {
	s.mu.Lock()
	was, ok := s.live[of]
	delete(s.live, of)
	s.mu.Unlock()
	if !ok {
		return nil
	}
	now := s.stamp()
	return s.tell(show.HookEnded, now, sessionData{Session: of, Title: was.Title, Started: was.Since, Ended: now}, nil, of)
}

// Question says that a question was put on air.
func (s *Service) Question(of show.SessionID, q show.Question) error {
	return s.tell(show.HookQuestion, s.stamp(), questionData{of, question{ID: q.ID, Name: q.Name, Text: q.Text, At: q.At}}, nil, "")
}

// Pin says that a product was pinned.
func (s *Service) Pin(of show.SessionID, p show.Pin) error {
	return s.tell(show.HookPin, s.stamp(), pinData{of, p}, nil, "")
}

// tell puts an event into the outbox of everybody who is told of it.
func (s *Service) tell(e show.HookEvent, at time.Time, data any, on *show.ToldOnAir, off show.SessionID) error {
	hooks := s.subscribed(e)
	if len(hooks) == 0 && on == nil && off == "" {
		return nil
	}
	return s.send(hooks, e, at, data, on, off)
}

func (s *Service) send(hooks []*hook, e show.HookEvent, at time.Time, data any, on *show.ToldOnAir, off show.SessionID) error {
	body, err := json.Marshal(struct {
		Type      show.HookEvent `json:"type"`
		Timestamp time.Time      `json:"timestamp"`
		Data      any            `json:"data"`
	}{e, at, data})
	if err != nil {
		return err
	}
	d := show.Delivery{ID: "msg_" + rand.Text(), Event: e, At: at, Outcome: show.DeliveryPending, Next: at}
	var all []show.StoredDelivery
	for _, h := range hooks {
		all = append(all, show.StoredDelivery{Delivery: d, Webhook: h.ID, Body: body})
	}
	dropped, err := s.store.AddDeliveries(all, on, off, s.o.Waiting, s.o.Settled)
	if err != nil {
		return err
	}
	s.metrics.count(overflown, dropped)
	for _, h := range hooks {
		ring(h.bell)
	}
	return nil
}

// Test sends a webhook something that did not happen, also one that is switched off.
// It is tried once.
func (s *Service) Test(_ context.Context, id show.WebhookID) error {
	s.mu.Lock()
	h := s.hooks[id]
	s.mu.Unlock()
	if h == nil {
		return errNoWebhook
	}
	return s.send([]*hook{h}, show.HookTest, s.stamp(), testData{id, "This is a test, sent because an administrator asked for it."}, nil, "")
}

// stamp is now, as exact as the store keeps it.
func (s *Service) stamp() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// signed are the headers of a message at one try, with a signature by each secret.
func signed(secrets []show.HookSecret, id string, at time.Time, body []byte) (http.Header, error) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(secret), secretPrefix))
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte(id + "." + seconds + ".")) // a hash takes everything
		_, _ = mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return http.Header{
		"Content-Type":      {"application/json"},
		"Webhook-Id":        {id},
		"Webhook-Timestamp": {seconds},
		"Webhook-Signature": {strings.Join(signatures, " ")},
	}, nil
}
