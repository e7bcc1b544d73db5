package events

import (
	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	connections prometheus.Gauge
	disconnects *prometheus.CounterVec
	published   *prometheus.CounterVec

	publishing    prometheus.Histogram
	slowConsumers prometheus.Counter
}

const slow = "slow"

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "regie_events_connections", Help: "Pages that listen for changes.",
		}),
		disconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_events_disconnects_total", Help: "Sockets of pages that ended, by reason; slow: the page did not read.",
		}, []string{"reason"}),
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_events_published_total", Help: "Changes and messages told, by kind of channel.",
		}, []string{"channel"}),
		publishing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "regie_chat_publish_duration_seconds", Help: "From a message that is kept to its last copy in the queues of those who listen.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1},
		}),
		slowConsumers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "regie_chat_slow_consumers_total", Help: "Pages in a room that were disconnected because they did not read.",
		}),
	}
	for _, reason := range []string{"closed", slow, "rights", "shutdown", "other"} {
		m.disconnects.WithLabelValues(reason)
	}
	for _, k := range []kind{deskKind, talkKind, roomKind, liveKind, meKind, modKind, eventKind} {
		m.published.WithLabelValues(string(k))
	}
	reg.MustRegister(m.connections, m.disconnects, m.published, m.publishing, m.slowConsumers)
	return m
}

// countRooms counts, when asked, who listens to a room.
func (h *Hub) countRooms(reg prometheus.Registerer) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "regie_chat_connections", Help: "Pages that listen to a room.", ConstLabels: prometheus.Labels{"transport": "websocket"},
	}, func() float64 {
		n := 0
		for _, name := range h.node.Hub().Channels() {
			if c, _ := parseChannel(name); c.kind == roomKind {
				n += h.node.Hub().NumSubscribers(name)
			}
		}
		return float64(n)
	}))
}

func reasonOf(code uint32) string {
	switch code {
	case centrifuge.DisconnectConnectionClosed.Code:
		return "closed"
	case centrifuge.DisconnectSlow.Code, centrifuge.DisconnectWriteError.Code, centrifuge.DisconnectNoPong.Code:
		return slow
	case rightsChanged.Code, unknownHere.Code, centrifuge.DisconnectExpired.Code:
		return "rights"
	case centrifuge.DisconnectShutdown.Code:
		return "shutdown"
	}
	return "other"
}
