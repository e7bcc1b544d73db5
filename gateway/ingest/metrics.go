package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// Metrics counts publishers. Make one per registry and share it.
type Metrics struct {
	connections      *prometheus.GaugeVec
	connects         *prometheus.CounterVec
	disconnects      *prometheus.CounterVec
	receivedBytes    *prometheus.CounterVec
	frames           *prometheus.CounterVec
	framesDropped    *prometheus.CounterVec
	keyframeInterval *prometheus.HistogramVec
}

// NewMetrics registers the families with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		connections: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_ingest_connections", Help: "Publishing connections open now.",
		}, []string{"session", "protocol", "role"}),
		connects: counter("regie_ingest_connects_total",
			"Publish attempts by outcome.", "protocol", "outcome"),
		disconnects: counter("regie_ingest_disconnects_total",
			"Publish connections ended, by reason.", "protocol", "reason"),
		receivedBytes: counter("regie_ingest_received_bytes_total",
			"Media bytes received from publishers.", "session", "protocol", "kind"),
		frames: counter("regie_ingest_frames_total",
			"Video frames received from publishers.", "session"),
		framesDropped: counter("regie_ingest_frames_dropped_total",
			"Frames discarded before the muxer, by reason.", "session", "reason"),
		keyframeInterval: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "regie_ingest_keyframe_interval_seconds",
			Help:    "Distance between keyframes received.",
			Buckets: []float64{0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 20},
		}, []string{"session"}),
	}
	reg.MustRegister(m.connections, m.connects, m.disconnects, m.receivedBytes,
		m.frames, m.framesDropped, m.keyframeInterval)
	return m
}

// Forget deletes the series of a session that has ended. A publisher that is
// still open goes on counting where nobody looks.
func (m *Metrics) Forget(session show.SessionID) {
	of := prometheus.Labels{"session": string(session)}
	m.connections.DeletePartialMatch(of)
	m.receivedBytes.DeletePartialMatch(of)
	m.frames.DeletePartialMatch(of)
	m.framesDropped.DeletePartialMatch(of)
	m.keyframeInterval.DeletePartialMatch(of)
}

// counts holds the series of one publisher, so that Forget is final.
type counts struct {
	connections      prometheus.Gauge
	received         [2]prometheus.Counter // by media.Kind
	frames           prometheus.Counter
	keyframeInterval prometheus.Observer
	dropped          func(reason string, n int)
}

func (m *Metrics) publisher(session show.SessionID, proto Protocol, role show.Role) *counts {
	s, p := string(session), string(proto)
	dropped := map[string]prometheus.Counter{}
	for _, reason := range []string{"loss", "invalid"} {
		dropped[reason] = m.framesDropped.WithLabelValues(s, reason)
	}
	return &counts{
		connections: m.connections.WithLabelValues(s, p, string(role)),
		received: [2]prometheus.Counter{
			media.Video: m.receivedBytes.WithLabelValues(s, p, "video"),
			media.Audio: m.receivedBytes.WithLabelValues(s, p, "audio"),
		},
		frames:           m.frames.WithLabelValues(s),
		keyframeInterval: m.keyframeInterval.WithLabelValues(s),
		dropped: func(reason string, n int) {
			series, ok := dropped[reason]
			if !ok {
				series = dropped["invalid"]
			}
			series.Add(float64(n))
		},
	}
}

// unit counts an access unit; keyGap is the time from the keyframe before it.
func (c *counts) unit(au media.AccessUnit, keyGap time.Duration) {
	c.received[au.Kind&1].Add(float64(len(au.Data)))
	if au.Kind == media.Audio {
		return
	}
	c.frames.Inc()
	if keyGap > 0 {
		c.keyframeInterval.Observe(keyGap.Seconds())
	}
}
