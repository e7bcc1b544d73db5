package transcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/regie-live/regie/transcode/wire"
)

const (
	// heartbeatTimeout is how long a worker may be silent before it is taken for
	// hung. It says something five times a second.
	heartbeatTimeout = time.Second
	// startTimeout is the same until its first heartbeat.
	startTimeout = 3 * time.Second
	// starvedTimeout is how long a worker may be silent that does get some of the
	// processor: killing one for which the machine is too busy would only make the
	// machine busier.
	starvedTimeout = 3 * time.Second
	// watchTick is how often that is looked at, and how long a hanging worker may
	// take to say where it hangs.
	watchTick = 50 * time.Millisecond
	// stopTimeout is how long a worker may take to leave.
	stopTimeout = 2 * time.Second
	// shortLife: a worker that dies sooner may have died of what it was given.
	shortLife = time.Second
	// pipeSize is asked of the kernel for both pipes: room for a burst of pictures.
	pipeSize = 1 << 20
	// hopeless is how many workers in a row may die before the first has ever
	// been ready: then something is wrong that time does not heal.
	hopeless = 3
)

var errHung = errors.New("no heartbeat: the worker hangs")

// Run mixes until ctx is done; then it returns nil, after at most stopTimeout. It
// returns an error only when no worker can be started at all.
func (s *Session) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("transcode: Run was called twice")
	}
	s.line.begin(time.Since(s.epoch))
	ready, short := false, 0
	for {
		w := &child{session: s}
		began := time.Now()
		cause := w.run(ctx, short < 2)
		s.tally.retire()
		s.line.forget()
		if ctx.Err() != nil {
			return nil
		}
		ready = ready || w.ready
		if time.Since(began) < shortLife {
			short++
		} else {
			short = 0
		}
		if !ready && (w.never || short >= hopeless) {
			return fmt.Errorf("transcode: no worker could be started: %w", cause)
		}
		s.log.Warn("the worker is replaced", "cause", cause, "lived", time.Since(began).Round(time.Millisecond))
		if s.events.Restarted != nil {
			s.events.Restarted(cause)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff(short)):
		}
	}
}

// backoff is how long to wait before the next worker: not at all after a long
// life, up to a second when several die young.
func backoff(short int) time.Duration {
	if short < 2 {
		return 0
	}
	return min(50*time.Millisecond<<min(short-2, 10), time.Second)
}

// child is one worker process.
type child struct {
	session *Session
	ready   bool // it spoke
	never   bool // it could not even be started
	beat    chan struct{}
	done    chan struct{}
}

// run starts a worker and returns why it ended. Everything it starts has ended by
// then. Standard output is read here, so Output is called in Run's goroutine.
func (c *child) run(ctx context.Context, replay bool) error {
	wctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	cmd := c.session.command(wctx)
	stdin, stdout, stderr, err := pipes(cmd)
	if err == nil {
		err = start(cmd)
	}
	if err != nil {
		c.never = true
		return err
	}
	c.beat, c.done = make(chan struct{}, 1), make(chan struct{})
	q, err := c.session.attach(replay)
	if err != nil {
		q = newQueue()
		q.close()
	}
	var wg sync.WaitGroup
	var hung, broken error
	log := &childLog{log: c.session.log.With("worker", cmd.Process.Pid)}
	wg.Go(func() { log.copy(stderr) })
	wg.Go(func() {
		broken = q.write(wire.NewWriter(stdin))
		if errors.Is(broken, errOverflow) {
			_ = cmd.Process.Kill()
		}
		_ = stdin.Close()
	})
	wg.Go(func() { hung = c.watch(ctx, q, cmd.Process) })
	failed := c.read(wire.NewReader(stdout))
	if failed != nil {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, stdout)
	}
	close(c.done)
	c.session.detach()
	wg.Wait()
	ended := cmd.Wait()
	if errors.Is(broken, syscall.EPIPE) {
		broken = nil // the consequence, not the cause
	}
	cause := firstOf(hung, failed, err, broken, ended, errEnded)
	return log.explain(cause)
}

var errEnded = errors.New("the worker ended by itself")

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pipes connects cmd. Standard output is read to its end before cmd.Wait.
func pipes(cmd *exec.Cmd) (stdin io.WriteCloser, stdout, stderr io.Reader, err error) {
	if stdin, err = cmd.StdinPipe(); err != nil {
		return
	}
	if stdout, err = cmd.StdoutPipe(); err != nil {
		return
	}
	if stderr, err = cmd.StderrPipe(); err != nil {
		return
	}
	for _, p := range []any{stdin, stdout} {
		if f, ok := p.(*os.File); ok { // a larger pipe is welcome, not needed
			if c, err := f.SyscallConn(); err == nil {
				_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
			}
		}
	}
	return
}

