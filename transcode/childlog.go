package transcode

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

const (
	logLine  = 16 << 10 // longer lines are cut
	rawLines = 20       // lines that are not slog's, logged per worker: a Go trace has thousands
)

// childLog passes on what a worker writes to standard error: lines of slog's JSON
// at their own level; anything else, which is what a crash leaves, as errors.
type childLog struct {
	log   *slog.Logger
	raw   int
	words string // first raw line: what a crash says of itself
}

func (c *childLog) copy(r io.Reader) {
	br := bufio.NewReaderSize(r, logLine)
	for {
		line, err := br.ReadSlice('\n')
		if len(line) > 0 {
			c.line(strings.TrimSpace(string(line)))
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = br.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

func (c *childLog) line(s string) {
	if s == "" {
		return
	}
	var attrs map[string]any
	var level slog.Level
	if json.Unmarshal([]byte(s), &attrs) != nil || level.UnmarshalText([]byte(fmt.Sprint(attrs["level"]))) != nil {
		c.rawLine(s)
		return
	}
	msg := fmt.Sprint(attrs["msg"])
	delete(attrs, "time")
	delete(attrs, "level")
	delete(attrs, "msg")
	var args []any
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		args = append(args, slog.Any(k, attrs[k]))
	}
	c.log.Log(context.Background(), level, msg, args...)
}

func (c *childLog) rawLine(s string) {
	if c.words == "" {
		c.words = s
	}
	if c.raw++; c.raw <= rawLines {
		c.log.Error("worker: " + s)
	}
}
