package mlflow_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain keeps what tests leave undelivered out of the user's folders.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "millrace-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv("MILLRACE_SPILL_DIR") == "" {
		_ = os.Setenv("MILLRACE_SPILL_DIR", dir)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
