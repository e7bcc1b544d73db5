package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// setup says how an appliance differs from the usual one.
type setup struct {
	width, height int           // of the program; default 640 × 360
	fps           int           // default 30
	grace         time.Duration // default one minute
	sessions      []string      // default: studio
	ladder        string        // YAML of the lower rungs; default: none
	more          string        // YAML of further sections
	camera        string        // where guest1 is fetched from; default: guest1 has a key
	manual        bool          // sessions do not start by themselves
}

// seats of every session, in the order of the layout.
var seats = []string{"host", "guest1", "guest2", "guest3"}

var names = []string{"Ana", "Théo", "Mei", "Lou"}

// key is the stream key of a seat: long enough to be found in a log by chance
// never.
func key(session, seat string) string { return "key-of-" + session + "-" + seat + "-5f3c9a" }

// ports are the addresses that are really listened on; the appliance writes them
// to ports.json in its data folder.
type ports struct {
	HTTP, RTMP, RTMPS, RTSP, RTSPS, WebRTC, Metrics string
}

// appliance is a running regie.
type appliance struct {
	t       testing.TB
	dir     string
	config  string
	setup   setup
	ports   ports
	cmd     *exec.Cmd // nil in process
	log     *logbook
	exited  chan struct{}
	exitErr error
}

// scratch is a folder for the run.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "regie-e2e-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// build makes the binary once for all tests of a run.
var build = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("E2E_BINARY"); given != "" {
		return filepath.Abs(given)
	}
	binary := filepath.Join(scratch, "regie")
	cmd := exec.Command("go", "build", "-o", binary, "../../cmd/regie")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build regie: %w\n%s", err, out)
	}
	return binary, nil
})

