package models

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// torchKind says what an argument holds.
type torchKind int

const (
	torchNone torchKind = iota
	torchTensor
	torchTensors
	torchOptionals // Tensors, with a slot of -1 for those left out.
	torchInts      // One or more; those with a slot are read from it.
	torchNumber
	torchNumbers
	torchBool // In float, 0 or 1.
	torchText // A dtype's name as well.
)

// torchValue is an argument of a node. Slots are places among the step's values.
type torchValue struct {
	kind   torchKind
	slots  []int
	ints   []int
	float  float64
	floats []float64
	text   string
}

// torchCall is one run of a node. As with onnxCall, what is missing is remembered
// as an error and something harmless is returned.
type torchCall struct {
	args   map[string]torchValue
	values []*tensor
	err    error
}

// run calls an operator with a copy of c, which all runs share.
func (c *torchCall) run(op torchOp, values []*tensor, inPlace bool) ([]*tensor, error) {
	call := &torchCall{args: c.args, values: values}
	out, err := op.run(call)
	switch {
	case call.err != nil:
		return nil, call.err
	case err != nil:
		return nil, err
	}
	if inPlace && len(out) > 0 && len(values) > 0 {
		// What is changed in place keeps its dtype.
		out[0], err = kernel.Cast(out[0], values[0].DType())
	}
	return out, err
}

func (c *torchCall) fail(code mlflow.ErrorCode, format string, args ...any) {
	if c.err == nil {
		c.err = mlflow.Errorf(code, format, args...)
	}
}

// get returns an argument that is there and of a kind.
func (c *torchCall) get(name string, kinds ...torchKind) (torchValue, bool) {
	v, ok := c.args[name]
	if !ok || v.kind == torchNone {
		return v, false
	}
	if !slices.Contains(kinds, v.kind) {
		c.fail(mlflow.InvalidParameterValue, "the argument '%s' is not of the kind expected", name)
		return v, false
	}
	return v, true
}

func (c *torchCall) has(name string) bool { return c.args[name].kind != torchNone }

// tensor returns a tensor that must be there.
func (c *torchCall) tensor(name string) *tensor {
	if t := c.opt(name); t != nil {
		return t
	}
	c.fail(mlflow.InvalidParameterValue, "the argument '%s' is missing", name)
	return nothing()
}

// opt returns a tensor or nil.
func (c *torchCall) opt(name string) *tensor {
	v, ok := c.get(name, torchTensor)
	if !ok {
		return nil
	}
	return c.values[v.slots[0]]
}

func (c *torchCall) tensors(name string) []*tensor {
	v, _ := c.get(name, torchTensors)
	out := make([]*tensor, len(v.slots))
	for i, slot := range v.slots {
		out[i] = c.values[slot]
	}
	return out
}

// ints returns a list, or nil where there is none.
func (c *torchCall) ints(name string) []int {
	v, ok := c.get(name, torchInts)
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
			c.fail(mlflow.InvalidParameterValue, "the argument '%s' is no integer", name)
			continue
		}
		out[i] = n[0]
	}
	return out
}

func (c *torchCall) int(name string, without int) int {
	list := c.ints(name)
	switch len(list) {
	case 0:
		return without
	case 1:
		return list[0]
	}
	c.fail(mlflow.InvalidParameterValue, "the argument '%s' is a list", name)
	return without
}

// float returns a number.
func (c *torchCall) float(name string, without float64) float64 {
	v, ok := c.get(name, torchNumber, torchInts, torchBool)
	switch {
	case !ok:
		return without
	case v.kind == torchInts:
		return float64(c.int(name, 0))
	case len(v.slots) > 0: // A number that a node computed.
		n, err := kernel.AsFloat(c.values[v.slots[0]])
		if err != nil && c.err == nil {
			c.err = err
		}
		return n
	}
	return v.float
}

// trains tells whether an operator does what it does in training alone; a dropout of
// nothing does not.
func (c *torchCall) trains() bool {
	for _, name := range []string{"p", "dropout"} {
		if v, ok := c.args[name]; ok && v.kind == torchNumber && v.float == 0 {
			return false
		}
	}
	return c.bool("train", false) || c.bool("training", false) || c.args["dropout_p"].float != 0
}

func (c *torchCall) bool(name string, without bool) bool {
	v, ok := c.get(name, torchBool)
	if !ok {
		return without
	}
	return v.float != 0
}

func (c *torchCall) text(name, without string) string {
	v, ok := c.get(name, torchText)
	if !ok {
		return without
	}
	return v.text
}

// operand is a tensor or a number that takes part in the promotion of dtypes.
func (c *torchCall) operand(name string) operand {
	v, ok := c.get(name, torchTensor, torchInts, torchNumber, torchBool)
	switch {
	case !ok:
		c.fail(mlflow.InvalidParameterValue, "the argument '%s' is missing", name)
		return operand{nothing(), 0}
	case v.kind == torchInts:
		return operand{kernel.Scalar(int64(c.int(name, 0))), 0}
	case v.kind == torchNumber:
		return operand{kernel.Scalar(c.float(name, 0)), 0}
	case v.kind == torchBool:
		return operand{kernel.Scalar(v.float != 0), 0}
	}
	t := c.values[v.slots[0]]
	return operand{t, 1 + min(len(t.Shape), 1)}
}
