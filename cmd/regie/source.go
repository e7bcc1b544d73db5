package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"github.com/regie-live/regie/config"
)

// source is where a command reads the configuration from.
type source struct {
	File string   `name:"config" short:"c" env:"REGIE_CONFIG" placeholder:"FILE" help:"Configuration file. Without it ./regie.yml, then /etc/regie/regie.yml, then none."`
	Set  []string `placeholder:"KEY=VALUE" sep:"none" help:"Set one value, such as program.kbps=4000; stronger than the file and the environment."`
}

// load reads and validates the configuration, and says which file it came from.
func (s source) load() (*config.Loaded, string, error) {
	file := s.File
	if file == "" {
		for _, usual := range []string{"regie.yml", "/etc/regie/regie.yml"} {
			if _, err := os.Stat(usual); !errors.Is(err, fs.ErrNotExist) {
				file = usual
				break
			}
		}
	}
	loaded, err := config.Load(config.Sources{File: file, Environ: os.Environ(), Set: s.Set})
	return loaded, file, err
}

// newLogger writes to standard error, as the configuration says.
func newLogger(c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // a valid configuration has no other
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
