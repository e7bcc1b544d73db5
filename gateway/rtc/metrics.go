package rtc

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// Metrics are what Prometheus sees of all peers.
type Metrics struct {
	peers       *prometheus.GaugeVec
	iceSeconds  *prometheus.HistogramVec
	iceFailures *prometheus.CounterVec
	packets     *prometheus.CounterVec
	lost        *prometheus.CounterVec
	roundTrip   *prometheus.HistogramVec
	datagrams   [nways]prometheus.Counter
	fallbacks   [nways]prometheus.Counter
	unsent      prometheus.Counter
	refusals    *prometheus.CounterVec
	busy        prometheus.Gauge
	maxViewers  prometheus.Gauge
	maxBytes    prometheus.Gauge
}

// NewMetrics registers the regie_rtc_ families.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		peers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_rtc_peers", Help: "Peer connections by role and state.",
		}, []string{"role", "state"}),
		iceSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "regie_rtc_ice_seconds", Help: "Time from offer to a connected ICE pair.",
			Buckets: []float64{.05, .1, .2, .5, 1, 2, 5, 10, 15},
		}, []string{"candidate"}),
		iceFailures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_ice_failures_total", Help: "Peer connections that never connected.",
		}, []string{"role"}),
		packets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_packets_total", Help: "RTP packets by direction.",
		}, []string{"direction", "kind"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_rtc_packets_lost_total", Help: "RTP packets lost by direction.",
		}, []string{"direction", "kind"}),
		roundTrip: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "regie_rtc_round_trip_seconds", Help: "Round-trip time sampled from RTCP.",
			Buckets: []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2},
		}, []string{"role"}),
	}
	m.refusals = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_rtc_refusals_total", Help: "Peers that were not let in, by the limit that was reached.",
	}, []string{"reason"})
	m.busy = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "regie_rtc_senders_busy_ratio", Help: "Share of its time that a sender to viewers was busy, over its latest two seconds; above 0.8 no viewers are let in.",
	})
	m.maxViewers = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "regie_rtc_max_viewers", Help: "How many WebRTC viewers may watch.",
	})
	m.maxBytes = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "regie_rtc_max_bytes_per_second", Help: "How much all WebRTC viewers together may be sent.",
	})
	for _, r := range []Reason{FullViewers, FullBandwidth, FullLoad, FullStage} {
		m.refusals.WithLabelValues(string(r))
	}
	datagrams := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_rtc_datagrams_total", Help: "UDP packets sent, by the way they were handed to the kernel.",
	}, []string{"way"})
	fallbacks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_rtc_send_fallbacks_total", Help: "How often a way of sending was refused, and a dearer one taken.",
	}, []string{"way"})
	m.unsent = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "regie_rtc_datagrams_unsent_total", Help: "UDP packets that the network did not take.",
	})
	for w := range nways {
		m.datagrams[w] = datagrams.WithLabelValues(w.String())
		if w > plain {
			m.fallbacks[w] = fallbacks.WithLabelValues(w.String())
		}
	}
	reg.MustRegister(m.peers, m.iceSeconds, m.iceFailures, m.packets, m.lost, m.roundTrip, datagrams, fallbacks, m.unsent,
		m.refusals, m.busy, m.maxViewers, m.maxBytes)
	// So that increase() sees the first one too.
	for _, role := range []show.Role{show.Host, show.Guest, show.Viewer} {
		m.iceFailures.WithLabelValues(string(role))
	}
	return m
}

// Direction of packets as seen from here.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Flow counts the packets of one direction and kind. Add may be called from any
// goroutine.
type Flow struct{ Packets, Lost prometheus.Counter }

// Flow returns the counters of one direction and kind.
func (n *Net) Flow(d Direction, k media.Kind) Flow {
	return Flow{
		Packets: n.metrics.packets.WithLabelValues(string(d), k.String()),
		Lost:    n.metrics.lost.WithLabelValues(string(d), k.String()),
	}
}

// RoundTrip notes a round-trip time that a peer's receiver report gave.
func (n *Net) RoundTrip(role show.Role, rtt time.Duration) {
	n.metrics.roundTrip.WithLabelValues(string(role)).Observe(rtt.Seconds())
}
