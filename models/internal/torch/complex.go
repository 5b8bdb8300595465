package torch

import (
	"math"
	"math/cmplx"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/fft"
)

// complexOperators has the operators for complex numbers of 64 bits, which replace those of the same name for nodes
// with such an argument. Nodes with other operators are refused, unless they only move elements.
var complexOperators = complexTable()

// complexMoves has the operators that move elements of every type.
var complexMoves = setOf(
	"view reshape permute transpose swapaxes slice select narrow cat stack unsqueeze squeeze expand expand_as flip clone",
	"detach alias contiguous index_select roll split split_with_sizes chunk unbind repeat mT numpy_T t flatten unflatten",
	"movedim zeros_like ones_like full_like to _to_copy tile reshape_as view_as unsafe_split dropout resolve_conj",
	"resolve_neg lift_fresh lift_fresh_copy broadcast_tensors sym_size fft_fftshift fft_ifftshift index diagonal",
	"fft_fft fft_fft2 fft_fftn fft_ifft fft_ifft2 fft_ifftn fft_irfft fft_irfft2 fft_irfftn _fft_c2c _fft_c2r stft istft")

func complexTable() map[string]operator {
	arith := func(f func(a, b complex128) complex128) operator {
		return operator{"self other alpha", 1, func(c *call) (results, error) {
			alpha := complex(c.float("alpha", 1), 0)
			return c.complexPair(func(a, b complex128) complex128 { return f(a, alpha*b) })
		}}
	}
	each := func(f func(v complex128) complex128) operator {
		return operator{"self memory_format", 1, func(c *call) (results, error) {
			return one(complexMap(c.tensor("self"), f))
		}}
	}
	part := func(imaginary bool) operator {
		return unaryOperator(func(x *tensor) (*tensor, error) { return fft.Part(x, imaginary), nil })
	}
	number := func(f func(v complex128) float64) operator {
		return operator{"self", 1, func(c *call) (results, error) { return one(complexTo(c.tensor("self"), f)) }}
	}
	sum := operator{"self dim keepdim dtype", 1, func(c *call) (results, error) { return c.complexReduce(kernel.Sum) }}
	mean := operator{"self dim keepdim dtype", 1, func(c *call) (results, error) { return c.complexReduce(kernel.Mean) }}
	add := arith(func(a, b complex128) complex128 { return a + b })
	sub := arith(func(a, b complex128) complex128 { return a - b })
	mul := arith(func(a, b complex128) complex128 { return a * b })
	div := arith(func(a, b complex128) complex128 { return a / b })
	conj := each(cmplx.Conj)
	return map[string]operator{
		"aten.add.Tensor": add, "aten.add.Scalar": add, "aten.sub.Tensor": sub, "aten.sub.Scalar": sub,
		"aten.mul.Tensor": mul, "aten.mul.Scalar": mul, "aten.div.Tensor": div, "aten.div.Scalar": div,
		"aten.neg.default": each(func(v complex128) complex128 { return -v }), "aten.exp.default": each(cmplx.Exp),
		"aten.reciprocal.default": each(func(v complex128) complex128 { return 1 / v }),
		"aten.square.default":     each(func(v complex128) complex128 { return v * v }),
		"aten.sqrt.default":       each(cmplx.Sqrt), "aten.log.default": each(cmplx.Log),
		"aten._conj.default": conj, "aten.conj_physical.default": conj, "aten.conj.default": conj,
		"aten.abs.default": number(cmplx.Abs), "aten.angle.default": number(cmplx.Phase),
		"aten.real.default":         part(false),
		"aten.imag.default":         part(true),
		"aten.view_as_real.default": unaryOperator(asReal),
		"aten.sum.default":          sum, "aten.sum.dim_IntList": sum, "aten.mean.default": mean, "aten.mean.dim": mean,
		"aten.matmul.default": {"self other", 1, complexProduct("other")},
		"aten.mm.default":     {"self mat2", 1, complexProduct("mat2")},
		"aten.bmm.default":    {"self mat2", 1, complexProduct("mat2")},
	}
}

var identity = unaryOperator(func(x *tensor) (*tensor, error) { return x, nil })

