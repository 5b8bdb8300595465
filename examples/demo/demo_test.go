package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestWorkflows runs both workflows on fewer images than the demo.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	server, err := local.Start(ctx, local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	page, err := workflows(ctx, server.Client(), 640, &out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(page, server.URL()+"/#/experiments/2/runs/") {
		t.Errorf("page %s", page)
	}
	for _, text := range []string{"Size of training dataset: 640", "[0 / 10]", "Outputs of the loaded model", "RangeIndex: 569 entries", "Epoch [200/200]", "weighted avg", "is in Staging"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the output lacks %q:\n%s", text, out.String())
		}
	}
	version, err := server.Client().ModelVersion(ctx, "breast-cancer-classifier", "1")
	if err != nil {
		t.Fatal(err)
	}
	run, err := server.Client().Run(ctx, version.RunID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range run.Data.Metrics {
		if m.Key == "test_accuracy" && m.Value < 0.95 {
			t.Errorf("the guide reaches an accuracy of %v", m.Value)
		}
	}
	if version.CurrentStage != mlflow.StageStaging {
		t.Errorf("the version is in %s", version.CurrentStage)
	}
	for run, err := range server.Client().AllRuns(ctx, &mlflow.SearchRunsRequest{ExperimentIDs: []string{"1"}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range run.Inputs.DatasetInputs {
			if !strings.HasPrefix(in.Dataset.Name, "synthetic-images-") {
				t.Errorf("the drawn images are logged as %s", in.Dataset.Name)
			}
		}
	}
}
