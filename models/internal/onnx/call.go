package onnx

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// call is one execution of a node, with the values of its inputs. The accessors record the first error, for example
// for a missing input, and return a placeholder, so that operators can be written as formulas. The caller checks err
// afterwards.
type call struct {
	node   *nodeProto
	opset  int
	values []*tensor
	layer  []nn.Recurrent // The weights of a recurrent layer, if they were known when the file was read.
	state  int            // The size of the layer's state.
	err    error
}

type tensor = mlflow.Tensor

// results are the results of an operator.
type results = []*tensor

// one returns the results of an operator that has one result.
func one(t *tensor, err error) (results, error) { return results{t}, err }

// placeholder returns the placeholder for a missing tensor.
func placeholder() *tensor { return &tensor{Shape: []int{0}, Data: []float32{}} }

// fail records an error, unless an earlier one is recorded.
func (c *call) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// in returns a required input.
func (c *call) in(i int) *tensor {
	if t := c.opt(i); t != nil {
		return t
	}
	c.fail(kernel.Invalid("input %d is missing", i))
	return placeholder()
}

// opt returns an optional input, or nil if it is omitted.
func (c *call) opt(i int) *tensor {
	if i >= len(c.values) {
		return nil
	}
	return c.values[i]
}

func (c *call) has(name string) bool { return c.node.attributes[name] != nil }

func (c *call) int(name string, without int) int {
	if a := c.node.attributes[name]; a != nil {
		return c.list([]int64{a.i})[0]
	}
	return without
}

func (c *call) float(name string, without float32) float64 {
	if a := c.node.attributes[name]; a != nil {
		return float64(a.f)
	}
	return float64(without)
}

func (c *call) str(name, without string) string {
	if a := c.node.attributes[name]; a != nil {
		return a.s
	}
	return without
}

// ints returns a list attribute, or nil if it is missing.
func (c *call) ints(name string) []int {
	if a := c.node.attributes[name]; a != nil {
		return c.list(a.ints)
	}
	return nil
}

func (c *call) list(list []int64) []int {
	out, err := graph.ToInts(list)
	if err != nil {
		c.fail(err)
	}
	return out
}

// intsIn returns the integers of an input, or nil if it is omitted.
func (c *call) intsIn(i int) []int {
	t := c.opt(i)
	if t == nil {
		return nil
	}
	out, err := kernel.AsInts(t)
	if err != nil {
		c.fail(err)
	}
	if out == nil {
		return []int{}
	}
	return out
}

// axes returns a list that is input i in newer versions of an operator and an attribute in older ones.
func (c *call) axes(i int, attribute string) []int {
	if t := c.intsIn(i); t != nil {
		return t
	}
	return c.ints(attribute)
}

// window returns the window that the attributes of a convolution or a pool describe.
func (c *call) window() nn.Window {
	w := nn.Window{
		Kernel: c.ints("kernel_shape"), Strides: c.ints("strides"), Dilations: c.ints("dilations"), Pads: c.ints("pads"),
		Ceil: c.int("ceil_mode", 0) != 0,
	}
	auto, ok := map[string]nn.Auto{
		"NOTSET": nn.Explicit, "VALID": nn.Valid, "SAME_UPPER": nn.SameUpper,
		"SAME_LOWER": nn.SameLower,
	}[c.str("auto_pad", "NOTSET")]
	if !ok {
		c.fail(kernel.Unsupported("auto_pad '%s'", c.str("auto_pad", "")))
	}
	w.Auto = auto
	return w
}

// like returns a number as a scalar with the dtype of t.
func (c *call) like(v float64, t *tensor) *tensor {
	out, err := kernel.Cast(kernel.Scalar(v), t.DType())
	if err != nil {
		c.fail(err)
		return placeholder()
	}
	return out
}