// watch kills a worker that hangs, and ends it when ctx is done. It counts ticks
// and not time: on a machine so busy that our own ticks fail to come, silence
// proves nothing.
func (c *child) watch(ctx context.Context, q *queue, p *os.Process) error {
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	left := int(startTimeout / watchTick)
	more := int((starvedTimeout - heartbeatTimeout) / watchTick)
	used := processorTime(p.Pid)
	stop := ctx.Done()
	for {
		select {
		case <-c.done:
			return nil
		case <-c.beat:
			if stop != nil {
				left = int(heartbeatTimeout / watchTick)
				more = int((starvedTimeout - heartbeatTimeout) / watchTick)
			}
			continue
		case <-stop:
			stop = nil
			if m, err := wire.Control(wire.Stop, 0, nil); err == nil {
				q.push(m)
			}
			q.close() // the writer closes standard input behind it
			left = int(stopTimeout / watchTick)
			continue
		case <-tick.C:
		}
		if left--; left > 0 {
			if left == int(heartbeatTimeout/2/watchTick) {
				used = processorTime(p.Pid) // what it did before it fell silent proves nothing
			}
			continue
		}
		if stop == nil {
			c.session.log.Warn("the worker did not leave in time and was killed", "after", stopTimeout)
			_ = p.Kill()
			return nil
		}
		if more > 0 && processorTime(p.Pid)-used >= starving {
			left, more = more, 0
			continue
		}
		c.abort(p)
		return errHung
	}
}

// starving is the processor time within the second half of heartbeatTimeout that
// tells a worker for which the machine is too busy from one that hangs.
const starving = 20 * time.Millisecond

// processorTime is what a process has used so far; 0 when it cannot be told.
func processorTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// proc(5): utime and stime are the 12th and 13th fields after the name, which
	// ends with the last bracket.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go knows
}

// abort asks a hanging worker where it hangs, and kills it.
func (c *child) abort(p *os.Process) {
	if p.Signal(syscall.SIGQUIT) == nil {
		select {
		case <-c.done:
		case <-time.After(watchTick):
		}
	}
	_ = p.Kill()
}

// read handles what the worker says until it ends. An error is one of protocol.
func (c *child) read(r *wire.Reader) error {
	for {
		m, err := r.Read()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrClosed):
			return nil // how it ended is for cmd.Wait to say
		case err != nil:
			return err
		}
		if err := c.handle(m); err != nil {
			return err
		}
	}
}

func (c *child) handle(m wire.Message) error {
	s := c.session
	if m.Type == wire.Ready {
		var h wire.Hello
		if err := m.Unmarshal(&h); err != nil {
			return err
		}
		if h.Version != wire.Version {
			return fmt.Errorf("the worker speaks version %d of the protocol, this gateway %d; restart the gateway to run the new build", h.Version, wire.Version)
		}
		c.ready = true
		return nil
	}
	if !c.ready {
		return fmt.Errorf("%w: %v before ready", wire.ErrFormat, m.Type)
	}
	switch m.Type {
	case wire.Packet:
		p := Packet{Track: Track(m.Kind), Rung: int(m.Source), PTS: m.PTS, Key: m.Flags&wire.Key != 0, Data: m.Payload}
		send, err := s.line.accept(p)
		if err != nil {
			return err
		}
		for _, p := range send {
			s.events.Output(p)
		}
	case wire.NeedKeyframe:
		s.needKeyframe(m.Source)
	case wire.ReturnUnit:
		s.returned(m)
	case wire.Heartbeat:
		return c.heartbeat(m)
	default:
		return fmt.Errorf("%w: %v from a worker", wire.ErrFormat, m.Type)
	}
	return nil
}

func (c *child) heartbeat(m wire.Message) error {
	var st Stats
	if err := m.Unmarshal(&st); err != nil {
		return err
	}
	select {
	case c.beat <- struct{}{}:
	default:
	}
	s := c.session
	st = s.tally.add(st)
	s.mu.Lock()
	st.Dropped += s.dropped
	if s.queue != nil {
		st.Dropped += s.queue.drops()
	}
	s.mu.Unlock()
	if s.events.Stats != nil {
		s.events.Stats(st)
	}
	return nil
}
