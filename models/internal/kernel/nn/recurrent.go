package nn

import (
	"errors"
	"math"
	"runtime"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Recurrence is the kind of a recurrent layer.
type Recurrence int

// The kinds of recurrent layers. GRUEarly applies the reset gate before the product with the hidden weight. GRU
// applies it after the product, as PyTorch does.
const (
	TanhRNN Recurrence = iota
	ReluRNN
	LSTM
	GRU
	GRUEarly
)

// Gates returns the number of rows of the weights for each element of the state.
func (r Recurrence) Gates() int { return []int{1, 1, 4, 3, 3}[r] }

// Recurrent is one direction of a recurrent layer. The weights contain the gates in PyTorch's order: input, forget,
// cell and output of an LSTM; reset, update and new of a GRU.
type Recurrent struct {
	Kind          Recurrence
	Input, Hidden *kernel.Tensor // Shapes [gates*state, in] and [gates*state, out].
	InputBias     *kernel.Tensor // Shape [gates*state] or nil, like HiddenBias.
	HiddenBias    *kernel.Tensor
	Projection    *kernel.Tensor // Shape [out, state] for an LSTM with a projection, or nil.
	Backward      bool           // Process the steps in reverse order.

	prepared *preparedRecurrent // The weights, if Prepare has stored them.
	state    int                // The size of the state then.
}

// Run processes x, of shape [steps, batch, in], starting with the hidden state h of shape [batch, out] and, for an
// LSTM, the cell state c of shape [batch, state]. It returns the hidden states of all steps, of shape [steps, batch,
// out], and the final states.
func (r *Recurrent) Run(x, h, c *kernel.Tensor) (all, lastH, lastC *kernel.Tensor, err error) {
	return r.run(simd.Workers(runtime.GOMAXPROCS(0)), x, h, c)
}

func (r *Recurrent) run(w simd.Workers, x, h, c *kernel.Tensor) (all, lastH, lastC *kernel.Tensor, err error) {
	if len(x.Shape) != 3 || len(h.Shape) != 2 || h.Shape[0] != x.Shape[1] {
		return nil, nil, nil, kernel.Invalid("a recurrent layer on shapes %v and %v", x.Shape, h.Shape)
	}
	steps, batch := x.Shape[0], x.Shape[1]
	state, err := r.size()
	if err != nil {
		return nil, nil, nil, err
	}
	if r.Kind == LSTM && (c == nil || c.Len() != batch*state) || h.Shape[1] != r.outputs(state) {
		return nil, nil, nil, kernel.Invalid("a recurrent layer of %d elements on a state of shape %v", state, h.Shape)
	}
	fed, err := r.feed(x, state)
	if err != nil {
		return nil, nil, nil, err
	}
	if all, err = kernel.New(x.DType(), []int{steps, batch, h.Shape[1]}); err != nil {
		return nil, nil, nil, err
	}
	if f, ok := r.newFast(fed, h, c, state); ok {
		all, lastH, lastC, err = f.run(w, all)
		kernel.Release(fed)
		return all, lastH, lastC, err
	}
	if r.prepared != nil {
		return nil, nil, nil, kernel.Unsupported("a recurrent layer of float32 on %s", h.DType())
	}
	for i := range steps {
		at := i
		if r.Backward {
			at = steps - 1 - i
		}
		now, err := kernel.Select(fed, 0, at)
		if err != nil {
			return nil, nil, nil, err
		}
		if h, c, err = r.step(now, h, c, state); err != nil {
			return nil, nil, nil, err
		}
		if err := kernel.MoveBlock(all, at*h.Len(), []int{1}, h, 0, []int{1}, []int{h.Len()}); err != nil {
			return nil, nil, nil, err
		}
	}
	return all, h, c, nil
}

// size returns the number of elements of the state.
func (r *Recurrent) size() (int, error) {
	if r.prepared != nil {
		return r.state, nil
	}
	gates := r.Kind.Gates()
	if len(r.Hidden.Shape) != 2 || r.Hidden.Shape[0]%gates != 0 {
		return 0, kernel.Invalid("a recurrent layer with a weight of shape %v", r.Hidden.Shape)
	}
	return r.Hidden.Shape[0] / gates, nil
}

// feed computes the contribution of x to the gates of all steps.
func (r *Recurrent) feed(x *kernel.Tensor, state int) (*kernel.Tensor, error) {
	if r.prepared != nil {
		e := kernel.Epilogue{}
		if r.InputBias != nil {
			e.Bias = r.InputBias.Data.([]float32)
		}
		return r.prepared.input.Run(x, e, nil)
	}
	fed, err := kernel.Linear(x, r.Input, r.InputBias)
	if err == nil && fed.Shape[2] != state*r.Kind.Gates() {
		return nil, kernel.Invalid("a recurrent layer with weights of shapes %v and %v", r.Input.Shape, r.Hidden.Shape)
	}
	return fed, err
}

// outputs returns the size of the hidden state, or -1 for an invalid projection.
func (r *Recurrent) outputs(state int) int {
	switch p := r.Projection; {
	case p == nil:
		return state
	case r.Kind == LSTM && len(p.Shape) == 2:
		return p.Shape[0]
	}
	return -1
}

// Step computes the next states from one step of x, of shape [batch, in].
func (r *Recurrent) Step(x, h, c *kernel.Tensor) (nextH, nextC *kernel.Tensor, err error) {
	one, err := kernel.Unsqueeze(x, []int{0})
	if err != nil {
		return nil, nil, err
	}
	_, nextH, nextC, err = r.Run(one, h, c)
	return nextH, nextC, err
}

// step computes the next states. fed is the contribution of x to the gates.
func (r *Recurrent) step(fed, h, c *kernel.Tensor, state int) (nextH, nextC *kernel.Tensor, err error) {
	back, err := r.back(fed, h, state)
	if err != nil {
		return nil, nil, err
	}
	if nextH, err = kernel.New(fed.DType(), []int{h.Shape[0], state}); err != nil {
		return nil, nil, err
	}
	if r.Kind == LSTM {
		if nextC, err = kernel.New(fed.DType(), nextH.Shape); err != nil {
			return nil, nil, err
		}
	}
	ok := false
	switch d := nextH.Data.(type) {
	case []float32:
		ok = gate(r.Kind, state, d, nextC, fed, back, h, c)
	case []float64:
		ok = gate(r.Kind, state, d, nextC, fed, back, h, c)
	}
	if !ok {
		return nil, nil, kernel.Unsupported("a recurrent layer of %s and %s", fed.DType(), h.DType())
	}
	if r.Projection != nil {
		nextH, err = kernel.Linear(nextH, r.Projection, nil)
	}
	return nextH, nextC, err
}

// back computes the contribution of the hidden state to the gates.
func (r *Recurrent) back(fed, h *kernel.Tensor, state int) (*kernel.Tensor, error) {
	all, err := kernel.Linear(h, r.Hidden, r.HiddenBias)
	if err != nil || r.Kind != GRUEarly {
		return all, err
	}
	// The new gate depends on the reset state and is computed again.
	sum, err := kernel.Arith(kernel.Add, fed, all)
	if err != nil {
		return nil, err
	}
	reset, err := kernel.Slice(sum, 1, 0, state, 1)
	if err != nil {
		return nil, err
	}
	if reset, err = kernel.Map(reset, kernel.Sigmoid); err != nil {
		return nil, err
	}
	if h, err = kernel.Arith(kernel.Mul, h, reset); err != nil {
		return nil, err
	}
	again, err := kernel.Linear(h, r.Hidden, r.HiddenBias)
	if err != nil {
		return nil, err
	}
	if all, err = kernel.Slice(all, 1, 0, 2*state, 1); err != nil {
		return nil, err
	}
	if again, err = kernel.Slice(again, 1, 2*state, 3*state, 1); err != nil {
		return nil, err
	}
	return kernel.Concat([]*kernel.Tensor{all, again}, 1)
}

// minGates is the number of elements of a state that justifies another goroutine.
const minGates = 1 << 10

// gate combines both contributions to the gates into the next states, row by row. It returns false for tensors of
// different types.
func gate[T kernel.Float](kind Recurrence, n int, nextH []T, nextC, fed, back, h, c *kernel.Tensor) bool {
	x, okX := fed.Data.([]T)
	u, okU := back.Data.([]T)
	old, okH := h.Data.([]T)
	var cell, nextCell []T
	okC := true
	if kind == LSTM {
		cell, okC = c.Data.([]T)
		nextCell = nextC.Data.([]T)
	}
	if !okX || !okU || !okH || !okC || len(x) != len(u) {
		return false
	}
	kernel.Parallel(len(nextH), minGates, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			at := i/n*n*kind.Gates() + i%n
			sum := func(g int) float64 { return float64(x[at+g*n]) + float64(u[at+g*n]) }
			switch kind {
			case TanhRNN:
				nextH[i] = T(math.Tanh(sum(0)))
			case ReluRNN:
				nextH[i] = T(math.Max(sum(0), 0))
			case LSTM:
				v := kernel.Sigmoid(sum(1))*float64(cell[i]) + kernel.Sigmoid(sum(0))*math.Tanh(sum(2))
				nextCell[i], nextH[i] = T(v), T(kernel.Sigmoid(sum(3))*math.Tanh(v))
			default:
				reset, update := kernel.Sigmoid(sum(0)), kernel.Sigmoid(sum(1))
				if kind == GRUEarly {
					reset = 1 // The contribution already includes it.
				}
				fresh := math.Tanh(float64(x[at+2*n]) + reset*float64(u[at+2*n]))
				nextH[i] = T((1-update)*fresh + update*float64(old[i]))
			}
		}
	})
	return true
}

