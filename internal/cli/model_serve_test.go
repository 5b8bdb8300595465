package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestServeFollowsAlias serves the model of an alias, which moves to another version, then to
// one that cannot be opened.
func TestServeFollowsAlias(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, _, stop := serve(t, "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"))
	ctx, c := t.Context(), mlflow.NewClient(url)
	if err := registerVersions(ctx, c, "../../models/testdata/mlflow_onnx", "../../models/testdata/mlflow_torch", dir); err != nil {
		t.Fatal(err)
	}
	move := func(version string) {
		if err := c.SetModelAlias(ctx, "m", "champion", version); err != nil {
			t.Fatal(err)
		}
	}
	move("1")
	serving, log, end := serveModel(t, url, "-m", "models:/m@champion", "--reload-interval", "20ms", "--workers", "1")
	if served := versionOf(t, serving); served != "1" {
		t.Errorf("version %s is served", served)
	}
	move("2")
	for deadline := time.Now().Add(20 * time.Second); versionOf(t, serving) != "2"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("version 2 is not served: %s", log)
		}
	}
	move("3")
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "does not open"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log has no failure: %s", log)
		}
	}
	if served := versionOf(t, serving); served != "2" {
		t.Errorf("version %s is served", served)
	}
	if err := errors.Join(end(), stop()); err != nil {
		t.Error(err)
	}
}

// registerVersions registers two folders as versions of the model m, and dir, which has no
// model, as the third.
func registerVersions(ctx context.Context, c *mlflow.Client, folders ...string) error {
	if _, err := c.CreateRegisteredModel(ctx, &mlflow.CreateRegisteredModelRequest{Name: "m"}); err != nil {
		return err
	}
	run, err := c.StartRun(ctx, mlflow.RunOptions{})
	if err != nil {
		return err
	}
	for i, folder := range folders {
		name := string(rune('a' + i))
		if i == len(folders)-1 {
			err = run.LogText(ctx, "no model", name+"/MLmodel")
		} else {
			err = run.LogArtifacts(ctx, folder, name)
		}
		if err != nil {
			return err
		}
		id := run.ID()
		version := &mlflow.CreateModelVersionRequest{Name: "m", Source: run.ArtifactURI(name), RunID: &id}
		if _, err := c.CreateModelVersion(ctx, version); err != nil {
			return err
		}
	}
	return run.End(ctx, mlflow.RunFinished)
}

// serveModel runs `millrace models serve` in this process.
func serveModel(t *testing.T, tracking string, args ...string) (url string, log *buffer, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, log := &buffer{}, &buffer{}
	root := New()
	root.SetArgs(append([]string{"models", "serve", "--tracking-uri", tracking, "--port", "0"}, args...))
	root.SetOut(out)
	root.SetErr(log)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	ready := regexp.MustCompile(`ready at (\S+)/invocations`)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := ready.FindStringSubmatch(out.String()); m != nil {
			return m[1], log, func() error { cancel(); return <-ended }
		}
	}
	cancel()
	t.Fatalf("the model is not served: %s %v", log, <-ended)
	return "", nil, nil
}

// versionOf returns the version of the model that answers a request.
func versionOf(t *testing.T, url string) string {
	t.Helper()
	body, err := os.ReadFile("../../models/testdata/mlflow_torch/serving_input_example.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/invocations", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", resp.StatusCode, text, err)
	}
	return resp.Header.Get("Millrace-Model-Version")
}
