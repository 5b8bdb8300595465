// Package torch reads the .pt2 archives of torch.export and implements the operators of ATen.
package torch

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// builder makes the program of a graph of torch.export.
type builder struct {
	*graph.Scope
	graph   *exportedGraph
	aliases aliases
	depth   int     // of graphs in each other
	seed    *uint64 // of random numbers, or nil
}

func build(p *exportedProgram, weights map[string]*tensor, seed *uint64) (*graph.Program, error) {
	g := &p.Module.Graph
	if len(g.Nodes) > graph.MaxNodes {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has more than %d nodes", graph.MaxNodes)
	}
	var err error
	if g.Nodes, err = inlined(g.Nodes, 0); err != nil {
		return nil, err
	}
	b := &builder{Scope: graph.NewScope(), graph: g, aliases: newAliases(g, p.Module.Signature.Outputs), seed: seed}
	for _, spec := range p.Module.Signature.Inputs {
		for kind, in := range spec {
			if err := b.addInput(kind, in, weights); err != nil {
				return nil, err
			}
		}
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if err := b.addNode(i, n); err != nil {
			return nil, err
		}
	}
	for _, spec := range p.Module.Signature.Outputs {
		for kind, out := range spec {
			if err := b.addOutput(kind, out.Arg); err != nil {
				return nil, err
			}
		}
	}
	return b.Finish()
}

// addInput adds an input of the program, or a constant for a weight.
func (b *builder) addInput(kind string, in inputSpec, weights map[string]*tensor) error {
	switch kind {
	case "parameter", "buffer", "tensor_constant":
		var arg nameRef
		name := in.Parameter + in.Buffer + in.Constant
		if err := json.Unmarshal(in.Arg, &arg); err != nil {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "weight '%s' is missing in the graph", name)
		}
		w, ok := weights[name]
		if !ok {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "the archive contains no weight '%s'", name)
		}
		b.Constant(arg.Name, w)
		b.aliases.fix(arg.Name)
		return nil
	case "user_input":
		var arg argument
		if err := json.Unmarshal(in.Arg, &arg); err != nil {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "an input of the graph is not readable: %v", err)
		}
		if arg.None != nil {
			return nil
		}
		if arg.Tensor == nil {
			return mlflow.Errorf(mlflow.NotImplemented, "the model has an input that is not a tensor")
		}
		spec := b.spec(arg.Tensor.Name)
		if !kernel.Known(spec.DType) {
			return mlflow.Errorf(mlflow.NotImplemented, "input '%s' is %s, which Millrace does not support as an input",
				spec.Name, spec.DType)
		}
		if err := b.Input(spec); err != nil {
			return err
		}
		return b.rounded(spec.Name)
	// The graph already contains the value.
	case "constant_input":
		return nil
	}
	return mlflow.Errorf(mlflow.NotImplemented,
		"the model has an input of the kind '%s', which Millrace does not support", kind)
}

// rounded rounds an input whose floats have fewer bits than those of the tensor that holds them.
func (b *builder) rounded(name string) error {
	dtype := dtypeName(b.graph.Values[name].DType)
	if dtype == graph.Widened(dtype) {
		return nil
	}
	slot, err := b.Find(name)
	if err != nil {
		return err
	}
	b.Append(graph.Step{
		Name: "input '" + name + "'", Reads: []int{slot}, Writes: []int{b.Define(name)}, Pure: true, Cheap: true,
		Run: func(_ context.Context, values []*tensor) ([]*tensor, error) {
			return one(kernel.Cast(values[0], dtype))
		},
	})
	return nil
}

// spec describes a value of the graph.
func (b *builder) spec(name string) mlflow.TensorSpec {
	meta := b.graph.Values[name]
	return mlflow.TensorSpec{Name: name, DType: graph.Widened(dtypeName(meta.DType)), Shape: dims(meta.Sizes)}
}

func (b *builder) addOutput(kind string, arg argument) error {
	switch {
	case kind != "user_output":
		return mlflow.Errorf(mlflow.NotImplemented,
			"the graph has a '%s': it was exported in training mode; call model.eval() before logging the model", kind)
	case arg.None != nil:
		return nil
	case arg.Tensor == nil:
		return mlflow.Errorf(mlflow.NotImplemented, "the model has an output that is not a tensor")
	}
	return b.Output(b.spec(arg.Tensor.Name), arg.Tensor.Name)
}

