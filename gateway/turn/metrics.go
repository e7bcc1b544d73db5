package turn

import (
	"net"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what Prometheus sees of the TURN server.
type Metrics struct {
	allocations *prometheus.GaugeVec
	in, out     prometheus.Counter
}

// NewMetrics registers the regie_turn_ families.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{allocations: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "regie_turn_allocations", Help: "TURN allocations open now.",
	}, []string{"transport"})}
	bytes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_turn_relayed_bytes_total", Help: "Bytes relayed by the built-in TURN server.",
	}, []string{"direction"})
	m.in, m.out = bytes.WithLabelValues("in"), bytes.WithLabelValues("out")
	reg.MustRegister(m.allocations, bytes)
	m.allocations.WithLabelValues("udp")
	m.allocations.WithLabelValues("tcp")
	return m
}

// open is the gauge of a client's transport.
func (m *Metrics) open(client net.Addr) prometheus.Gauge {
	return m.allocations.WithLabelValues(client.Network())
}
