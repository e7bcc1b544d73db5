package worker

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// dataLimit bounds the memory of the whole process, C and Go. Four sources of
	// 1440p need a third of it.
	dataLimit = 2 << 30
	// niceness lets the gateway's network come first when the machine is full.
	niceness = 1
)

// takeStdout moves the protocol away from file descriptor 1, and makes what a
// library might print there go to standard error.
func takeStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "protocol"), nil
}

// takeStdin makes reads wait in the runtime's poller. A thread that sleeps in the
// kernel instead starts the runtime's monitor at every message: that thread then
// looks around every few dozen microseconds for milliseconds, a tenth of the
// worker's processor time.
func takeStdin() (*os.File, error) {
	if err := unix.SetNonblock(0, true); err != nil {
		return nil, err
	}
	return os.NewFile(0, "commands"), nil
}

// confine gives up what a worker never needs. Each step is best effort: an old
// kernel or a strict container may refuse, which costs safety and not function.
// keep is the one file descriptor above 2 that stays open.
func confine(log *slog.Logger, keep int) {
	time.Now().Zone() // reads the zone's file while it can
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"end with the parent", func() error { return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0) }},
		{"no core dumps", func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }},
		{"bounded memory", boundMemory},
		{"lower priority", lowerPriority},
		{"nothing inherited", func() error { return closeInherited(keep) }},
		{"no network, files or processes", restrict},
	} {
		if err := s.do(); err != nil {
			log.Warn("the worker runs with less protection", "without", s.name, "error", err)
		}
	}
}

// boundMemory limits private writable memory (RLIMIT_DATA), which counts what is
// used by C and Go and not the address space that Go reserves. A binary with the
// race detector maps terabytes and goes without.
func boundMemory() error {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	fields := strings.Fields(string(b)) // proc(5): the sixth is data and stack, in pages
	if len(fields) < 6 {
		return fmt.Errorf("/proc/self/statm says %q", b)
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	if err != nil {
		return err
	}
	if used := pages * int64(os.Getpagesize()); used > dataLimit/2 {
		return fmt.Errorf("%d MiB are mapped already", used>>20)
	}
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: dataLimit, Max: dataLimit})
}

// lowerPriority acts on every thread, because on Linux each has its own niceness;
// new ones inherit it.
func lowerPriority() error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, tid, niceness); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// closeInherited closes sockets and files that a parent left open by mistake; the
// runtime's own descriptors (anonymous inodes, and files of /sys) stay.
func closeInherited(keep int) error {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, f := range fds {
		fd, err := strconv.Atoi(f.Name())
		if err != nil || fd <= 2 || fd == keep {
			continue
		}
		to, err := os.Readlink("/proc/self/fd/" + f.Name())
		if err != nil || strings.HasPrefix(to, "anon_inode:") || strings.HasPrefix(to, "/sys/") || strings.HasPrefix(to, "/proc/") {
			continue
		}
		_ = unix.Close(fd)
	}
	return nil
}
