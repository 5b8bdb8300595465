package models_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// tolerance is the largest accepted difference from the outputs of PyTorch and onnxruntime.
const tolerance = 1e-5

// fixture is a case of testdata/cases.json, which make_fixtures.py writes.
type fixture struct {
	Shape      []int `json:"shape"`
	Seed       int   `json:"seed"`
	Vocabulary int   `json:"vocabulary"`
	Outputs    []encoded
}

type encoded struct {
	DType string
	Shape []int
	Data  string
}

// tensor decodes the tensor from little-endian values.
func (e encoded) tensor(t testing.TB) *mlflow.Tensor {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(e.Data)
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, d := range e.Shape {
		n *= d
	}
	out := &mlflow.Tensor{Shape: e.Shape}
	switch e.DType {
	case "float32":
		out.Data = make([]float32, n)
	case "float64":
		out.Data = make([]float64, n)
	case "int32":
		out.Data = make([]int32, n)
	case "int64":
		out.Data = make([]int64, n)
	case "uint32":
		out.Data = make([]uint32, n)
	case "bool":
		out.Data = make([]bool, n)
	case "str":
		out.Data = strings.Split(string(raw), "\n")
		return out
	}
	if _, err := binary.Decode(raw, binary.LittleEndian, out.Data); err != nil {
		t.Fatalf("%s %v: %v", e.DType, e.Shape, err)
	}
	return out
}

// difference returns the largest difference from the expected tensor.
func (e encoded) difference(t testing.TB, got *mlflow.Tensor) float64 {
	t.Helper()
	want := e.tensor(t)
	if got == nil || got.DType() != want.DType() || !slices.Equal(got.Shape, want.Shape) {
		t.Logf("%+v, want %s %v", got, want.DType(), want.Shape)
		return math.Inf(1)
	}
	if text, ok := got.Data.([]string); ok {
		if !slices.Equal(text, want.Data.([]string)) {
			return math.Inf(1)
		}
		return 0
	}
	a, errA := got.Float32s()
	b, errB := want.Float32s()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	return furthest(a, b)
}

func fixtures(t testing.TB) map[string]fixture {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]fixture
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// fill returns the same pseudorandom inputs as make_fixtures.py.
func fill(t testing.TB, shape []int, seed, vocabulary int) *mlflow.Tensor {
	t.Helper()
	n := 1
	for _, d := range shape {
		n *= d
	}
	floats, ints := make([]float32, n), make([]int64, n)
	for i := range n {
		h := uint32(i+1)*2654435761 + uint32(seed*40503)
		h ^= h >> 15
		h *= 2246822519
		h ^= h >> 13
		floats[i] = float32(float64(h)/(1<<31) - 1)
		if vocabulary > 0 {
			ints[i] = int64(h) % int64(vocabulary)
		}
	}
	out, err := mlflow.NewTensor(floats, shape...)
	if vocabulary > 0 {
		out, err = mlflow.NewTensor(ints, shape...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// furthest returns the largest difference between two lists.
func furthest(a, b []float32) float64 {
	out := 0.0
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if a[i] != b[i] && !(d <= out) {
			out = d
		}
	}
	return out
}

// archived returns the content of a compressed .pt2 archive of testdata.
func archived(t testing.TB, name string) []byte { return decompressed(t, name+".pt2.gz") }

// decompressed returns the content of a compressed file of testdata.
func decompressed(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func openFixture(t testing.TB, name, format string) *models.Model {
	t.Helper()
	load, path := models.OpenONNX, "testdata/"+name+"."+format
	if format == "pt2" {
		load, path = models.OpenTorch, filepath.Join(t.TempDir(), "model.pt2")
		if err := os.WriteFile(path, archived(t, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModels(t *testing.T) {
	t.Parallel()
	cases := fixtures(t)
	for name, f := range cases {
		if f.Shape == nil {
			continue // This fixture has a test of its own.
		}
		for _, format := range []string{"pt2", "onnx"} {
			t.Run(name+"."+format, func(t *testing.T) {
				t.Parallel()
				m := openFixture(t, name, format)
				input := fill(t, f.Shape, f.Seed, f.Vocabulary)
				in := m.Inputs()
				if len(in) != 1 || in[0].DType != input.DType() || in[0].Shape[0] != -1 ||
					!slices.Equal(in[0].Shape[1:], f.Shape[1:]) {
					t.Fatalf("inputs %+v", in)
				}
				out, err := m.Run(t.Context(), map[string]*mlflow.Tensor{in[0].Name: input})
				if err != nil {
					t.Fatal(err)
				}
				for i, spec := range m.Outputs() {
					d := f.Outputs[i].difference(t, out[spec.Name])
					t.Logf("output %s: largest difference %.2g", spec.Name, d)
					if d > tolerance || spec.DType != f.Outputs[i].DType {
						t.Errorf("output %s differs by %g", spec.Name, d)
					}
				}
			})
		}
	}
}
