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
	cues      *prometheus.CounterVec

	rewindBytes prometheus.Gauge
	rewind      *prometheus.GaugeVec
	lost        *prometheus.CounterVec

	mu     sync.Mutex
	owners map[show.SessionID]*sessionMetrics // guarded by mu; the last stream opened owns its session's series
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
		cues: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_hls_cues_dropped_total",
			Help: "Cues that left the playlists before their time, because there were too many.",
		}, []string{"session"}),
		rewindBytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "regie_hls_rewind_bytes",
			Help: "Bytes of older segments on disk.",
		}),
		rewind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_hls_rewind_seconds",
			Help: "How far back viewers can go.",
		}, []string{"session"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_hls_rewind_lost_segments_total",
			Help: "Segments that left the playlists before their time, by reason: no space, a disk that failed or one that was too slow.",
		}, []string{"session", "reason"}),
		owners: make(map[show.SessionID]*sessionMetrics),
	}
	if reg != nil {
		reg.MustRegister(m.parts, m.delay, m.published, m.dropped, m.cues, m.rewindBytes, m.rewind, m.lost)
	}
	return m
}

// sessionMetrics are a session's series, looked up once.
type sessionMetrics struct {
	all         *Metrics
	id          show.SessionID
	renditions  []renditionMetrics
	cuesDropped prometheus.Counter
	rewind      prometheus.Gauge
	lost        map[lossReason]prometheus.Counter
}

type renditionMetrics struct {
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

// session looks up the series of a session whose last rendition is the sound.
func (m *Metrics) session(id show.SessionID, renditions []string) *sessionMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &sessionMetrics{
		all: m, id: id, cuesDropped: m.cues.WithLabelValues(string(id)),
		rewind: m.rewind.WithLabelValues(string(id)), lost: make(map[lossReason]prometheus.Counter),
	}
	for _, reason := range lossReasons {
		s.lost[reason] = m.lost.WithLabelValues(string(id), string(reason))
	}
	for i, name := range renditions {
		r := renditionMetrics{
			parts:     m.parts.WithLabelValues(string(id), name),
			delay:     m.delay.WithLabelValues(name),
			published: m.published.WithLabelValues(string(id), name),
			dropped:   make(map[dropReason]prometheus.Counter),
		}
		reasons := pictureReasons[:]
		if i == len(renditions)-1 {
			reasons = soundReasons[:]
		}
		for _, reason := range reasons {
			r.dropped[reason] = m.dropped.WithLabelValues(string(id), name, string(reason))
		}
		s.renditions = append(s.renditions, r)
	}
	m.owners[id] = s
	return s
}

// forget ends the series, so that they do not pile up, unless a newer stream of
// the session goes on with them.
func (s *sessionMetrics) forget() {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	if s.all.owners[s.id] != s {
		return
	}
	delete(s.all.owners, s.id)
	labels := prometheus.Labels{"session": string(s.id)}
	s.all.parts.DeletePartialMatch(labels)
	s.all.published.DeletePartialMatch(labels)
	s.all.dropped.DeletePartialMatch(labels)
	s.all.cues.DeletePartialMatch(labels)
	s.all.rewind.DeletePartialMatch(labels)
	s.all.lost.DeletePartialMatch(labels)
}
