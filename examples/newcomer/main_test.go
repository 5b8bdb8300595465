package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// TestTrack runs the program and predicts with the model that it registers.
func TestTrack(t *testing.T) {
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
	if err := track(ctx, server.URL(), 40, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export MLFLOW_TRACKING_URI=" + server.URL() + " ",
		`print(mlflow.pyfunc.load_model("models:/spirals/1").predict(numpy.float32([[0.5, 0]])))`,
		"\nmillrace models serve -m models:/spirals/1 --port 5001\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}

	client := server.Client()
	version, err := client.ModelVersion(ctx, "spirals", "1")
	if err != nil {
		t.Fatal(err)
	}
	run, err := client.Run(ctx, version.RunID)
	if err != nil {
		t.Fatal(err)
	}
	logged := map[string]float64{}
	for _, m := range run.Data.Metrics {
		logged[m.Key] = float64(m.Value)
	}
	if logged["test_accuracy"] < 0.9 || logged["test_accuracy"] > 1.0001 || logged["train_loss"] <= 0 {
		t.Errorf("metrics %v", logged)
	}
	table, err := client.LoadTable(ctx, "predictions.json", run.Info.RunID)
	if err != nil || len(table.Rows) != 500 {
		t.Errorf("a table of %d rows, %v", len(table.Rows), err)
	}
	predict(t, client)
}

// predict uses the registered model for points that the program has not seen.
func predict(t *testing.T, client *mlflow.Client) {
	t.Helper()
	net, err := mlflow.LoadModel(t.Context(), client, "models:/spirals/latest", models.Open)
	if err != nil {
		t.Fatal(err)
	}
	points, labels := spirals(3, 100)
	y, err := net.Predict(t.Context(), &mlflow.Tensor{Shape: []int{100, 2}, Data: slices.Concat(points...)})
	if err != nil {
		t.Fatal(err)
	}
	logits, err := y.Float32s()
	if err != nil || len(logits) != 100 {
		t.Fatalf("%d logits, %v", len(logits), err)
	}
	hits := 0
	for i, logit := range logits {
		if (logit > 0) == (labels[i][0] == 1) {
			hits++
		}
	}
	if hits < 90 {
		t.Errorf("%d of 100 points are classified correctly", hits)
	}
}
