package hls

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// Metrics counts for every stream of a gateway.
type Metrics struct {
	parts     *prometheus.CounterVec
	delay     *prometheus.HistogramVec
	published *prometheus.GaugeVec
	dropped   *prometheus.CounterVec
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
	if reg != nil {
		reg.MustRegister(m.parts, m.delay, m.published, m.dropped)
	}
	return m
}

// streamMetrics are one rendition's series, looked up once.
type streamMetrics struct {
	all       *Metrics
	labels    prometheus.Labels
	parts     prometheus.Counter
	delay     prometheus.Observer
	published prometheus.Gauge
	dropped   map[dropReason]prometheus.Counter
}

func (m *Metrics) stream(session show.SessionID, rendition string) streamMetrics {
	labels := prometheus.Labels{"session": string(session), "rendition": rendition}
	s := streamMetrics{
		all:       m,
		labels:    labels,
		parts:     m.parts.With(labels),
		delay:     m.delay.WithLabelValues(rendition),
		published: m.published.With(labels),
		dropped:   make(map[dropReason]prometheus.Counter),
	}
	for _, r := range []dropReason{dropInvalid, dropNoKeyframe, dropLate, dropQueueFull} {
		s.dropped[r] = m.dropped.WithLabelValues(string(session), rendition, string(r))
	}
	return s
}

// forget ends the session's series, so that they do not pile up.
func (s streamMetrics) forget() {
	s.all.parts.Delete(s.labels)
	s.all.published.Delete(s.labels)
	s.all.dropped.DeletePartialMatch(s.labels)
}
