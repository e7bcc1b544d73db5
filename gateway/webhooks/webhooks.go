// Package webhooks tells other systems what happens: that a session starts or ends,
// a question is put on air, a product is pinned. It speaks as standard-webhooks says
// (webhook-id, webhook-timestamp, webhook-signature: v1, HMAC-SHA256).
//
// It guarantees:
//   - What Tell, Started and Ended return from is in the store's outbox: a kill -9
//     afterwards loses nothing of it. It is delivered at least once, with the same
//     webhook-id each time, so that the receiver can tell; the order is not kept.
//   - A delivery that fails is tried again (see pause) for a day, then given up. A
//     receiver that says 410, or that nothing has reached for three days, is switched
//     off, and says why until somebody switches it on again.
//   - Each webhook has its own line and one request under way: one that hangs keeps
//     no other waiting. At most a thousand deliveries wait for each, then the oldest
//     is given up; the last two hundred that are settled are kept to look at.
//   - A session whose start was told is told to have ended, if need be at the next
//     start of the appliance.
//   - Requests go out through an outside.Client: to the public internet, or to hosts
//     that the operator named.
//   - A secret leaves by Add and Rotate alone. One that was replaced signs beside the
//     new one for a day. Addresses are logged by their host: there may be
//     a secret in the path.
//   - Who may do what has been decided before anything here is asked.
//
// All methods may be called from any goroutine. Tell, Started and Ended wait for the
// disk, and for nothing else.
package webhooks

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// Store is what keeps webhooks and the outbox. A change is on the disk when it
// returns.
type Store interface {
	Webhooks(context.Context) ([]show.StoredWebhook, error)
	PutWebhook(context.Context, show.StoredWebhook, show.AuditEntry) error
	WebhookFails(show.StoredWebhook) error
	RemoveWebhook(context.Context, show.WebhookID, show.AuditEntry) error
	AddDeliveries(all []show.StoredDelivery, on *show.ToldOnAir, off show.SessionID, waiting, settled int) (dropped int, err error)
	NextDelivery(context.Context, show.WebhookID) (show.StoredDelivery, bool, error)
	SetDelivery(show.StoredDelivery) error
	Deliveries(ctx context.Context, to show.WebhookID, atMost int) ([]show.StoredDelivery, error)
	OnAir(context.Context) ([]show.ToldOnAir, error)
}

// poster is an outside.Client.
type poster interface {
	Check(address string) error
	Post(ctx context.Context, address string, header http.Header, body []byte) (*outside.Answer, error)
}

// Options say what Open works with.
type Options struct {
	Store      Store
	Post       poster
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time // default: time.Now
	Chance     func() float64   // in [0, 1), for the jitter; default: a random one
	Waiting    int              // how many deliveries may wait for a webhook; default: 1000
	Settled    int              // how many that are settled are kept of each; default: 200
}

const (
	maxHooks = 20
	maxURL   = 1000
)

// Service is ready after Open and delivers while Run works.
type Service struct {
	o       Options
	store   Store
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics

	turn sync.Mutex // held through a change of a webhook, and never through a request

	mu    sync.Mutex // guards what follows, never held while waiting for anything
	hooks map[show.WebhookID]*hook
	order []show.WebhookID // the oldest first
	live  map[show.SessionID]show.ToldOnAir
	ctx   context.Context // of Run; nil before and after
	lines sync.WaitGroup  // added to only while ctx is there
}

// hook is a webhook with its line. What is in StoredWebhook is guarded by the
// Service's mu.
type hook struct {
	show.StoredWebhook
	bell chan struct{}
	end  context.CancelFunc // of its line; nil while it has none
}

