package graph

import (
	"context"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// Op describes what a step computes, for the passes that improve a program. A description is a promise about tensors
// of float32: for arguments of other types the step is run as it is. The arguments of the step, in Reads, are in the
// order that each type documents; omitted arguments are -1 or missing at the end.
type Op interface{ op() }

// The descriptions.
type (
	// Same returns its first argument.
	Same struct{}

	// Conv is [nn.Conv] of an image, a weight and a bias.
	Conv struct {
		Window nn.Window
		Groups int
	}

	// ConvTranspose is [nn.ConvTranspose] of an image, a weight and a bias.
	ConvTranspose struct {
		Window nn.Window
		Groups int
		Extra  []int
	}

	// Linear is the product of a tensor and a matrix, over the last axis of the tensor, plus a bias with a number for
	// each column. The matrix has the shape [in, out], or [out, in] if it is turned. If Rank is not 0, a tensor with
	// another number of axes is an error.
	Linear struct {
		Turned bool
		Rank   int
	}

	// MatMul is [kernel.MatMul] of two tensors.
	MatMul struct{}

	// BatchNorm is [nn.BatchNorm] of an image, a weight, a bias, a mean and a variance.
	BatchNorm struct{ Eps float64 }

	// Unary applies a function to every element.
	Unary struct{ Function Function }

	// IsNaN tests every element.
	IsNaN struct{}

	// Select is [kernel.Where] of a condition and two tensors.
	Select struct{}

	// Binary is [kernel.Arith] of two tensors. If Number is not nil, it replaces the second argument, or the first if
	// Reversed is set.
	Binary struct {
		Op       kernel.Op
		Number   *float32
		Reversed bool
	}
)

func (Same) op()          {}
func (Conv) op()          {}
func (ConvTranspose) op() {}
func (Linear) op()        {}
func (MatMul) op()        {}
func (BatchNorm) op()     {}
func (IsNaN) op()         {}
func (Select) op()        {}
func (Unary) op()         {}
func (Binary) op()        {}

// Function is a function of one number: an activation with its arguments, or, if Row is not nil, any other one. Row
// sets dst to the function of src, which may be the same list.
type Function struct {
	Act         kernel.Activation
	Alpha, Beta float32
	Row         func(dst, src []float32)
}

// Arrange changes the order of the arguments. order has, for each argument in the new order, its place before, or -1
// for an argument that is omitted.
func (s *Step) Arrange(order []int) {
	natural := len(order) == len(s.Reads)
	for i, at := range order {
		natural = natural && at == i
	}
	if natural {
		return
	}
	run, count, reads := s.Run, len(s.Reads), make([]int, len(order))
	for i, at := range order {
		reads[i] = -1
		if at >= 0 {
			reads[i] = s.Reads[at]
		}
	}
	s.Reads = reads
	s.Run = func(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
		args := make([]*mlflow.Tensor, count)
		for i, at := range order {
			if at >= 0 {
				args[at] = values[i]
			}
		}
		return run(ctx, args)
	}
}

// Of returns the function of any curve.
func Of(f func(float64) float64) Function {
	if row := kernel.VectorOf(f); row != nil {
		return Function{Row: func(dst, src []float32) { row(dst, src[:len(dst)]) }}
	}
	return Function{Row: func(dst, src []float32) {
		for i, v := range src[:len(dst)] {
			dst[i] = float32(f(float64(v)))
		}
	}}
}

// Fast returns the function that package simd has under a name.
func Fast(name string) Function { return Function{Row: simd.Unary(name)} }

// Activation returns a function that steps before it can apply to their results.
func Activation(act kernel.Activation, arguments ...float64) Function {
	f := Function{Act: act}
	for i, v := range arguments {
		*[]*float32{&f.Alpha, &f.Beta}[i] = float32(v)
	}
	return f
}

// Power returns the function x to the power of a number, if that is a square, a cube or a square root.
func Power(exponent float64) (f Function, ok bool) {
	switch exponent {
	case 2:
		multiply := simd.Binary("Mul")
		return Function{Row: func(dst, src []float32) { multiply(dst, src[:len(dst)], src[:len(dst)]) }}, true
	case 3:
		return Function{Row: func(dst, src []float32) {
			for i, v := range src[:len(dst)] {
				dst[i] = v * v * v
			}
		}}, true
	case 0.5:
		return Fast("Sqrt"), true
	}
	return f, false
}