// complexFromReal has the operators that make complex numbers of others, and those of complex numbers for others.
func complexFromReal() map[string]operator {
	pairs := func(args, a, b string, f func(x, y float64) complex128) operator {
		return operator{args, 1, func(c *call) (results, error) {
			t := c.promoted(a, b)
			if t[0].DType() != "float32" {
				return nil, kernel.Unsupported("complex numbers of %s", t[0].DType())
			}
			return one(complexZip(t[0], t[1], func(x, y complex128) complex128 { return f(real(x), real(y)) }))
		}}
	}
	return map[string]operator{
		"aten.complex.default": pairs("real imag", "real", "imag", func(x, y float64) complex128 { return complex(x, y) }),
		"aten.polar.default":   pairs("abs angle", "abs", "angle", cmplx.Rect),
		"aten.view_as_complex.default": unaryOperator(func(x *tensor) (*tensor, error) {
			d, ok := x.Data.([]float32)
			last := len(x.Shape) - 1
			if !ok || last < 0 || x.Shape[last] != 2 {
				return nil, kernel.Invalid("complex numbers of a %s tensor of shape %v", x.DType(), x.Shape)
			}
			out := make([]complex64, len(d)/2)
			for i := range out {
				out[i] = complex(d[2*i], d[2*i+1])
			}
			return &tensor{Shape: slices.Clone(x.Shape[:last]), Data: out}, nil
		}),
		"aten.angle.default": elementwise(func(v float64) float64 {
			switch {
			case math.IsNaN(v):
				return v
			case v < 0:
				return math.Pi
			}
			return 0
		}),
		"aten.conj_physical.default": identity, "aten._conj.default": identity, "aten.real.default": identity,
	}
}

// asReal returns complex numbers as pairs along a new last axis.
func asReal(x *tensor) (*tensor, error) {
	d, ok := x.Data.([]complex64)
	if !ok {
		return nil, kernel.Invalid("the parts of %s", x.DType())
	}
	out := make([]float32, 0, 2*len(d))
	for _, v := range d {
		out = append(out, real(v), imag(v))
	}
	return &tensor{Shape: slices.Concat(x.Shape, []int{2}), Data: out}, nil
}

func complexMap(x *tensor, f func(v complex128) complex128) (*tensor, error) {
	x, err := fft.Complex(x)
	if err != nil {
		return nil, err
	}
	out := make([]complex64, x.Len())
	for i, v := range x.Data.([]complex64) {
		out[i] = complex64(f(complex128(v)))
	}
	return &tensor{Shape: x.Shape, Data: out}, nil
}

func complexTo(x *tensor, f func(v complex128) float64) (*tensor, error) {
	x, err := fft.Complex(x)
	if err != nil {
		return nil, err
	}
	out := make([]float32, x.Len())
	for i, v := range x.Data.([]complex64) {
		out[i] = float32(f(complex128(v)))
	}
	return &tensor{Shape: x.Shape, Data: out}, nil
}

// complexZip applies a function to pairs of elements of two tensors, which broadcast.
func complexZip(a, b *tensor, f func(x, y complex128) complex128) (*tensor, error) {
	shape, err := kernel.BroadcastShape(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	var list [2][]complex64
	for i, t := range []*tensor{a, b} {
		if t, err = fft.Complex(t); err != nil {
			return nil, err
		}
		if t, err = kernel.Expand(t, shape); err != nil {
			return nil, err
		}
		list[i], _ = t.Data.([]complex64)
	}
	out := make([]complex64, len(list[0]))
	for i, v := range list[0] {
		out[i] = complex64(f(complex128(v), complex128(list[1][i])))
	}
	return &tensor{Shape: shape, Data: out}, nil
}

func (c *call) complexPair(f func(a, b complex128) complex128) (results, error) {
	return one(complexZip(c.operand("self").value, c.operand("other").value, f))
}

// combined computes both parts of a complex result.
func combined(parts func(imaginary bool) (*tensor, error)) (results, error) {
	re, err := parts(false)
	if err != nil {
		return nil, err
	}
	im, err := parts(true)
	if err != nil {
		return nil, err
	}
	return one(complexZip(re, im, func(x, y complex128) complex128 { return complex(real(x), real(y)) }))
}

func (c *call) complexReduce(kind kernel.Reduction) (results, error) {
	x := c.tensor("self")
	return combined(func(imaginary bool) (*tensor, error) {
		return kernel.Reduce(kind, fft.Part(x, imaginary), c.dim(), c.bool("keepdim", false))
	})
}

// complexProduct multiplies matrices by their parts.
func complexProduct(other string) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		a, err := fft.Complex(c.tensor("self"))
		if err != nil {
			return nil, err
		}
		b, err := fft.Complex(c.tensor(other))
		if err != nil {
			return nil, err
		}
		return combined(func(imaginary bool) (*tensor, error) {
			op := kernel.Sub // The product of the imaginary parts is real.
			if imaginary {
				op = kernel.Add
			}
			x, err := kernel.MatMul(fft.Part(a, false), fft.Part(b, imaginary))
			if err != nil {
				return nil, err
			}
			y, err := kernel.MatMul(fft.Part(a, true), fft.Part(b, !imaginary))
			if err != nil {
				return nil, err
			}
			return kernel.Arith(op, x, y)
		})
	}
}
