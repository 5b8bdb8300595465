// Package onnx reads ONNX files and implements the operators of ONNX.
package onnx

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// The supported versions of ONNX's operator set. Versions before 7 broadcast differently.
const (
	minOpset = 7
	maxOpset = 26
	// maxMLOpset is the highest supported version of the operator set for classical models.
	maxMLOpset = 5
)

// Read builds the program of an ONNX file. dir is the directory of the file. For outputs that are maps from classes
// to probabilities, the result contains the names of the classes.
func Read(data []byte, dir files.Dir) (*graph.Program, map[string][]string, error) {
	file, err := parseModel(data)
	if err != nil {
		return nil, nil, err
	}
	p, err := program(file, dir)
	if err != nil {
		return nil, nil, err
	}
	return p, classesOf(file.graph), nil
}

// program builds the program of a file.
func program(file *modelProto, dir files.Dir) (*graph.Program, error) {
	if v := file.opsets[""]; v > maxOpset || v < minOpset && (v != 0 || len(file.opsets) == 0) {
		return nil, mlflow.Errorf(mlflow.NotImplemented,
			"the model uses version %d of ONNX's operators; Millrace supports %d to %d", v, minOpset, maxOpset)
	}
	if v := file.opsets["ai.onnx.ml"]; v > maxMLOpset {
		return nil, mlflow.Errorf(mlflow.NotImplemented,
			"the model uses version %d of ONNX's operators for classical models; Millrace supports 1 to %d", v, maxMLOpset)
	}
	s, r := graph.NewScope(), &reader{file: file, dir: dir}
	if err := r.constants(s, file.graph); err != nil {
		return nil, err
	}
	for _, v := range file.graph.inputs {
		if s.Defined(v.name) {
			// The initializer is the default value of the input. It is used as a constant.
			continue
		}
		spec, err := v.spec()
		if err != nil {
			return nil, err
		}
		if err := s.Input(spec); err != nil {
			return nil, err
		}
	}
	if err := r.body(s, file.graph); err != nil {
		return nil, err
	}
	return s.Finish()
}

// classesOf returns the classes of the maps that ZipMap nodes create, by output name.
func classesOf(g *graphProto) map[string][]string {
	out := map[string][]string{}
	for _, n := range g.nodes {
		if n.op != "ZipMap" || len(n.outputs) != 1 {
			continue
		}
		if names, err := asText(n.labels("classlabels_int64s")); err == nil {
			out[n.outputs[0]] = names
		}
	}
	return out
}

// reader builds programs of the graphs of one file.
type reader struct {
	file  *modelProto
	dir   files.Dir // The directory of the file; the zero value if it is unknown.
	spent graph.WeightBudget
}

// constants defines the initializers of a graph.
func (r *reader) constants(s *graph.Scope, g *graphProto) error {
	for _, t := range g.initializers {
		v, err := t.value(r.dir)
		if err != nil {
			return graph.Within(err, "tensor '"+t.name+"'")
		}
		if err := r.spent.Spend(v); err != nil {
			return err
		}
		s.Constant(t.name, v)
	}
	return nil
}

// body adds the nodes and outputs of a graph. The scope already has its inputs.
func (r *reader) body(s *graph.Scope, g *graphProto) error {
	for _, n := range g.nodes {
		if err := r.addNode(s, n); err != nil {
			return err
		}
	}
	for _, v := range g.outputs {
		if err := r.output(s, v); err != nil {
			return err
		}
	}
	return nil
}

// spec describes an input. It returns an error for a type that Run cannot accept.
func (v *valueInfoProto) spec() (mlflow.TensorSpec, error) {
	dtype := graph.Widened(dtypeName(v.dtype))
	if v.other || !kernel.Known(dtype) {
		if v.other {
			dtype = "a type other than a tensor"
		}
		return mlflow.TensorSpec{}, mlflow.Errorf(mlflow.NotImplemented,
			"input '%s' is %s, which Millrace does not support as an input", v.name, dtype)
	}
	return mlflow.TensorSpec{Name: v.name, DType: dtype, Shape: v.dims}, nil
}

