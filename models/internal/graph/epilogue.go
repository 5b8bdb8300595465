package graph

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// prepared is a convolution or a product of matrices with a weight that is stored in the form of the kernels.
type prepared interface {
	Run(x *mlflow.Tensor, e kernel.Epilogue, out *mlflow.Tensor) (*mlflow.Tensor, error)
	// ResultShape returns the shape of the result for an argument of the shape x.
	ResultShape(x []int) ([]int, error)
}

// product is a prepared operation of a program and the steps that follow it.
type product struct {
	layer prepared
	bias  []float32
	last  int // The slot of the result.

	add      *Step // The step that adds another value to the result of the layer, or nil.
	sum      int   // The slot of that result.
	act      *Step // The step that applies the function, or nil.
	function Function
	least    int // The number of axes of the result, at least, because a bias has as many.
}

// fuseEpilogues prepares convolutions and matrices that are constants, and combines them with the additions and the
// activation that follow.
func (p *Program) fuseEpilogues() {
	x, gone := p.index(), map[int]bool{}
	for i := range p.steps {
		if gone[i] {
			continue
		}
		s := p.steps[i]
		layer, bias := x.prepare(&s)
		if layer == nil || len(s.Writes) != 1 || s.Writes[0] < 0 {
			continue
		}
		f := product{layer: layer, bias: bias, last: s.Writes[0]}
		at := f.extend(p, x, i, gone)
		for _, j := range at[:len(at)-1] {
			gone[j] = true
		}
		p.steps[at[len(at)-1]] = f.step(p, &s)
	}
	p.remove(gone)
}

// prepare returns the prepared form of a step, or nil if it has none.
func (x index) prepare(s *Step) (prepared, []float32) {
	weight, bias := x.constant(s, 1), []float32(nil)
	if weight == nil || !floats(weight) {
		return nil, nil
	}
	if s.read(2) >= 0 {
		t := x.constant(s, 2)
		if t == nil || !floats(t) || len(t.Shape) != 1 {
			return nil, nil
		}
		bias = t.Data.([]float32)
	}
	switch op := s.Op.(type) {
	case Conv:
		c, err := nn.PrepareConv(weight, nil, op.Window, op.Groups)
		if err != nil || bias != nil && len(bias) != weight.Shape[0] {
			return nil, nil
		}
		return preparedConv{c}, bias
	case ConvTranspose:
		c, err := nn.PrepareConvTranspose(weight, nil, op.Window, op.Groups, op.Extra)
		if err != nil || bias != nil && len(bias) != op.Groups*weight.Shape[1] {
			return nil, nil
		}
		return preparedTransposed{c}, bias
	case Linear:
		m, err := kernel.PrepareMatrix(weight, op.Turned)
		if err != nil {
			return nil, nil
		}
		if _, n := m.Sizes(); bias != nil && len(bias) != n {
			return nil, nil
		}
		return preparedMatrix{m, op.Rank}, bias
	case MatMul:
		if m, err := kernel.PrepareMatrix(weight, false); err == nil {
			return preparedMatrix{m, 0}, nil
		}
	}
	return nil, nil
}

type preparedConv struct{ *nn.PreparedConv }

func (c preparedConv) ResultShape(x []int) ([]int, error) { return c.Shape(x) }

type preparedTransposed struct{ *nn.PreparedConvTranspose }

func (c preparedTransposed) ResultShape(x []int) ([]int, error) { return c.Shape(x) }

// preparedMatrix is a matrix for tensors with the given number of axes, or with any if that is 0.
type preparedMatrix struct {
	*kernel.PreparedMatrix
	rank int
}

func (m preparedMatrix) Run(x *mlflow.Tensor, e kernel.Epilogue, out *mlflow.Tensor) (*mlflow.Tensor, error) {
	if m.rank > 0 && len(x.Shape) != m.rank {
		return nil, kernel.Invalid("a product of shape %v and a matrix", x.Shape)
	}
	return m.PreparedMatrix.Run(x, e, out)
}

func (m preparedMatrix) ResultShape(x []int) ([]int, error) {
	if len(x) == 0 {
		return nil, kernel.Invalid("a product of a number and a matrix")
	}
	_, n := m.Sizes()
	return append(slices.Clone(x[:len(x)-1]), n), nil
}

