// Package fft computes discrete Fourier transforms of any length, in float64.
package fft

import (
	"math"
	"math/bits"
	"math/cmplx"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Plan transforms lists of one length.
type Plan struct {
	n     int
	roots []complex128 // of the power of two
	// chirp and its transform are those of Bluestein's method, for lengths that are no powers of two.
	chirp, spectrum []complex128
	inner           *Plan
}

// NewPlan returns the plan for lists of n numbers.
func NewPlan(n int) (*Plan, error) {
	const most = 1 << 24
	if n < 1 || n > most {
		return nil, kernel.Invalid("a Fourier transform of %d numbers", n)
	}
	p := &Plan{n: n}
	if n&(n-1) == 0 {
		p.roots = make([]complex128, n/2)
		for i := range p.roots {
			p.roots[i] = unit(-float64(i) / float64(n))
		}
		return p, nil
	}
	wide := 1 << bits.Len(uint(2*n-2))
	inner, err := NewPlan(wide)
	if err != nil {
		return nil, err
	}
	p.inner, p.chirp, p.spectrum = inner, make([]complex128, n), make([]complex128, wide)
	for i := range p.chirp {
		square := uint64(i) * uint64(i) % uint64(2*n)
		p.chirp[i] = unit(-float64(square) / float64(2*n))
		p.spectrum[i] = cmplx.Conj(p.chirp[i])
		if i > 0 {
			p.spectrum[wide-i] = p.spectrum[i]
		}
	}
	inner.power(p.spectrum)
	return p, nil
}

// unit returns the number of absolute value 1 at a part of the circle.
func unit(part float64) complex128 {
	sin, cos := math.Sincos(2 * math.Pi * part)
	return complex(cos, sin)
}

// Transform overwrites x, which has the length of the plan, with its transform without a factor.
func (p *Plan) Transform(x []complex128) {
	if p.inner == nil {
		p.power(x)
		return
	}
	wide := make([]complex128, len(p.spectrum))
	for i, v := range x {
		wide[i] = v * p.chirp[i]
	}
	p.inner.power(wide)
	for i, v := range p.spectrum {
		wide[i] = cmplx.Conj(wide[i] * v)
	}
	p.inner.power(wide) // The conjugate of the inverse transform.
	scale := complex(1/float64(len(wide)), 0)
	for i := range x {
		x[i] = cmplx.Conj(wide[i]) * scale * p.chirp[i]
	}
}

// Inverse is like Transform for the inverse transform, also without a factor.
func (p *Plan) Inverse(x []complex128) {
	conjugate(x)
	p.Transform(x)
	conjugate(x)
}

func conjugate(x []complex128) {
	for i, v := range x {
		x[i] = cmplx.Conj(v)
	}
}

// power transforms a list whose length is a power of two.
func (p *Plan) power(x []complex128) {
	n := len(x)
	shift := 64 - bits.Len(uint(n)) + 1
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); n > 1 && i < j { //nolint:gosec // It is less than n.
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half, step := size/2, n/size
		for at := 0; at < n; at += size {
			low, high := x[at:at+half], x[at+half:at+size]
			for i, v := range low {
				w := high[i] * p.roots[i*step]
				low[i], high[i] = v+w, v-w
			}
		}
	}
}
