package models

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// The versions of ONNX's operator set that are run. Before 7, broadcasting was
// another.
const (
	minOpset = 7
	maxOpset = 26
	// maxMLOpset is the version of the set of classical models.
	maxMLOpset = 5
)

// OpenONNX opens an ONNX file. Data that it keeps in other files must lie in the
// same folder or below.
func OpenONNX(path string) (*Model, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, openError(err, path)
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(filepath.Base(path))
	if err != nil {
		return nil, openError(err, path)
	}
	defer func() { _ = f.Close() }() // Opened for reading.
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, openError(err, path)
	}
	if len(data) > maxFile {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' is larger than %d bytes", path, maxFile)
	}
	return readONNX(data, root)
}

// readONNX makes a model of a file's bytes; root is the file's folder, or nil.
func readONNX(data []byte, root *os.Root) (*Model, error) {
	file, err := parseONNXModel(data)
	if err != nil {
		return nil, err
	}
	if v := file.opsets[""]; v > maxOpset || v < minOpset && (v != 0 || len(file.opsets) == 0) {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "the model uses version %d of ONNX's operators; Millrace knows %d to %d", v, minOpset, maxOpset)
	}
	if v := file.opsets["ai.onnx.ml"]; v > maxMLOpset {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "the model uses version %d of ONNX's operators for classical models; Millrace knows 1 to %d", v, maxMLOpset)
	}
	s, r := newScope(), &onnxReader{file: file, root: root}
	if err := r.constants(s, file.graph); err != nil {
		return nil, err
	}
	for _, v := range file.graph.inputs {
		if _, known := s.names[v.name]; known {
			continue // An initializer is the default of an input, and stays so.
		}
		spec, err := v.spec()
		if err != nil {
			return nil, err
		}
		if err := s.input(spec); err != nil {
			return nil, err
		}
	}
	if err := r.body(s, file.graph); err != nil {
		return nil, err
	}
	m, err := s.model()
	if err != nil {
		return nil, err
	}
	m.classes = classesOf(file.graph)
	return m, nil
}

// classesOf lists the classes of the maps that ZipMap makes, by their names.
func classesOf(g *onnxGraph) map[string][]string {
	out := map[string][]string{}
	for _, n := range g.nodes {
		if n.op != "ZipMap" || len(n.outputs) != 1 {
			continue
		}
		if names, err := spelled(n.labels("classlabels_int64s")); err == nil {
			out[n.outputs[0]] = names
		}
	}
	return out
}

// onnxReader builds programs of the graphs of one file.
type onnxReader struct {
	file  *onnxModel
	root  *os.Root // The file's folder, or nil.
	spent budget
}

// constants defines what a graph stores.
func (r *onnxReader) constants(s *scope, g *onnxGraph) error {
	for _, t := range g.initializers {
		v, err := t.value(r.root)
		if err != nil {
			return within(err, "tensor '"+t.name+"'")
		}
		if err := r.spent.spend(v); err != nil {
			return err
		}
		s.constant(t.name, v)
	}
	return nil
}

// body adds a graph's nodes and outputs to a scope that has its inputs.
func (r *onnxReader) body(s *scope, g *onnxGraph) error {
	for _, n := range g.nodes {
		if err := r.addNode(s, n); err != nil {
			return err
		}
	}
	for _, v := range g.outputs {
		if err := s.onnxOutput(v); err != nil {
			return err
		}
	}
	return nil
}

// model closes the scope.
func (s *scope) model() (*Model, error) {
	if len(s.program.outputs) == 0 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has no outputs")
	}
	s.program.finish()
	return &Model{program: s.program, metadata: &Metadata{}}, nil
}

// spec describes an input, which must be one that can be given.
func (v *onnxValue) spec() (mlflow.TensorSpec, error) {
	dtype := widened(dtypeName(v.dtype))
	if v.other || !kernel.Known(dtype) {
		if v.other {
			dtype = "a type that is no tensor"
		}
		return mlflow.TensorSpec{}, mlflow.Errorf(mlflow.NotImplemented, "input '%s' is %s, which Millrace cannot take", v.name, dtype)
	}
	return mlflow.TensorSpec{Name: v.name, DType: dtype, Shape: v.dims}, nil
}

