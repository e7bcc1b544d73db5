package transcode_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/wire"
)

// asFake makes this test binary a worker that behaves in a way of its own.
const asFake = "REGIE_FAKE_WORKER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(asFake); mode != "" {
		fake(mode)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// fake is a worker without codecs. It tells what it is told: every message comes
// back as a video packet whose data describes it.
func fake(mode string) {
	switch mode {
	case "crashes at once":
		fmt.Fprintln(os.Stderr, "boom: no such library")
		os.Exit(3)
	case "prints":
		fmt.Println("[libx264] using cpu capabilities: MMX2 SSE2Fast SSSE3 SSE4.2 AVX FMA3 BMI2 AVX2 AVX512")
		<-time.After(time.Minute)
	}
	f := &fakeWorker{w: wire.NewWriter(os.Stdout), mode: mode}
	version := wire.Version
	if mode == "another version" {
		version++
	}
	f.send(wire.Ready, wire.Hello{Version: version, PID: os.Getpid()})
	if mode == "hangs" {
		<-time.After(time.Minute)
	}
	go f.beat()
	if mode == "deaf" {
		<-time.After(time.Minute)
	}
	f.listen()
	if mode == "stays" {
		<-time.After(time.Minute)
	}
}

type fakeWorker struct {
	mu   sync.Mutex
	w    *wire.Writer
	mode string
	n    int64
}

func (f *fakeWorker) send(t wire.Type, v any) {
	m, err := wire.Control(t, 0, v)
	if err != nil {
		panic(err)
	}
	f.write(m)
}

func (f *fakeWorker) write(m wire.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w.Write(m) != nil || f.w.Flush() != nil {
		os.Exit(4)
	}
}

func (f *fakeWorker) beat() {
	for {
		f.mu.Lock()
		n := f.n
		f.mu.Unlock()
		f.send(wire.Heartbeat, transcode.Stats{PID: os.Getpid(), Frames: uint64(n), SourceStats: []transcode.SourceStats{{ID: "host", Errors: 1}}})
		<-time.After(20 * time.Millisecond)
	}
}

func (f *fakeWorker) listen() {
	r := wire.NewReader(os.Stdin)
	program := transcode.Program{FPS: 30}
	next := int64(0)
	for {
		m, err := r.Read()
		if err != nil {
			return
		}
		if m.Type == wire.Configure {
			var s wire.Setup
			if m.Unmarshal(&s) != nil || json.Unmarshal(s.Program, &program) != nil {
				os.Exit(5)
			}
			next = s.VideoNext
		}
		if f.mode == "poisoned" && m.Type == wire.AccessUnit {
			os.Exit(6)
		}
		text := fmt.Sprintf("%v %d %d %d %s", m.Type, m.Source, m.Flags, m.PTS, m.Payload)
		for i := range program.Rungs() {
			f.write(wire.Message{Type: wire.Packet, Flags: wire.Key, Source: uint16(i), PTS: program.FramePTS(next), Payload: []byte(text)})
			if f.mode == "dies in mid-frame" && i == 1 && m.Type == wire.AccessUnit && m.Flags&wire.Replay == 0 {
				os.Exit(7)
			}
		}
		next++
		f.mu.Lock()
		f.n++
		f.mu.Unlock()
		if f.mode == "returns" && (m.Type == wire.Return || m.Type == wire.AccessUnit) {
			f.write(wire.Message{Type: wire.ReturnUnit, Kind: 0, Flags: wire.Key, Source: m.Source, PTS: 40e6, Payload: []byte("picture")})
			f.write(wire.Message{Type: wire.ReturnUnit, Kind: 1, Flags: wire.Key, Source: m.Source, PTS: 20e6, Payload: []byte("sound")})
		}
		if f.mode == "asks" && m.Type == wire.AccessUnit {
			f.write(wire.Message{Type: wire.NeedKeyframe, Source: m.Source})
		}
		if f.mode == "logs" {
			slog.New(slog.NewJSONHandler(os.Stderr, nil)).Warn("decoder is unwell", "participant", "host", "n", 1)
			f.mode = ""
		}
	}
}

// stand is a Session with a fake worker.
type stand struct {
	t    *testing.T
	s    *transcode.Session
	stop context.CancelFunc
	done chan error

	mu       sync.Mutex
	got      []string // what the workers were told
	pts      []int64
	rungs    []int
	causes   []error
	returns  []transcode.ReturnUnit
	stats    transcode.Stats
	keys     int
	log      strings.Builder
	finished bool
}

var program = transcode.Program{Width: 640, Height: 360, FPS: 30, Kbps: 1000, GOP: 60, Part: 10}

func newStand(t *testing.T, mode string, ladder ...transcode.Rung) *stand {
	t.Helper()
	p := program
	p.Ladder = ladder
	st := &stand{t: t, done: make(chan error, 1)}
	s, err := transcode.New(p, transcode.Options{
		Command: func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, os.Args[0])
			cmd.Env = append(os.Environ(), asFake+"="+mode)
			return cmd
		},
		Logger: slog.New(slog.NewTextHandler(st, nil)),
		Events: transcode.Events{
			Output: func(p transcode.Packet) {
				st.mu.Lock()
				defer st.mu.Unlock()
				st.got = append(st.got, string(p.Data))
				st.pts = append(st.pts, p.PTS)
				st.rungs = append(st.rungs, p.Rung)
			},
			Return: func(u transcode.ReturnUnit) {
				st.mu.Lock()
				defer st.mu.Unlock()
				st.returns = append(st.returns, u)
			},
			Stats: func(s transcode.Stats) {
				st.mu.Lock()
				defer st.mu.Unlock()
				st.stats = s
			},
			NeedKeyframe: func(transcode.SourceID) {
				st.mu.Lock()
				defer st.mu.Unlock()
				st.keys++
			},
			Restarted: func(cause error) {
				st.mu.Lock()
				defer st.mu.Unlock()
				st.causes = append(st.causes, cause)
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	st.s = s
	return st
}

// Write takes the log.
func (st *stand) Write(b []byte) (int, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.log.Write(b)
}

func (st *stand) run() {
	ctx, cancel := context.WithCancel(context.Background())
	st.stop = cancel
	go func() { st.done <- st.s.Run(ctx) }()
	st.t.Cleanup(func() {
		if !st.finished {
			cancel()
			if err := st.end(); err != nil {
				st.t.Errorf("Run: %v", err)
			}
		}
	})
}

// end waits for Run.
func (st *stand) end() error {
	st.t.Helper()
	st.finished = true
	select {
	case err := <-st.done:
		return err
	case <-time.After(20 * time.Second):
		st.t.Fatal("Run does not end")
		return io.EOF
	}
}

func (st *stand) wait(what string, ok func() bool) {
	st.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); <-tick.C {
		st.mu.Lock()
		yes := ok()
		st.mu.Unlock()
		if yes {
			return
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.t.Fatalf("never: %s; told: %q, causes: %v", what, st.got[max(0, len(st.got)-20):], st.causes)
}

// told reports whether some message given to a worker begins so.
func (st *stand) told(prefix string) bool {
	return st.count(prefix) > 0
}

// count is how many messages given to workers begin so.
func (st *stand) count(prefix string) int {
	n := 0
	for _, g := range st.got {
		if strings.HasPrefix(g, prefix) {
			n++
		}
	}
	return n
}
