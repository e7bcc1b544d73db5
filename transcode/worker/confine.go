package worker

import (
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
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

// confine gives up what a worker never needs. Each step is best effort: an old
// kernel or a strict container may refuse, which costs safety and not function.
func confine(log *slog.Logger) {
	steps := []struct {
		name string
		do   func() error
	}{
		{"end with the parent", func() error { return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0) }},
		{"no core dumps", func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			log.Warn("the worker runs with less protection", "step", s.name, "error", err)
		}
	}
}
