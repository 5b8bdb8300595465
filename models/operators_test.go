package models_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// TestONNXOperators compares models of one operator, classical models and nested graphs with the outputs of
// onnxruntime.
func TestONNXOperators(t *testing.T) {
	t.Parallel()
	for _, c := range onnxCases(t) {
		t.Run(c.Name, c.run)
	}
}

func onnxCases(t testing.TB) []onnxCase {
	t.Helper()
	var out []onnxCase
	for _, file := range []string{"operators", "operators_more", "classical"} {
		data, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var cases []onnxCase
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		out = append(out, cases...)
	}
	return out
}

// onnxCase is a case of a file of [onnxCases].
type onnxCase struct {
	Name    string
	Model   string
	Inputs  map[string]encoded
	Names   []string // The names of the outputs; the default is o0, o1 and so on.
	Outputs []encoded
}

func (c *onnxCase) file(t testing.TB) []byte {
	t.Helper()
	file, err := base64.StdEncoding.DecodeString(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (c *onnxCase) run(t *testing.T) {
	t.Parallel()
	inputs := map[string]*mlflow.Tensor{}
	for name, in := range c.Inputs {
		inputs[name] = in.tensor(t)
	}
	m, err := openBytes(t, c.file(t), models.OpenONNX)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range c.Outputs {
		name := fmt.Sprint("o", i)
		if c.Names != nil {
			name = c.Names[i]
		}
		if d := want.difference(t, out[name]); d > tolerance {
			t.Errorf("output %s differs by %g", name, d)
		}
	}
}

// TestTorchOperators runs models that return the results of many operators.
func TestTorchOperators(t *testing.T) {
	t.Parallel()
	given := []*mlflow.Tensor{fill(t, []int{4, 3, 5}, 3, 0), fill(t, []int{4, 6}, 4, 7), fill(t, []int{4, 2, 7, 8}, 5, 0)}
	for _, name := range []string{"edges", "more", "writes", "losses", "dynamic", "vision", "joins", "detector", "linalg", "fourier"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, inputs := openFixture(t, name, "pt2"), map[string]*mlflow.Tensor{}
			for i, in := range m.Inputs() {
				inputs[in.Name] = given[i]
			}
			out, err := m.Run(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			wants := fixtures(t)[name].Outputs
			if len(m.Outputs()) != len(wants) {
				t.Fatalf("%d outputs, want %d", len(m.Outputs()), len(wants))
			}
			for i, spec := range m.Outputs() {
				if d := wants[i].difference(t, out[spec.Name]); d > tolerance {
					t.Errorf("output %d, %s, differs by %g: %v", i, spec.Name, d, out[spec.Name])
				}
			}
		})
	}
}

// TestTorchControl runs graphs in a graph, and gives an input of 16 bits as float32.
func TestTorchControl(t *testing.T) {
	t.Parallel()
	m, x := openFixture(t, "control", "pt2"), fill(t, []int{4, 3, 5}, 3, 0)
	half := &mlflow.Tensor{Shape: []int{3, 5}, Data: x.Data.([]float32)[:15]}
	out, err := m.Run(t.Context(), map[string]*mlflow.Tensor{"x": x, "half": half})
	if err != nil {
		t.Fatal(err)
	}
	for i, spec := range m.Outputs() {
		if d := fixtures(t)["control"].Outputs[i].difference(t, out[spec.Name]); d > tolerance {
			t.Errorf("output %d, %s, differs by %g: %v", i, spec.Name, d, out[spec.Name])
		}
	}
}

// TestLogistic runs a scikit-learn pipeline. Its map of probabilities is returned as a tensor.
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

// TestONNXRandom draws numbers under the seed of a node, and refuses nodes without one.
func TestONNXRandom(t *testing.T) {
	t.Parallel()
	for seed, code := range map[string]mlflow.ErrorCode{"5": "", "": mlflow.NotImplemented} {
		file, err := os.ReadFile("testdata/random" + seed + ".onnx")
		if err != nil {
			t.Fatal(err)
		}
		m, err := models.ReadONNX(file)
		if e := mlflow.AsError(err); e != nil || code != "" {
			if e == nil || e.Code != code {
				t.Errorf("seed %q: %v", seed, err)
			}
			continue
		}
		first, err := m.Predict(t.Context(), fill(t, []int{2, 3}, 1, 0))
		if err != nil {
			t.Fatal(err)
		}
		again, err := m.Predict(t.Context(), fill(t, []int{2, 3}, 1, 0))
		if err != nil || !slices.Equal(first.Data.([]float32), again.Data.([]float32)) || first.Data.([]float32)[0] == first.Data.([]float32)[1] {
			t.Errorf("%v, then %v: %v", first, again, err)
		}
	}
}

// TestTorchRandom draws numbers under a seed, and refuses to open the model without one.
func TestTorchRandom(t *testing.T) {
	t.Parallel()
	if _, err := openBytes(t, archived(t, "draws"), models.OpenTorch); !errors.Is(err, mlflow.NotImplemented) {
		t.Errorf("without a seed: %v", err)
	}
	run := func(seed models.Seed) []*mlflow.Tensor {
		m, err := openBytes(t, archived(t, "draws"), seed.OpenTorch)
		if err != nil {
			t.Fatal(err)
		}
		out, err := m.Run(t.Context(), map[string]*mlflow.Tensor{"x": fill(t, []int{4, 3, 5}, 3, 0)})
		if err != nil {
			t.Fatal(err)
		}
		var list []*mlflow.Tensor
		for _, spec := range m.Outputs() {
			list = append(list, out[spec.Name])
		}
		return list
	}
	first, again, other := run(7), run(7), run(8)
	for i, want := range []struct{ mean, low, high float64 }{
		{0.5, 0, 1},
		{0.5, 0, 1},
		{0, -9, 9},
		{0, -9, 9},
		{4, 2, 6},
		{3, 0, 6},
		{0.3, 0, 1},
		{2, -3, 7},
		{-1, -15, 15},
		{1.5, 0, 2},
		{24.5, 0, 49},
		{3, 2, 4},
		{0.5, 0, 20},
		{3, 0, 6},
		{0.7, 0, 1},
		{0.5, 0, 1},
		{0.5, 0, 1},
	} {
		list, err := first[i].Float32s()
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range list {
			sum += float64(v)
		}
		apart := 8 / math.Sqrt(float64(len(list))) // Four deviations of the mean of the widest distribution.
		if mean := sum / float64(len(list)); math.Abs(mean-want.mean) > apart {
			t.Errorf("output %d has the mean %v, want %v", i, mean, want.mean)
		}
		if low, high := float64(slices.Min(list)), float64(slices.Max(list)); low < want.low || high > want.high {
			t.Errorf("output %d is between %v and %v", i, low, high)
		}
		if !reflect.DeepEqual(first[i], again[i]) || reflect.DeepEqual(first[i], other[i]) {
			t.Errorf("output %d does not depend on the seed alone", i)
		}
	}
	if reflect.DeepEqual(first[15], first[16]) {
		t.Error("two nodes draw the same numbers")
	}
}
