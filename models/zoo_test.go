package models_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// zooTolerance is the largest accepted difference from PyTorch, in units of the spread of an output.
const zooTolerance = 1e-4

// animal is a network of testdata/zoo/zoo.json, which test/bench/models/make.py writes.
type animal struct {
	Inputs []struct {
		Shape      []int
		Vocabulary int
		Seed       int
	}
	Outputs []struct {
		Shape []int
		Step  int // Data has every Step-th element.
		Data  string
	}
	Spread []float64 // The standard deviation of each output.
	ONNX   bool      // There is an ONNX file, too.
}

func zoo(t testing.TB) map[string]animal {
	t.Helper()
	data, err := os.ReadFile("testdata/zoo/zoo.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]animal
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// feed returns the inputs of a network, by name.
func (a animal) feed(t testing.TB, m *models.Model) map[string]*mlflow.Tensor {
	t.Helper()
	out := map[string]*mlflow.Tensor{}
	for i, spec := range m.Inputs() {
		in := a.Inputs[i]
		out[spec.Name] = fill(t, in.Shape, in.Seed, in.Vocabulary)
	}
	return out
}

// check compares the outputs of a network with PyTorch's.
func (a animal) check(t testing.TB, m *models.Model, got map[string]*mlflow.Tensor) {
	t.Helper()
	for i, spec := range m.Outputs() {
		want := a.Outputs[i]
		out := got[spec.Name]
		if !slices.Equal(out.Shape, want.Shape) {
			t.Errorf("output %d has shape %v, want %v", i, out.Shape, want.Shape)
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(want.Data)
		if err != nil {
			t.Fatal(err)
		}
		list, err := out.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for j := 0; j < len(raw)/4; j++ {
			v := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*j:]))
			if d := math.Abs(float64(v - list[j*want.Step])); !(d <= zooTolerance*math.Max(a.Spread[i], 1e-3)) {
				t.Errorf("output %d, element %d is %v, want %v", i, j*want.Step, list[j*want.Step], v)
				break
			}
		}
	}
}