// output adds an output. An output that is a map from classes to probabilities is returned as the tensor of the
// probabilities.
func (r *reader) output(s *graph.Scope, v *valueInfoProto) error {
	dtype := graph.Widened(dtypeName(v.dtype))
	if v.other {
		dtype = "float32"
	}
	return s.Output(mlflow.TensorSpec{Name: v.name, DType: dtype, Shape: v.dims}, v.name)
}

// nameOf returns the name of a node's operator, with the domain unless it is ONNX's own.
func nameOf(n *nodeProto) string {
	if n.domain != "" && n.domain != "ai.onnx" {
		return n.domain + "." + n.op
	}
	return n.op
}

// addNode adds the step of a node, or the value of a Constant node.
func (r *reader) addNode(s *graph.Scope, n *nodeProto) error {
	name := nameOf(n)
	label := "node '" + n.name + "' (" + name + ")"
	if name == "Constant" {
		return graph.Within(r.constant(s, n), label)
	}
	st, outs := graph.Step{Name: label}, 0
	for _, in := range n.inputs {
		slot := -1
		if in != "" {
			var err error
			if slot, err = s.Find(in); err != nil {
				return graph.Within(err, label)
			}
		}
		st.Reads = append(st.Reads, slot)
	}
	if control := controlOperator(name); control != nil {
		if err := control(r, s, n, &st); err != nil {
			return graph.Within(err, label)
		}
	} else {
		op, ok := operators[name]
		if !ok {
			return graph.UnknownOperator(name)
		}
		outs = op.outs
		var err error
		if st.Run, err = r.runner(name, &op, n); err != nil {
			return graph.Within(err, label)
		}
		r.describe(s, name, n, &st)
	}
	for i, out := range n.outputs {
		switch {
		case out == "":
			st.Writes = append(st.Writes, -1)
		case outs > 0 && i >= outs:
			s.NotComputed(out, label)
		default:
			st.Writes = append(st.Writes, s.Define(out))
		}
	}
	s.Append(st)
	return nil
}

// runner checks a node and returns the function that runs it.
func (r *reader) runner(
	name string, op *operator, n *nodeProto,
) (func(ctx context.Context, values []*tensor) ([]*tensor, error), error) {
	if err := op.check(n); err != nil {
		return nil, err
	}
	if check := checks[name]; check != nil {
		c := &call{node: n, opset: int(r.file.opsets[""])}
		if check(c); c.err != nil {
			return nil, c.err
		}
	}
	run := op.run
	if prepare := prepared[name]; prepare != nil {
		var err error
		if run, err = prepare(n); err != nil {
			return nil, err
		}
	}
	opset := int(r.file.opsets[""])
	return func(_ context.Context, values []*tensor) ([]*tensor, error) {
		c := &call{node: n, opset: opset, values: values}
		out, err := run(c)
		if c.err != nil {
			return nil, c.err
		}
		return out, err
	}, nil
}

// constant defines the value of a Constant node.
func (r *reader) constant(s *graph.Scope, n *nodeProto) error {
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
			if v, err = a.t.value(r.dir); err != nil {
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
		s.Constant(n.outputs[0], v)
	}
	return nil
}

// check returns an error for a node with an unsupported attribute or number of inputs.
func (o *operator) check(n *nodeProto) error {
	if len(n.inputs) < o.min || len(n.inputs) > max(o.min, o.max) && o.max >= 0 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "%d inputs", len(n.inputs))
	}
	known := strings.Fields(o.attributes)
	for name, a := range n.attributes {
		if a == nil || a.graph != nil || a.graphs || !slices.Contains(known, name) {
			return mlflow.Errorf(mlflow.NotImplemented, "Millrace does not support the attribute '%s' of this operator", name)
		}
	}
	return nil
}
