package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	secretPrefix = "whsec_"
	secretSize   = 32 // bytes
	// oldSigns is how long a secret signs beside the one that replaced it: receivers
	// have until then to take the new one.
	oldSigns = 24 * time.Hour
	// maxOld bounds how often in a day a secret may be replaced.
	maxOld = 3
)

func newSecret() show.HookSecret {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails
	return show.HookSecret(secretPrefix + base64.StdEncoding.EncodeToString(key))
}

// Rotate gives a webhook another secret, which is not to be had again. Those before it
// sign too for a day.
func (s *Service) Rotate(ctx context.Context, by show.Principal, id show.WebhookID) (show.Webhook, show.HookSecret, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	h, ok := s.find(id)
	if !ok {
		return show.Webhook{}, "", errNoWebhook
	}
	now := s.stamp()
	h.Old = valid(h.Old, now)
	if len(h.Old) >= maxOld {
		return show.Webhook{}, "", no(show.Conflict, "its secret was replaced %d times within a day; the next time may be after %s UTC", maxOld, h.Old[0].Until.Format("2006-01-02 15:04"))
	}
	h.Old = append(h.Old, show.OldSecret{Secret: string(h.Secret), Until: now.Add(oldSigns)})
	h.Secret = newSecret()
	if err := s.put(ctx, h, s.entry(by, "webhook.rotate", h.URL)); err != nil {
		return show.Webhook{}, "", err
	}
	return s.shown(h), h.Secret, nil
}

// valid are the old secrets that still sign.
func valid(old []show.OldSecret, now time.Time) []show.OldSecret {
	return slices.DeleteFunc(slices.Clone(old), func(o show.OldSecret) bool { return !o.Until.After(now) })
}

// secretsOf sign what is sent to a webhook now, its own first.
func secretsOf(h show.StoredWebhook, now time.Time) []show.HookSecret {
	all := []show.HookSecret{h.Secret}
	for _, o := range slices.Backward(valid(h.Old, now)) {
		all = append(all, show.HookSecret(o.Secret))
	}
	return all
}

// shown is what may be seen of a webhook.
func (s *Service) shown(h show.StoredWebhook) show.Webhook {
	w := h.Webhook
	w.OldSecretUntil = time.Time{}
	if old := valid(h.Old, s.now()); len(old) > 0 {
		w.OldSecretUntil = old[len(old)-1].Until
	}
	return w
}
