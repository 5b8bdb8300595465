package models_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// TestOpen opens what mlflow.pytorch.save_model and mlflow.onnx.save_model wrote.
func TestOpen(t *testing.T) {
	t.Parallel()
	f := fixtures(t)["mlp"]
	input := fill(t, f.Shape, f.Seed, 0)
	for dir, flavor := range map[string]string{"mlflow_torch": "pytorch", "mlflow_onnx": "onnx"} {
		m, err := models.Open("testdata/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		out, err := m.Predict(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		if d := f.Outputs[0].difference(t, out); d > tolerance {
			t.Errorf("%s: differs by %g", dir, d)
		}
		md := m.Metadata()
		want := mlflow.TensorSpec{DType: "float32", Shape: []int{-1, 30}}
		if !slices.Contains(md.Flavors, flavor) || len(md.UUID) != 32 || md.MLflowVersion != "3.17.2" || md.ModelID != "" {
			t.Errorf("%s: %+v", dir, md)
		}
		if in := md.Signature.Inputs; len(in) != 1 || in[0].DType != want.DType || !slices.Equal(in[0].Shape, want.Shape) {
			t.Errorf("%s: %+v", dir, in)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "m.onnx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file string
		code mlflow.ErrorCode
	}{
		"no flavor":      {"flavors: {sklearn: {}}", mlflow.NotImplemented},
		"pickle":         {"flavors: {pytorch: {model_data: data}}", mlflow.NotImplemented},
		"no file":        {"flavors: {onnx: {data: m.onnx}}", mlflow.ResourceDoesNotExist},
		"no data":        {"flavors: {onnx: {}}", mlflow.InvalidParameterValue},
		"path escape":    {"flavors: {onnx: {data: ../" + filepath.Base(outside) + "/m.onnx}}", mlflow.InvalidParameterValue},
		"absolute":       {"flavors: {onnx: {data: " + outside + "/m.onnx}}", mlflow.InvalidParameterValue},
		"not YAML":       {"flavors: [", mlflow.InvalidParameterValue},
		"bad signature":  {"flavors: {onnx: {data: x}}\nsignature: {inputs: '{'}", mlflow.InvalidParameterValue},
		"no column type": {"flavors: {onnx: {data: x}}\nsignature: {inputs: '[{\"name\": \"a\"}]'}", mlflow.InvalidParameterValue},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "MLmodel"), []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := models.Open(dir); !errors.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, open := range []func(string) (*models.Model, error){models.Open, models.OpenONNX, models.OpenTorch} {
		if _, err := open(filepath.Join(outside, "none")); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Error(err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	m := openFixture(t, "mlp", "onnx")
	tensor := func(data any, shape ...int) *mlflow.Tensor { return &mlflow.Tensor{Shape: shape, Data: data} }
	for name, in := range map[string]map[string]*mlflow.Tensor{
		"missing":  {},
		"unknown":  {"x": tensor(make([]float32, 30), 1, 30), "z": tensor([]float32{1}, 1)},
		"shape":    {"x": tensor(make([]float32, 31), 1, 31)},
		"rank":     {"x": tensor(make([]float32, 30), 30)},
		"dtype":    {"x": tensor(make([]int64, 30), 1, 30)},
		"elements": {"x": tensor(make([]float32, 29), 1, 30)},
		"negative": {"x": tensor(make([]float32, 30), -1, -30)},
		"overflow": {"x": tensor(make([]float32, 30), 1<<62, 1<<62, 30)},
		"no data":  {"x": tensor(nil, 1, 30)},
		"nil":      {"x": nil},
	} {
		if _, err := m.Run(t.Context(), in); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRunStops runs with a context that is done.
func TestRunStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := openFixture(t, "mlp", "onnx").Predict(ctx, fill(t, []int{1, 30}, 1, 0)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRunConverts gives float64 to a model of float32, and a batch of one.
func TestRunConverts(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"onnx", "pt2"} {
		out, err := openFixture(t, "mlp", format).Predict(t.Context(), &mlflow.Tensor{Shape: []int{1, 30}, Data: make([]float64, 30)})
		if err != nil || !slices.Equal(out.Shape, []int{1, 1}) {
			t.Errorf("%s: %+v, %v", format, out, err)
		}
	}
}

// TestRunTogether runs one model from several goroutines.
func TestRunTogether(t *testing.T) {
	t.Parallel()
	f := fixtures(t)["quickstart"]
	m := openFixture(t, "quickstart", "pt2")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			out, err := m.Predict(t.Context(), fill(t, f.Shape, f.Seed, 0))
			if err != nil || f.Outputs[0].difference(t, out) > tolerance {
				t.Error(out, err)
			}
		})
	}
	wg.Wait()
}
