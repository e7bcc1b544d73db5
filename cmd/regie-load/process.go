package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs beside this program.
type process struct{ cmd *exec.Cmd }

// startProcess runs a command that ends with ctx, after a while by force.
func startProcess(ctx context.Context, name string, args ...string) (process, error) {
	p := process{exec.CommandContext(ctx, name, args...)}
	p.cmd.Stderr = os.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 6 * time.Second
	// Ctrl-C on a terminal is for us; we end what we have started.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return p, p.cmd.Start()
}

// cpu is what the process itself has used so far, without its children.
func (p process) cpu() (time.Duration, error) {
	_, used, err := readStat(p.cmd.Process.Pid)
	return used, err
}

// readStat reads who started a process, and what it has used.
func readStat(pid int) (parent int, used time.Duration, err error) {
	file := fmt.Sprintf("/proc/%d/stat", pid)
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	// proc(5): the parent is field 4, utime and stime are 14 and 15; the second
	// one, the name, may hold spaces and ends with a bracket.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 13 {
		return 0, 0, fmt.Errorf("%s is not as expected", file)
	}
	parent, err0 := strconv.Atoi(fields[1])
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err0 != nil || err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%s is not as expected", file)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go knows
	return parent, time.Duration(user+system) * tick, nil
}

// childrenCPU is what the children that a process has now have used.
func childrenCPU(pid int) (used time.Duration, err error) {
	all, err := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		n, _ := strconv.Atoi(filepath.Base(dir))
		// One that is gone meanwhile is no error.
		if parent, u, err := readStat(n); err == nil && parent == pid {
			used += u
		}
	}
	return used, err
}

// memory is the resident set in bytes.
func (p process) memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// files is how many file descriptors are open.
func (p process) files() (int, error) {
	all, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	return len(all), err
}

// poll waits until done says so.
func poll(ctx context.Context, within time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
