package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/transcode/fonts"
)

type doctorCmd struct{ source }

// grade is how good a finding is.
type grade int

const (
	ok grade = iota
	warn
	fail
)

func (g grade) String() string { return [...]string{"ok  ", "warn", "FAIL"}[g] }

// finding is one line of the doctor's report.
type finding struct {
	grade   grade
	subject string
	says    string
	fix     string // one command or one line to write; empty when ok
}

var errNotReady = errors.New("this machine is not ready; see FAIL above")

func (c doctorCmd) Run() error {
	loaded, file, err := c.load()
	if err != nil {
		return err
	}
	return report(os.Stdout, examine(loaded, file))
}

// examine looks at everything, without changing anything that lasts.
func examine(loaded *config.Loaded, file string) []finding {
	cfg := loaded.Config
	findings := []finding{checkFile(file)}
	for _, w := range loaded.Warnings {
		findings = append(findings, finding{warn, "config", w, "regie config show --origin"})
	}
	findings = append(findings, checkPorts(cfg)...)
	findings = append(findings, checkDataDir(cfg.Data.Dir)...)
	findings = append(findings, checkCertificate(cfg.TLS), checkEncoder(cfg.Program), checkFonts(fonts.Find(fonts.Folders(), 5*time.Second)), checkFiles(), checkCores(len(cfg.Sessions)))
	return findings
}

// report prints the findings and is an error when one of them fails.
func report(w io.Writer, findings []finding) error {
	width, failed := 0, false
	for _, f := range findings {
		width = max(width, len(f.subject))
		failed = failed || f.grade == fail
	}
	for _, f := range findings {
		fmt.Fprintf(w, "%s  %-*s  %s\n", f.grade, width, f.subject, f.says)
		if f.fix != "" {
			fmt.Fprintf(w, "%s→ %s\n", strings.Repeat(" ", width+8), f.fix)
		}
	}
	if failed {
		return errNotReady
	}
	return nil
}

func checkFile(file string) finding {
	if file == "" {
		return finding{warn, "config", "no file: defaults and environment only", "regie config init"}
	}
	info, err := os.Stat(file)
	if err != nil {
		return finding{fail, "config", err.Error(), "regie config init -o " + file}
	}
	if info.Mode().Perm()&0o004 != 0 {
		return finding{warn, "config", file + " holds keys, and every user of this machine can read it", "chmod o= " + file}
	}
	return finding{ok, "config", file + " is valid", ""}
}
