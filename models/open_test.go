package models_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// TestOpen opens directories that mlflow.pytorch.save_model and mlflow.onnx.save_model wrote.
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

// withoutReaderAt is a file system whose files can only be read from the beginning.
type withoutReaderAt struct{ fs.FS }

type sequentialFile struct{ fs.File }

func (f withoutReaderAt) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return sequentialFile{file}, nil
}

// zipped returns a zip file with the files of a directory.
func zipped(t *testing.T, dir string) fs.FS {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOpenFS opens models in file systems with and without random access. The ONNX model keeps its weights in a file
// of their own.
func TestOpenFS(t *testing.T) {
	t.Parallel()
	f := fixtures(t)["mlp"]
	for _, dir := range []string{"testdata/mlflow_torch", "testdata/mlflow_onnx"} {
		for kind, fsys := range map[string]fs.FS{
			"directory": os.DirFS(dir), "zip": zipped(t, dir), "sequential": withoutReaderAt{os.DirFS(dir)},
		} {
			m, err := models.OpenFS(fsys)
			if err != nil {
				t.Fatalf("%s, %s: %v", dir, kind, err)
			}
			out, err := m.Predict(t.Context(), fill(t, f.Shape, f.Seed, 0))
			if err != nil {
				t.Fatal(err)
			}
			if d := f.Outputs[0].difference(t, out); d > tolerance || m.Metadata().UUID == "" {
				t.Errorf("%s, %s: differs by %g", dir, kind, d)
			}
		}
	}
}

func TestOpenFSRefuses(t *testing.T) {
	t.Parallel()
	model := func(data string) string { return "flavors: {onnx: {data: " + data + "}}" }
	external, err := os.ReadFile("testdata/mlflow_onnx/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		code  mlflow.ErrorCode
	}{
		"no MLmodel":    {map[string]string{"model.onnx": ""}, mlflow.ResourceDoesNotExist},
		"no file":       {map[string]string{"MLmodel": model("m.onnx")}, mlflow.ResourceDoesNotExist},
		"path escape":   {map[string]string{"MLmodel": model("../m.onnx"), "m.onnx": ""}, mlflow.InvalidParameterValue},
		"absolute":      {map[string]string{"MLmodel": model("/m.onnx"), "m.onnx": ""}, mlflow.InvalidParameterValue},
		"folder":        {map[string]string{"MLmodel": model("d"), "d/m.onnx": ""}, mlflow.InvalidParameterValue},
		"large MLmodel": {map[string]string{"MLmodel": strings.Repeat("#", 4<<20+1)}, mlflow.InvalidParameterValue},
		"no weights": {
			map[string]string{"MLmodel": model("m.onnx"), "m.onnx": string(external)},
			mlflow.ResourceDoesNotExist,
		},
		"weights beside": {
			map[string]string{"MLmodel": model("a/m.onnx"), "a/m.onnx": string(external)},
			mlflow.ResourceDoesNotExist,
		},
	} {
		fsys := fstest.MapFS{}
		for file, content := range c.files {
			fsys[file] = &fstest.MapFile{Data: []byte(content)}
		}
		if _, err := models.OpenFS(fsys); !errors.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenLinks opens files by symbolic links. The caller names the link to a .pt2 archive. A link in a model
// directory must not lead out of it.
func TestOpenLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "mlp.pt2")
	if err := os.WriteFile(target, archived(t, "mlp"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "model", "data")
	if err := os.MkdirAll(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(inside, "model.pt2")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("symbolic links are not available: ", err)
	}
	if _, err := models.OpenTorch(link); err != nil {
		t.Error(err)
	}
	mlmodel := []byte("flavors: {pytorch: {model_data: data}}")
	if err := os.WriteFile(filepath.Join(dir, "model", "MLmodel"), mlmodel, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := models.Open(filepath.Join(dir, "model")); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("a link that leaves the model directory: %v", err)
	}
}

func TestReadONNX(t *testing.T) {
	t.Parallel()
	f := fixtures(t)["mlp"]
	data, err := os.ReadFile("testdata/mlp.onnx")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.ReadONNX(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data) // The model does not retain the data.
	out, err := m.Predict(t.Context(), fill(t, f.Shape, f.Seed, 0))
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Outputs[0].difference(t, out); d > tolerance {
		t.Errorf("differs by %g", d)
	}
	external, err := os.ReadFile("testdata/mlflow_onnx/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": nil, "no protobuf": []byte("ONNX"), "external weights": external} {
		if _, err := models.ReadONNX(data); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
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
		"no flavor":     {"flavors: {sklearn: {}}", mlflow.NotImplemented},
		"pickle":        {"flavors: {pytorch: {model_data: data}}", mlflow.NotImplemented},
		"no file":       {"flavors: {onnx: {data: m.onnx}}", mlflow.ResourceDoesNotExist},
		"no data":       {"flavors: {onnx: {}}", mlflow.InvalidParameterValue},
		"path escape":   {"flavors: {onnx: {data: ../" + filepath.Base(outside) + "/m.onnx}}", mlflow.InvalidParameterValue},
		"absolute":      {"flavors: {onnx: {data: " + outside + "/m.onnx}}", mlflow.InvalidParameterValue},
		"not YAML":      {"flavors: [", mlflow.InvalidParameterValue},
		"bad signature": {"flavors: {onnx: {data: x}}\nsignature: {inputs: '{'}", mlflow.InvalidParameterValue},
		"no column type": {
			"flavors: {onnx: {data: x}}\nsignature: {inputs: '[{\"name\": \"a\"}]'}",
			mlflow.InvalidParameterValue,
		},
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

// TestRunStops runs a model with a canceled context.
func TestRunStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := openFixture(t, "mlp", "onnx").Predict(ctx, fill(t, []int{1, 30}, 1, 0)); !errors.Is(err,
		context.Canceled) {
		t.Error(err)
	}
}

// TestRunConverts passes float64 to a float32 model, in a batch of one.
func TestRunConverts(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"onnx", "pt2"} {
		out, err := openFixture(t, "mlp", format).Predict(t.Context(),
			&mlflow.Tensor{Shape: []int{1, 30}, Data: make([]float64, 30)})
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
