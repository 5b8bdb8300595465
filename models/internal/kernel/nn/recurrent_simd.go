package nn

import (
	"errors"

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

// preparedRecurrent has the weights of a recurrent layer in the form of the kernels.
type preparedRecurrent struct{ input, hidden *kernel.PreparedMatrix }

// Prepare stores the weights in the form of the kernels, if there are kernels for them. It is called once for constant
// weights, which must not change afterwards. The layer then does not keep the weights themselves.
func (r *Recurrent) Prepare() {
	if !r.isFast() || len(r.Input.Shape) != 2 || r.Input.DType() != "float32" || r.Input.Shape[0] != r.Hidden.Shape[0] {
		return
	}
	if r.HiddenBias != nil && r.HiddenBias.DType() != "float32" || r.InputBias != nil && !r.fitsBias(r.InputBias) {
		return
	}
	var p preparedRecurrent
	var err error
	if p.hidden, err = kernel.PrepareMatrix(r.Hidden, true); err != nil {
		return
	}
	if p.input, err = kernel.PrepareMatrix(r.Input, true); err != nil {
		return
	}
	r.prepared, r.state, r.Input, r.Hidden = &p, r.Hidden.Shape[1], nil, nil
}

// Prepared reports whether the layer needs its weights no longer.
func (r *Recurrent) Prepared() bool { return r.prepared != nil }

// fitsBias reports whether a bias is a list of float32 with a number for each row of the weights.
func (r *Recurrent) fitsBias(bias *kernel.Tensor) bool {
	list, ok := bias.Data.([]float32)
	return ok && len(bias.Shape) == 1 && len(list) == r.Hidden.Shape[0]
}

// isFast reports whether there are kernels for the hidden weight. There are none for layers with a projection and for
// GRUs that apply the reset gate early.
func (r *Recurrent) isFast() bool {
	if r.Projection != nil || r.Kind == GRUEarly || !simd.Fast() || len(r.Hidden.Shape) != 2 {
		return false
	}
	weight, ok := r.Hidden.Data.([]float32)
	return ok && len(weight) > 0 && r.Hidden.Shape[0] == r.Kind.Gates()*r.Hidden.Shape[1] &&
		(r.HiddenBias == nil || r.fitsBias(r.HiddenBias))
}

// fastRecurrent runs a recurrent layer of float32 with kernels in assembly.
type fastRecurrent struct {
	*Recurrent
	hidden       *kernel.PreparedMatrix
	bias         []float32 // HiddenBias, or nil.
	batch, state int
	fed          []float32
	h, c         []float32 // The states, which change. c is nil unless the layer is an LSTM.
	all          []float32 // The hidden states of all steps.
}

// newFast returns false for layers that need the general form.
func (r *Recurrent) newFast(fed, h, c *kernel.Tensor, state int) (*fastRecurrent, bool) {
	x, okX := fed.Data.([]float32)
	first, okH := h.Data.([]float32)
	if !okX || !okH || r.prepared == nil && !r.isFast() {
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
		f.bias = r.HiddenBias.Data.([]float32)
	}
	if r.prepared != nil {
		f.hidden = r.prepared.hidden
		return f, true
	}
	var err error
	f.hidden, err = kernel.PrepareMatrix(r.Hidden, true)
	return f, err == nil
}

// minSteps is the number of products that justifies another goroutine, and leastRows the least number of rows of a
// batch that it takes, because the kernels need several times as long for single rows.
const (
	minSteps  = 1 << 20
	leastRows = 4
)

// run computes all steps. all has the shape of the hidden states of all steps. Goroutines divide the rows of the batch,
// which do not depend on each other.
func (f *fastRecurrent) run(w simd.Workers, all *kernel.Tensor) (out, lastH, lastC *kernel.Tensor, err error) {
	f.all = all.Data.([]float32)
	steps, width := all.Shape[0], f.Kind.Gates()*f.state
	units := (f.batch + leastRows - 1) / leastRows
	errs := make([]error, max(1, int(w)))
	w.Split(units, 1+minSteps/(1+steps*width*f.state*leastRows), func(part, from, to int) {
		errs[part] = f.rows(steps, from*leastRows, min(to*leastRows, f.batch))
	})
	lastH = &kernel.Tensor{Shape: []int{f.batch, f.state}, Data: f.h}
	if f.Kind == LSTM {
		lastC = &kernel.Tensor{Shape: []int{f.batch, f.state}, Data: f.c}
	}
	return all, lastH, lastC, errors.Join(errs...)
}

// rows computes all steps of some rows of the batch.
func (f *fastRecurrent) rows(steps, lo, hi int) error {
	n, width := f.state, f.Kind.Gates()*f.state
	gates := &kernel.Tensor{Shape: []int{hi - lo, width}, Data: make([]float32, (hi-lo)*width)}
	sums := gates.Data.([]float32)
	h, next := f.h[lo*n:hi*n], make([]float32, (hi-lo)*n)
	for i := range steps {
		at := i
		if f.Backward {
			at = steps - 1 - i
		}
		e := kernel.Epilogue{Bias: f.bias}
		now := f.fed[(at*f.batch+lo)*width : (at*f.batch+hi)*width]
		if f.Kind != GRU {
			e.Add = &kernel.Tensor{Shape: gates.Shape, Data: now}
		}
		old := &kernel.Tensor{Shape: []int{hi - lo, n}, Data: h}
		if _, err := f.hidden.RunAlone(old, e, gates); err != nil {
			return err
		}
		for b := range hi - lo {
			cell := []float32(nil)
			if f.c != nil {
				cell = f.c[(lo+b)*n : (lo+b+1)*n]
			}
			f.row(sums[b*width:(b+1)*width], now[b*width:(b+1)*width], next[b*n:(b+1)*n], h[b*n:(b+1)*n], cell)
		}
		copy(f.all[(at*f.batch+lo)*n:], next)
		copy(h, next)
	}
	return nil
}

// row computes the next state of one row of the batch from the sums of its gates. It changes the cell of an LSTM. For a
// GRU, the sums do not contain what the input adds to them.
func (f *fastRecurrent) row(gates, fed, next, old, cell []float32) {
	n := f.state
	switch f.Kind {
	case TanhRNN:
		tanh(next, gates)
	case ReluRNN:
		simd.Activate(simd.ActReLU, 0, 0, next, gates)
	case LSTM:
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
