package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

type tensor = mlflow.Tensor

// results are the results of an operator.
type results = []*tensor

// one returns the results of an operator that has one.
func one(t *tensor, err error) (results, error) { return results{t}, err }

// placeholder returns the placeholder for a missing tensor.
func placeholder() *tensor { return &tensor{Shape: []int{0}, Data: []float32{}} }

// curve is a function of one number.
type curve = func(float64) float64

// argumentKind is the kind of value that an argument has.
type argumentKind int

const (
	noneKind argumentKind = iota
	tensorKind
	tensorsKind
	optionalTensorsKind // Tensors. The slot of an omitted tensor is -1.
	intsKind            // One or more integers. Those with a slot are read from it.
	numberKind
	numbersKind
	boolKind // The value is in float: 0 or 1.
	textKind // A string or the name of a dtype.
)

// argumentValue is an argument of a node. Its slots are indices of the values of the step.
type argumentValue struct {
	kind   argumentKind
	slots  []int
	ints   []int
	float  float64
	floats []float64
	text   string
}

// call is one execution of a node. The accessors record the first error and return a placeholder, so that operators
// can be written as formulas. run checks err afterwards.
type call struct {
	args   map[string]argumentValue
	values []*tensor
	single bool // No node reads a result but the first one.
	seed   uint64
	place  uint64           // of the node, for draws
	layers [][]nn.Recurrent // The weights of a recurrent layer, if they were known when the file was read.
	err    error
}

// run calls an operator with a copy of c, which concurrent runs share.
func (c *call) run(op operator, values []*tensor, inPlace bool) ([]*tensor, error) {
	call := &call{args: c.args, values: values, single: c.single, seed: c.seed, place: c.place}
	out, err := op.run(call)
	switch {
	case call.err != nil:
		return nil, call.err
	case err != nil:
		return nil, err
	}
	if inPlace && len(out) > 0 && len(values) > 0 {
		// An in-place operator keeps the dtype of its first argument.
		out[0], err = kernel.Cast(out[0], values[0].DType())
	}
	return out, err
}

// fail records an error, unless an earlier one is recorded.
func (c *call) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// get returns an argument of one of the given kinds and whether it exists.
func (c *call) get(name string, kinds ...argumentKind) (argumentValue, bool) {
	v, ok := c.args[name]
	if !ok || v.kind == noneKind {
		return v, false
	}
	if !slices.Contains(kinds, v.kind) {
		c.fail(kernel.Invalid("the argument '%s' is not of the kind expected", name))
		return v, false
	}
	return v, true
}

func (c *call) has(name string) bool { return c.args[name].kind != noneKind }

// tensor returns a required tensor.
func (c *call) tensor(name string) *tensor {
	if t := c.opt(name); t != nil {
		return t
	}
	c.fail(kernel.Invalid("the argument '%s' is missing", name))
	return placeholder()
}

// opt returns an optional tensor, or nil.
func (c *call) opt(name string) *tensor {
	v, ok := c.get(name, tensorKind)
	if !ok {
		return nil
	}
	return c.values[v.slots[0]]
}

func (c *call) tensors(name string) []*tensor {
	v, _ := c.get(name, tensorsKind)
	out := make([]*tensor, len(v.slots))
	for i, slot := range v.slots {
		out[i] = c.values[slot]
	}
	return out
}

// ints returns a list, or nil if it is missing.
func (c *call) ints(name string) []int {
	v, ok := c.get(name, intsKind)
	if !ok {
		return nil
	}
	out := slices.Clone(v.ints)
	if out == nil {
		out = []int{}
	}
	for i, slot := range v.slots {
		if slot < 0 {
			continue
		}
		n, err := kernel.AsInts(c.values[slot])
		if err != nil || len(n) != 1 {
			c.fail(kernel.Invalid("the argument '%s' is not an integer", name))
			continue
		}
		out[i] = n[0]
	}
	return out
}

func (c *call) int(name string, without int) int {
	list := c.ints(name)
	switch len(list) {
	case 0:
		return without
	case 1:
		return list[0]
	}
	c.fail(kernel.Invalid("the argument '%s' is a list", name))
	return without
}

// float returns a number.
func (c *call) float(name string, without float64) float64 {
	v, ok := c.get(name, numberKind, intsKind, boolKind)
	switch {
	case !ok:
		return without
	case v.kind == intsKind:
		return float64(c.int(name, 0))
	// The number was computed by a node.
	case len(v.slots) > 0:
		n, err := kernel.AsFloat(c.values[v.slots[0]])
		if err != nil {
			c.fail(err)
		}
		return n
	}
	return v.float
}

// inTraining reports whether an operator is in training mode. A dropout with the probability 0 is not, nor is a
// normalization that has no statistics but those of the batch.
func (c *call) inTraining() bool {
	if v, ok := c.args["running_mean"]; ok && v.kind == noneKind {
		return false
	}
	for _, name := range []string{"p", "dropout"} {
		if v, ok := c.args[name]; ok && v.kind == numberKind && v.float == 0 {
			return false
		}
	}
	return c.bool("train", false) || c.bool("training", false) || c.args["dropout_p"].float != 0
}

func (c *call) bool(name string, without bool) bool {
	v, ok := c.get(name, boolKind)
	if !ok {
		return without
	}
	return v.float != 0
}

func (c *call) text(name, without string) string {
	v, ok := c.get(name, textKind)
	if !ok {
		return without
	}
	return v.text
}

// operand returns a tensor or a number that takes part in dtype promotion.
func (c *call) operand(name string) operand {
	v, ok := c.get(name, tensorKind, intsKind, numberKind, boolKind)
	switch {
	case !ok:
		c.fail(kernel.Invalid("the argument '%s' is missing", name))
		return operand{placeholder(), 0}
	case v.kind == intsKind:
		return operand{kernel.Scalar(int64(c.int(name, 0))), 0}
	case v.kind == numberKind:
		return operand{kernel.Scalar(c.float(name, 0)), 0}
	case v.kind == boolKind:
		return operand{kernel.Scalar(v.float != 0), 0}
	}
	t := c.values[v.slots[0]]
	return operand{t, 1 + min(len(t.Shape), 1)}
}
