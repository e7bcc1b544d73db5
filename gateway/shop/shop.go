// Package shop has the products that creators show, pins them to moments of the
// program, and counts who follows a pin to the shop, which is elsewhere: there is no
// cart here and no payment.
//
// It guarantees:
//   - What a method acknowledges is stored and survives a kill -9. A pin that was
//     acknowledged is on every way out; one that the program did not take is not kept.
//   - A pin is put on the program with an open end, and again with its end when that
//     has come (Run), so that it can be ended early: what was once said of a cue cannot
//     be taken back.
//   - A pin whose time has not passed is put on again when its session comes on air
//     again (OnAir), after a crash or a restart.
//   - A pin leads to its product's address, which is https and was stored: Open never
//     gives anything that came with a request.
//   - Pins and Open do no I/O. Counts are written every two seconds and at the end of
//     Run; a kill -9 costs those two seconds.
//   - Who may do what has been decided before anything here is asked.
//   - Errors that a person can do something about are a *show.Error.
//
// All methods may be called from any goroutine. The functions of Options must not
// call back.
package shop

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// Store is what keeps products and pins. A change is on the disk when it returns.
type Store interface {
	Products(context.Context) ([]show.Product, error)
	PutProducts(ctx context.Context, all []show.Product, pictures map[show.ProductID]string, e show.AuditEntry) error
	RemoveProduct(context.Context, show.ProductID, show.AuditEntry) error
	ProductPicture(context.Context, show.ProductID) (picture []byte, mediaType string, err error)
	PutProductPicture(ctx context.Context, id show.ProductID, picture []byte, mediaType, hash string, e show.AuditEntry) error
	PicturesToFetch(context.Context) (map[show.ProductID]string, error)
	PictureFailed(ctx context.Context, id show.ProductID, from, why string) error

	Pins(context.Context) ([]show.StoredPin, error)
	AddPin(context.Context, show.StoredPin, show.AuditEntry) error
	EndPin(ctx context.Context, id show.PinID, seconds float64, e show.AuditEntry) error
	RemovePin(context.Context, show.PinID) error
	CountPins(context.Context, []show.PinCount) error
	PinCounts(context.Context, show.SessionID) ([]show.PinCount, error)
}

// fetcher is an outside.Client.
type fetcher interface {
	Check(address string) error
	Get(ctx context.Context, address string) (*outside.Answer, error)
}

// Options say what Open works with.
type Options struct {
	Store Store
	// Announce puts a pin on the program of its session; with its end, if that has
	// come. It fails while there is no program.
	Announce func(of show.SessionID, p show.Pin, ended bool) error
	// Tell says to pages what has changed; its keys are pin/ID.
	Tell func(show.SessionID, show.Change)
	// Shown is told of each new pin before it is acknowledged.
	Shown      func(show.SessionID, show.Pin)
	Viewers    func(show.SessionID) int
	Fetch      fetcher
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time // default: time.Now
}

const (
	maxProducts = 5000
	maxPins     = 500 // of a session
	writeEvery  = 2 * time.Second
	longest     = time.Hour
	usual       = time.Minute
)

// Service is ready after Open and works while Run does.
type Service struct {
	o       Options
	store   Store
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	wake    chan struct{}
	fetch   chan struct{}

	turn    sync.Mutex // held through a change and what is told of it
	writing sync.Mutex // held while counts go to the store

	mu       sync.RWMutex // guards what follows, never held while waiting for anything
	products []show.Product
	pins     []*pin // the oldest first
	resumed  map[show.SessionID]bool
	counts   map[minute]*show.PinCount
}

// pin is one with how far it has come. What is in StoredPin is replaced under mu
// and turn.
type pin struct {
	show.StoredPin
	over    bool      // its end was announced, or there is no program that could hear it
	sampled time.Time // the minute in which viewers were last counted
}

// minute is of a pin.
type minute struct {
	pin show.PinID
	at  int64
}

// Open loads what is stored and tells pages of it.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{
		o: o, store: o.Store, log: o.Logger, now: o.Now, metrics: newMetrics(o.Registerer),
		wake: make(chan struct{}, 1), fetch: make(chan struct{}, 1),
		resumed: map[show.SessionID]bool{}, counts: map[minute]*show.PinCount{},
	}
	var err error
	if s.products, err = s.store.Products(ctx); err != nil {
		return nil, err
	}
	stored, err := s.store.Pins(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range stored {
		s.pins = append(s.pins, &pin{StoredPin: p, over: !p.Ends().After(s.now())})
		s.tell(p)
	}
	return s, nil
}

// Run ends pins whose time has come, writes down what was counted and fetches the
// pictures that imports name, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var fetching sync.WaitGroup
	fetching.Go(func() { s.fetchPictures(ctx) })
	defer fetching.Wait()
	write := time.NewTicker(writeEvery)
	defer write.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			s.write(context.WithoutCancel(ctx))
			return nil
		case <-write.C:
			s.write(ctx)
			continue
		case <-s.wake:
		case <-next.C:
		}
		next.Reset(s.advance())
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// OnAir says that a session's program has begun. It does not block.
func (s *Service) OnAir(of show.SessionID) {
	s.mu.Lock()
	s.resumed[of] = true
	s.mu.Unlock()
	s.metrics.begin(of)
	ring(s.wake)
}

