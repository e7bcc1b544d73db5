package stage

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// Metrics counts what all stages of an appliance do.
type Metrics struct {
	info        *prometheus.GaugeVec
	state       *prometheus.GaugeVec
	start       *prometheus.GaugeVec
	transitions *prometheus.CounterVec
	frameTime   prometheus.Histogram
	late        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	speed       *prometheus.GaugeVec
	offset      *prometheus.GaugeVec
	restarts    *prometheus.CounterVec
}

// NewMetrics registers the families of the session and of its mixer.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_session_info", Help: "Sessions this appliance knows; join on session for title and creator. Value is always 1.",
		}, []string{"session", "title", "creator"}),
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_session_state", Help: "Phase of a session, one series per phase, value 0 or 1.",
		}, []string{"session", "state"}),
		start: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_session_scheduled_start_timestamp_seconds", Help: "Unix time at which a session is due to start; absent when none was planned.",
		}, []string{"session"}),
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_session_transitions_total", Help: "Changes of phase of all sessions, by the phase entered and why.",
		}, []string{"to", "cause"}),
		frameTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "regie_mixer_frame_seconds", Help: "Time to compose and encode one program frame.",
			Buckets: []float64{.002, .004, .006, .008, .01, .0125, .0167, .02, .025, .0333, .05, .1},
		}),
		late: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_mixer_frames_late_total", Help: "Program frames skipped because their tick came too late.",
		}, []string{"session"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_mixer_units_dropped_total", Help: "Access units thrown away before the mixer: overload, damage, or waiting for a keyframe.",
		}, []string{"session"}),
		speed: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_encoder_speed_ratio", Help: "Mixer and encoder speed relative to real time; below 1 they fall behind.",
		}, []string{"session", "rendition"}),
		offset: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "regie_mixer_av_offset_seconds", Help: "Audio minus video of the participant with the largest offset, at the mixer.",
		}, []string{"session"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_mixer_restarts_total", Help: "Worker processes replaced because they died or hung.",
		}, []string{"session"}),
	}
	reg.MustRegister(m.info, m.state, m.start, m.transitions, m.frameTime, m.late, m.dropped, m.speed, m.offset, m.restarts)
	return m
}

func (m *Metrics) phase(s show.Session, p show.Phase) {
	creator := ""
	if len(s.Participants) > 0 {
		creator = s.Participants[0].Name
	}
	// The title may have changed: one series a session.
	m.info.DeletePartialMatch(prometheus.Labels{"session": string(s.ID)})
	m.info.WithLabelValues(string(s.ID), s.Title, creator).Set(1)
	if s.Starts.IsZero() {
		m.start.DeleteLabelValues(string(s.ID))
	} else {
		m.start.WithLabelValues(string(s.ID)).Set(float64(s.Starts.UnixMilli()) / 1000)
	}
	for _, q := range []show.Phase{show.Planned, show.Live, show.Ended} {
		v := 0.0
		if q == p {
			v = 1
		}
		m.state.WithLabelValues(string(s.ID), string(q)).Set(v)
	}
}

func (m *Metrics) transition(s show.Session, p show.Phase, cause string) {
	m.phase(s, p)
	m.transitions.WithLabelValues(string(p), cause).Inc()
	if p == show.Live { // so that a rate exists from the first event on
		id := string(s.ID)
		m.late.WithLabelValues(id)
		m.dropped.WithLabelValues(id)
		m.restarts.WithLabelValues(id)
	}
}

func (m *Metrics) restarted(id show.SessionID) { m.restarts.WithLabelValues(string(id)).Inc() }

// observe adds what has happened since the last heartbeat. Counters in Stats
// never go back within one run.
func (m *Metrics) observe(id show.SessionID, last, now transcode.Stats) {
	session := string(id)
	for _, seconds := range now.FrameTimes {
		m.frameTime.Observe(seconds)
	}
	m.late.WithLabelValues(session).Add(float64(now.Late - min(last.Late, now.Late)))
	m.dropped.WithLabelValues(session).Add(float64(now.Dropped - min(last.Dropped, now.Dropped)))
	for _, r := range now.Rungs {
		m.speed.WithLabelValues(session, r.Name).Set(r.SpeedRatio)
	}
	m.offset.WithLabelValues(session).Set(now.AVOffset.Seconds())
}

// offAir deletes the series that mean something only while a program runs.
func (m *Metrics) offAir(id show.SessionID) {
	m.speed.DeletePartialMatch(prometheus.Labels{"session": string(id)})
	m.offset.DeleteLabelValues(string(id))
}

// forget deletes every series of a session that is no more.
func (m *Metrics) forget(id show.SessionID) {
	for _, v := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
		m.info, m.state, m.start, m.late, m.dropped, m.speed, m.offset, m.restarts,
	} {
		v.DeletePartialMatch(prometheus.Labels{"session": string(id)})
	}
}
