package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// buffer is a bytes.Buffer that a command can write while a test reads it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve runs `millrace server` with args in this process. The function stop ends it
// and returns its error.
func serve(t *testing.T, args ...string) (url string, out *buffer, stop func() error) {
	t.Helper()
	url, out, stop, err := startServer(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	return url, out, stop
}

func startServer(ctx context.Context, args []string) (url string, out *buffer, stop func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	out = &buffer{}
	root := New() //nolint:contextcheck // The context is passed to ExecuteContext.
	root.SetArgs(append([]string{"server", "--port", "0"}, args...))
	root.SetOut(out)
	root.SetErr(io.Discard)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	stop = func() error {
		cancel()
		return <-ended
	}
	ready := regexp.MustCompile(`ready at (\S+)`)
	for range 1000 {
		if m := ready.FindStringSubmatch(out.String()); m != nil {
			return m[1], out, stop, nil
		}
		select {
		case err := <-ended:
			cancel()
			return "", nil, nil, fmt.Errorf("the server ended: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return "", nil, nil, fmt.Errorf("the server did not start: %s, %w", out, stop())
}

func TestServerKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{
		"--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"), "--artifacts-destination", filepath.Join(dir, "files"),
	}
	for i, name := range []string{"first", "second"} {
		url, out, stop := serve(t, args...)
		if !strings.Contains(out.String(), "No access token is defined") {
			t.Errorf("the server does not print that it has no access tokens: %s", out)
		}
		client := mlflow.NewClient(url)
		if _, err := client.CreateExperiment(t.Context(), &mlflow.CreateExperimentRequest{Name: name}); err != nil {
			t.Error(err)
		}
		list, err := client.SearchExperiments(t.Context(), &mlflow.SearchExperimentsRequest{MaxResults: 10})
		if err != nil || len(list.Experiments) != i+2 {
			t.Errorf("start %d: %v, %v", i+1, list, err)
		}
		if err := stop(); err != nil {
			t.Errorf("start %d: %v", i+1, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "mlflow.db")); err != nil {
		t.Error(err)
	}
}

func TestServerUnderPrefix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, _, stop := serve(t, "--static-prefix", "/lab", "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "a.db"), "--artifacts-destination", dir)
	if !strings.HasSuffix(url, "/lab") {
		t.Errorf("URL %s", url)
	}
	if _, err := mlflow.NewClient(url).Experiment(t.Context(), "0"); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
