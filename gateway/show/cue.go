package show

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Cue is a message to viewers that belongs to a moment of the program, such as a
// product that is pinned or a caption. It reaches them with the picture of that
// moment, on every way out.
type Cue struct {
	// ID names the cue within its session: [A-Za-z0-9._-]{1,64}. A later cue with
	// the same ID replaces the earlier one; its Start must not change.
	ID string
	// Class says what it is, as a reverse DNS name: com.regie.pin.
	Class string
	// Start is in program time. What starts in the past is shown at once.
	Start time.Duration
	// Duration is 0 while the end is not known.
	Duration time.Duration
	// Data is any JSON value of at most MaxCueData bytes; it may be absent.
	Data json.RawMessage
}

// MaxCueData keeps a playlist, which repeats every cue in its window, short.
const MaxCueData = 2 << 10

var (
	cueID    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	cueClass = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
)

// Validate says everything that is wrong with c.
func (c Cue) Validate() error {
	var errs []error
	if !cueID.MatchString(c.ID) {
		errs = append(errs, fmt.Errorf("the cue's id %.80q is not 1 to 64 letters, digits, dots, dashes or underscores", c.ID))
	}
	if !cueClass.MatchString(c.Class) || len(c.Class) > 128 {
		errs = append(errs, fmt.Errorf("the cue's class %.150q is no reverse DNS name such as com.example.pin", c.Class))
	}
	if c.Start < 0 || c.Duration < 0 {
		errs = append(errs, errors.New("the cue's start and duration must not be negative"))
	}
	if len(c.Data) > MaxCueData {
		errs = append(errs, fmt.Errorf("the cue's data has %d bytes; keep it under %d, and send an address of what is longer", len(c.Data), MaxCueData))
	} else if len(c.Data) > 0 && !json.Valid(c.Data) {
		errs = append(errs, errors.New("the cue's data is not JSON"))
	}
	return errors.Join(errs...)
}
