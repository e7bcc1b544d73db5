package whep

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/internal/keyframes"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// Options of a Feed.
type Options struct {
	Session show.SessionID
	Net     *rtc.Net
	// BasePath is the path below which clients see the endpoint "whep", for
	// example "/live/SESSION/". Locations are made of it.
	BasePath string
	// Rungs are the encodings that viewers can be sent, the largest first; their
	// keyframes are at the same pictures. Default: one without a name.
	Rungs []transcode.Rung
	// Epoch is the wall time of program time 0; default now.
	Epoch time.Time
	// RequestKeyframe asks the encoder for a keyframe. It must not block.
	RequestKeyframe func()
	Logger          *slog.Logger // default: no log
	Metrics         *Metrics     // default: counted, not exported
}

// keyframeInterval is the least time between two requests for a keyframe.
const keyframeInterval = time.Second

// overload is why frames are dropped: the senders do not keep up.
const overload = "overload"

// The directions of a switch.
const up, down = "up", "down"

// Metrics are what Prometheus sees of all feeds.
type Metrics struct {
	dropped  *prometheus.CounterVec
	switches *prometheus.CounterVec
	viewers  *prometheus.GaugeVec

	channels    prometheus.Gauge
	talksClosed *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_frames_dropped_total", Help: "Program frames not sent to viewers, by reason.",
		}, []string{"reason"}),
		switches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_rendition_switches_total", Help: "Viewers moved to another rendition, by direction.",
		}, []string{"direction"}),
		viewers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_rtc_rendition_viewers", Help: "Viewers by the rendition that they are sent.",
		}, []string{"rendition"}),
		channels: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "regie_rtc_data_channels", Help: "Viewers' data channels that are open.",
		}),
		talksClosed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_data_channels_closed_total", Help: "Viewers' data channels that were closed by this side, by reason.",
		}, []string{"reason"}),
	}
	reg.MustRegister(m.dropped, m.switches, m.viewers, m.channels, m.talksClosed)
	for _, why := range []string{slow, garbage, flood} {
		m.talksClosed.WithLabelValues(why)
	}
	m.dropped.WithLabelValues(overload) // so that a rate exists before the first
	m.switches.WithLabelValues(up)
	m.switches.WithLabelValues(down)
	return m
}

// ErrEnded is why viewers are disconnected when the feed closes.
var ErrEnded = errors.New("the session has ended")

// Feed is one session's program for its WebRTC viewers. Write is for one
// goroutine; everything else may be called from any.
type Feed struct {
	opts      Options
	logger    *slog.Logger
	endpoint  *wish.Endpoint
	packets   packetizer // of Write
	rings     rings
	clock     *clock
	keyframes *keyframes.Asker
	board     *board
	video     rtc.Flow
	audio     rtc.Flow

	workers []*worker
	running sync.WaitGroup // workers
	viewing sync.WaitGroup // viewers
	stop    chan struct{}
	closed  atomic.Bool
	count   atomic.Int64

	mu      sync.Mutex
	viewers map[*viewer]struct{} // from their offer on
	next    int                  // worker for the next viewer
}

// NewFeed makes a Feed; Close it.
func NewFeed(o Options) *Feed {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Epoch.IsZero() {
		o.Epoch = time.Now()
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if len(o.Rungs) == 0 {
		o.Rungs = make([]transcode.Rung, 1)
	}
	f := &Feed{
		opts:      o,
		logger:    o.Logger.With("session", o.Session),
		rings:     make(rings, len(o.Rungs)),
		clock:     newClock(),
		keyframes: keyframes.New(keyframeInterval, o.RequestKeyframe),
		board:     newBoard(),
		video:     o.Net.Flow(rtc.Out, media.Video),
		audio:     o.Net.Flow(rtc.Out, media.Audio),
		stop:      make(chan struct{}),
		viewers:   map[*viewer]struct{}{},
	}
	f.packets = newPacketizer(f.clock, len(o.Rungs))
	f.endpoint = wish.NewEndpoint(o.BasePath+"whep", o.Net.Links(), f.watch)
	f.running.Go(func() { f.board.run(f.stop) })
	for range runtime.GOMAXPROCS(0) {
		w := newWorker(f)
		f.workers = append(f.workers, w)
		f.running.Go(w.run)
	}
	return f
}

// ServeHTTP implements http.Handler for BasePath + "whep" and below.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.endpoint.ServeHTTP(w, r) }

// Viewers counts those who are connected.
func (f *Feed) Viewers() int { return int(f.count.Load()) }

// Write sends one packet of the program to all viewers.
func (f *Feed) Write(p transcode.Packet) {
	if f.closed.Load() {
		return
	}
	fr := f.packets.frame(p)
	if fr == nil {
		return
	}
	if fr.kind == media.Video {
		f.rings.add(fr)
		if fr.key && fr.rung == 0 {
			f.keyframes.Came()
		}
	}
	for _, w := range f.workers {
		select {
		case w.queue <- fr:
		default:
			f.opts.Metrics.dropped.WithLabelValues(overload).Inc()
			f.opts.Net.Dropped(fr.at)
		}
	}
}

// Close ends all viewers and waits for them. Write and requests that come later
// do nothing.
func (f *Feed) Close() {
	if f.closed.Swap(true) {
		return
	}
	f.keyframes.Close()
	f.mu.Lock()
	viewers := make([]*viewer, 0, len(f.viewers))
	for v := range f.viewers {
		viewers = append(viewers, v)
	}
	f.mu.Unlock()
	for _, v := range viewers {
		v.end(ErrEnded)
	}
	f.viewing.Wait()
	close(f.stop)
	f.running.Wait()
}

// watch answers a viewer's offer: the start of a wish.Session.
func (f *Feed) watch(o wish.Offer) (wish.Session, string, error) {
	offer, err := rtc.ReadOffer(o.SDP, rtc.Viewer)
	if err != nil {
		return nil, "", wish.Refused(err)
	}
	chosen, err := f.choice(o.Query.Get("rendition"))
	if err != nil {
		return nil, "", err
	}
	v := newViewer(f, o.ID, chosen)
	if !f.enter(v) {
		return nil, "", wish.Refused(rtc.ErrClosed)
	}
	answer, err := v.open(offer, o)
	if err != nil {
		f.leave(v)
		f.logger.Debug("viewer refused", "remote", o.Remote, "error", err)
		return nil, "", f.refused(err)
	}
	return wish.Of(v.peer), answer, nil
}

// refused tells whom there is no room for where else to watch.
func (f *Feed) refused(err error) error {
	var full *rtc.FullError
	if !errors.As(err, &full) {
		return wish.Refused(err)
	}
	return &wish.Problem{
		Status: http.StatusServiceUnavailable, RetryAfter: full.RetryAfter,
		Detail: full.Error() + "; play LL-HLS at " + f.opts.BasePath + "index.m3u8 instead",
	}
}

// watching counts the viewers of a rung.
func (f *Feed) watching(rung int) prometheus.Gauge {
	return f.opts.Metrics.viewers.WithLabelValues(f.opts.Rungs[rung].Name())
}

func (f *Feed) enter(v *viewer) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed.Load() {
		return false
	}
	v.worker = f.workers[f.next%len(f.workers)]
	f.next++
	f.viewers[v] = struct{}{}
	f.viewing.Add(1)
	return true
}

func (f *Feed) leave(v *viewer) {
	f.endpoint.Forget(v.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.viewers, v)
	f.viewing.Done()
}
