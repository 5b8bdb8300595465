// Package batchnorm builds batch normalization and its gradient of simpler operations, for backends that have no
// operation of their own.
//
// All functions normalize x over all axes but the feature axis. scale, offset, mean and variance have one element for
// each feature. The variance is the mean of the squared deviations, as in XLA.
package batchnorm

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Inference returns x normalized with a given mean and variance.
func Inference(
	f compute.Function, x, scale, offset, mean, variance compute.Value, epsilon float32, featureAxis int,
) (compute.Value, error) {
	n := newNorm(f, x, featureAxis)
	normalized := n.normalize(n.centered(x, mean), scale, offset, n.inverseDeviation(variance, epsilon))
	return normalized, n.err
}

// Training returns x normalized with its own mean and variance, and these.
func Training(
	f compute.Function, x, scale, offset compute.Value, epsilon float32, featureAxis int,
) (normalized, mean, variance compute.Value, err error) {
	n := newNorm(f, x, featureAxis)
	mean = n.mean(x)
	centered := n.centered(x, mean)
	variance = n.mean(n.mul(centered, centered))
	normalized = n.normalize(centered, scale, offset, n.inverseDeviation(variance, epsilon))
	return normalized, mean, variance, n.err
}

// Gradient returns the gradients of [Training] with respect to x, scale and offset. mean and variance are the results
// of Training, and gradOutput is the gradient with respect to the normalized x.
//
// With d = x - mean and s = 1/sqrt(variance + epsilon), and sums and means over the axes other than the feature axis:
//
//	gradOffset = sum(gradOutput)
//	gradScale  = sum(gradOutput * d) * s
//	gradX      = scale * s * (gradOutput - mean(gradOutput) - d * s² * mean(gradOutput * d))
func Gradient(
	f compute.Function, x, scale, mean, variance, gradOutput compute.Value, epsilon float32, featureAxis int,
) (gradX, gradScale, gradOffset compute.Value, err error) {
	n := newNorm(f, x, featureAxis)
	centered, inverse := n.centered(x, mean), n.inverseDeviation(variance, epsilon)
	product := n.mul(gradOutput, centered)
	gradOffset, gradScale = n.sum(gradOutput), n.mul(n.sum(product), inverse)

	slope := n.mul(n.mul(inverse, inverse), n.mean(product))
	gradX = n.sub(n.sub(gradOutput, n.broadcast(n.mean(gradOutput))), n.mul(centered, n.broadcast(slope)))
	gradX = n.mul(gradX, n.broadcast(n.mul(scale, inverse)))
	return gradX, gradScale, gradOffset, n.err
}

// norm builds the operations. It keeps the first error and returns nil values after it.
type norm struct {
	f     compute.Function
	shape shapes.Shape // The shape of x.
	axis  int
	axes  []int // All other axes.
	err   error
}

func newNorm(f compute.Function, x compute.Value, featureAxis int) *norm {
	n := &norm{f: f, axis: featureAxis}
	if n.shape, n.err = f.Shape(x); n.err != nil {
		return n
	}
	if n.shape.IsDynamic() || featureAxis < 0 || featureAxis >= n.shape.Rank() || !n.shape.DType.IsFloat() {
		n.err = fmt.Errorf("batch normalization of %s with the feature axis %d: %w",
			n.shape, featureAxis, compute.ErrNotImplemented)
	}
	for axis := range n.shape.Rank() {
		if axis != featureAxis {
			n.axes = append(n.axes, axis)
		}
	}
	return n
}

// do returns the result of an operation, unless an earlier one failed.
func (n *norm) do(op func() (compute.Value, error)) (v compute.Value) {
	if n.err == nil {
		v, n.err = op()
	}
	return v
}

func (n *norm) mul(a, b compute.Value) compute.Value {
	return n.do(func() (compute.Value, error) { return n.f.Mul(a, b) })
}

func (n *norm) sub(a, b compute.Value) compute.Value {
	return n.do(func() (compute.Value, error) { return n.f.Sub(a, b) })
}

func (n *norm) add(a, b compute.Value) compute.Value {
	return n.do(func() (compute.Value, error) { return n.f.Add(a, b) })
}

// number returns a constant of the data type of x.
func (n *norm) number(v float64) compute.Value {
	if n.shape.DType == dtypes.Float32 {
		return n.do(func() (compute.Value, error) { return n.f.Constant([]float32{float32(v)}) })
	}
	wide := n.do(func() (compute.Value, error) { return n.f.Constant([]float64{v}) })
	return n.do(func() (compute.Value, error) { return n.f.ConvertDType(wide, n.shape.DType) })
}

// broadcast repeats one value for each feature along all other axes.
func (n *norm) broadcast(v compute.Value) compute.Value {
	return n.do(func() (compute.Value, error) { return n.f.BroadcastInDim(v, n.shape, []int{n.axis}) })
}

func (n *norm) sum(v compute.Value) compute.Value {
	if len(n.axes) == 0 {
		return v // There is one element for each feature. Without axes, ReduceSum would reduce all of them.
	}
	return n.do(func() (compute.Value, error) { return n.f.ReduceSum(v, n.axes...) })
}

func (n *norm) mean(v compute.Value) compute.Value {
	if n.err != nil {
		return nil
	}
	count := 1
	for _, axis := range n.axes {
		count *= n.shape.Dimensions[axis]
	}
	return n.mul(n.sum(v), n.number(1/float64(count)))
}

func (n *norm) centered(x, mean compute.Value) compute.Value { return n.sub(x, n.broadcast(mean)) }

func (n *norm) inverseDeviation(variance compute.Value, epsilon float32) compute.Value {
	sum := n.add(variance, n.number(float64(epsilon)))
	return n.do(func() (compute.Value, error) { return n.f.Rsqrt(sum) })
}

func (n *norm) normalize(centered, scale, offset, inverseDeviation compute.Value) compute.Value {
	return n.add(n.mul(centered, n.broadcast(n.mul(scale, inverseDeviation))), n.broadcast(offset))
}
