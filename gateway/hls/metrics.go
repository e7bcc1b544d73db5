package hls

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// Metrics counts for every stream of a gateway.
type Metrics struct {
	parts     *prometheus.CounterVec
	delay     *prometheus.HistogramVec
	published *prometheus.GaugeVec
	dropped   *prometheus.CounterVec

	mu     sync.Mutex
	owners map[owned]*streamMetrics // guarded by mu
}

// owned names a rendition's series; the last stream opened for it owns them.
type owned struct {
	session   show.SessionID
	rendition string
}

// NewMetrics registers the package's metrics; with a nil reg they are kept but
// not exposed.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		parts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_hls_parts_published_total",
			Help: "LL-HLS parts published.",
		}, []string{"session", "rendition"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "regie_hls_part_delay_seconds",
			Help:    "Time from the last media sample of a part to the part being servable.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"rendition"}),
		published: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_hls_last_part_timestamp_seconds",
			Help: "Unix time at which the newest part was published.",
		}, []string{"session", "rendition"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_hls_packets_dropped_total",
			Help: "Program packets that reached no part, by reason.",
		}, []string{"session", "rendition", "reason"}),
	}
	m.owners = make(map[owned]*streamMetrics)
	if reg != nil {
		reg.MustRegister(m.parts, m.delay, m.published, m.dropped)
	}
	return m
}

// streamMetrics are one rendition's series, looked up once.
type streamMetrics struct {
	all       *Metrics
	name      owned
	parts     prometheus.Counter
	delay     prometheus.Observer
	published prometheus.Gauge
	dropped   map[dropReason]prometheus.Counter
}

// Why packets of a rendition can be dropped.
var (
	pictureReasons = [...]dropReason{dropInvalid, dropIncomplete, dropNoKeyframe, dropLate}
	soundReasons   = [...]dropReason{dropLate, dropQueueFull}
)

func (m *Metrics) stream(session show.SessionID, rendition string, reasons ...dropReason) *streamMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &streamMetrics{
		all:       m,
		name:      owned{session, rendition},
		parts:     m.parts.WithLabelValues(string(session), rendition),
		delay:     m.delay.WithLabelValues(rendition),
		published: m.published.WithLabelValues(string(session), rendition),
		dropped:   make(map[dropReason]prometheus.Counter),
	}
	for _, r := range reasons {
		s.dropped[r] = m.dropped.WithLabelValues(string(session), rendition, string(r))
	}
	m.owners[s.name] = s
	return s
}

// forget ends the series, so that they do not pile up, unless a newer stream of
// the session goes on with them.
func (s *streamMetrics) forget() {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	if s.all.owners[s.name] != s {
		return
	}
	delete(s.all.owners, s.name)
	labels := prometheus.Labels{"session": string(s.name.session), "rendition": s.name.rendition}
	s.all.parts.Delete(labels)
	s.all.published.Delete(labels)
	s.all.dropped.DeletePartialMatch(labels)
}
