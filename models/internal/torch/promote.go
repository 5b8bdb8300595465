package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/fft"
)

// operand is a value with its priority in PyTorch's dtype promotion: 0 for a number, 1 for a tensor without
// dimensions and 2 for a tensor with dimensions.
type operand struct {
	value  *tensor
	weight int
}

// dtypeOrder has the dtypes in the order of promotion.
var dtypeOrder = []string{"bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"}

func isFloat(dtype string) bool { return dtype == "float32" || dtype == "float64" }

// wider returns the dtype that can represent both. An empty name stands for no dtype.
func wider(a, b string) string {
	if slices.Index(dtypeOrder, a) > slices.Index(dtypeOrder, b) {
		return a
	}
	return b
}

// resultType returns the dtype of an operation: that of the operands with the highest priority, unless other operands
// have a higher category. The categories are bool, integers and floats.
func resultType(operands ...operand) string {
	var of [3]string
	for _, o := range operands {
		dtype := o.value.DType()
		if o.weight == 0 && dtype == "float64" {
			dtype = "float32" // The default dtype of Python numbers.
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

// category returns the rank of a dtype's category; no dtype has the lowest.
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

// promoted casts operands to their common dtype.
func (c *call) promoted(names ...string) []*tensor {
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

// cast converts a tensor and records an error.
func (c *call) cast(t *tensor, dtype string) *tensor {
	cast := kernel.Cast
	if dtype == "complex64" {
		cast = func(t *tensor, _ string) (*tensor, error) { return fft.Complex(t) }
	}
	out, err := cast(t, dtype)
	if err != nil {
		c.fail(err)
		return placeholder()
	}
	return out
}

// floating returns a tensor of floats, converting integers.
func (c *call) floating(name string) *tensor {
	t := c.tensor(name)
	if isFloat(t.DType()) {
		return t
	}
	return c.cast(t, "float32")
}

// like returns a number as a scalar with the dtype of t.
func (c *call) like(v float64, t *tensor) *tensor { return c.cast(kernel.Scalar(v), t.DType()) }
