package worker

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// AsWorker makes this test binary the worker that its own tests start.
const AsWorker = "REGIE_TEST_WORKER"

func TestMain(m *testing.M) {
	switch os.Getenv(AsWorker) {
	case "":
		goleak.VerifyTestMain(m)
	case "probe":
		Probe()
	default:
		os.Exit(Main(context.Background()))
	}
}
