package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// operand is a value with its weight in PyTorch's promotion of dtypes: 0 for a
// number of the program, 1 for a tensor without dimensions, 2 for one with.
type operand struct {
	value  *tensor
	weight int
}

// dtypeOrder ranks dtypes for promotion.
var dtypeOrder = []string{"bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"}

func isFloat(dtype string) bool { return dtype == "float32" || dtype == "float64" }

// wider returns the dtype that holds both; an empty name is none.
func wider(a, b string) string {
	if slices.Index(dtypeOrder, a) > slices.Index(dtypeOrder, b) {
		return a
	}
	return b
}

// resultType is the dtype of an operation: that of the weightiest operands, which
// lighter ones change only if they are of a higher category, bool before integers
// before floats.
func resultType(operands ...operand) string {
	var of [3]string
	for _, o := range operands {
		dtype := o.value.DType()
		if o.weight == 0 && dtype == "float64" {
			dtype = "float32" // The default dtype of numbers.
		}
		of[o.weight] = wider(of[o.weight], dtype)
	}
	out := of[2]
	for _, lighter := range []string{of[1], of[0]} {
		if category(lighter) > category(out) {
			out = lighter
		}
	}
	return out
}

// category ranks the kinds of dtypes; none is lowest.
func category(dtype string) int {
	switch {
	case dtype == "":
		return 0
	case dtype == "bool":
		return 1
	case isFloat(dtype):
		return 3
	}
	return 2
}

// together casts operands to their common dtype.
func (c *call) together(names ...string) []*tensor {
	operands := make([]operand, len(names))
	for i, name := range names {
		operands[i] = c.operand(name)
	}
	dtype := resultType(operands...)
	out := make([]*tensor, len(names))
	for i, o := range operands {
		out[i] = c.cast(o.value, dtype)
	}
	return out
}

// cast remembers the error.
func (c *call) cast(t *tensor, dtype string) *tensor {
	out, err := kernel.Cast(t, dtype)
	if err != nil {
		if c.err == nil {
			c.err = err
		}
		return nothing()
	}
	return out
}

// floating returns a tensor of floats, made of integers where need be.
func (c *call) floating(name string) *tensor {
	t := c.tensor(name)
	if isFloat(t.DType()) {
		return t
	}
	return c.cast(t, "float32")
}

// like casts a number to the dtype of a tensor.
func (c *call) like(v float64, t *tensor) *tensor { return c.cast(kernel.Scalar(v), t.DType()) }
