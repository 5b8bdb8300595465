package onnx

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

func conv(c *call) (results, error) {
	x, weight, w := c.in(0), c.in(1), c.window()
	if len(weight.Shape) < 3 || w.Kernel != nil && !slices.Equal(w.Kernel, weight.Shape[2:]) {
		return nil, kernel.Invalid("kernel_shape %v of a weight of shape %v", w.Kernel, weight.Shape)
	}
	return one(nn.Conv(x, weight, c.opt(2), w, c.int("group", 1)))
}

func convTranspose(c *call) (results, error) {
	x, weight, w := c.in(0), c.in(1), c.window()
	if len(weight.Shape) < 3 || w.Kernel != nil && !slices.Equal(w.Kernel, weight.Shape[2:]) {
		return nil, kernel.Invalid("kernel_shape %v of a weight of shape %v", w.Kernel, weight.Shape)
	}
	return one(nn.ConvTranspose(x, weight, c.opt(2), w, c.int("group", 1), c.ints("output_padding")))
}

func maxPool(c *call) (results, error) {
	if len(c.node.outputs) > 1 && c.node.outputs[1] != "" {
		return maxPoolPlaces(c)
	}
	return one(nn.Pool(c.in(0), c.window(), nn.PoolMax))
}

func averagePool(c *call) (results, error) {
	kind := nn.PoolMean
	if c.int("count_include_pad", 0) != 0 {
		kind = nn.PoolMeanPadded
	}
	return one(nn.Pool(c.in(0), c.window(), kind))
}

// globalPool reduces all axes after the batch and the channels.
func globalPool(kind kernel.Reduction) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.in(0)
		axes := []int{}
		for i := 2; i < len(x.Shape); i++ {
			axes = append(axes, i)
		}
		return one(kernel.Reduce(kind, x, axes, true))
	}
}

func batchNorm(c *call) (results, error) {
	return one(nn.BatchNorm(c.in(0), c.in(1), c.in(2), c.in(3), c.in(4), c.float("epsilon", 1e-5)))
}

func instanceNorm(c *call) (results, error) {
	return one(nn.GroupNorm(c.in(0), c.in(1), c.in(2), c.in(1).Len(), c.float("epsilon", 1e-5)))
}

// groupNorm normalizes groups of channels.
func groupNorm(c *call) (results, error) {
	return one(nn.GroupNorm(c.in(0), c.in(1), c.in(2), c.int("num_groups", 1), c.float("epsilon", 1e-5)))
}

// normalized returns the axes to normalize.
func (c *call) normalized() []int {
	x := c.in(0)
	axis, err := kernel.Axis(c.int("axis", -1), len(x.Shape))
	if err != nil {
		return nil
	}
	return x.Shape[axis:]
}

func layerNorm(c *call) (results, error) {
	return one(nn.LayerNorm(c.in(0), c.in(1), c.opt(2), c.normalized(), c.float("epsilon", 1e-5)))
}

func rmsNorm(c *call) (results, error) {
	return one(nn.RMSNorm(c.in(0), c.in(1), c.normalized(), c.float("epsilon", 1e-5)))
}

// dropout returns its input, because models run in inference mode.
func dropout(c *call) (results, error) {
	if t := c.intsIn(2); len(t) > 0 && t[0] != 0 {
		return nil, kernel.Unsupported("dropout in training mode: export the model after model.eval()")
	}
	return results{c.in(0)}, nil
}

// lpNorm divides by the norm along an axis, except where the norm is 0.
func lpNorm(c *call) (results, error) {
	x := c.in(0)
	norm, err := kernel.Norm(x, float64(c.int("p", 2)), []int{c.int("axis", -1)}, true)
	if err != nil {
		return nil, err
	}
	return one(divideNonZero(x, norm))
}

// lrn divides by a power of the sum of squares of neighboring channels.
func lrn(c *call) (results, error) {
	x, size := c.in(0), c.int("size", 1)
	squares, err := kernel.Arith(kernel.Mul, x, x)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) < 3 || size < 1 {
		return nil, kernel.Invalid("a response of shape %v normalized over %d channels", x.Shape, size)
	}
	planes, err := kernel.Flatten(squares, 2, -1)
	if err != nil {
		return nil, err
	}
	w := nn.Window{Kernel: []int{size, 1}, Pads: []int{(size - 1) / 2, 0, size / 2, 0}}
	if planes, err = nn.Pool(planes, w, nn.PoolSum); err != nil {
		return nil, err
	}
	alpha, beta, bias := c.float("alpha", 1e-4)/float64(size), c.float("beta", 0.75), c.float("bias", 1)
	if planes, err = kernel.Map(planes, func(v float64) float64 { return math.Pow(bias+alpha*v, beta) }); err != nil {
		return nil, err
	}
	if planes, err = kernel.Reshape(planes, x.Shape); err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Div, x, planes))
}

// attention computes scaled dot product attention. The heads are an axis, or parts of the last axis.
func attention(c *call) (results, error) {
	q, k, v := c.in(0), c.in(1), c.in(2)
	flat := len(q.Shape) == 3
	if flat {
		heads, shared := c.int("q_num_heads", 1), c.int("kv_num_heads", 1)
		for _, side := range []struct {
			of    **tensor
			heads int
		}{{&q, heads}, {&k, shared}, {&v, shared}} {
			t, err := kernel.Unflatten(*side.of, -1, []int{side.heads, -1})
			if err != nil {
				return nil, err
			}
			if *side.of, err = kernel.Swap(t, 1, 2); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if k, err = nn.ShareHeads(k, q); err != nil {
		return nil, err
	}
	if v, err = nn.ShareHeads(v, q); err != nil {
		return nil, err
	}
	out, err := nn.Attention(q, k, v, c.opt(3), c.int("is_causal", 0) != 0, c.float("scale", 0))
	if err != nil || !flat {
		return results{out}, err
	}
	if out, err = kernel.Swap(out, 1, 2); err != nil {
		return nil, err
	}
	return one(kernel.Flatten(out, 2, 3))
}