// extend finds the steps that follow the one at i and that the epilogue can do, except those that are gone. It returns
// the places of all, in order.
func (f *product) extend(p *Program, x index, i int, gone map[int]bool) []int {
	at := []int{i}
	for {
		next, ok := x.reader[f.last]
		if !ok || gone[next] || x.only(f.last) < 0 || !f.take(&p.steps[next], x) {
			return at
		}
		at, f.last = append(at, next), p.steps[next].Writes[0]
	}
}

// take adds a step to the epilogue, if that is possible.
func (f *product) take(s *Step, x index) bool {
	if len(s.Writes) != 1 || s.Writes[0] < 0 || f.act != nil {
		return false
	}
	step := *s
	switch op := s.Op.(type) {
	case Unary:
		if op.Function.Row != nil || op.Function.Act == simd.ActNone {
			return false
		}
		f.act, f.function = &step, op.Function
		return true
	case Binary:
		if op.Op != kernel.Add || op.Number != nil || len(s.Reads) != 2 || f.add != nil || s.Reads[0] == s.Reads[1] {
			return false
		}
		other := s.Reads[0]
		if other == f.last {
			other = s.Reads[1]
		}
		if f.takeBias(x.constants[other]) {
			return true
		}
		if x.constants[other] != nil {
			return false
		}
		f.add, f.sum = &step, f.last
		return true
	}
	return false
}

// takeBias makes a constant the bias of a matrix that has none.
func (f *product) takeBias(t *mlflow.Tensor) bool {
	m, ok := f.layer.(preparedMatrix)
	if !ok || f.bias != nil || t == nil || !floats(t) || len(t.Shape) == 0 {
		return false
	}
	if _, n := m.Sizes(); n != t.Len() || n != t.Shape[len(t.Shape)-1] {
		return false
	}
	f.bias, f.least = t.Data.([]float32), len(t.Shape)
	return true
}

// epilogue returns the work after the layer, with or without the activation.
func (f *product) epilogue(add *mlflow.Tensor, act bool) kernel.Epilogue {
	e := kernel.Epilogue{Bias: f.bias, Add: add}
	if act {
		e.Act, e.Alpha, e.Beta = f.function.Act, f.function.Alpha, f.function.Beta
	}
	return e
}

// extended returns a result with the axes, of size 1, that the sum with a bias adds to it.
func (f *product) extended(t *mlflow.Tensor) *mlflow.Tensor {
	if t == nil || len(t.Shape) >= f.least {
		return t
	}
	ones := slices.Repeat([]int{1}, f.least-len(t.Shape))
	return &mlflow.Tensor{Shape: append(ones, t.Shape...), Data: t.Data}
}

// step returns the step of the product. Its arguments are that of the layer and the value to add.
func (f *product) step(p *Program, first *Step) Step {
	out := Step{Name: first.Name, Reads: first.Reads[:1:1], Writes: []int{f.last}, Pure: true}
	if f.add == nil {
		out.Run = func(_ context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
			t, err := f.layer.Run(values[0], f.epilogue(nil, true), nil)
			return []*mlflow.Tensor{f.extended(t)}, err
		}
		return out
	}
	rest := []Step{*f.add}
	if f.act != nil {
		rest = append(rest, *f.act)
	}
	// The steps after the layer, for a value that the epilogue cannot add, for example because it broadcasts.
	after, reads := p.group(rest, f.last)
	own := slices.Index(reads, f.sum)
	out.Reads = append(out.Reads, reads[1-own])
	out.Run = func(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
		shape, err := f.layer.ResultShape(values[0].Shape)
		if err != nil {
			return nil, err
		}
		if len(shape) >= f.least && floats(values...) && slices.Equal(shape, values[1].Shape) {
			t, err := f.layer.Run(values[0], f.epilogue(values[1], true), nil)
			return []*mlflow.Tensor{t}, err
		}
		t, err := f.layer.Run(values[0], f.epilogue(nil, false), nil)
		if err != nil {
			return nil, err
		}
		args := []*mlflow.Tensor{f.extended(t), f.extended(t)}
		args[1-own] = values[1]
		return after.Run(ctx, args)
	}
	return out
}
