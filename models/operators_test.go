package models_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// TestONNXOperators runs models of one operator each against what onnxruntime
// answered.
func TestONNXOperators(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/operators.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name    string
		Model   string
		Inputs  map[string]encoded
		Outputs []encoded
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, c := range cases {
		file, err := base64.StdEncoding.DecodeString(c.Model)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprint(i, ".onnx"))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		inputs := map[string]*mlflow.Tensor{}
		for name, in := range c.Inputs {
			inputs[name] = in.tensor(t)
		}
		m, err := models.OpenONNX(path)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		out, err := m.Run(t.Context(), inputs)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		for j, want := range c.Outputs {
			if d := want.difference(t, out[fmt.Sprint("o", j)]); d > tolerance {
				t.Errorf("%s: output %d differs by %g", c.Name, j, d)
			}
		}
	}
}

// TestTorchOperators runs a model that returns the result of every operator.
func TestTorchOperators(t *testing.T) {
	t.Parallel()
	m := openFixture(t, "edges", "pt2")
	in := m.Inputs()
	out, err := m.Run(t.Context(), map[string]*mlflow.Tensor{
		in[0].Name: fill(t, []int{4, 3, 5}, 3, 0),
		in[1].Name: fill(t, []int{4, 6}, 4, 7),
		in[2].Name: fill(t, []int{4, 2, 7, 8}, 5, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	wants := fixtures(t)["edges"].Outputs
	if len(m.Outputs()) != len(wants) {
		t.Fatalf("%d outputs, want %d", len(m.Outputs()), len(wants))
	}
	for i, spec := range m.Outputs() {
		if d := wants[i].difference(t, out[spec.Name]); d > tolerance {
			t.Errorf("output %d, %s, differs by %g: %v", i, spec.Name, d, out[spec.Name])
		}
	}
}

// TestLogistic runs a scikit-learn pipeline; its map of probabilities comes as the
// tensor that it is made of.
func TestLogistic(t *testing.T) {
	t.Parallel()
	m := openFixture(t, "logistic", "onnx")
	out, err := m.Run(t.Context(), map[string]*mlflow.Tensor{"X": fill(t, []int{60, 4}, 21, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for i, spec := range m.Outputs() {
		if d := fixtures(t)["logistic"].Outputs[i].difference(t, out[spec.Name]); d > tolerance {
			t.Errorf("%s differs by %g", spec.Name, d)
		}
	}
}
