package models_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// rezip returns a copy of a .pt2 archive with edited records, stored without compression as PyTorch does.
func rezip(t testing.TB, data []byte, edit func(name, content string) string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, edit(f.Name, string(content))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openBytes(t testing.TB, data []byte, open func(string) (*models.Model, error)) (*models.Model, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(path)
}

// hostileTorch has edits of the archive mlp.pt2 and the errors that they cause. An empty code means no error.
var hostileTorch = map[string]struct {
	record, old, new string
	code             mlflow.ErrorCode
	message          string
}{
	"operator": {
		"model.json", "aten.relu.default", "aten.fancy.default", mlflow.NotImplemented,
		"aten.fancy.default",
	},
	"argument": {"model.json", `"name": "p"`, `"name": "q"`, mlflow.NotImplemented, "'q'"},
	"training": {"model.json", `"user_output"`, `"buffer_mutation"`, mlflow.NotImplemented, "model.eval()"},
	"schema":   {"model.json", `"major": 8`, `"major": 9`, mlflow.NotImplemented, "9."},
	"not JSON": {"model.json", `{`, ``, mlflow.InvalidParameterValue, "model.json"},
	"wrong name": {
		"model.json", `"arg": {"as_tensor": {"name": "relu"}}`,
		`"arg": {"as_tensor": {"name": "nix"}}`, mlflow.InvalidParameterValue, "",
	},
	"huge": {
		"config.json", biasSizes,
		`"sizes": [{"as_int": 4611686018427387904}]`, mlflow.InvalidParameterValue, "too large",
	},
	"beyond": {
		"config.json", weightSizes,
		`"sizes": [{"as_int": 31}, {"as_int": 30}]`, mlflow.InvalidParameterValue, "beyond",
	},
	"negative": {"config.json", weightSizes, `"sizes": [{"as_int": -3}, {"as_int": 30}]`, mlflow.InvalidParameterValue, ""},
	"stride": {
		"config.json", `"strides": [{"as_int": 30}`,
		`"strides": [{"as_int": -30}`, mlflow.InvalidParameterValue, "stride",
	},
	"offset": {
		"config.json", `"storage_offset": {"as_int": 0}`,
		`"storage_offset": {"as_int": -1}`, mlflow.InvalidParameterValue, "offset",
	},
	"far offset": {
		"config.json", `"storage_offset": {"as_int": 0}`,
		`"storage_offset": {"as_int": 9223372036854775807}`, mlflow.InvalidParameterValue, "offset",
	},
	"pickle": {"config.json", `"use_pickle": false`, `"use_pickle": true`, mlflow.NotImplemented, "pickled"},
	"dtype":  {"config.json", `"dtype": 7`, `"dtype": 29`, mlflow.NotImplemented, "float8"},
	"record": {
		"config.json", `"path_name": "weight_0"`,
		`"path_name": "../weight_0"`, mlflow.InvalidParameterValue, "no record",
	},
	"byte order": {"byteorder", "little", "big", mlflow.NotImplemented, "big"},
	"in place":   {"model.json", "aten.relu.default", "aten.relu_.default", "", ""},
	"write weight": {
		"model.json", `aten.relu.default", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "linear"}}`,
		`aten.relu_.default", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "p_fc1_bias"}}`,
		mlflow.NotImplemented, "p_fc1_bias",
	},
	"train":     {"model.json", `"as_bool": false`, `"as_bool": true`, mlflow.NotImplemented, "model.eval()"},
	"unchanged": {"model.json", "", "", "", ""},
}

// Parts of the weights in config.json of mlp.pt2.
const biasSizes, weightSizes = `"sizes": [{"as_int": 15}]`, `"sizes": [{"as_int": 30}, {"as_int": 30}]`

func TestHostileTorch(t *testing.T) {
	t.Parallel()
	data := archived(t, "mlp")
	for name, c := range hostileTorch {
		changed := rezip(t, data, func(record, content string) string {
			if strings.HasSuffix(record, c.record) {
				return strings.ReplaceAll(content, c.old, c.new)
			}
			return content
		})
		m, err := openBytes(t, changed, models.OpenTorch)
		if err == nil && c.code != "" {
			_, err = m.Predict(t.Context(), fill(t, []int{2, 30}, 1, 0))
		}
		if c.code == "" && err != nil ||
			c.code != "" && (!errors.Is(err, c.code) || !strings.Contains(err.Error(), c.message)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileONNX(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/mlp.onnx")
	if err != nil {
		t.Fatal(err)
	}
	_, err = openBytes(t, bytes.ReplaceAll(data, []byte("Relu"), []byte("Rexu")), models.OpenONNX)
	if !errors.Is(err, mlflow.NotImplemented) || !strings.Contains(err.Error(), "Rexu") {
		t.Error(err)
	}
	for n := 0; n < len(data); n += 97 {
		if _, err := openBytes(t, data[:n], models.OpenONNX); mlflow.AsError(err) == nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	tensor := func(fields ...[]byte) []byte { return bytes.Join(fields, nil) }
	external := func(path, offset, length string) []byte {
		pair := func(key, value string) []byte {
			return message(13, tensor(message(1, []byte(key)), message(2, []byte(value))))
		}
		return tensor(number(1, 1), number(2, 1), message(8, []byte("w")), number(14, 1), pair("location", path),
			pair("offset", offset), pair("length", length))
	}
	for name, initializer := range map[string][]byte{
		"huge shape":      tensor(number(1, 1<<40), number(2, 1), message(8, []byte("w"))),
		"overflow":        tensor(number(1, 1<<62), number(1, 1<<62), number(1, 0), number(2, 1)),
		"negative shape":  tensor(number(1, 1<<64-1), number(2, 1)),
		"too few":         tensor(number(1, 3), number(2, 1), message(9, make([]byte, 8))),
		"damaged floats":  tensor(number(1, 1), number(2, 1), message(4, make([]byte, 3))),
		"damaged dims":    tensor(message(1, []byte{0x80}), number(2, 1), message(9, make([]byte, 4))),
		"odd bytes":       tensor(number(1, 1), number(2, 1), message(9, make([]byte, 3))),
		"rank":            tensor(bytes.Repeat(number(1, 1), 100), number(2, 1)),
		"path escape":     external("../../../../../../etc/passwd", "0", "4"),
		"absolute path":   external("/etc/passwd", "0", "4"),
		"folder":          external(".", "0", "4"),
		"negative offset": external("m", "-4", "4"),
		"far offset":      external("m", "9223372036854775807", "4"),
		"far length":      external("m", "0", "9223372036854775807"),
		"no number":       external("m", "x", "4"),
	} {
		file := tensor(message(8, number(2, 13)),
			message(7, tensor(message(5, initializer), message(12, message(1, []byte("w"))))))
		if _, err := openBytes(t, file, models.OpenONNX); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, dtype := range map[string]uint64{"float8": 17, "complex64": 14, "type 99": 99} {
		file := tensor(message(8, number(2, 13)), message(7, message(5, tensor(number(1, 0), number(2, dtype)))))
		if _, err := openBytes(t, file, models.OpenONNX); !errors.Is(err, mlflow.NotImplemented) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// node encodes a node of an ONNX graph. The attributes are already encoded.
func node(op, domain string, inputs, outputs []string, attributes ...[]byte) []byte {
	var out []byte
	for _, name := range inputs {
		out = append(out, message(1, []byte(name))...)
	}
	for _, name := range outputs {
		out = append(out, message(2, []byte(name))...)
	}
	out = append(out, message(4, []byte(op))...)
	out = append(out, message(7, []byte(domain))...)
	for _, a := range attributes {
		out = append(out, message(5, a)...)
	}
	return message(1, out)
}

// list encodes an attribute with a list of integers.
func list(name string, values ...uint64) []byte {
	out := message(1, []byte(name))
	for _, v := range values {
		out = append(out, number(8, v)...)
	}
	return out
}

func graph(name string, content []byte) []byte {
	return append(message(1, []byte(name)), message(6, content)...)
}

// TestHostileGraphs opens graphs that are nested too deeply and trees with cycles or invalid references.
func TestHostileGraphs(t *testing.T) {
	t.Parallel()
	value := func(id int, name string) []byte { return message(id, message(1, []byte(name))) }
	truth := message(5, bytes.Join([][]byte{number(2, 9), message(8, []byte("yes")), message(9, []byte{1})}, nil))
	file := func(content ...[]byte) []byte {
		return bytes.Join([][]byte{
			message(8, number(2, 16)),
			message(8, append(message(1, []byte("ai.onnx.ml")), number(2, 1)...)), message(7, bytes.Join(content, nil)),
		}, nil)
	}
	deep := bytes.Join([][]byte{node("Identity", "", []string{"yes"}, []string{"y"}), value(12, "y")}, nil)
	for range 10 {
		deep = bytes.Join([][]byte{node("If", "", []string{"yes"}, []string{"y"}, graph("then_branch", deep),
			graph("else_branch", nil)), value(12, "y")}, nil)
	}
	tree := func(yes, no uint64, feature uint64) []byte {
		modes := message(1, []byte("nodes_modes"))
		for _, m := range []string{"BRANCH_LEQ", "LEAF"} {
			modes = append(modes, message(9, []byte(m))...)
		}
		values := append(message(1, []byte("nodes_values")), message(7, make([]byte, 8))...)
		return bytes.Join([][]byte{node("TreeEnsembleRegressor", "ai.onnx.ml", []string{"yes"}, []string{"y"}, modes, values,
			list("nodes_treeids", 0, 0), list("nodes_nodeids", 0, 1), list("nodes_featureids", feature, 0),
			list("nodes_truenodeids", yes, 0), list("nodes_falsenodeids", no, 0)), value(12, "y")}, nil)
	}
	for name, data := range map[string][]byte{
		"deep": file(truth, deep), "no branch": file(truth, node("If", "", []string{"yes"}, []string{"y"}), value(12, "y")),
		"a node before itself": file(truth, tree(0, 1, 0)), "one leaf twice": file(truth, tree(1, 1, 0)),
		"nowhere": file(truth, tree(7, 1, 0)), "a far feature": file(truth, tree(1, 1, 1<<62)),
	} {
		if _, err := openBytes(t, data, models.OpenONNX); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	body := bytes.Join([][]byte{
		value(11, "i"), value(11, "c"), node("Identity", "", []string{"c"}, []string{"d"}),
		value(12, "d"),
	}, nil)
	m, err := openBytes(t, file(truth, node("Loop", "", []string{"", "yes"}, nil, graph("body", body)), value(12, "yes")),
		models.OpenONNX)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := m.Run(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a loop without end: %v", err)
	}
}

// message encodes a Protocol Buffers field with a length.
func message(id int, content []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(id)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(content))), content...)
}

func number(id int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(id)<<3), v)
}

// runSmall runs a model on small inputs of the shapes that it declares.
func runSmall(t testing.TB, m *models.Model) {
	t.Helper()
	inputs := map[string]*mlflow.Tensor{}
	for _, spec := range m.Inputs() {
		shape, n := make([]int, len(spec.Shape)), 1
		for i, d := range spec.Shape {
			if shape[i] = d; d < 0 {
				shape[i] = 2
			}
			if n *= min(shape[i], 1<<20); n > 1<<14 {
				return
			}
		}
		switch spec.DType {
		case "float32":
			inputs[spec.Name] = fill(t, shape, 1, 0)
		case "int64":
			inputs[spec.Name] = fill(t, shape, 1, 3)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if out, err := m.Run(ctx, inputs); err == nil && len(out) == 0 {
		t.Error("a run has neither results nor an error")
	}
}

func FuzzOpenONNX(f *testing.F) {
	for _, name := range []string{"mlp", "text", "wide", "signal", "recurrent", "volume"} {
		data, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, c := range onnxCases(f) {
		f.Add(c.file(f))
	}
	fuzz(f, models.OpenONNX)
}

func FuzzOpenTorch(f *testing.F) {
	for _, name := range []string{"mlp", "text", "signal", "recurrent", "volume", "writes", "more", "losses", "dynamic", "vision", "detector", "linalg", "fourier", "control"} {
		f.Add(archived(f, name))
	}
	fuzz(f, models.OpenTorch)
}

func fuzz(f *testing.F, open func(string) (*models.Model, error)) {
	f.Helper()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := openBytes(t, data, open)
		switch {
		case err == nil:
			runSmall(t, m)
		case mlflow.AsError(err) == nil:
			t.Errorf("an error that is not the API's: %v", err)
		}
	})
}
