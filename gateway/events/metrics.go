package events

import (
	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	connections prometheus.Gauge
	disconnects *prometheus.CounterVec
	published   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "regie_events_connections", Help: "Pages of hosts, guests and operators that listen for changes.",
		}),
		disconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_events_disconnects_total", Help: "Sockets of pages that ended, by reason; slow: the page did not read.",
		}, []string{"reason"}),
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_events_published_total", Help: "Changes and messages told, by kind of channel.",
		}, []string{"channel"}),
	}
	for _, reason := range []string{"closed", "slow", "rights", "shutdown", "other"} {
		m.disconnects.WithLabelValues(reason)
	}
	for _, kind := range []string{"desk", "talk"} {
		m.published.WithLabelValues(kind)
	}
	reg.MustRegister(m.connections, m.disconnects, m.published)
	return m
}

func reasonOf(code uint32) string {
	switch code {
	case centrifuge.DisconnectConnectionClosed.Code:
		return "closed"
	case centrifuge.DisconnectSlow.Code, centrifuge.DisconnectWriteError.Code, centrifuge.DisconnectNoPong.Code:
		return "slow"
	case rightsChanged.Code, unknownHere.Code, centrifuge.DisconnectExpired.Code:
		return "rights"
	case centrifuge.DisconnectShutdown.Code:
		return "shutdown"
	}
	return "other"
}