// Open loads what is stored. Sessions that were on air when the appliance last
// stopped are told to have ended.
func Open(ctx context.Context, o Options) (*Service, error) {
	o.Now = orElse(o.Now, time.Now)
	o.Chance = orElse(o.Chance, mathrand.Float64)
	o.Waiting, o.Settled = cmp.Or(o.Waiting, 1000), cmp.Or(o.Settled, 200)
	s := &Service{
		o: o, store: o.Store, log: o.Logger, now: o.Now, metrics: newMetrics(o.Registerer),
		hooks: map[show.WebhookID]*hook{}, live: map[show.SessionID]show.ToldOnAir{},
	}
	list, err := s.store.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		s.keep(h)
	}
	ghosts, err := s.store.OnAir(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range ghosts {
		s.live[g.Session] = g
		if err := s.Ended(g.Session); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func orElse[F any](f, other func() F) func() F {
	if f == nil {
		return other
	}
	return f
}

// keep takes a new webhook into the list.
func (s *Service) keep(w show.StoredWebhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &hook{StoredWebhook: w, bell: make(chan struct{}, 1)}
	s.hooks[w.ID], s.order = h, append(s.order, w.ID)
	if s.ctx != nil {
		s.begin(h)
	}
}

// Run delivers until ctx ends, and gives up requests under way: they are sent again
// at the next start.
func (s *Service) Run(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	for _, h := range s.hooks {
		s.begin(h)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	s.lines.Wait()
	return nil
}

// begin starts a webhook's line. With mu held, and ctx there.
func (s *Service) begin(h *hook) {
	var ctx context.Context
	ctx, h.end = context.WithCancel(s.ctx)
	s.lines.Go(func() { s.deliver(ctx, h) })
}

// List lists the webhooks, the oldest first.
func (s *Service) List() []show.Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []show.Webhook{}
	for _, id := range s.order {
		list = append(list, s.shown(s.hooks[id].StoredWebhook))
	}
	return list
}

// Add makes a webhook. Its secret is not to be had again.
func (s *Service) Add(ctx context.Context, by show.Principal, n show.NewWebhook) (show.Webhook, show.HookSecret, error) {
	h := show.StoredWebhook{
		Webhook: show.Webhook{ID: show.WebhookID(rand.Text()), URL: strings.TrimSpace(n.URL), Events: n.Events, Created: s.now().UTC().Truncate(time.Millisecond), Enabled: true},
		Secret:  newSecret(),
	}
	if err := s.check(&h.Webhook); err != nil {
		return h.Webhook, "", err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if len(s.List()) >= maxHooks {
		return h.Webhook, "", no(show.Conflict, "there are %d webhooks, which is as many as there may be; delete one first", maxHooks)
	}
	if err := s.store.PutWebhook(ctx, h, s.entry(by, "webhook.add", h.URL)); err != nil {
		return h.Webhook, "", err
	}
	s.keep(h)
	return h.Webhook, h.Secret, nil
}

// check puts a webhook's events in order and refuses what cannot be.
func (s *Service) check(h *show.Webhook) error {
	if len(h.URL) > maxURL {
		return no(show.Invalid, "the address has more than %d characters", maxURL)
	}
	if err := s.o.Post.Check(h.URL); err != nil {
		return no(show.Invalid, "%v", err)
	}
	known := show.HookEvents()
	for _, e := range h.Events {
		if !slices.Contains(known, e) {
			return no(show.Invalid, "there is no event %.40q; there are %s", e, names(known))
		}
	}
	if len(h.Events) == 0 {
		return no(show.Invalid, "say which events it is told: %s", names(known))
	}
	h.Events = slices.DeleteFunc(known, func(e show.HookEvent) bool { return !slices.Contains(h.Events, e) })
	return nil
}

func names(events []show.HookEvent) string {
	var all []string
	for _, e := range events {
		all = append(all, string(e))
	}
	return strings.Join(all, ", ")
}

// Change changes what is set.
func (s *Service) Change(ctx context.Context, by show.Principal, id show.WebhookID, p show.WebhookPatch) (show.Webhook, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	h, ok := s.find(id)
	if !ok {
		return show.Webhook{}, errNoWebhook
	}
	act := "webhook.change"
	if p.URL != nil {
		h.URL, h.FailingSince = strings.TrimSpace(*p.URL), time.Time{}
	}
	if p.Events != nil {
		h.Events = *p.Events
	}
	if p.Enabled != nil && *p.Enabled != h.Enabled {
		h.Enabled, h.Why, h.Reason, h.FailingSince = *p.Enabled, "", "", time.Time{}
		act = map[bool]string{true: "webhook.enable", false: "webhook.disable"}[h.Enabled]
	}
	if err := s.check(&h.Webhook); err != nil {
		return h.Webhook, err
	}
	return s.shown(h), s.put(ctx, h, s.entry(by, act, h.URL))
}

// put stores a webhook that has changed. With turn held.
func (s *Service) put(ctx context.Context, h show.StoredWebhook, e show.AuditEntry) error {
	h.Old = valid(h.Old, s.now()) // those that sign no more are forgotten
	if err := s.store.PutWebhook(ctx, h, e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.hooks[h.ID]; is != nil {
		is.StoredWebhook = h
		ring(is.bell)
	}
	return nil
}

func (s *Service) find(id show.WebhookID) (show.StoredWebhook, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hooks[id]; h != nil {
		return h.StoredWebhook, true
	}
	return show.StoredWebhook{}, false
}

// Remove deletes a webhook, and what waits for it.
func (s *Service) Remove(ctx context.Context, by show.Principal, id show.WebhookID) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	h, ok := s.find(id)
	if !ok {
		return errNoWebhook
	}
	if err := s.store.RemoveWebhook(ctx, id, s.entry(by, "webhook.remove", h.URL)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if end := s.hooks[id].end; end != nil {
		end()
	}
	delete(s.hooks, id)
	s.order = slices.DeleteFunc(s.order, func(other show.WebhookID) bool { return other == id })
	return nil
}

// Deliveries are the newest to a webhook, the newest first.
func (s *Service) Deliveries(ctx context.Context, id show.WebhookID) ([]show.Delivery, error) {
	if _, ok := s.find(id); !ok {
		return nil, errNoWebhook
	}
	stored, err := s.store.Deliveries(ctx, id, s.o.Settled)
	list := []show.Delivery{}
	for _, d := range stored {
		list = append(list, d.Delivery)
	}
	return list, err
}

// subscribed are the webhooks that are told of an event.
func (s *Service) subscribed(e show.HookEvent) []*hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*hook
	for _, id := range s.order {
		if h := s.hooks[id]; h.Enabled && slices.Contains(h.Events, e) {
			list = append(list, h)
		}
	}
	return list
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

var errNoWebhook = &show.Error{Kind: show.NotFound, Detail: "there is no such webhook; /api/v1/webhooks lists them"}

func (s *Service) entry(by show.Principal, act, address string) show.AuditEntry {
	return show.AuditEntry{At: s.now(), By: cmp.Or(by.Name, string(by.Kind), "anonymous"), Act: act, Of: hostOf(address)}
}

// hostOf is what of an address may be written down.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// no is an answer for the person who asked.
func no(kind show.ErrorKind, format string, args ...any) error {
	return &show.Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}
