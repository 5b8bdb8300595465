package onnx

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/fft"
)

// spectralOps are the Fourier transforms and their windows.
var spectralOps = map[string]operator{
	"DFT":        {"axis inverse onesided", 1, 3, 1, dft},
	"STFT":       {"onesided", 2, 4, 1, stft},
	"HannWindow": {"output_datatype periodic", 1, 1, 1, windowOf(fft.Hann)},
	// The coefficients are fractions, and not 0.54 and 0.46.
	"HammingWindow":  {"output_datatype periodic", 1, 1, 1, windowOf(fft.Cosines(25.0/46, 21.0/46))},
	"BlackmanWindow": {"output_datatype periodic", 1, 1, 1, windowOf(fft.Blackman)},
}

func windowOf(shape fft.Shape) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		size := c.intsIn(0)
		if len(size) != 1 {
			return nil, kernel.Invalid("a window of %v elements", size)
		}
		list, err := fft.Window(shape, size[0], c.int("periodic", 1) != 0)
		if err != nil {
			return nil, err
		}
		dtype := dtypeName(int64(c.int("output_datatype", 1)))
		return one(kernel.Cast(&tensor{Shape: []int{len(list)}, Data: list}, dtype))
	}
}

// complexOf returns the complex numbers whose parts are along the last axis, which has one element for real numbers.
func complexOf(x *tensor) (z *tensor, err error) {
	last := len(x.Shape) - 1
	if last < 0 || x.Shape[last] != 1 && x.Shape[last] != 2 {
		return nil, kernel.Invalid("complex numbers of shape %v", x.Shape)
	}
	if x.Shape[last] == 1 {
		return kernel.Reshape(x, x.Shape[:last])
	}
	narrow, err := kernel.Cast(x, "float32")
	if err != nil {
		return nil, err
	}
	d := narrow.Data.([]float32)
	out := make([]complex64, len(d)/2)
	for i := range out {
		out[i] = complex(d[2*i], d[2*i+1])
	}
	return &tensor{Shape: slices.Clone(x.Shape[:last]), Data: out}, nil
}

// partsOf returns the parts of complex numbers along a new last axis, as floats of a type.
func partsOf(z *tensor, dtype string) (results, error) {
	parts, err := kernel.Stack([]*tensor{fft.Part(z, false), fft.Part(z, true)}, -1)
	if err != nil {
		return nil, err
	}
	return one(kernel.Cast(parts, dtype))
}

// dft transforms along an axis, which is an input since operator set 20.
func dft(c *call) (results, error) {
	x := c.in(0)
	axis := c.int("axis", 1)
	if c.opset >= 20 {
		axis = -2
		if list := c.intsIn(2); len(list) == 1 {
			axis = list[0]
		}
	}
	axis, err := kernel.Axis(axis, len(x.Shape))
	if err != nil || axis == len(x.Shape)-1 {
		return nil, kernel.Invalid("a transform of shape %v along axis %d", x.Shape, axis)
	}
	z, err := complexOf(x)
	if err != nil {
		return nil, err
	}
	n, half, inverse := z.Shape[axis], c.int("onesided", 0) != 0, c.int("inverse", 0) != 0
	if half && inverse {
		n = 2 * (n - 1)
	}
	if list := c.intsIn(1); len(list) == 1 {
		n = list[0]
	}
	norm := fft.NormNone
	if inverse {
		norm = fft.NormLength
	}
	if half && inverse {
		if z, err = fft.Whole(z, n, axis); err != nil {
			return nil, err
		}
	}
	if z, err = fft.Along(z, n, axis, inverse, norm); err != nil {
		return nil, err
	}
	switch {
	case half && inverse:
		re, err := kernel.Unsqueeze(fft.Part(z, false), []int{-1})
		if err != nil {
			return nil, err
		}
		return one(kernel.Cast(re, x.DType()))
	case half:
		if z, err = fft.Half(z, axis); err != nil {
			return nil, err
		}
	}
	return partsOf(z, x.DType())
}

// stft transforms frames of a signal.
func stft(c *call) (results, error) {
	x := c.in(0)
	z := x
	if len(x.Shape) == 3 {
		var err error
		if z, err = complexOf(x); err != nil {
			return nil, err
		}
	}
	step, window := c.intsIn(1), c.opt(2)
	if len(z.Shape) != 2 || len(step) != 1 {
		return nil, kernel.Invalid("frames of a signal of shape %v", x.Shape)
	}
	n := 0
	if window != nil && len(window.Shape) == 1 {
		n = window.Shape[0]
	}
	if list := c.intsIn(3); len(list) == 1 {
		n = list[0]
	}
	if n < 1 || n > z.Shape[1] {
		return nil, kernel.Invalid("frames of %d elements of a signal of shape %v", n, x.Shape)
	}
	s := fft.Short{N: n, Hop: step[0], Half: c.int("onesided", 1) != 0 && z.DType() != "complex64"}
	s.Window = slices.Repeat([]float64{1}, n)
	if window != nil {
		wide, err := kernel.Cast(window, "float64")
		if err != nil {
			return nil, err
		}
		s.Window = wide.Data.([]float64)
	}
	out, err := s.Transform(z)
	if err != nil {
		return nil, err
	}
	if out, err = kernel.Swap(out, 1, 2); err != nil {
		return nil, err
	}
	return partsOf(out, x.DType())
}
