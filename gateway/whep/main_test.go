package whep

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(viewersOf); url != "" {
		beViewers(url) // a child of BenchmarkFanout
		return
	}
	goleak.VerifyTestMain(m)
}
