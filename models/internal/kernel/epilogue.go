package kernel

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
)

// Activation is a function of one number that an operation applies to its results. The constants of package simd,
// such as simd.ActReLU, are its values.
type Activation = simd.Activation

// Epilogue is the work that follows a convolution or a product of matrices: a number for each channel is added to the
// results, then a tensor, and then an activation is applied. Operations do this while the results are in the cache.
// The zero value does nothing.
type Epilogue struct {
	Bias []float32 // One number for each output channel or column of the result, or nil.
	Add  *Tensor   // A tensor of float32 with the shape of the result, or nil.
	Act  Activation

	// Alpha and Beta are the arguments of the activation.
	Alpha, Beta float32
}

// Apply changes the elements of x, a tensor of float32 whose channels are the given axis, counted from 0. It is for
// results that no other tensor shares.
func (e *Epilogue) Apply(x *Tensor, axis int) error {
	list, err := e.check(x, axis)
	if err != nil {
		return err
	}
	inner := Product(x.Shape[axis+1:])
	if e.Bias != nil && inner > 0 {
		for at, c := 0, 0; at < len(list); at += inner {
			row := list[at : at+inner]
			for i := range row {
				row[i] += e.Bias[c]
			}
			c = (c + 1) % len(e.Bias)
		}
	}
	if e.Add != nil {
		simd.Binary("Add")(list, list, e.Add.Data.([]float32))
	}
	if e.Act != simd.ActNone {
		Parallel(len(list), minRow, func(lo, hi int) {
			simd.Activate(e.Act, e.Alpha, e.Beta, list[lo:hi], list[lo:hi])
		})
	}
	return nil
}

// Check returns an error if the epilogue does not fit a result like x, whose channels are the given axis.
func (e *Epilogue) Check(x *Tensor, axis int) error {
	_, err := e.check(x, axis)
	return err
}

// Ending returns the epilogue in the form of package simd.
func (e *Epilogue) Ending() *layers.Ending {
	end := &layers.Ending{Bias: e.Bias, Act: e.Act, Alpha: e.Alpha, Beta: e.Beta}
	if e.Add != nil {
		end.Add = e.Add.Data.([]float32)
	}
	return end
}

// check returns the elements of x, or an error if the epilogue does not fit a result like x.
func (e *Epilogue) check(x *Tensor, axis int) ([]float32, error) {
	list, ok := x.Data.([]float32)
	if !ok {
		return nil, Unsupported("an epilogue for %s", x.DType())
	}
	if e.Bias != nil && (axis < 0 || axis >= len(x.Shape) || len(e.Bias) != x.Shape[axis]) {
		return nil, Invalid("a bias of %d numbers for a result of shape %v", len(e.Bias), x.Shape)
	}
	if e.Add == nil {
		return list, nil
	}
	if _, ok = e.Add.Data.([]float32); !ok || !slices.Equal(e.Add.Shape, x.Shape) {
		return nil, Invalid("the sum of %s of shape %v and float32 of shape %v", e.Add.DType(), e.Add.Shape, x.Shape)
	}
	return list, nil
}

// Result returns out if it is a tensor of float32 of the given shape, and an error if it is another tensor. If out is
// nil, it returns a new tensor.
func Result(out *Tensor, shape []int) (*Tensor, error) {
	if out == nil {
		return Dirty("float32", shape)
	}
	if list, ok := out.Data.([]float32); !ok || len(list) != Product(shape) || !slices.Equal(out.Shape, shape) {
		return nil, Invalid("a result of shape %v for a tensor of %s of shape %v", shape, out.DType(), out.Shape)
	}
	return out, nil
}
