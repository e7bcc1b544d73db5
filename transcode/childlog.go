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
	logLine = 16 << 10 // longer lines are cut
	rawText = 24 << 10 // of what is not slog's, kept per worker
)

// childLog passes on what a worker writes to standard error: lines of slog's JSON
// at their own level. Anything else is what a crash leaves; the beginning of it is
// kept and logged once.
type childLog struct {
	log *slog.Logger
	raw strings.Builder
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
	if c.raw.Len() < rawText {
		c.raw.WriteString(s[:min(len(s), rawText-c.raw.Len())] + "\n")
	}
}

// explain adds the first line of a crash to cause, and logs all of it. Call it when
// copy has returned.
func (c *childLog) explain(cause error) error {
	text := c.raw.String()
	first, _, _ := strings.Cut(text, "\n")
	if first == "" {
		return cause
	}
	c.log.Error("the worker's last words", "text", text)
	return fmt.Errorf("%w: %s", cause, first)
}
