package audience

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// roomMetrics count what is said.
type roomMetrics struct{ messages *prometheus.CounterVec }

func newRoomMetrics(reg prometheus.Registerer) *roomMetrics {
	x := &roomMetrics{messages: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "regie_chat_messages_total", Help: "What was sent to rooms, and what became of it.",
	}, []string{"kind", "outcome"})}
	for _, kind := range []string{string(show.IsMessage), string(show.IsQuestion), "reaction"} {
		for _, outcome := range []string{"shown", "held", "limited", "refused", "failed"} {
			x.messages.WithLabelValues(kind, outcome)
		}
	}
	reg.MustRegister(x.messages)
	return x
}

func (x *roomMetrics) count(kind show.SaidKind, h show.Heard, err error) {
	outcome := "shown"
	switch {
	case show.KindOf(err) == show.TooMany:
		outcome = "limited"
	case show.KindOf(err) != "":
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	case h.Held:
		outcome = "held"
	}
	x.messages.WithLabelValues(string(kind), outcome).Inc()
}
