package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/regie-live/regie/gateway/demo"
	"github.com/regie-live/regie/transcode/testcard"
)

// appliance is a `regie serve` of its own with a host on air.
type appliance struct {
	cmd  *exec.Cmd
	http string // host:port
	stop func()
}

const benchKey = "key-of-the-benchmark"

// startAppliance runs the binary that stands beside this one.
func startAppliance(ctx context.Context, dir string) (*appliance, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(filepath.Dir(self), "regie")
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w; run `make build` first", err)
	}
	conf := filepath.Join(dir, "regie.yml")
	if err := os.WriteFile(conf, []byte(`
http: {address: "127.0.0.1:0"}
rtmp: {address: "127.0.0.1:0"}
rtmps: {address: off}
rtsp: {address: off}
rtsps: {address: off}
webrtc: {address: "127.0.0.1:0"}
metrics: {address: off}
log: {level: warn}
data: {dir: `+filepath.Join(dir, "data")+`}
sessions: [{id: studio, title: Benchmark, host: {name: Ana, key: `+benchKey+`}}]
`), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &appliance{cmd: exec.CommandContext(ctx, binary, "serve", "-c", conf)}
	a.cmd.Stderr = os.Stderr
	a.cmd.Cancel = func() error { return a.cmd.Process.Signal(syscall.SIGTERM) }
	a.cmd.WaitDelay = 6 * time.Second
	if err := a.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	a.stop = func() { cancel(); _ = a.cmd.Wait(); running.Wait() }
	var ports struct{ HTTP, RTMP string }
	if err := poll(ctx, 10*time.Second, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "data", "ports.json"))
		return err == nil && json.Unmarshal(b, &ports) == nil && ports.HTTP != ""
	}); err != nil {
		a.stop()
		return nil, fmt.Errorf("the appliance did not start: %w", err)
	}
	a.http = ports.HTTP
	running.Go(func() { _ = publish(ctx, "rtmp://"+ports.RTMP+"/live") })
	if err := poll(ctx, 20*time.Second, a.plays); err != nil {
		a.stop()
		return nil, fmt.Errorf("the session did not go on air: %w", err)
	}
	return a, nil
}

func publish(ctx context.Context, url string) error {
	card, err := testcard.Open(testcard.Options{Name: "Ana", Color: color.RGBA{0xA8, 0x4B, 0x2A, 0xFF}, ToneHz: 220})
	if err != nil {
		return err
	}
	defer card.Close()
	return demo.Publish(ctx, card, demo.Target{URL: url, Key: benchKey})
}

func (a *appliance) plays() bool {
	res, err := http.Get("http://" + a.http + "/live/studio/index.m3u8")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// cpu is what the gateway process has used so far, without its workers.
func (a *appliance) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// proc(5): utime and stime are fields 14 and 15; the second one, the name, may
	// hold spaces and ends with a bracket.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat is not as expected", a.cmd.Process.Pid)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go knows
	return time.Duration(user+system) * tick, nil
}

// memory is the gateway's resident set in bytes.
func (a *appliance) memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", a.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func poll(ctx context.Context, within time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); !done(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