// addNode adds the step of a node.
func (b *builder) addNode(i int, n *node) error {
	target := strings.TrimPrefix(n.Target, "torch.ops.")
	label := "node '" + n.Name + "' (" + target + ")"
	if done, err := b.addControl(target, n, label); done {
		return err
	}
	op, base, inPlace := lookUp(target)
	isComplex, err := b.complexity(n)
	if err != nil {
		return graph.Within(err, label)
	}
	if row, ok := complexOperators[target]; ok && isComplex {
		op = &row
	} else if isComplex && op != nil && op.run != nil && !complexMoves[base] {
		return mlflow.Errorf(mlflow.NotImplemented, "%s: Millrace cannot run it for complex numbers", label)
	}
	if op == nil {
		return graph.UnknownOperator(target)
	}
	if op.run == nil {
		return nil
	}
	c := &call{args: map[string]argumentValue{}}
	st := graph.Step{Name: label}
	if randomOperators[target] != nil || randomOperators[inPlaceTarget(target)] != nil {
		if b.seed == nil {
			return mlflow.Errorf(mlflow.NotImplemented,
				"%s: the model draws random numbers, which needs a seed", label)
		}
		c.seed, c.place = *b.seed, placeOf(n)
	}
	for _, in := range n.Inputs {
		if !strings.Contains(" "+op.args+" ", " "+in.Name+" ") {
			return mlflow.Errorf(mlflow.NotImplemented,
				"%s: Millrace does not support the argument '%s' of this operator", label, in.Name)
		}
		v, err := b.value(&in.Arg, &st)
		if err != nil {
			return graph.Within(err, label+", argument '"+in.Name+"'")
		}
		c.args[in.Name] = v
	}
	if c.inTraining() {
		return mlflow.Errorf(mlflow.NotImplemented,
			"%s: the model was exported in training mode; call model.eval() before logging it", label)
	}
	if err := b.check(base, c, &st, n); err != nil {
		return graph.Within(err, label)
	}
	first := ""
	if len(n.Inputs) > 0 && n.Inputs[0].Arg.Tensor != nil {
		first = n.Inputs[0].Arg.Tensor.Name
	}
	if base == "as_strided" && !b.isDense(first) {
		// The strides refer to the memory of the tensor, which is in another order here.
		return mlflow.Errorf(mlflow.NotImplemented, "%s: Millrace supports it for tensors without gaps only", label)
	}
	var seen []string
	if inPlace {
		var err error
		if seen, err = b.aliases.affected(first, i); err != nil {
			return graph.Within(err, label)
		}
	}
	names := resultNames(n)
	outs := op.outs
	if withPlaces[base] && len(names) == 2 && !b.aliases.isRead(names[1]) {
		outs, c.single = 1, true
	}
	for j, name := range names {
		if outs > 0 && j >= outs {
			b.NotComputed(name, label)
			continue
		}
		st.Writes = append(st.Writes, b.Define(name))
		switch {
		case first == "":
		case inPlace:
			b.aliases.join(name, view{of: first})
		case viewOperators[base]:
			b.aliases.join(name, view{first, op, c, st.Reads, j, mayCopy[base]})
		}
	}
	if inPlace && len(names) > 0 {
		b.Alias(first, names[0])
	}
	st.Run = func(_ context.Context, values []*tensor) ([]*tensor, error) { return c.run(*op, values, inPlace) }
	if !isComplex {
		b.describe(base, c, &st)
	}
	if kind, ok := recurrentKinds[base]; ok {
		st.Prepare = func(known []*tensor) (graph.Run, []int) { return prepareRecurrent(c, *op, kind, known) }
	}
	b.Append(st)
	if len(seen) == 0 {
		return nil
	}
	return graph.Within(b.writeThrough(first, seen, label), label)
}

// complexity reports whether an argument of a node is complex. Complex numbers of other than 64 bits are refused.
func (b *builder) complexity(n *node) (found bool, err error) {
	look := func(name string) {
		switch dtype := dtypeName(b.graph.Values[name].DType); dtype {
		case "complex64":
			found = true
		case "complex32", "complex128":
			err = mlflow.Errorf(mlflow.NotImplemented, "Millrace does not support %s", dtype)
		}
	}
	for i := range n.Inputs {
		arg := &n.Inputs[i].Arg
		if arg.Tensor != nil {
			look(arg.Tensor.Name)
		}
		if arg.OptionalTensor != nil && arg.OptionalTensor.Tensor != nil {
			look(arg.OptionalTensor.Tensor.Name)
		}
		for _, t := range arg.Tensors {
			look(t.Name)
		}
	}
	given := found
	for _, name := range resultNames(n) {
		look(name)
	}
	return given, err
}

// withPlaces has the pools whose second result takes a search, which is spared if no node reads it.
var withPlaces = setOf("max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices",
	"adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d")

// isDense reports whether the elements of a value are in memory in order, without gaps.
func (b *builder) isDense(name string) bool {
	meta := b.graph.Values[name]
	sizes, strides := dims(meta.Sizes), dims(meta.Strides)
	if slices.Contains(sizes, -1) || len(sizes) != len(strides) || meta.Offset.Int == nil || *meta.Offset.Int != 0 {
		return false
	}
	return slices.Equal(strides, kernel.StridesOf(sizes))
}

