package rtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs passes pion's log on. What pion warns of is mostly a peer's doing
// (a stray packet, a lost one), so nothing of it is above debug level here; what
// an operator must know is said by us.
type pionLogs struct{ logger *slog.Logger }

func (l pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{l.logger, scope}
}

type pionLog struct {
	logger *slog.Logger
	scope  string
}

func (l pionLog) log(level, text string) {
	l.logger.Debug("pion", "scope", l.scope, "level", level, "text", text)
}

func (l pionLog) logf(level, format string, args ...any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.log(level, fmt.Sprintf(format, args...))
	}
}

func (pionLog) Trace(string)          {}
func (pionLog) Tracef(string, ...any) {}
func (pionLog) Debug(string)          {}
func (pionLog) Debugf(string, ...any) {}

func (l pionLog) Info(msg string)                   { l.log("info", msg) }
func (l pionLog) Infof(format string, args ...any)  { l.logf("info", format, args...) }
func (l pionLog) Warn(msg string)                   { l.log("warn", msg) }
func (l pionLog) Warnf(format string, args ...any)  { l.logf("warn", format, args...) }
func (l pionLog) Error(msg string)                  { l.log("error", msg) }
func (l pionLog) Errorf(format string, args ...any) { l.logf("error", format, args...) }