func executable(t testing.TB) string {
	t.Helper()
	b, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// start runs `regie serve` until the test ends.
func start(t testing.TB, s setup) *appliance {
	t.Helper()
	a := prepare(t, s)
	a.run()
	t.Cleanup(a.finish)
	return a
}

// prepare writes the configuration.
func prepare(t testing.TB, s setup) *appliance {
	t.Helper()
	if s.width == 0 {
		s.width, s.height = 640, 360
	}
	if s.fps == 0 {
		s.fps = 30
	}
	if s.grace == 0 {
		s.grace = time.Minute
	}
	if s.sessions == nil {
		s.sessions = []string{"studio"}
	}
	dir := t.TempDir()
	a := &appliance{t: t, dir: dir, setup: s, config: filepath.Join(dir, "regie.yml"), log: &logbook{}}
	var b strings.Builder
	for _, port := range []string{"http", "rtmp", "rtmps", "rtsp", "rtsps", "webrtc", "metrics"} {
		fmt.Fprintf(&b, "%s: {address: \"127.0.0.1:0\"}\n", port)
	}
	fmt.Fprintf(&b, "data: {dir: %q}\nlog: {level: debug, format: json}\n", filepath.Join(dir, "data"))
	fmt.Fprintf(&b, "program: {width: %d, height: %d, fps: %d, kbps: 1500, ladder: [%s]}\n%s\n", s.width, s.height, s.fps, s.ladder, s.more)
	fmt.Fprintf(&b, "stage: {grace: %s}\nsessions:\n", s.grace)
	for _, id := range s.sessions {
		fmt.Fprintf(&b, "  - id: %s\n    title: Session %s\n    autostart: %v\n", id, id, !s.manual)
		fmt.Fprintf(&b, "    host: {name: %s, key: %s}\n    guests:\n", names[0], key(id, seats[0]))
		for i, seat := range seats[1:] {
			if seat == "guest1" && s.camera != "" {
				fmt.Fprintf(&b, "      - {name: %s, source: %q}\n", names[i+1], s.camera)
				continue
			}
			fmt.Fprintf(&b, "      - {name: %s, key: %s}\n", names[i+1], key(id, seat))
		}
	}
	if err := os.WriteFile(a.config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// run starts the binary and waits until its ports are open.
func (a *appliance) run() {
	a.t.Helper()
	_ = os.Remove(a.portsFile())
	a.cmd = exec.Command(executable(a.t), "serve", "-c", a.config)
	a.cmd.Dir = a.dir
	a.cmd.Stdout, a.cmd.Stderr = a.log, a.log
	// A group of its own, so that nothing survives a test that goes wrong.
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		a.exitErr = cmd.Wait()
		close(exited)
	}(a.cmd, a.exited)
	a.awaitPorts()
}

func (a *appliance) portsFile() string { return filepath.Join(a.dir, "data", "ports.json") }

func (a *appliance) awaitPorts() {
	a.t.Helper()
	eventually(a.t, 20*time.Second, "ports.json", func() bool {
		select {
		case <-a.exited:
			a.t.Fatalf("regie serve ended at once: %v\n%s", a.exitErr, a.log)
		default:
		}
		b, err := os.ReadFile(a.portsFile())
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err == nil {
			err = json.Unmarshal(b, &a.ports)
		}
		if err != nil {
			a.t.Fatal(err)
		}
		return true
	})
}

// terminate asks the binary to stop and returns how long that took.
func (a *appliance) terminate(sig os.Signal) time.Duration {
	a.t.Helper()
	began := time.Now()
	_ = a.cmd.Process.Signal(sig)
	select {
	case <-a.exited:
	case <-time.After(10 * time.Second):
		_ = a.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		select {
		case <-a.exited:
		case <-time.After(2 * time.Second):
			a.t.Error("regie neither stopped nor died of SIGQUIT")
		}
	}
	took := time.Since(began)
	_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
	return took
}

// finish ends the appliance if the test has not, and holds its log against what
// must never be in one.
func (a *appliance) finish() {
	select {
	case <-a.exited:
	default:
		if took := a.terminate(syscall.SIGTERM); took > 5*time.Second {
			a.t.Errorf("regie needed %v to stop", took)
		}
	}
	a.checkLog()
	if a.t.Failed() {
		a.t.Logf("log of regie:\n%s", a.log.tail(120))
	}
}

func (a *appliance) checkLog() {
	all := a.log.String()
	for _, id := range a.setup.sessions {
		for _, seat := range seats {
			if at := strings.Index(all, key(id, seat)); at >= 0 {
				a.t.Errorf("the log tells the stream key of %s: …%.300s", seat, all[max(0, at-200):])
			}
		}
	}
	for _, bad := range []string{"panic:", "WARNING: DATA RACE", "fatal error:"} {
		if at := strings.Index(all, bad); at >= 0 {
			a.t.Errorf("the log has %q: %.2000s", bad, all[at:])
		}
	}
}

func (a *appliance) url(path string) string { return "http://" + a.ports.HTTP + path }

func (a *appliance) hls(session string) string { return a.url("/live/" + session + "/index.m3u8") }

func (a *appliance) whep(session string) string { return a.url("/live/" + session + "/whep") }

// workers are the ids of the worker processes.
func (a *appliance) workers() (pids []int) {
	for _, pid := range children(a.pid()) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(line, []byte("\x00worker")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (a *appliance) pid() int {
	if a.cmd == nil {
		return os.Getpid()
	}
	return a.cmd.Process.Pid
}

func children(parent int) (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range dirs {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		// The command's name stands in brackets and may contain anything.
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if ppid, _ := strconv.Atoi(fields[1]); ppid == parent && fields[0] != "Z" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// logbook keeps what an appliance writes.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logbook) tail(lines int) string {
	all := strings.Split(l.String(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// lines returns the log lines that contain all of the parts.
func (l *logbook) lines(parts ...string) (found []string) {
next:
	for line := range strings.Lines(l.String()) {
		for _, p := range parts {
			if !strings.Contains(line, p) {
				continue next
			}
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

// eventually polls until ok says so, and fails the test after a while.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, within)
		}
	}
}

// figure logs something measured.
func figure(t testing.TB, name string, value float64, unit string) {
	t.Helper()
	t.Logf("FIGURE %s %.3g %s", name, value, unit)
}
