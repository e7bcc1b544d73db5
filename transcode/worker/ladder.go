package worker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
)

var errCanvas = errors.New("no canvas to draw on: out of memory")

// ladder is the encoders of the program. The video loop paints the top rung's
// canvas and encodes it; meanwhile each rung below scales that picture to its own
// canvas and encodes it, in a goroutine of its own. A frame is over when all are
// done, so no rung is ever behind another.
type ladder struct {
	now     func() time.Duration
	rungs   []*rung
	packets []transcode.Packet // of the last frame, by rung
	busy    sync.WaitGroup     // rungs below the top that have not done the present frame
	running sync.WaitGroup     // their goroutines
}

// rung is one encoder. What it scales from is whole before its job comes, and
// stands until the frame is over.
type rung struct {
	name   string
	enc    *libav.VideoEncoder
	canvas *compose.Picture // nil when there was no memory for one
	from   *rung            // whose canvas is scaled; nil at the top
	below  []*rung          // who scale this one's canvas
	scaler libav.Scaler
	jobs   chan job // of 1
	packet transcode.Packet
	err    error
	ready  time.Duration // from the tick to the packet, sum since the last heartbeat
}

// job is one frame to encode.
type job struct {
	frame, pts int64
	key        bool
	began      time.Duration
}

func openLadder(p transcode.Program, now func() time.Duration) (*ladder, error) {
	l := &ladder{now: now}
	for i, r := range p.Rungs() {
		enc, err := libav.OpenVideoEncoder(libav.VideoEncoderConfig{W: r.Width, H: r.Height, FPS: p.FPS, Kbps: r.Kbps})
		if err != nil {
			l.close()
			return nil, fmt.Errorf("rung %s: %w", r.Name(), err)
		}
		one := &rung{name: r.Name(), enc: enc, jobs: make(chan job, 1), packet: transcode.Packet{Track: transcode.Video, Rung: i}}
		if i > 0 {
			one.from = l.rungs[nearest(p.Rungs(), i)]
			one.from.below = append(one.from.below, one)
			l.running.Go(func() { l.work(one) })
		}
		l.rungs = append(l.rungs, one)
	}
	l.packets = make([]transcode.Packet, len(l.rungs))
	return l, nil
}

// nearest is the rung whose picture rung i is scaled from: one of exactly twice the
// size, because halving costs least by far, or the top, which is the sharpest.
func nearest(rungs []transcode.Rung, i int) int {
	for from := i - 1; from > 0; from-- {
		if rungs[from].Width == 2*rungs[i].Width && rungs[from].Height == 2*rungs[i].Height {
			return from
		}
	}
	return 0
}

// canvas is what the next frame is painted on; it holds what was painted last.
func (l *ladder) canvas() *compose.Picture {
	top := l.rungs[0]
	top.canvas = top.enc.Canvas()
	return top.canvas
}

// encode makes the packets of a frame from the canvas.
func (l *ladder) encode(j job) error {
	top := l.rungs[0]
	l.busy.Add(len(l.rungs) - 1)
	top.wake(j)
	top.encode(j, l.now)
	l.busy.Wait()
	for i, r := range l.rungs {
		if r.err != nil {
			return fmt.Errorf("rung %s: %w", r.name, r.err)
		}
		l.packets[i] = r.packet
	}
	return nil
}

func (l *ladder) work(r *rung) {
	for j := range r.jobs {
		r.err = r.draw()
		r.wake(j) // also after an error: every rung answers for every frame
		if r.err == nil {
			r.encode(j, l.now)
		}
		l.busy.Done()
	}
}

// wake has the rungs below draw and encode what is on r's canvas.
func (r *rung) wake(j job) {
	for _, b := range r.below {
		b.jobs <- j
	}
}

func (r *rung) draw() error {
	if r.canvas = r.enc.Canvas(); r.canvas == nil || r.from.canvas == nil {
		return errCanvas
	}
	return r.scaler.Scale(r.canvas, r.from.canvas)
}

func (r *rung) encode(j job, now func() time.Duration) {
	r.packet.PTS = j.pts
	r.packet.Data, r.packet.Key, r.err = r.enc.Encode(j.frame, j.key)
	r.ready += now() - j.began
}

// speeds is how many times faster than frames follow each other every rung's packets
// were ready, in the mean of n frames since the last call.
func (l *ladder) speeds(period time.Duration, n int) []transcode.RungStats {
	out := make([]transcode.RungStats, len(l.rungs))
	for i, r := range l.rungs {
		out[i] = transcode.RungStats{Name: r.name, SpeedRatio: float64(period) * float64(n) / float64(max(r.ready, 1))}
		r.ready = 0
	}
	return out
}

func (l *ladder) close() {
	for _, r := range l.rungs {
		close(r.jobs)
	}
	l.running.Wait()
	for _, r := range l.rungs {
		r.enc.Close()
		r.scaler.Close()
	}
}
