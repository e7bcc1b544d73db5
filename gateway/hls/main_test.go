package hls

import (
	"testing"

	"go.uber.org/goleak"
)

// No test may leave a goroutine behind: not for a viewer who left, not for one
// who waits when the stream closes.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
