package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/regie-live/regie/config"
)

type configCmd struct {
	Check checkCmd `cmd:"" help:"Say whether the configuration is valid, and if not, everything that is wrong."`
	Show  showCmd  `cmd:"" help:"Print the configuration as it counts, defaults and environment included."`
	Init  initCmd  `cmd:"" help:"Write an annotated file with one session and fresh keys."`
	Key   keyCmd   `cmd:"" help:"Print a fresh stream key."`
}

type checkCmd struct{ source }

func (c checkCmd) Run() error {
	loaded, file, err := c.load()
	if err != nil {
		return err
	}
	for _, w := range loaded.Warnings {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	if file == "" {
		file = "defaults and environment"
	}
	fmt.Printf("OK: %s, sessions: %d\n", file, len(loaded.Config.Sessions))
	return nil
}

type showCmd struct {
	source
	Origin  bool `help:"Say for each value where it came from."`
	Secrets bool `help:"Show keys and camera passwords in clear."`
}

func (c showCmd) Run() error {
	loaded, _, err := c.load()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(loaded.Render(config.Shown{Secrets: c.Secrets, Origin: c.Origin}))
	return err
}

type initCmd struct {
	Output string `short:"o" default:"regie.yml" placeholder:"FILE" help:"File to write; default ${default}."`
	Force  bool   `help:"Replace the file if it is there; its keys are lost."`
}

func (c initCmd) Run() error {
	if _, err := os.Lstat(c.Output); err == nil && !c.Force {
		return fmt.Errorf("%s is there already, and its keys would be lost; add --force, or write elsewhere with -o", c.Output)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writePrivate(c.Output, config.Starter(), c.Force); err != nil {
		return fmt.Errorf("write %s: %w", c.Output, err)
	}
	fmt.Printf("wrote %s, mode 0600: one session, studio, with a key of its own for each seat\nnext: regie serve -c %s\n", c.Output, c.Output)
	return nil
}

// writePrivate writes a file that only its owner can read, whole or not at all.
// Unless replace is set, a file that appears meanwhile is left alone.
func writePrivate(path string, data []byte, replace bool) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".regie-*.yml") // made with 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(tmp.Name(), path)
	}
	return os.Link(tmp.Name(), path) // fails when path exists
}

type keyCmd struct{}

func (keyCmd) Run() error {
	_, err := fmt.Println(config.NewKey().Reveal())
	return err
}
