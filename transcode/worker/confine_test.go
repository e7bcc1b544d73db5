package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Probe is what a confined process finds that it can do. The test binary runs it in
// a child of its own; see TestMain.
func Probe() {
	var logged bytes.Buffer
	confine(slog.New(slog.NewTextHandler(&logged, nil)), 1)
	can := map[string]string{}
	try := func(what string, err error) { can[what] = fmt.Sprint(err) }
	_, err := net.Dial("tcp", "127.0.0.1:1")
	try("network", err)
	_, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	try("socket", err)
	_, err = os.ReadFile("/etc/passwd")
	try("read", err)
	try("write", os.WriteFile(os.TempDir()+"/regie-probe", nil, 0o600))
	_, err = syscall.ForkExec("/bin/true", nil, nil)
	try("process", err)
	try("signal", unix.Kill(os.Getppid(), 0))
	done := make(chan int)
	for range 20 { // more threads than there are
		go func() { unix.Nanosleep(&unix.Timespec{Nsec: 1e7}, nil); done <- 1 }()
	}
	for range 20 {
		<-done
	}
	try("threads", nil)
	nice, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
	can["nice"] = fmt.Sprint(20 - nice) // the kernel answers 20 minus it
	var core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	can["core"] = fmt.Sprint(core.Max)
	can["log"] = logged.String()
	_ = json.NewEncoder(os.Stdout).Encode(can)
}

func TestConfined(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), AsWorker+"=probe")
	extra, err := os.Open("/etc/hostname")
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	cmd.ExtraFiles = []*os.File{extra}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	can := map[string]string{}
	if err := json.Unmarshal(out, &can); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, what := range []string{"network", "socket", "read", "write", "process", "signal"} {
		if !strings.Contains(can[what], "operation not permitted") {
			t.Errorf("%s: %s, want a refusal", what, can[what])
		}
	}
	for what, want := range map[string]string{"threads": "<nil>", "nice": "1", "core": "0"} {
		if can[what] != want {
			t.Errorf("%s is %s, want %s", what, can[what], want)
		}
	}
	for line := range strings.Lines(can["log"]) {
		if !strings.Contains(line, "bounded memory") { // refused under the race detector
			t.Errorf("a step failed: %s", line)
		}
	}
}
