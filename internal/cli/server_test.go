package cli

import (
	"bytes"
	"context"
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

// buffer is a bytes.Buffer that a command may write while a test reads.
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

// serve runs `millrace server` with args until stop is called, which returns its error.
func serve(t *testing.T, args ...string) (url string, out *buffer, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &buffer{}
	root := newRoot()
	root.SetArgs(append([]string{"server", "--port", "0"}, args...))
	root.SetOut(out)
	root.SetErr(io.Discard)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	ready := regexp.MustCompile(`ready at (\S+)`)
	for range 1000 {
		if m := ready.FindStringSubmatch(out.String()); m != nil {
			return m[1], out, func() error {
				cancel()
				return <-ended
			}
		}
		select {
		case err := <-ended:
			cancel()
			t.Fatalf("the server ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	t.Fatalf("the server did not come up: %s", out)
	return "", nil, nil
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
			t.Errorf("nobody is told that the server is open: %s", out)
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

func TestOneClearLine(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"server --nonsense":                    "unknown flag: --nonsense",
		"server --app-name basic-auth":         "tokens create",
		"server extra":                         "extra",
		"server --backend-store-uri mssql://x": "knows sqlite",
		"nonsense":                             `unknown command "nonsense"`,
	} {
		var out, errOut bytes.Buffer
		code := Main(strings.Fields(args), &out, &errOut)
		if code != 1 || out.Len() > 0 || !strings.Contains(errOut.String(), want) || strings.Count(errOut.String(), "\n") != 1 {
			t.Errorf("%s: code %d, out %q, err %q", args, code, &out, &errOut)
		}
	}
}
