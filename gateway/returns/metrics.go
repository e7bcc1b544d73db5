package returns

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what Prometheus sees of all return feeds; regie_rtc_peers and the rest
// of package rtc count them by role.
type Metrics struct {
	dropped prometheus.Counter
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{dropped: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "regie_return_frames_dropped_total", Help: "Frames not sent to a participant whose return feed did not keep up.",
	})}
	reg.MustRegister(m.dropped)
	return m
}
