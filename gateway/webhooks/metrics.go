package webhooks

import "github.com/prometheus/client_golang/prometheus"

type outcome string

const (
	delivered outcome = "ok"
	retried   outcome = "retried" // failed, and is tried again
	failed    outcome = "failed"  // for good
	overflown outcome = "dropped" // before it was tried, because too many wait
)

type metrics struct{ deliveries *prometheus.CounterVec }

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_webhook_deliveries_total", Help: "Attempts to tell another system what happened, by outcome; dropped: too many waited.",
	}, []string{"outcome"})}
	for _, o := range []outcome{delivered, retried, failed, overflown} {
		m.count(o, 0)
	}
	reg.MustRegister(m.deliveries)
	return m
}

func (m *metrics) count(o outcome, n int) { m.deliveries.WithLabelValues(string(o)).Add(float64(n)) }
