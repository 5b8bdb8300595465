package fft

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Complex returns the elements of a tensor as complex64.
func Complex(x *kernel.Tensor) (*kernel.Tensor, error) {
	if x.DType() == "complex64" {
		return x, nil
	}
	wide, err := kernel.Cast(x, "float32")
	if err != nil {
		return nil, err
	}
	out := make([]complex64, x.Len())
	for i, v := range wide.Data.([]float32) {
		out[i] = complex(v, 0)
	}
	return &kernel.Tensor{Shape: x.Shape, Data: out}, nil
}

// Norm is the factor of a transform.
type Norm int

// The factors: none, the root of the length, or the length, by which the result is divided.
const (
	NormNone Norm = iota
	NormRoot
	NormLength
)

func (n Norm) factor(length int) float64 {
	switch n {
	case NormRoot:
		return 1 / math.Sqrt(float64(length))
	case NormLength:
		return 1 / float64(length)
	}
	return 1
}

// Along transforms a tensor along an axis, cut or filled with zeros to n elements.
func Along(x *kernel.Tensor, n, axis int, inverse bool, norm Norm) (*kernel.Tensor, error) {
	isReal := x.DType() != "complex64"
	x, err := Complex(x)
	if err != nil {
		return nil, err
	}
	p, err := NewPlan(n)
	if err != nil {
		return nil, err
	}
	return rows(x, axis, n, func(out []complex64, row []complex64) {
		list := make([]complex128, n)
		for i, v := range row[:min(len(row), n)] {
			list[i] = complex128(v)
		}
		if inverse {
			p.Inverse(list)
		} else {
			p.Transform(list)
		}
		if isReal {
			realEnds(list)
		}
		scale := complex(norm.factor(n), 0)
		for i, v := range list {
			out[i] = complex64(v * scale)
		}
	})
}

// realEnds removes the rounding errors from the elements of the transform of a real signal that are real.
func realEnds(list []complex128) {
	list[0] = complex(real(list[0]), 0)
	if n := len(list); n%2 == 0 {
		list[n/2] = complex(real(list[n/2]), 0)
	}
}

// rows calls f for each row along an axis, with a row of n elements for the result.
func rows(x *kernel.Tensor, axis, n int, f func(out, row []complex64)) (*kernel.Tensor, error) {
	axis, err := kernel.Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	moved, err := kernel.Move(x, []int{axis}, []int{-1})
	if err != nil {
		return nil, err
	}
	last := len(moved.Shape) - 1
	shape, length := slices.Clone(moved.Shape), moved.Shape[last]
	shape[last] = n
	out, err := kernel.New("complex64", shape)
	if err != nil {
		return nil, err
	}
	from, to := moved.Data.([]complex64), out.Data.([]complex64)
	for i := range kernel.Product(shape[:last]) {
		f(to[i*n:(i+1)*n], from[i*length:(i+1)*length])
	}
	return kernel.Move(out, []int{-1}, []int{axis})
}

// Half returns the first n/2+1 elements along an axis of n elements, from which the others of a real signal follow.
func Half(x *kernel.Tensor, axis int) (*kernel.Tensor, error) {
	axis, err := kernel.Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	return kernel.Slice(x, axis, 0, x.Shape[axis]/2+1, 1)
}

// Whole returns the transform with n elements along an axis of a real signal, of which x has the first ones. Elements
// that x has not are 0.
func Whole(x *kernel.Tensor, n, axis int) (*kernel.Tensor, error) {
	x, err := Complex(x)
	if err != nil {
		return nil, err
	}
	if _, err := NewPlan(n); err != nil {
		return nil, err
	}
	return rows(x, axis, n, func(out, row []complex64) {
		half := min(len(row), n/2+1)
		copy(out, row[:half])
		out[0] = complex(real(out[0]), 0)
		for i := 1; i < half; i++ {
			v := row[i]
			if 2*i == n {
				out[i] = complex(real(v), 0)
				continue
			}
			out[n-i] = complex(real(v), -imag(v))
		}
	})
}

// Part returns the real or the imaginary parts.
func Part(x *kernel.Tensor, imaginary bool) *kernel.Tensor {
	d, _ := x.Data.([]complex64)
	out := make([]float32, len(d))
	for i, v := range d {
		if out[i] = real(v); imaginary {
			out[i] = imag(v)
		}
	}
	return &kernel.Tensor{Shape: x.Shape, Data: out}
}
