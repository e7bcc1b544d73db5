package shop

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

type metrics struct {
	shown   *prometheus.CounterVec
	clicked *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		shown:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "regie_pins_shown_total", Help: "Product pins put on screen."}, []string{"session"}),
		clicked: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "regie_pins_clicked_total", Help: "Outbound clicks on product pins."}, []string{"session"}),
	}
	reg.MustRegister(m.shown, m.clicked)
	return m
}

// begin lets both be 0 before they are 1: what appears as 1 has not increased.
func (m *metrics) begin(of show.SessionID) {
	m.shown.WithLabelValues(string(of))
	m.clicked.WithLabelValues(string(of))
}

func (m *metrics) forget(of show.SessionID) {
	m.shown.DeleteLabelValues(string(of))
	m.clicked.DeleteLabelValues(string(of))
}
