package mlflow_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/internal/testserver"
)

// TestMain keeps undelivered metrics of tests out of the user's directories, and removes
// the server that the tests build.
func TestMain(m *testing.M) {
	if !testserver.Available() {
		fmt.Fprintln(os.Stderr, "skipped: the tests need the repository of Millrace, whose server they start")
		os.Exit(0)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	for _, variable := range []string{"MILLRACE_TEST_TRAIN", "MILLRACE_TEST_AWAY"} {
		if os.Getenv(variable) != "" { // a program that a test started
			return m.Run(), nil
		}
	}
	if os.Getenv("MILLRACE_SPILL_DIR") == "" {
		dir, err := os.MkdirTemp("", "millrace-test-")
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := os.Setenv("MILLRACE_SPILL_DIR", dir); err != nil {
			return 0, err
		}
	}
	defer func() { err = errors.Join(err, testserver.Clean()) }()
	dir, err := os.MkdirTemp("", "millrace-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := testserver.Start(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := os.Setenv("MLFLOW_TRACKING_URI", server.URL); err != nil { // for the examples
		return 0, err
	}
	return m.Run(), nil
}

// startServer starts a server for the test.
func startServer(t *testing.T) (url string) {
	t.Helper()
	server, err := testserver.Start(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	return server.URL
}

// newClient returns a client of a new server, or of the server at MILLRACE_TEST_SERVER,
// which is MLflow's own in test/compat/test_sdk.py.
func newClient(t *testing.T, opts ...mlflow.Option) *mlflow.Client {
	t.Helper()
	if url := os.Getenv("MILLRACE_TEST_SERVER"); url != "" {
		return mlflow.NewClient(url, opts...)
	}
	return mlflow.NewClient(startServer(t), opts...)
}