// RunLayers runs a stack of recurrent layers. Each layer has one or two directions, whose results are concatenated. x
// has the shape [steps, batch, in]. h and c, which may be nil, have the initial states of all layers and directions,
// of shape [layers*directions, batch, state]. The results are those of the last layer and the final states, in the
// same shapes.
func RunLayers(layers [][]Recurrent, x, h, c *kernel.Tensor) (all, lastH, lastC *kernel.Tensor, err error) {
	var hs, cs []*kernel.Tensor
	for i, layer := range layers {
		sides, err := runSides(layer, x, h, c, len(hs))
		if err != nil {
			return nil, nil, nil, err
		}
		var results []*kernel.Tensor
		for _, s := range sides {
			results, hs, cs = append(results, s[0]), append(hs, s[1]), append(cs, s[2])
		}
		before := x
		if x, err = joined(results); err != nil {
			return nil, nil, nil, err
		}
		if i > 0 {
			kernel.Release(before)
		}
	}
	if lastH, err = kernel.Stack(hs, 0); err == nil && c != nil {
		lastC, err = kernel.Stack(cs, 0)
	}
	return x, lastH, lastC, err
}

// runSides runs the directions of a layer, at the same time if that is worthwhile. It returns the results and the final
// states of each. first is the index of the first initial state.
func runSides(layer []Recurrent, x, h, c *kernel.Tensor, first int) ([][3]*kernel.Tensor, error) {
	sides, errs := make([][3]*kernel.Tensor, len(layer)), make([]error, len(layer))
	all, least := simd.Workers(runtime.GOMAXPROCS(0)), 1
	if x.Len() < minSides {
		least = len(layer)
	}
	all.Split(len(layer), least, func(_, from, to int) {
		own := max(1, all*simd.Workers(to-from)/simd.Workers(len(layer)))
		for i := from; i < to; i++ {
			h0, c0, err := firstStates(h, c, first+i)
			if err == nil {
				sides[i][0], sides[i][1], sides[i][2], err = layer[i].run(own, x, h0, c0)
			}
			errs[i] = err
		}
	})
	return sides, errors.Join(errs...)
}

// minSides is the number of elements of the input of a layer that justifies a goroutine for each direction.
const minSides = 1 << 12

// joined concatenates the results of the directions of a layer, whose memory it takes.
func joined(sides []*kernel.Tensor) (*kernel.Tensor, error) {
	if len(sides) == 1 {
		return sides[0], nil
	}
	out, err := kernel.Concat(sides, -1)
	for _, side := range sides {
		kernel.Release(side)
	}
	return out, err
}

// firstStates returns the initial states of one direction.
func firstStates(h, c *kernel.Tensor, i int) (h0, c0 *kernel.Tensor, err error) {
	if h0, err = kernel.Select(h, 0, i); err == nil && c != nil {
		c0, err = kernel.Select(c, 0, i)
	}
	return h0, c0, err
}
