package mlflow_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestDatabricksFiles uses a server whose artifact URIs are those of Databricks, which
// Millrace returns to Databricks' clients.
func TestDatabricksFiles(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(passing(t, "databricks-sdk-py/0.1 mlflow-python-client/3.17.2"))
	defer proxy.Close()
	ctx, c := t.Context(), mlflow.NewClient(proxy.URL, mlflow.WithToken("dapi"), mlflow.WithHTTPClient(http.DefaultClient))
	run, err := c.StartRun(ctx, mlflow.RunOptions{})
	must(t, err)
	if !strings.HasPrefix(run.Info.ArtifactURI, "dbfs:/databricks/mlflow-tracking/") {
		t.Fatalf("the run's files are at %s", run.Info.ArtifactURI)
	}
	spec := []mlflow.TensorSpec{{DType: "float32", Shape: []int{-1}}}
	must(t, run.LogText(ctx, "hello", "notes/a b.txt"), run.LogText(ctx, "", "notes/empty"))
	info, err := run.LogModel(ctx, "model", mlflow.ONNXModel([]byte("weights"), spec, spec, nil), mlflow.ModelOptions{})
	must(t, err, run.End(ctx, mlflow.RunFinished))
	dir, err := c.DownloadArtifacts(ctx, run.ID(), "notes", t.TempDir())
	must(t, err)
	if text, err := os.ReadFile(filepath.Join(dir, "a b.txt")); err != nil || string(text) != "hello" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	files, err := mlflow.LoadModel(ctx, c, info.URI, readFiles)
	if err != nil || files["model.onnx"] != "weights" {
		t.Errorf("the model holds %v, %v", files, err)
	}
}
