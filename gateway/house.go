package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/hls"
	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/returns"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/stage"
	"github.com/regie-live/regie/gateway/viewers"
	"github.com/regie-live/regie/gateway/whep"
	"github.com/regie-live/regie/transcode"
)

// house is a session with its stage and, while it is live, its ways out.
type house struct {
	session  show.Session
	width    int // of the program, in pixels
	height   int
	stage    *stage.Stage
	now      atomic.Pointer[broadcast] // nil before the first time on air
	audience *viewers.Audience
	logo     atomic.Pointer[[]byte]
	returns  *returns.Feed // nil when WebRTC is off; closed when the stage has ended

	asked atomic.Pointer[asked] // the question that is on air

	stop    context.CancelFunc // ends the stage; nil before it runs
	stopped chan struct{}      // closed when it has ended
}

// broadcast is one time on air. It implements stage.Output.
type broadcast struct {
	hls  *hls.Stream
	whep *whep.Feed // nil when WebRTC is off
	over atomic.Bool

	epoch time.Time // wall time of program time 0
}

func (b *broadcast) Write(p transcode.Packet) {
	if b.whep != nil {
		b.whep.Write(p) // the faster way first
	}
	b.hls.Write(p)
}

// Close ends the playlists but keeps them: whoever is a few seconds behind sees
// the end, and a late player learns that it is over.
func (b *broadcast) Close() {
	b.over.Store(true)
	if b.whep != nil {
		b.whep.Close()
	}
	b.hls.End()
}

func (h *house) free() {
	if h.returns != nil {
		h.returns.Close()
	}
}

func (h *house) view() show.SessionView {
	at := h.stage.View()
	v := show.NewSessionView(at.Session, at.Phase, at.OnAir)
	v.Since = at.Since
	v.Viewers = h.audience.Count()
	v.Width, v.Height = h.width, h.height
	return v
}

// peers is how many watch by WebRTC; onAir is false while nobody can watch.
func (h *house) peers() (n int, onAir bool) {
	b := h.now.Load()
	if b == nil || b.over.Load() {
		return 0, false
	}
	if b.whep == nil {
		return 0, true
	}
	return b.whep.Viewers(), true
}

// serve answers for /live/SESSION/rest.
func (h *house) serve(w http.ResponseWriter, r *http.Request, rest string) {
	b := h.now.Load()
	if b == nil || b.over.Load() && isWHEP(rest) {
		w.Header().Set("Retry-After", "3")
		problem.Write(w, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "The session is not live",
			Detail: fmt.Sprintf("%s is %s; ask again in a moment, or watch its page at /s/%s.", h.session.ID, h.stage.View().Phase, h.session.ID),
		})
		return
	}
	if isWHEP(rest) {
		if b.whep == nil {
			problem.Write(w, problem.Problem{Status: http.StatusNotFound, Title: "There is no real-time delivery", Detail: "WebRTC is switched off here; play index.m3u8."})
			return
		}
		b.whep.ServeHTTP(w, below(r, rest))
		return
	}
	if isReload(r) {
		h.audience.Reload()
	}
	b.hls.ServeHTTP(w, below(r, rest))
}

// isReload: a player asks for the next part of a playlist, and may wait for it.
func isReload(r *http.Request) bool {
	return strings.HasPrefix(r.URL.RawQuery, "_HLS_msn=") || strings.Contains(r.URL.RawQuery, "&_HLS_msn=")
}

func isWHEP(rest string) bool { return rest == "whep" || strings.HasPrefix(rest, "whep/") }

// below is the request as seen from /live/SESSION/.
func below(r *http.Request, rest string) *http.Request {
	u := *r.URL
	u.Path, u.RawPath = rest, ""
	seen := *r
	seen.URL = &u
	return &seen
}
