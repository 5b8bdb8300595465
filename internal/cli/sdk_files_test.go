package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// With --no-serve-artifacts the SDK writes artifacts directly to the folder that the
// server names.
func TestSharedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := filepath.Join(dir, "files")
	url, _, stop := serve(t, "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"), "--no-serve-artifacts", "--default-artifact-root", root)
	ctx, c := t.Context(), mlflow.NewClient(url)
	run, err := c.StartRun(ctx, mlflow.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.LogText(ctx, "hello", "notes/a.txt"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "0", run.ID(), "artifacts", "notes", "a.txt")); err != nil || string(text) != "hello" {
		t.Errorf("the folder holds %q, %v", text, err)
	}
	local, err := c.DownloadArtifacts(ctx, run.ID(), "notes", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(local, "a.txt")); err != nil || string(text) != "hello" {
		t.Errorf("the download holds %q, %v", text, err)
	}
	if err := run.End(ctx, mlflow.RunFinished); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
