package nn

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// The operations on lists that recurrent layers and masks need.
var (
	add      = simd.Binary("Add")
	multiply = simd.Binary("Mul")
	minus    = simd.Binary("Sub")
	sigmoid  = simd.Unary("Sigmoid")
	tanh     = simd.Unary("Tanh")
)

// fastRecurrent runs a recurrent layer of float32 with kernels in assembly. The hidden weight is stored for the kernels
// once for all steps.
type fastRecurrent struct {
	*Recurrent
	hidden       *kernel.PreparedMatrix
	bias         []float32 // HiddenBias, or nil.
	batch, state int
	fed          []float32
	h, c         []float32 // The states, which change. c is nil unless the layer is an LSTM.
	gates, next  []float32
}

// newFast returns false for layers that need the general form: those with a projection, those of other types and GRUs
// that apply the reset gate early.
func (r *Recurrent) newFast(fed, h, c *kernel.Tensor, state int) (*fastRecurrent, bool) {
	x, okX := fed.Data.([]float32)
	first, okH := h.Data.([]float32)
	weight, okW := r.Hidden.Data.([]float32)
	if !okX || !okH || !okW || !simd.Fast() || r.Projection != nil || r.Kind == GRUEarly || len(weight) == 0 {
		return nil, false
	}
	f := &fastRecurrent{Recurrent: r, batch: h.Shape[0], state: state, fed: x, h: append([]float32(nil), first...)}
	if r.Kind == LSTM {
		cell, ok := c.Data.([]float32)
		if !ok {
			return nil, false
		}
		f.c = append(f.c, cell...)
	}
	if r.HiddenBias != nil {
		bias, ok := r.HiddenBias.Data.([]float32)
		if !ok || len(bias) != r.Hidden.Shape[0] {
			return nil, false
		}
		f.bias = bias
	}
	var err error
	if f.hidden, err = kernel.PrepareMatrix(r.Hidden, true); err != nil || r.Hidden.Shape[1] != state {
		return nil, false
	}
	f.gates = make([]float32, r.Kind.Gates()*f.batch*state)
	f.next = make([]float32, len(f.h))
	return f, true
}

// run computes all steps. all has the shape of the hidden states of all steps.
func (f *fastRecurrent) run(all *kernel.Tensor) (out, lastH, lastC *kernel.Tensor, err error) {
	list, steps := all.Data.([]float32), all.Shape[0]
	n := len(f.h)
	width := f.Kind.Gates() * f.state
	gates := &kernel.Tensor{Shape: []int{f.batch, width}, Data: f.gates}
	for i := range steps {
		at := i
		if f.Backward {
			at = steps - 1 - i
		}
		h := &kernel.Tensor{Shape: []int{f.batch, f.state}, Data: f.h}
		e := kernel.Epilogue{Bias: f.bias}
		now := f.fed[at*len(f.gates) : (at+1)*len(f.gates)]
		if f.Kind != GRU {
			e.Add = &kernel.Tensor{Shape: gates.Shape, Data: now}
		}
		if _, err := f.hidden.Run(h, e, gates); err != nil {
			return nil, nil, nil, err
		}
		for b := range f.batch {
			f.row(f.gates[b*width:(b+1)*width], now[b*width:(b+1)*width], b*f.state)
		}
		copy(list[at*n:], f.next)
		f.h, f.next = f.next, f.h
	}
	lastH = &kernel.Tensor{Shape: []int{f.batch, f.state}, Data: f.h}
	if f.Kind == LSTM {
		lastC = &kernel.Tensor{Shape: []int{f.batch, f.state}, Data: f.c}
	}
	return all, lastH, lastC, nil
}

// row computes the next state of one row of the batch, whose states begin at a position, from the sums of its gates.
// For a GRU, the sums do not contain what the input adds to them.
func (f *fastRecurrent) row(gates, fed []float32, at int) {
	n := f.state
	next, old := f.next[at:at+n], f.h[at:at+n]
	switch f.Kind {
	case TanhRNN:
		tanh(next, gates)
	case ReluRNN:
		simd.Activate(simd.ActReLU, 0, 0, next, gates)
	case LSTM:
		cell := f.c[at : at+n]
		in, forget, fresh, out := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:]
		sigmoid(gates[:2*n], gates[:2*n])
		tanh(fresh, fresh)
		sigmoid(out, out)
		multiply(cell, cell, forget)
		multiply(in, in, fresh)
		add(cell, cell, in)
		tanh(next, cell)
		multiply(next, next, out)
	default:
		reset, update, fresh := gates[:n], gates[n:2*n], gates[2*n:]
		add(gates[:2*n], gates[:2*n], fed[:2*n])
		sigmoid(gates[:2*n], gates[:2*n])
		multiply(fresh, fresh, reset)
		add(fresh, fresh, fed[2*n:])
		tanh(fresh, fresh)
		minus(next, old, fresh)
		multiply(next, next, update)
		add(next, next, fresh)
	}
}
