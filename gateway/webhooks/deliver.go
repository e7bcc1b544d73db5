package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

const (
	firstPause = 5 * time.Second
	growth     = 5
	mostPause  = 4 * time.Hour
	giveUp     = 24 * time.Hour     // after the event
	switchOff  = 3 * 24 * time.Hour // after the last time that something arrived
	storeRest  = 10 * time.Second   // when the store cannot be read
)

// pause is how long to wait after so many attempts: 5 s, 25 s, two minutes, ten, an
// hour, then four; each a quarter more or less, so that not all receivers of a
// moment are asked again in one.
func pause(attempts int, chance float64) time.Duration {
	p := firstPause
	for range attempts - 1 {
		if p *= growth; p >= mostPause {
			p = mostPause
			break
		}
	}
	return time.Duration(float64(p) * (.75 + chance/2))
}

// deliver is a webhook's line: it works until ctx ends.
func (s *Service) deliver(ctx context.Context, h *hook) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var wait time.Duration
		d, ok, err := s.store.NextDelivery(ctx, h.ID)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("the outbox of a webhook cannot be read", "webhook", h.ID, "error", err)
			wait = storeRest
		case !ok:
			wait = mostPause // for the bell
		default:
			if wait = d.Next.Sub(s.now()); wait <= 0 {
				s.attempt(ctx, h, d)
				continue
			}
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-h.bell:
		case <-timer.C:
		}
	}
}

// attempt sends a delivery once, and notes how that went.
func (s *Service) attempt(ctx context.Context, h *hook, d show.StoredDelivery) {
	to, ok := s.find(h.ID)
	if !ok {
		return
	}
	now := s.now()
	header, err := signed(secretsOf(to, now), d.ID, now, d.Body)
	var a *outside.Answer
	if err == nil {
		a, err = s.o.Post.Post(ctx, to.URL, header, d.Body)
	}
	if ctx.Err() != nil {
		return // the appliance stops, or the webhook is gone: this was no attempt
	}
	d.Attempts++
	d.Next = time.Time{}
	judged(&d, a, err)
	if d.Outcome != show.Delivered {
		s.postpone(&d, a)
	}
	s.settle(ctx, to, d)
}

// postpone says when a delivery that has failed is tried again, if at all.
func (s *Service) postpone(d *show.StoredDelivery, a *outside.Answer) {
	wait := pause(d.Attempts, s.o.Chance())
	if a != nil {
		wait = max(wait, min(retryAfter(a.Header, s.now()), mostPause))
	}
	d.Next = s.stamp().Add(wait)
	if d.Event == show.HookTest || d.Status == http.StatusGone || d.Next.Sub(d.At) > giveUp {
		d.Outcome, d.Next = show.DeliveryFailed, time.Time{}
	}
}

// retryAfter is what a receiver asks for.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(n, int(mostPause/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return t.Sub(now)
	}
	return 0
}

// settle notes what became of an attempt, of the delivery and of its webhook.
func (s *Service) settle(ctx context.Context, to show.StoredWebhook, d show.StoredDelivery) {
	log := s.log.With("webhook", to.ID, "host", hostOf(to.URL), "event", d.Event)
	switch d.Outcome {
	case show.Delivered:
		s.metrics.count(delivered, 1)
		log.Debug("a webhook was told", "attempts", d.Attempts)
	case show.DeliveryFailed:
		s.metrics.count(failed, 1)
		log.Warn("a webhook was not told, and will not be", "attempts", d.Attempts, "status", d.Status, "error", d.Error)
	case show.DeliveryPending:
		s.metrics.count(retried, 1)
		log.Debug("a webhook was not told yet", "attempts", d.Attempts, "status", d.Status, "error", d.Error)
	}
	if err := s.store.SetDelivery(d); err != nil {
		log.Error("what became of a delivery is not kept: it may be sent again", "error", err)
		s.rest(ctx)
	}
	if d.Event == show.HookTest && d.Outcome != show.Delivered {
		return // nobody's fault yet: it is being set up
	}
	s.judge(ctx, to, d)
}

// rest keeps a broken store from making us send one thing over and over.
func (s *Service) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(storeRest):
	}
}

// judge keeps account of whether a webhook can be reached, and switches it off if
// not.
func (s *Service) judge(ctx context.Context, to show.StoredWebhook, d show.StoredDelivery) {
	s.turn.Lock()
	defer s.turn.Unlock()
	h, ok := s.find(to.ID)
	if !ok || h.URL != to.URL {
		return // what was found out is of another address
	}
	was := h.FailingSince
	h.FailingSince = time.Time{}
	var why string
	if d.Outcome != show.Delivered {
		if h.FailingSince = was; was.IsZero() {
			h.FailingSince = s.stamp()
		}
		why = whyOff(h.FailingSince, s.now(), d)
	}
	var err error
	switch {
	case why != "" && h.Enabled:
		h.Enabled, h.Why, h.Reason = false, why, show.HookTakesNothing
		if d.Status == http.StatusGone {
			h.Reason = show.HookGone
		}
		s.log.Warn("a webhook was switched off", "webhook", h.ID, "host", hostOf(h.URL), "why", why)
		err = s.put(context.WithoutCancel(ctx), h, s.entry(show.Principal{Name: "regie"}, "webhook.disable", h.URL))
	case !h.FailingSince.Equal(was):
		if err = s.store.WebhookFails(h); err == nil {
			s.mu.Lock()
			if is := s.hooks[h.ID]; is != nil {
				is.FailingSince = h.FailingSince
			}
			s.mu.Unlock()
		}
	}
	if err != nil {
		s.log.Error("whether a webhook can be reached is not kept", "webhook", h.ID, "error", err)
	}
}

// whyOff is why a webhook that has just failed is to be switched off; empty if it is
// not.
func whyOff(since, now time.Time, d show.StoredDelivery) string {
	switch {
	case d.Status == http.StatusGone:
		return "it answered 410: it wants to hear nothing more"
	case d.Outcome != show.DeliveryFailed || now.Sub(since) < switchOff:
		return ""
	case d.Error != "":
		return fmt.Sprintf("nothing has reached it since %s; the last time: %s", since.Format("2006-01-02"), d.Error)
	}
	return fmt.Sprintf("it has taken nothing since %s; the last time it answered %d", since.Format("2006-01-02"), d.Status)
}
