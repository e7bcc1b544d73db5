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
	avOffset         *prometheus.GaugeVec
}

// NewMetrics registers the families with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		connections: gauge("regie_ingest_connections",
			"Publishing connections open now.", "session", "protocol", "role"),
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
		avOffset: gauge("regie_ingest_av_offset_seconds",
			"Audio minus video presentation time at the muxer.", "session"),
	}
	reg.MustRegister(m.connections, m.connects, m.disconnects, m.receivedBytes,
		m.frames, m.framesDropped, m.keyframeInterval, m.avOffset)
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
	m.avOffset.DeletePartialMatch(of)
}

// counts holds the series of one publisher, so that Forget is final.
type counts struct {
	connections      prometheus.Gauge
	received         [2]prometheus.Counter // by media.Kind
	frames           prometheus.Counter
	keyframeInterval prometheus.Observer
	avOffset         prometheus.Gauge // nil for guests: one series per session, the host's
	dropped          func(reason string, n int)
}

func (m *Metrics) publisher(session show.SessionID, proto Protocol, role show.Role) *counts {
	s, p := string(session), string(proto)
	dropped := map[string]prometheus.Counter{}
	for _, reason := range []string{"loss", "invalid"} {
		dropped[reason] = m.framesDropped.WithLabelValues(s, reason)
	}
	c := &counts{
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
	if role == show.Host {
		c.avOffset = m.avOffset.WithLabelValues(s)
	}
	return c
}

// trackStats is what the counting of one publisher remembers between units.
type trackStats struct {
	video, audio, key    time.Duration // PTS of the latest picture, sound, keyframe
	seenVideo, seenAudio bool
	seenKey              bool
	offset               float64 // smoothed, seconds
	offsetKnown          bool
}

// maxKeyframeInterval separates a long GOP from a jump of the clock.
const maxKeyframeInterval = time.Minute

func (c *counts) unit(s *trackStats, au media.AccessUnit) {
	c.received[au.Kind&1].Add(float64(len(au.Data)))
	if au.Kind == media.Audio {
		s.audio, s.seenAudio = au.PTS, true
		return
	}
	c.frames.Inc()
	if au.Key {
		if d := au.PTS - s.key; s.seenKey && d > 0 && d < maxKeyframeInterval {
			c.keyframeInterval.Observe(d.Seconds())
		}
		s.key, s.seenKey = au.PTS, true
	}
	s.video, s.seenVideo = au.PTS, true
	c.offset(s)
}

// offset smooths over about a second, because a single difference swings with
// the order in which sound and (reordered) pictures happen to arrive.
func (c *counts) offset(s *trackStats) {
	if c.avOffset == nil || !s.seenAudio || !s.seenVideo {
		return
	}
	now := (s.audio - s.video).Seconds()
	if !s.offsetKnown {
		s.offset, s.offsetKnown = now, true
	}
	s.offset += (now - s.offset) / 30
	c.avOffset.Set(s.offset)
}
