package viewers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	by      [len(deliveries)]playback
	watched *prometheus.CounterVec
	errors  *prometheus.CounterVec
	beacons map[outcome]prometheus.Counter
}

// playback is what is measured of one delivery.
type playback struct {
	startup, latency prometheus.Observer
	stalled, bytes   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"delivery"})
		reg.MustRegister(v)
		return v
	}
	startup := histogram("regie_player_startup_seconds", "Time from wanting to play to the first frame, reported by players.",
		.1, .2, .35, .5, .75, 1, 1.5, 2, 3, 5, 10, 30)
	latency := histogram("regie_player_latency_seconds", "How far behind the program players that watch live are, reported by them.",
		.05, .1, .2, .35, .5, .75, 1, 1.25, 1.5, 2, 3, 4, 6, 10, 20, 60)
	stalled := counter("regie_player_stalled_seconds_total", "Seconds spent rebuffering, reported by players.", "delivery")
	received := counter("regie_player_received_bytes_total", "Media bytes received, reported by players.", "delivery")
	beacons := counter("regie_player_beacons_total", "Beacons of players by what became of them.", "outcome")
	m := &metrics{
		watched: counter("regie_player_watched_seconds_total", "Seconds of playback by rendition, reported by players.", "delivery", "rendition"),
		errors:  counter("regie_player_errors_total", "Fatal playback errors, reported by players.", "delivery", "kind"),
		beacons: map[outcome]prometheus.Counter{},
	}
	for d, name := range deliveries {
		for _, kind := range append(failures, otherFailure) {
			m.errors.WithLabelValues(name, kind) // so that a rate exists before the first
		}
		m.by[d] = playback{startup.WithLabelValues(name), latency.WithLabelValues(name), stalled.WithLabelValues(name), received.WithLabelValues(name)}
	}
	for _, o := range outcomes {
		m.beacons[o] = beacons.WithLabelValues(string(o))
	}
	return m
}

var viewersDesc = prometheus.NewDesc("regie_viewers",
	"Viewers watching now by session and delivery: WebRTC peers, and LL-HLS pages by their beacons or players by their reloads.",
	[]string{"session", "delivery"}, nil)

// Describe and Collect count when Prometheus asks.
func (c *Counter) Describe(ch chan<- *prometheus.Desc) { ch <- viewersDesc }

// Collect implements prometheus.Collector.
func (c *Counter) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	all := make([]*Audience, 0, len(c.audiences))
	for _, a := range c.audiences {
		all = append(all, a)
	}
	c.mu.Unlock()
	for _, a := range all {
		byHLS, byWHEP, onAir := a.count(time.Now())
		if !onAir {
			continue
		}
		id := string(a.session.ID)
		ch <- prometheus.MustNewConstMetric(viewersDesc, prometheus.GaugeValue, float64(byHLS), id, deliveries[llhls])
		ch <- prometheus.MustNewConstMetric(viewersDesc, prometheus.GaugeValue, float64(byWHEP), id, deliveries[whep])
	}
}
