package viewers

import (
	"container/list"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// silence is how long a page that said nothing still counts: two beacons may
	// be lost.
	silence = 25 * time.Second
	// maxPages bounds what a session remembers.
	maxPages = 50_000
)

// Options configure a Counter.
type Options struct {
	// Renditions are the names that may be a label; all others are "other".
	Renditions []string
	Registerer prometheus.Registerer
	Logger     *slog.Logger
}

// Counter counts the viewers of an appliance and answers beacons.
type Counter struct {
	renditions []string
	log        *slog.Logger
	metrics    *metrics
	all        *rate.Limiter
	// What is remembered at most; smaller in a test.
	maxPages, maxAddresses int

	mu        sync.Mutex
	audiences map[show.SessionID]*Audience
	addresses map[netip.Prefix]*address
	swept     time.Time // when addresses were last looked through
	told      time.Time // when the log last heard of a refusal
}

// New makes a Counter and registers its metrics.
func New(o Options) *Counter {
	c := &Counter{
		renditions: slices.Clone(o.Renditions),
		log:        o.Logger,
		metrics:    newMetrics(o.Registerer),
		all:        rate.NewLimiter(beaconsPerSecond, 2*beaconsPerSecond),
		maxPages:   maxPages, maxAddresses: maxAddresses,
		audiences: map[show.SessionID]*Audience{},
		addresses: map[netip.Prefix]*address{},
	}
	o.Registerer.MustRegister(c)
	return c
}

// Session is one whose viewers are counted.
type Session struct {
	ID show.SessionID
	// PartsPerSecond is how often an LL-HLS player asks for a playlist.
	PartsPerSecond float64
	// Peers is how many watch by WebRTC; onAir is false while nobody can watch.
	Peers func() (n int, onAir bool)
}

// Audience is who watches one session.
type Audience struct {
	c       *Counter
	session Session
	reloads reloads

	// Guarded by c.mu.
	pages   map[string]*list.Element
	bySight *list.List // of *page; the one seen longest ago first
	llhls   int        // how many pages play LL-HLS
}

// page is one playback in one tab.
type page struct {
	id       string
	delivery delivery
	from     *address
	seen     time.Time
	credit   time.Duration // seconds that it may still claim to have watched
	started  bool          // its startup time is known
}

// Open begins to count for a session, until Close.
func (c *Counter) Open(s Session) *Audience {
	a := &Audience{c: c, session: s, pages: map[string]*list.Element{}, bySight: list.New()}
	a.reloads.perWindow = s.PartsPerSecond * reloadWindow.Seconds()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.audiences[s.ID] = a
	return a
}

// Close forgets the session and who watched it.
func (a *Audience) Close() {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	for e := a.bySight.Front(); e != nil; e = a.bySight.Front() {
		a.remove(e)
	}
	if a.c.audiences[a.session.ID] == a {
		delete(a.c.audiences, a.session.ID)
	}
}

// Reload notes that an LL-HLS player asked us for the next part's playlist.
func (a *Audience) Reload() { a.reloads.saw(time.Now()) }

// Count is how many watch now.
func (a *Audience) Count() int {
	llhls, whep, _ := a.count(time.Now())
	return llhls + whep
}

func (a *Audience) count(now time.Time) (llhls, whep int, onAir bool) {
	if whep, onAir = a.session.Peers(); !onAir {
		return 0, 0, false
	}
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	a.forget(now)
	return max(a.llhls, a.reloads.count(now)), whep, true
}

// forget drops the pages that were silent for too long. With c.mu held.
func (a *Audience) forget(now time.Time) {
	for e := a.bySight.Front(); e != nil && now.Sub(e.Value.(*page).seen) > silence; e = a.bySight.Front() {
		a.remove(e)
	}
}

func (a *Audience) remove(e *list.Element) {
	p := a.bySight.Remove(e).(*page)
	delete(a.pages, p.id)
	p.from.pages--
	a.playing(p.delivery, -1)
}

func (a *Audience) playing(d delivery, change int) {
	if d == llhls {
		a.llhls += change
	}
}

// take brings a valid beacon into the count and the metrics.
func (c *Counter) take(b beacon, from *address, now time.Time) outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.audiences[b.session]
	if a == nil {
		return unknownSession
	}
	a.forget(now)
	e := a.pages[b.id]
	if e == nil {
		if from.pages >= pagesPerAddress || len(a.pages) >= c.maxPages {
			return full
		}
		e = a.bySight.PushBack(&page{id: b.id, delivery: b.delivery, from: from, seen: now, credit: slack})
		a.pages[b.id] = e
		from.pages++
		a.playing(b.delivery, +1)
	}
	p := e.Value.(*page)
	a.move(p, b.delivery, from)
	p.credit += now.Sub(p.seen)
	p.seen = now
	a.bySight.MoveToBack(e)
	c.observe(b, p)
	if b.event == eventEnd {
		a.remove(e)
	}
	return accepted
}

// move follows a page to another delivery or network.
func (a *Audience) move(p *page, d delivery, from *address) {
	a.playing(p.delivery, -1)
	a.playing(d, +1)
	p.from.pages--
	from.pages++
	p.delivery, p.from = d, from
}

// observe feeds the metrics.
func (c *Counter) observe(b beacon, p *page) {
	m := c.metrics.by[b.delivery]
	if b.startup > 0 && !p.started {
		p.started = true
		m.startup.Observe(b.startup.Seconds())
	}
	if b.latency > 0 {
		m.latency.Observe(b.latency.Seconds())
	}
	if watched := p.claim(b.watched); watched > 0 {
		c.metrics.watched.WithLabelValues(b.delivery.String(), c.renditionOf(b.rendition)).Add(watched.Seconds())
	}
	m.stalled.Add(p.claim(b.stalled).Seconds())
	m.bytes.Add(float64(b.bytes))
	if b.event == eventError {
		c.metrics.errors.WithLabelValues(b.delivery.String(), b.failure).Inc()
	}
}

// claim takes from the time that has passed, so that nobody watches faster.
func (p *page) claim(t time.Duration) time.Duration {
	t = min(t, p.credit)
	p.credit -= t
	return t
}

func (c *Counter) renditionOf(name string) string {
	if slices.Contains(c.renditions, name) {
		return name
	}
	return "other"
}
