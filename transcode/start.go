package transcode

import (
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// workerSlack is by how much a worker's timers may be late. The runtime's monitor
// asks for sleeps of 20 µs while anything is in C, which in a worker is most of
// the time; with the kernel's usual slack of 50 µs that thread alone wakes up
// thousands of times a second and takes 7 % of the worker's processor time.
const workerSlack = time.Millisecond

// start starts cmd with workerSlack for all its threads: slack is inherited from
// the thread that forks and survives exec (prctl(2), PR_SET_TIMERSLACK), and
// the monitor's thread is there before a Go program could set its own. Where the
// kernel refuses, the worker only costs more.
func start(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(workerSlack.Nanoseconds()), 0, 0, 0) == nil {
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // 0: what this thread began with
	}
	return cmd.Start()
}
