package whep

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/internal/steer"
	"github.com/regie-live/regie/gateway/internal/wish"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
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

// opusKbps is what a viewer's sound costs, with all headers.
const opusKbps = 130

// costs are what a viewer may be sent, in kbit/s, the dearest first: of the rung
// that it has chosen, or of any. Headers add a twentieth.
func (v *viewer) costs(o *rtc.Offer) (list []int) {
	sound := 0
	if slices.Contains(o.Kinds, media.Audio) {
		sound = opusKbps
	}
	if !slices.Contains(o.Kinds, media.Video) {
		return []int{sound}
	}
	v.sound = sound
	for i := range v.feed.opts.Rungs {
		if v.chosen < 0 || i == v.chosen {
			list = append(list, v.cost(i))
		}
	}
	return list
}

func (v *viewer) cost(rung int) int { return v.feed.opts.Rungs[rung].Kbps*21/20 + v.sound }

// begin puts the viewer on the best rung of that cost, before it is connected.
func (v *viewer) begin(cost int) {
	rung := max(v.chosen, 0)
	for v.chosen < 0 && rung < len(v.feed.opts.Rungs)-1 && v.cost(rung) > cost {
		rung++
	}
	v.video.rung = rung
	v.video.want.Store(int32(rung))
	v.steer = steer.New(rung, len(v.feed.opts.Rungs))
}

// choose takes a viewer's choice: a rung, or -1 for auto, which goes on from
// where the viewer is. A rung for which the server has no room is not chosen.
func (v *viewer) choose(rung int) {
	v.steering.Lock()
	defer v.steering.Unlock()
	v.steer = steer.New(int(v.video.want.Load()), len(v.feed.opts.Rungs))
	if rung < 0 || v.aim(rung, "chosen") {
		v.chosen = rung
	}
}

// observe lets the viewer's own reports steer it, unless it has chosen.
func (v *viewer) observe(why string, note func(*steer.Steer) (changed bool)) {
	v.steering.Lock()
	defer v.steering.Unlock()
	if v.chosen < 0 && note(&v.steer) && !v.aim(v.steer.Rung(), why) {
		v.steer.Refuse(int(v.video.want.Load()))
	}
}

// aim makes the worker change to a rung at the next keyframe, which a viewer on a
// link that is too small has sooner than the schedule says. Until it comes, the
// viewer sees the old rung, as well as it can. It is false when the server has no
// room for more.
func (v *viewer) aim(rung int, why string) bool {
	if v.video.SSRC() == 0 {
		return true // who only listens costs the same
	}
	v.mu.Lock()
	peer := v.peer
	v.mu.Unlock()
	if peer == nil || !peer.Move(v.cost(rung)) {
		return false
	}
	from := int(v.video.want.Swap(int32(rung)))
	if from == rung {
		return true
	}
	v.feed.logger.Debug("viewer changes", "viewer", v.id[:min(len(v.id), 6)], "why", why,
		"from", v.feed.opts.Rungs[from].Name(), "to", v.feed.opts.Rungs[rung].Name())
	if rung > from {
		v.feed.keyframes.Ask()
	}
	return true
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
	if t := v.talk.Load(); t != nil {
		v.feed.board.refresh(t)
	}
}
