package whep

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/internal/wish"
)

// auto is the choice of those who leave it to us.
const auto = "auto"

// choice finds a rendition by its name; -1 is auto.
func (f *Feed) choice(name string) (int, error) {
	if name == "" || name == auto {
		return -1, nil
	}
	names := make([]string, 0, len(f.opts.Rungs))
	for _, r := range f.opts.Rungs {
		names = append(names, r.Name())
	}
	if i := slices.Index(names, name); i >= 0 {
		return i, nil
	}
	return 0, &wish.Problem{
		Status: http.StatusNotFound,
		Detail: fmt.Sprintf("there is no rendition %.20q; choose %s or %s", name, strings.Join(names, ", "), auto),
	}
}

// choose takes a viewer's choice: a rung, or -1 for auto, which goes on from
// where the viewer is.
func (v *viewer) choose(rung int) {
	v.steering.Lock()
	defer v.steering.Unlock()
	v.chosen = rung
	if rung < 0 {
		v.steer = newSteer(int(v.video.want.Load()), len(v.feed.opts.Rungs))
		return
	}
	v.aim(rung, "chosen")
}

// observe lets the viewer's own reports steer it, unless it has chosen.
func (v *viewer) observe(why string, note func(*steer) (changed bool)) {
	v.steering.Lock()
	defer v.steering.Unlock()
	if v.chosen < 0 && note(&v.steer) {
		v.aim(v.steer.rung, why)
	}
}

// aim makes the worker change to a rung at the next keyframe, which a viewer on a
// link that is too small has sooner than the schedule says. Until it comes, the
// viewer sees the old rung, as well as it can.
func (v *viewer) aim(rung int, why string) {
	from := int(v.video.want.Swap(int32(rung)))
	if from == rung {
		return
	}
	v.feed.logger.Debug("viewer changes", "viewer", v.id[:min(len(v.id), 6)], "why", why,
		"from", v.feed.opts.Rungs[from].Name(), "to", v.feed.opts.Rungs[rung].Name())
	if rung > from {
		v.feed.keyframes.ask()
	}
}

// turned notes that the worker has changed the viewer's rung.
func (v *viewer) turned(from int) {
	to := v.video.rung
	direction := down
	if to < from {
		direction = up
	}
	v.feed.opts.Metrics.switches.WithLabelValues(direction).Inc()
	if v.shown.CompareAndSwap(int32(from), int32(to)) { // it has not left
		v.feed.watching(from).Dec()
		v.feed.watching(to).Inc()
	}
}