// onnxOutput adds an output. The maps that ZipMap makes of probabilities are left
// out: they say what the tensor before them says.
func (s *scope) onnxOutput(v *onnxValue) error {
	dtype := widened(dtypeName(v.dtype))
	if v.other {
		dtype = "float32"
	}
	return s.output(mlflow.TensorSpec{Name: v.name, DType: dtype, Shape: v.dims}, v.name)
}

// addNode adds the step of a node, or the value of a constant one.
func (r *onnxReader) addNode(s *scope, n *onnxNode) error {
	name := n.op
	if n.domain != "" && n.domain != "ai.onnx" {
		name = n.domain + "." + n.op
	}
	label := "node '" + n.name + "' (" + name + ")"
	if name == "Constant" {
		return within(s.onnxConstant(n, r.root), label)
	}
	st, outs := step{name: label}, 0
	for _, in := range n.inputs {
		slot := -1
		if in != "" {
			var err error
			if slot, err = s.find(in); err != nil {
				return within(err, label)
			}
		}
		st.reads = append(st.reads, slot)
	}
	if control := onnxControl(name); control != nil {
		if err := control(r, s, n, &st); err != nil {
			return within(err, label)
		}
	} else {
		op, ok := onnxOps[name]
		if !ok {
			return unknownOperator(name)
		}
		outs = op.outs
		var err error
		if st.run, err = r.runner(name, &op, n); err != nil {
			return within(err, label)
		}
	}
	for i, out := range n.outputs {
		switch {
		case out == "":
			st.makes = append(st.makes, -1)
		case outs > 0 && i >= outs:
			s.unmade[out] = label
		default:
			st.makes = append(st.makes, s.define(out))
		}
	}
	s.program.steps = append(s.program.steps, st)
	return nil
}

// runner checks a node and returns what runs it.
func (r *onnxReader) runner(name string, op *onnxOp, n *onnxNode) (func(ctx context.Context, values []*tensor) ([]*tensor, error), error) {
	if err := op.check(n); err != nil {
		return nil, err
	}
	run := op.run
	if prepare := onnxPrepared[name]; prepare != nil {
		var err error
		if run, err = prepare(n); err != nil {
			return nil, err
		}
	}
	opset := int(r.file.opsets[""])
	return func(_ context.Context, values []*tensor) ([]*tensor, error) {
		c := &onnxCall{node: n, opset: opset, values: values}
		out, err := run(c)
		if c.err != nil {
			return nil, c.err
		}
		return out, err
	}, nil
}

// onnxConstant defines the value of a Constant node.
func (s *scope) onnxConstant(n *onnxNode, root *os.Root) error {
	if len(n.outputs) != 1 || len(n.attributes) != 1 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "a constant has one attribute and one output")
	}
	for name, a := range n.attributes {
		var v *tensor
		switch name {
		case "value":
			if a.t == nil {
				return mlflow.Errorf(mlflow.InvalidParameterValue, "the value is missing")
			}
			var err error
			if v, err = a.t.value(root); err != nil {
				return err
			}
		case "value_int":
			v = kernel.Scalar(a.i)
		case "value_float":
			v = kernel.Scalar(a.f)
		case "value_ints":
			v = &tensor{Shape: []int{len(a.ints)}, Data: a.ints}
		case "value_floats":
			v = &tensor{Shape: []int{len(a.floats)}, Data: a.floats}
		case "value_string":
			v = &tensor{Shape: []int{}, Data: []string{a.s}}
		case "value_strings":
			v = &tensor{Shape: []int{len(a.strings)}, Data: a.strings}
		default:
			return mlflow.Errorf(mlflow.NotImplemented, "the attribute '%s'", name)
		}
		s.constant(n.outputs[0], v)
	}
	return nil
}

// check refuses a node that says what the operator's row in the table does not know.
func (o *onnxOp) check(n *onnxNode) error {
	if len(n.inputs) < o.min || len(n.inputs) > max(o.min, o.max) && o.max >= 0 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "%d inputs", len(n.inputs))
	}
	known := strings.Fields(o.attributes)
	for name, a := range n.attributes {
		if a == nil || a.graph != nil || a.graphs || !slices.Contains(known, name) {
			return mlflow.Errorf(mlflow.NotImplemented, "Millrace does not know the attribute '%s' of this operator", name)
		}
	}
	return nil
}
