package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// TestDemo: what a newcomer sees after `regie demo`: a page's address, behind it
// four people who each show the time and have a voice, and nothing left when it
// ends.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	args := []string{"demo"}
	for _, port := range []string{"http", "rtmp", "rtmps", "rtsp", "rtsps", "webrtc", "metrics"} {
		args = append(args, "--set", port+".address=127.0.0.1:0")
	}
	cmd := exec.Command(executable(t), args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	said := &logbook{}
	cmd.Stdout = said
	demo := launch(t, cmd)
	page := regexp.MustCompile(`Open (http://\S+/s/studio)`)
	eventually(t, 20*time.Second, "the page's address", func() bool { return page.MatchString(said.String()) })

	var at ports
	found, _ := filepath.Glob(filepath.Join(dir, "*", "ports.json"))
	if len(found) != 1 {
		t.Fatalf("ports.json: %v", found)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &at); err != nil {
		t.Fatal(err)
	}
	p := play(t, "http://"+at.HTTP+"/live/studio/index.m3u8")
	var oldest time.Duration
	p.awaitShot(20*time.Second, "the time in all four cells", func(s shot) bool {
		oldest = 0
		for _, at := range places(4, s.pic.W, s.pic.H) {
			clock := readClock(s.pic.Sub(at.cell.X, at.cell.Y, at.cell.W, at.cell.H), s.at)
			if clock.IsZero() {
				return false
			}
			oldest = max(oldest, s.at.Sub(clock))
		}
		return true
	})
	figure(t, "demo.oldest_cell", float64(oldest.Milliseconds()), "ms")
	mono := p.listen(2 * time.Second)
	for _, hz := range []float64{220, 330, 440, 550} {
		if mean, _ := steadiness(mono, hz); mean < 0.005 {
			t.Errorf("nobody is heard at %v Hz: %.4f", hz, mean)
		}
	}
	p.playing()
	status := map[string]bool{}
	for _, pid := range children(demo.cmd.Process.Pid) {
		line, _ := os.ReadFile(filepath.Join("/proc", number(float64(pid)), "cmdline"))
		status[string(line)] = true
	}
	if len(status) < 2 {
		t.Errorf("the demo's processes: %v, want a worker and creators", status)
	}

	_ = demo.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-demo.done:
		if demo.err != nil {
			t.Errorf("it ended with %v", demo.err)
		}
	case <-time.After(7 * time.Second):
		t.Error("it did not end within 7 s")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
