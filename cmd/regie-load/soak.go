package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// soakCmd asks what Regie holds at once on this machine, load included.
type soakCmd struct {
	For    time.Duration `default:"30s" help:"How long each load lasts once all have come."`
	Only   string        `enum:"all,mixed,single,hostile" default:"all" help:"One load: mixed (four participants, 300 LL-HLS and 100 WHEP viewers), single (one host, 1000 LL-HLS viewers) or hostile."`
	JSON   string        `placeholder:"FILE" help:"Write the results there too."`
	Strict bool          `help:"Fail if anybody stalled."`
}

// held is one load and what came of it.
type held struct {
	Name     string    `json:"name"`
	Audience viewed    `json:"audience"`
	Cores    coresUsed `json:"cores"`
	Before   residue   `json:"before"`
	After    residue   `json:"after"`
}

type coresUsed struct{ Gateway, Mixer, Load float64 }

// residue is what a server holds.
type residue struct {
	Memory int64 `json:"memory"`
	Files  int   `json:"files"`
}

var errStalled = errors.New("somebody stalled")

func (c soakCmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "regie-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := c.run(ctx, dir)
	for _, h := range all {
		fmt.Printf("%s\n", h.Name)
		printReport(os.Stdout, h.Audience)
		fmt.Printf("gateway %.2f cores, mixer %.2f, load %.2f; gateway before and after: %d and %d files, %d and %d MB\n\n",
			h.Cores.Gateway, h.Cores.Mixer, h.Cores.Load, h.Before.Files, h.After.Files, h.Before.Memory/1e6, h.After.Memory/1e6)
	}
	if err == nil {
		err = writeJSON(c.JSON, all)
	}
	for _, h := range all {
		if err == nil && c.Strict && h.stalls()+h.errors() > 0 {
			err = fmt.Errorf("%w: %s", errStalled, h.Name)
		}
	}
	return err
}

func (h held) stalls() int64 { return h.Audience.HLS.Stalls + h.Audience.WHEP.Stalls }
func (h held) errors() int64 { return h.Audience.HLS.Failures() + h.Audience.WHEP.Failures() }

func (c soakCmd) run(ctx context.Context, dir string) (all []held, err error) {
	clips, err := loopClips(ctx, dir, loopSeconds)
	if err != nil {
		return nil, err
	}
	for _, l := range []struct {
		id, name  string
		seats     int
		hls, whep int
		hostile   bool
	}{
		{"mixed", "four participants, 300 LL-HLS and 100 WHEP viewers", 4, 300, 100, false},
		{"single", "one host, 1000 LL-HLS viewers", 1, 1000, 0, false},
		{"hostile", "100 LL-HLS viewers among 1000 silent connections, 50 who read a byte a second, 50 who leave", 1, 100, 0, true},
	} {
		if c.Only != "all" && c.Only != l.id {
			continue
		}
		fmt.Fprintln(os.Stderr, "soaking:", l.name)
		s, err := startRegie(ctx, dir, clips, stage{part: parts, seats: l.seats})
		if err != nil {
			return all, err
		}
		h, err := c.hold(ctx, s, l.hls, l.whep, l.hostile)
		s.stop()
		if err != nil {
			return all, err
		}
		h.Name = l.name
		all = append(all, h)
	}
	return all, nil
}

// hold runs one load and waits for the server to be as before.
func (c soakCmd) hold(ctx context.Context, s *server, hls, whep int, hostile bool) (h held, err error) {
	if h.Before, err = s.residue(); err != nil {
		return h, err
	}
	const join, settle = 6 * time.Second, 3 * time.Second
	args := []string{"--hls", s.hls, fmt.Sprint("--hls-number=", hls), fmt.Sprint("--join=", join)}
	if whep > 0 {
		args = append(args, "--whep", s.whep, fmt.Sprint("--whep-number=", whep))
	}
	total := join + settle + c.For
	crowd := startAudience(ctx, total, args...)
	mob := func() error { return nil }
	if hostile {
		cmd := exec.CommandContext(ctx, "/proc/self/exe", "hostile", "--quiet", "--json=-", "--hls", s.hls, fmt.Sprint("--for=", total))
		cmd.Stderr = os.Stderr
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			return h, err
		}
		mob = func() error { return checkMob(cmd, &out) }
	}
	if err := sleep(ctx, join+settle); err != nil {
		return h, err
	}
	began := time.Now()
	g0, m0, err := s.both()
	if err == nil {
		err = sleep(ctx, c.For-time.Second)
	}
	if err != nil {
		return h, err
	}
	g1, m1, err := s.both()
	if err != nil {
		return h, err
	}
	took := time.Since(began).Seconds()
	gateway, mixer := (g1-g0).Seconds()/took, (m1-m0).Seconds()/took
	if h.Audience, err = crowd(); err != nil {
		return h, err
	}
	if err := mob(); err != nil {
		return h, err
	}
	h.Cores = coresUsed{gateway, mixer, h.Audience.CPUSeconds / h.Audience.Seconds}
	return h, s.recover(ctx, &h)
}

// recover waits up to ten seconds for the files to be as few as before.
func (s *server) recover(ctx context.Context, h *held) error {
	_ = poll(ctx, 10*time.Second, func() bool {
		r, err := s.residue()
		h.After = r
		return err != nil || r.Files <= h.Before.Files+4
	})
	return ctx.Err()
}

// checkMob waits for the hostile ones and looks whether they were as many as meant.
func checkMob(cmd *exec.Cmd, out *bytes.Buffer) error {
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the hostile audience failed: %w", err)
	}
	var did map[string]int64
	if err := json.Unmarshal(out.Bytes(), &did); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "  hostile:", did)
	if did["opened"] < 1100 || did["left"] == 0 || did["bytes_read_slowly"] == 0 {
		return fmt.Errorf("the hostile audience was not as large as meant: %v", did)
	}
	return nil
}

func (s *server) residue() (r residue, err error) {
	if r.Memory, err = s.memory(); err != nil {
		return r, err
	}
	r.Files, err = s.files()
	return r, err
}

// both is the CPU time of the server and of its children that run now.
func (s *server) both() (own, children time.Duration, err error) {
	if own, err = s.cpu(); err != nil {
		return 0, 0, err
	}
	children, err = childrenCPU(s.cmd.Process.Pid)
	return own, children, err
}

// soak is the soak as rows of the benchmark.
func (b benchCmd) soak(ctx context.Context, dir string) (rows []row, err error) {
	all, err := soakCmd{For: 15 * time.Second, Only: "all"}.run(ctx, dir)
	for _, h := range all {
		rows = append(rows,
			row{h.Name + ": stalls and errors", fmt.Sprintf("%d and %d", h.stalls(), h.errors()), "0 and 0"},
			row{"the same: shorter dips; cores of gateway, mixer and load", fmt.Sprintf("%d; %.2f, %.2f and %.2f", h.Audience.HLS.Dips+h.Audience.WHEP.Dips, h.Cores.Gateway, h.Cores.Mixer, h.Cores.Load), ""},
		)
	}
	return rows, err
}
