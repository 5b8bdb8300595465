package fft

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Short describes a short-time Fourier transform: of frames of N elements, the starts of which are Hop apart. Window
// has N factors. Half leaves out what follows from the rest for real signals.
type Short struct {
	N, Hop     int
	Window     []float64
	Half       bool
	Normalized bool
}

// check refuses sizes that are not possible.
func (s Short) check() (*Plan, error) {
	if s.Hop < 1 || s.Hop > kernel.MaxElements || len(s.Window) != s.N {
		return nil, kernel.Invalid("frames of %d elements with a hop of %d and a window of %d", s.N, s.Hop, len(s.Window))
	}
	return NewPlan(s.N)
}

func (s Short) bins() int {
	if s.Half {
		return s.N/2 + 1
	}
	return s.N
}

func (s Short) norm() Norm {
	if s.Normalized {
		return NormRoot
	}
	return NormNone
}

// Transform transforms signals of shape [..., length] to [..., frequencies, frames].
func (s Short) Transform(x *kernel.Tensor) (*kernel.Tensor, error) {
	p, err := s.check()
	if err != nil {
		return nil, err
	}
	isReal := x.DType() != "complex64"
	x, err = Complex(x)
	if err != nil {
		return nil, err
	}
	last := len(x.Shape) - 1
	if last < 0 || x.Shape[last] < s.N {
		return nil, kernel.Invalid("frames of %d elements of a signal of shape %v", s.N, x.Shape)
	}
	length := x.Shape[last]
	frames, bins := (length-s.N)/s.Hop+1, s.bins()
	out, err := kernel.New("complex64", slices.Concat(x.Shape[:last], []int{bins, frames}))
	if err != nil {
		return nil, err
	}
	from, to := x.Data.([]complex64), out.Data.([]complex64)
	list, scale := make([]complex128, s.N), complex(s.norm().factor(s.N), 0)
	for signal := range kernel.Product(x.Shape[:last]) {
		for frame := range frames {
			at := signal*length + frame*s.Hop
			for i, w := range s.Window {
				list[i] = complex128(from[at+i]) * complex(w, 0)
			}
			p.Transform(list)
			if isReal {
				realEnds(list)
			}
			for i, v := range list[:bins] {
				to[(signal*bins+i)*frames+frame] = complex64(v * scale)
			}
		}
	}
	return out, nil
}

// Inverse returns the real signals of transforms of shape [..., frequencies, frames], by the mean of the frames that
// overlap. It begins at element from. length is the number of elements, or -1 for all that frames have from there on,
// without the last from elements.
func (s Short) Inverse(x *kernel.Tensor, from, length int) (*kernel.Tensor, error) {
	p, err := s.check()
	if err != nil {
		return nil, err
	}
	rank := len(x.Shape)
	if rank < 2 || x.Shape[rank-2] != s.bins() || x.Shape[rank-1] < 1 {
		return nil, kernel.Invalid("a transform of shape %v for frames of %d elements", x.Shape, s.N)
	}
	if x, err = Complex(x); err != nil {
		return nil, err
	}
	frames, bins := x.Shape[rank-1], x.Shape[rank-2]
	total, err := kernel.Count([]int{frames - 1, s.Hop})
	if err != nil {
		return nil, err
	}
	total += s.N
	end := total - from
	if length >= 0 {
		end = min(from+length, total)
	}
	if length < 0 {
		length = max(end-from, 0)
	}
	shape := slices.Concat(x.Shape[:rank-2], []int{length})
	out, err := kernel.New("float32", shape)
	if err != nil {
		return nil, err
	}
	if _, err := kernel.Count([]int{total, 2}); err != nil || from > end {
		return nil, kernel.Invalid("a signal of %d elements from %d on", total, from)
	}
	envelope := make([]float64, total)
	for frame := range frames {
		for i, w := range s.Window {
			envelope[frame*s.Hop+i] += w * w
		}
	}
	const least = 1e-11
	if slices.ContainsFunc(envelope[from:end], func(v float64) bool { return v < least }) {
		return nil, kernel.Invalid("a window that leaves out elements of the signal")
	}
	data, to := x.Data.([]complex64), out.Data.([]float32)
	for signal := range kernel.Product(x.Shape[:rank-2]) {
		sums := s.overlapped(p, data[signal*bins*frames:(signal+1)*bins*frames], frames, total)
		for i := from; i < end; i++ {
			to[signal*length+i-from] = float32(sums[i] / envelope[i])
		}
	}
	return out, nil
}

// overlapped adds the frames of a signal.
func (s Short) overlapped(p *Plan, data []complex64, frames, total int) []float64 {
	sums, list := make([]float64, total), make([]complex128, s.N)
	scale := 1 / float64(s.N)
	if s.Normalized {
		scale = 1 / math.Sqrt(float64(s.N))
	}
	for frame := range frames {
		for i := range s.bins() {
			v := complex128(data[i*frames+frame])
			if list[i] = v; !s.Half {
				continue
			}
			if i == 0 || 2*i == s.N {
				list[i] = complex(real(v), 0)
			} else {
				list[s.N-i] = complex(real(v), -imag(v))
			}
		}
		p.Inverse(list)
		for i, w := range s.Window {
			sums[frame*s.Hop+i] += real(list[i]) * w * scale
		}
	}
	return sums
}
