package local_test

import (
	"testing"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestDataStays(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	first, err := local.Start(ctx, local.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	id, err := first.Client().CreateExperiment(ctx, &mlflow.CreateExperimentRequest{Name: "kept"})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := local.Start(ctx, local.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	e, err := second.Client().Experiment(ctx, id)
	if err != nil || e.Name != "kept" {
		t.Errorf("experiment %+v, %v", e, err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoSuchPort(t *testing.T) {
	t.Parallel()
	if _, err := local.Start(t.Context(), local.Options{Dir: t.TempDir(), Port: 1 << 17}); err == nil {
		t.Error("a port that cannot be was taken")
	}
}
