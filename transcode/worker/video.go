package worker

import (
	"os"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/wire"
)

const (
	heartbeat = 200 * time.Millisecond
	// extraKeys is the least time between keyframes made on demand.
	extraKeys = time.Second
	// patience is how long the first frame waits for the pictures of a worker that
	// died to be decoded again, and for the scene to be drawn.
	patience = 250 * time.Millisecond
	// stuck is how long the audio loop may stand still before heartbeats stop.
	stuck = 2 * time.Second
)

// video is the loop that makes frames. Everything in it belongs to its goroutine.
type video struct {
	e       *engine
	program transcode.Program
	ladder  *ladder
	paint   painter
	phase   phaser
	next    int64 // frame to make next
	opened  bool  // a first keyframe was made
	extra   time.Duration
	beat    time.Duration
	stats   transcode.Stats
	sum     time.Duration // of frame times since the last heartbeat
}

func (e *engine) videoLoop() error {
	p := e.program
	rungs, err := openLadder(p, e.now)
	if err != nil {
		return err
	}
	defer rungs.close()
	v := &video{
		stats: transcode.Stats{PID: os.Getpid()},
		e:     e, program: p, ladder: rungs, next: e.setup.VideoNext, extra: never, beat: never,
		paint: painter{e: e}, phase: phaser{period: time.Second / time.Duration(p.FPS), late: phaseLate},
	}
	if !v.settle() {
		return nil
	}
	// What no worker has made yet is made up for before the clock takes over; that
	// is not lateness.
	if err := v.catchUp(e.program.FrameAt(e.now()), false); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(p.FrameTime(v.next) + v.phase.step() - e.now())
		select {
		case <-e.ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := v.catchUp(p.FrameAt(e.now()-v.phase.phase), true); err != nil {
			return err
		}
		if err := v.tick(v.next, false); err != nil {
			return err
		}
	}
}

// settle waits until there is something to show.
func (v *video) settle() bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-v.e.ctx.Done():
		return false
	case <-limit.C:
		return true
	case <-v.e.scenes.first:
	}
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for v.e.replay.Load() > 0 {
		select {
		case <-v.e.ctx.Done():
			return false
		case <-limit.C:
			return true
		case <-poll.C:
		}
	}
	return true
}

// catchUp skips the frames before frame, but for the borders of parts and of
// groups of pictures among them.
func (v *video) catchUp(frame int64, late bool) error {
	for v.next < frame {
		if v.program.Border(v.next) {
			if err := v.tick(v.next, true); err != nil {
				return err
			}
			continue
		}
		v.next++
		if late {
			v.stats.Late++
		}
	}
	return nil
}

// tick makes frame n. A late one makes up for what was missed: nothing is learned
// from when it shows what.
func (v *video) tick(n int64, late bool) error {
	now := v.e.now()
	canvas := v.ladder.canvas()
	if canvas == nil {
		return errCanvas
	}
	if host, t := v.paint.paint(canvas, now, v.program.FrameTime(n), late); t != nil {
		v.phase.observe(t.ready)
		v.phase.follow(t.came-t.at, host.input.Need())
	}
	j := job{frame: n, pts: v.program.FramePTS(n), key: v.key(n, now), began: now}
	if err := v.ladder.encode(j); err != nil {
		return err
	}
	v.next = n + 1
	took := v.e.now() - now
	if err := v.e.out.packets(v.ladder.packets...); err != nil {
		return err
	}
	return v.count(now, took)
}

// key says whether frame n is a keyframe, in all rungs: on the grid always, on demand in
// addition, but not more than one a second.
func (v *video) key(n int64, now time.Duration) bool {
	if v.program.Scheduled(n) || !v.opened {
		v.opened = true
		v.e.wanted.Store(false)
		return true
	}
	if now-v.extra < extraKeys || !v.e.wanted.Swap(false) {
		return false
	}
	v.extra = now
	return true
}

// count keeps the statistics and sends a heartbeat when one is due.
func (v *video) count(now, took time.Duration) error {
	v.stats.Frames++
	v.stats.FrameTimes = append(v.stats.FrameTimes, took.Seconds())
	v.sum += took
	if now-v.beat < heartbeat {
		return nil
	}
	v.beat = now
	if played := time.Duration(v.e.played.Load()); now-played > stuck {
		return nil // let the gateway see that something hangs
	}
	st := &v.stats
	st.FrameTime = v.sum / time.Duration(len(st.FrameTimes))
	st.Rungs = v.ladder.speeds(v.phase.period, len(st.FrameTimes))
	st.Dropped, st.AVOffset = 0, 0
	st.SourceStats = st.SourceStats[:0]
	for _, s := range v.paint.sources {
		one := s.stats(now)
		st.SourceStats = append(st.SourceStats, one)
		if one.AVOffset.Abs() > st.AVOffset.Abs() {
			st.AVOffset = one.AVOffset
		}
		st.Dropped += s.dropped.Load()
	}
	m, err := wire.Control(wire.Heartbeat, 0, st)
	if err != nil {
		return err
	}
	st.FrameTimes, v.sum = st.FrameTimes[:0], 0
	return v.e.out.send(m)
}
