package audience

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// modMetrics count what moderators do, and what waits for them.
type modMetrics struct {
	actions *prometheus.CounterVec
	items   *prometheus.GaugeVec
	oldest  *prometheus.GaugeVec
}

const (
	queueMessages  = "held_messages"
	queueQuestions = "held_questions"
	queueReports   = "reports"
)

func newModMetrics(reg prometheus.Registerer) *modMetrics {
	x := &modMetrics{
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_moderation_actions_total", Help: "Moderation actions by kind and actor.",
		}, []string{"action", "actor"}),
		items: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_moderation_queue_items", Help: "Items waiting for a moderator.",
		}, []string{"queue"}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_moderation_queue_oldest_timestamp_seconds",
			Help: "Unix time at which the oldest waiting item arrived; 0 when empty.",
		}, []string{"queue"}),
	}
	// A counter that appears with its first action hides that action from increase().
	for actor, actions := range map[string][]string{
		"human":  {"hide", "restore", "delete", "approve", "deny", "keep", "clear", "timeout", "ban", "unban", "trust", "untrust", "note", "lever"},
		"viewer": {"report"}, "filter": {"hold"}, "timer": {"lever"},
	} {
		for _, action := range actions {
			x.actions.WithLabelValues(action, actor)
		}
	}
	if reg != nil {
		reg.MustRegister(x.actions, x.items, x.oldest)
	}
	return x
}

// did counts an action; actor is human, viewer, filter or timer.
func (x *modMetrics) did(action, actor string) { x.actions.WithLabelValues(action, actor).Inc() }

// set counts what waits in all rooms.
func (x *modMetrics) set(rooms map[show.SessionID]*modRoom) {
	items, oldest := map[string]int{}, map[string]time.Time{}
	wait := func(queue string, since time.Time) {
		items[queue]++
		if is := oldest[queue]; is.IsZero() || since.Before(is) {
			oldest[queue] = since
		}
	}
	for _, r := range rooms {
		for _, h := range r.held {
			if h.Kind == show.IsQuestion {
				wait(queueQuestions, h.At)
			} else {
				wait(queueMessages, h.At)
			}
		}
		for _, p := range r.reports {
			wait(queueReports, p.At)
		}
	}
	for _, queue := range []string{queueMessages, queueQuestions, queueReports} {
		x.items.WithLabelValues(queue).Set(float64(items[queue]))
		at := 0.0
		if t := oldest[queue]; !t.IsZero() {
			at = float64(t.UnixMilli()) / 1000
		}
		x.oldest.WithLabelValues(queue).Set(at)
	}
}