// Forget drops a session that was deleted, with all that the store no longer has.
func (s *Service) Forget(of show.SessionID) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.products = slices.DeleteFunc(s.products, func(p show.Product) bool { return p.Session == of })
	s.pins = slices.DeleteFunc(s.pins, func(p *pin) bool { return p.Session == of })
	delete(s.resumed, of)
	s.metrics.forget(of)
}

// Products lists those of a session and of the whole event; of the event alone if
// the session is empty.
func (s *Service) Products(of show.SessionID) []show.Product {
	return s.list(func(p show.Product) bool { return p.Session == "" || p.Session == of })
}

// AllProducts lists those of every session too.
func (s *Service) AllProducts() []show.Product {
	return s.list(func(show.Product) bool { return true })
}

func (s *Service) list(which func(show.Product) bool) []show.Product {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := []show.Product{}
	for _, p := range s.products {
		if which(p) {
			list = append(list, p)
		}
	}
	return list
}

// Product finds one.
func (s *Service) Product(id show.ProductID) (show.Product, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if i := s.find(id); i >= 0 {
		return s.products[i], true
	}
	return show.Product{}, false
}

func (s *Service) find(id show.ProductID) int {
	return slices.IndexFunc(s.products, func(p show.Product) bool { return p.ID == id })
}

// AddProduct keeps a new product and gives it its ID.
func (s *Service) AddProduct(ctx context.Context, by show.Principal, p show.Product) (show.Product, error) {
	p.ID, p.Picture, p.PictureError = show.ProductID(rand.Text()), "", ""
	if err := check(&p); err != nil {
		return p, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	return p, s.put(ctx, []show.Product{p}, nil, s.entry(by, "product.add", p.Session, p.Title))
}

// ChangeProduct changes what is set, also on the pins that show it.
func (s *Service) ChangeProduct(ctx context.Context, by show.Principal, id show.ProductID, c show.ProductPatch) (show.Product, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	p, ok := s.Product(id)
	if !ok {
		return p, errNoProduct
	}
	set(&p.Title, c.Title)
	set(&p.Price, c.Price)
	set(&p.Currency, c.Currency)
	set(&p.URL, c.URL)
	set(&p.OfferEnds, c.OfferEnds)
	if c.Stock != nil {
		p.Stock = nil
		if *c.Stock >= 0 {
			p.Stock = c.Stock
		}
	}
	if err := check(&p); err != nil {
		return p, err
	}
	return p, s.put(ctx, []show.Product{p}, nil, s.entry(by, "product.change", p.Session, p.Title))
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// put stores products and brings what is known up to date. With turn held.
func (s *Service) put(ctx context.Context, all []show.Product, pictures map[show.ProductID]string, e show.AuditEntry) error {
	s.mu.RLock()
	n := len(s.products)
	for _, p := range all {
		if s.find(p.ID) < 0 {
			n++
		}
	}
	s.mu.RUnlock()
	if n > maxProducts {
		return no(show.Conflict, "that would make more than %d products; delete some first", maxProducts)
	}
	if err := s.store.PutProducts(ctx, all, pictures, e); err != nil {
		return err
	}
	for _, p := range all {
		s.know(p)
	}
	if len(pictures) > 0 {
		ring(s.fetch)
	}
	return nil
}

// know takes over how a product is now, and has its pins say so. With turn held.
func (s *Service) know(p show.Product) {
	s.mu.Lock()
	if i := s.find(p.ID); i >= 0 {
		s.products[i] = p
	} else {
		s.products = append(s.products, p)
	}
	s.mu.Unlock()
	s.repin(p.ID, func(pin *show.StoredPin) { pin.Of(p) })
}

// RemoveProduct deletes one. Its pins stay, and lead where they led.
func (s *Service) RemoveProduct(ctx context.Context, by show.Principal, id show.ProductID) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	p, ok := s.Product(id)
	if !ok {
		return errNoProduct
	}
	if err := s.store.RemoveProduct(ctx, id, s.entry(by, "product.remove", p.Session, p.Title)); err != nil {
		return err
	}
	s.mu.Lock()
	s.products = slices.DeleteFunc(s.products, func(p show.Product) bool { return p.ID == id })
	s.mu.Unlock()
	s.repin(id, func(p *show.StoredPin) { p.Picture = "" })
	return nil
}

var errNoProduct = &show.Error{Kind: show.NotFound, Detail: "there is no such product; the list of products has those that there are"}

func (s *Service) entry(by show.Principal, act string, of show.SessionID, what string) show.AuditEntry {
	return show.AuditEntry{At: s.now(), By: cmp.Or(by.Name, string(by.Kind), "anonymous"), Act: act, Session: of, Of: what}
}

// no is an answer for the person who asked.
func no(kind show.ErrorKind, format string, args ...any) error {
	return &show.Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// inWords is err for people, if it was meant for them.
func inWords(err error) string {
	var e *show.Error
	var refused *outside.RefusedError
	if errors.As(err, &e) || errors.As(err, &refused) {
		return err.Error()
	}
	return "the picture cannot be fetched: " + err.Error()
}
