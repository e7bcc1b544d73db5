package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/slate"
	"github.com/regie-live/regie/transcode/wire"
)

// engine is one worker at work.
type engine struct {
	program transcode.Program
	setup   wire.Setup
	clock   func() time.Duration // program time
	log     *slog.Logger
	fonts   []slate.Font // for letters that the built-in ones lack
	out     *output

	ctx  context.Context
	fail context.CancelCauseFunc
	wg   sync.WaitGroup // every goroutine but Run's and the reader

	stage  stage
	scenes *scenes
	wanted atomic.Bool  // somebody asked for a keyframe
	replay atomic.Int32 // sources whose replay has not ended
	played atomic.Int64 // program time when the audio loop last turned
}

// stage is the sources by the index on the wire and by name. The reader changes
// it, the loops look.
type stage struct {
	mu      sync.RWMutex
	byIndex map[uint16]*source
	byID    map[transcode.SourceID]*source
}

// Run mixes as the messages on stdin say and writes the program to stdout, until
// stdin ends or says so (nil), ctx is done (its cause) or something fails. If
// stdin is an io.Closer it is closed at the end. fonts write what the built-in ones
// cannot.
func Run(ctx context.Context, stdin io.Reader, stdout io.Writer, logger *slog.Logger, fonts []slate.Font) error {
	r := wire.NewReader(stdin)
	e, err := configure(r, stdout, logger, fonts)
	if err != nil {
		return err
	}
	e.ctx, e.fail = context.WithCancelCause(ctx)
	defer e.fail(nil)
	hello, err := wire.Control(wire.Ready, 0, wire.Hello{Version: wire.Version, PID: os.Getpid()})
	if err != nil {
		return err
	}
	if err := e.out.send(hello); err != nil {
		return err
	}
	e.wg.Go(func() { e.end("scenes", e.scenes.run(e.ctx)) })
	e.wg.Go(func() { e.end("audio", e.audioLoop()) })
	e.wg.Go(func() { e.end("video", e.videoLoop()) })
	read := make(chan struct{})
	go func() {
		defer close(read)
		e.fail(e.read(r))
	}()
	<-e.ctx.Done()
	e.wg.Wait()
	if c, ok := stdin.(io.Closer); ok {
		_ = c.Close()
		if _, file := stdin.(*os.File); !file {
			<-read // a blocking read of a file does not notice; the process ends anyway
		}
	}
	if err := context.Cause(e.ctx); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

var errStopped = errors.New("standard input has ended")

// configure reads the first message.
func configure(r *wire.Reader, stdout io.Writer, logger *slog.Logger, fonts []slate.Font) (*engine, error) {
	m, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("worker: no configuration came: %w", err)
	}
	if m.Type != wire.Configure {
		return nil, fmt.Errorf("worker: %v came before the configuration", m.Type)
	}
	e := &engine{log: logger, fonts: fonts, out: &output{w: wire.NewWriter(stdout)}}
	if err := m.Unmarshal(&e.setup); err != nil {
		return nil, err
	}
	if e.setup.Version != wire.Version {
		return nil, fmt.Errorf("worker: the gateway speaks version %d of the protocol, this build %d; restart the gateway", e.setup.Version, wire.Version)
	}
	program := wire.Message{Type: m.Type, Payload: e.setup.Program}
	if err := program.Unmarshal(&e.program); err != nil {
		return nil, err
	}
	if err := e.program.Validate(); err != nil {
		return nil, err
	}
	epoch := time.Now().Add(time.Duration(e.setup.Epoch - wire.Monotonic()))
	e.clock = func() time.Duration { return time.Since(epoch) }
	e.stage.init()
	e.scenes = newScenes(e)
	e.replay.Store(int32(e.setup.Replays))
	return e, nil
}

// now is the program time.
func (e *engine) now() time.Duration { return e.clock() }

// end tells everybody else that a loop has ended.
func (e *engine) end(name string, err error) {
	if err != nil {
		err = fmt.Errorf("worker: %s: %w", name, err)
	}
	e.fail(err)
}

// read handles messages until they end. It never blocks on anything else.
func (e *engine) read(r *wire.Reader) error {
	for {
		m, err := r.Read()
		if errors.Is(err, io.EOF) {
			return errStopped
		}
		if err == nil {
			err = e.handle(m)
		}
		if err != nil {
			return err
		}
	}
}

func (e *engine) handle(m wire.Message) error {
	switch m.Type {
	case wire.AccessUnit:
		if s := e.stage.index(m.Source); s != nil {
			s.push(m)
		}
	case wire.Source:
		return e.setSource(m)
	case wire.RemoveSource:
		if s := e.stage.remove(m.Source); s != nil {
			s.setTracks(nil)
			s.setReturn(false)
			e.scenes.refresh()
		}
	case wire.Tracks:
		var tracks []media.Track
		if err := m.Unmarshal(&tracks); err != nil {
			return err
		}
		if s := e.stage.index(m.Source); s != nil {
			s.setTracks(tracks)
		}
	case wire.Scene:
		var sc transcode.Scene
		if err := m.Unmarshal(&sc); err != nil {
			return err
		}
		e.scenes.set(sc)
	case wire.Gain:
		var l wire.Level
		if err := m.Unmarshal(&l); err != nil {
			return err
		}
		if s := e.stage.index(m.Source); s != nil {
			s.setGain(l.Gain)
		}
	case wire.Logo:
		e.scenes.setLogo(m.Payload)
	case wire.Return:
		var sw wire.Switch
		if err := m.Unmarshal(&sw); err != nil {
			return err
		}
		if s := e.stage.index(m.Source); s != nil {
			s.setReturn(sw.On)
		}
	case wire.ReturnKeyframe:
		if s := e.stage.index(m.Source); s != nil {
			s.returns.Load().wish()
		}
	case wire.Keyframe:
		e.wanted.Store(true)
	case wire.Stop:
		return errStopped
	default:
		return fmt.Errorf("worker: %v is not for a worker", m.Type)
	}
	return nil
}

func (e *engine) setSource(m wire.Message) error {
	var src transcode.Source
	if err := m.Unmarshal(&src); err != nil {
		return err
	}
	s := e.stage.index(m.Source)
	if s == nil {
		s = newSource(e, m.Source, src)
		e.stage.add(s)
	}
	s.name.Store(&src.Name)
	s.setGain(src.Gain)
	e.scenes.refresh()
	return nil
}

func (st *stage) init() {
	st.byIndex = make(map[uint16]*source)
	st.byID = make(map[transcode.SourceID]*source)
}

func (st *stage) index(i uint16) *source {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.byIndex[i]
}

func (st *stage) find(id transcode.SourceID) *source {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.byID[id]
}

func (st *stage) add(s *source) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.byIndex[s.index], st.byID[s.id] = s, s
}

func (st *stage) remove(i uint16) *source {
	st.mu.Lock()
	defer st.mu.Unlock()
	s := st.byIndex[i]
	if s != nil {
		delete(st.byIndex, i)
		if st.byID[s.id] == s {
			delete(st.byID, s.id)
		}
	}
	return s
}

// all appends every source to buf.
func (st *stage) all(buf []*source) []*source {
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, s := range st.byIndex {
		buf = append(buf, s)
	}
	return buf
}