// lookUp returns an operator and its name without the overload. An operator that ends in an underscore also changes
// its first argument; for example, relu_ is the in-place variant of relu.
func lookUp(target string) (op *operator, base string, inPlace bool) {
	if row, ok := operators[target]; ok {
		base, _, _ = strings.Cut(strings.TrimPrefix(target, "aten."), ".")
		return &row, base, false
	}
	base, overload, _ := strings.Cut(strings.TrimPrefix(target, "aten."), ".")
	base, inPlace = strings.CutSuffix(base, "_")
	if strings.HasPrefix(base, "__") && inPlace {
		base, inPlace = base+"_", false // For example __and__.
	}
	if name, ok := synonyms[base]; ok {
		base = name
	}
	if row, ok := operators["aten."+base+"."+overload]; ok {
		return &row, base, inPlace
	}
	return nil, base, false
}

// resultNames returns the names of the results of a node.
func resultNames(n *node) []string {
	var out []string
	for _, r := range n.Outputs {
		switch {
		case r.Tensor != nil:
			out = append(out, r.Tensor.Name)
		case r.SymInt != nil:
			out = append(out, r.SymInt.Name)
		case r.SymFloat != nil:
			out = append(out, r.SymFloat.Name)
		}
		for _, t := range r.Tensors {
			out = append(out, t.Name)
		}
	}
	return out
}

// value prepares an argument for calls. The step reads the values that other nodes compute.
func (b *builder) value(a *argument, st *graph.Step) (argumentValue, error) {
	v := argumentValue{}
	read := func(name string) error {
		slot, err := b.Find(name)
		v.slots = append(v.slots, len(st.Reads))
		st.Reads = append(st.Reads, slot)
		return err
	}
	var err error
	switch {
	case a.None != nil:
		v.kind = noneKind
	case a.Tensor != nil:
		v.kind, err = tensorKind, read(a.Tensor.Name)
	case a.OptionalTensor != nil && a.OptionalTensor.Tensor != nil:
		v.kind, err = tensorKind, read(a.OptionalTensor.Tensor.Name)
	case a.Tensors != nil:
		v.kind = tensorsKind
		for _, t := range a.Tensors {
			if err == nil {
				err = read(t.Name)
			}
		}
	case a.OptionalTensors != nil:
		v.kind = optionalTensorsKind
		for _, t := range a.OptionalTensors {
			if t.Tensor == nil {
				v.slots = append(v.slots, -1)
			} else if err == nil {
				err = read(t.Tensor.Name)
			}
		}
	case a.SymInt != nil:
		v.kind = intsKind
		err = v.addSym(*a.SymInt, read)
	case a.SymInts != nil:
		v.kind = intsKind
		for _, s := range a.SymInts {
			if err == nil {
				err = v.addSym(s, read)
			}
		}
	case a.SymFloat != nil && a.SymFloat.Name != "":
		v.kind, err = numberKind, read(a.SymFloat.Name)
	default:
		err = v.setPlain(a)
	}
	return v, err
}

// addSym appends an integer that is constant or computed by a node.
func (v *argumentValue) addSym(s symInt, read func(string) error) error {
	if s.Name != "" {
		v.ints = append(v.ints, 0)
		return read(s.Name)
	}
	v.slots = append(v.slots, -1)
	return v.addInts(s.Int)
}

func (v *argumentValue) addInts(list ...int64) error {
	more, err := graph.ToInts(list)
	v.ints = append(v.ints, more...)
	return err
}

// setPlain sets the value of an argument that is part of the graph.
func (v *argumentValue) setPlain(a *argument) error {
	switch {
	case a.Int != nil:
		v.kind = intsKind
		return v.addInts(*a.Int)
	case a.Ints != nil:
		v.kind = intsKind
		return v.addInts(a.Ints...)
	case a.Float != nil:
		v.kind, v.float = numberKind, float64(*a.Float)
	case a.SymFloat != nil:
		v.kind, v.float = numberKind, float64(a.SymFloat.Float)
	case a.Floats != nil:
		v.kind = numbersKind
		for _, f := range a.Floats {
			v.floats = append(v.floats, float64(f))
		}
	case a.String != nil:
		v.kind, v.text = textKind, *a.String
	case a.Bool != nil:
		v.kind, v.float = boolKind, 0
		if *a.Bool {
			v.float = 1
		}
	case a.ScalarType != nil:
		v.kind, v.text = textKind, dtypeName(*a.ScalarType)
	case a.Device != nil, a.Layout != nil, a.MemoryFormat != nil, a.OptionalTensor != nil:
		// The device and the memory layout do not affect results.
		v.kind = noneKind
	default:
		return mlflow.Errorf(mlflow.NotImplemented, "an argument of a kind that Millrace does not support")
	}
	return nil
}
