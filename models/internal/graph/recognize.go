package graph

import (
	"context"
	"math"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// recognize replaces the steps of activations that a file spells out, such as x*sigmoid(x), by single steps.
func (p *Program) recognize() {
	x, gone := p.index(), map[int]bool{}
	for i := range p.steps {
		s := &p.steps[i]
		if p.replacesNaN(x, i, gone) {
			continue
		}
		act, gate := p.gated(x, s)
		if act == simd.ActNone || gone[gate] {
			continue
		}
		group, reads := p.group([]Step{p.steps[gate], *s}, s.Writes[0])
		*s = Step{
			Name: s.Name, Reads: reads, Writes: s.Writes, Run: group.Run, Op: Unary{Function{Act: act}}, Pure: true, Cheap: true,
		}
		gone[gate] = true
	}
	p.remove(gone)
}

// gated returns the activation of a step that multiplies a value by a function of it, and the step of the function.
func (p *Program) gated(x index, s *Step) (act kernel.Activation, gate int) {
	op, ok := s.Op.(Binary)
	if !ok || op.Op != kernel.Mul || op.Number != nil || len(s.Reads) != 2 || len(s.Writes) != 1 || s.Writes[0] < 0 {
		return simd.ActNone, -1
	}
	for side := range 2 {
		at := x.only(s.Reads[side])
		if at < 0 || p.steps[at].read(0) != s.Reads[1-side] || len(p.steps[at].Reads) != 1 {
			continue
		}
		f, isUnary := p.steps[at].Op.(Unary)
		switch {
		case !isUnary || f.Function.Row != nil:
		case f.Function.Act == simd.ActSigmoid:
			return simd.ActSiLU, at
		case f.Function.Act == simd.ActHardSigmoid && isSwish(f.Function):
			return simd.ActHardSwish, at
		}
	}
	return simd.ActNone, -1
}

// isSwish reports whether a hard sigmoid is the gate of a hard swish.
func isSwish(f Function) bool { return f.Beta == 0.5 && math.Abs(float64(f.Alpha)-1.0/6) < 1e-7 }

// replacesNaN recognizes the steps that replace NaN by a constant number, and reports whether it has replaced them.
func (p *Program) replacesNaN(x index, i int, gone map[int]bool) bool {
	s := &p.steps[i]
	if _, ok := s.Op.(Select); !ok || len(s.Reads) != 3 || len(s.Writes) != 1 || s.Writes[0] < 0 {
		return false
	}
	at, number := x.only(s.Reads[0]), x.constant(s, 1)
	if at < 0 || gone[at] || number == nil || !floats(number) || number.Len() != 1 || len(number.Shape) > 0 {
		return false
	}
	if _, ok := p.steps[at].Op.(IsNaN); !ok || p.steps[at].read(0) != s.Reads[2] {
		return false
	}
	group, reads := p.group([]Step{p.steps[at], *s}, s.Writes[0])
	if len(reads) != 2 || reads[0] != s.Reads[2] {
		return false
	}
	to := number.Data.([]float32)[0]
	*s = Step{
		Name: s.Name, Reads: reads[:1], Writes: s.Writes, Op: Unary{replaceNaN(to)}, Pure: true, Cheap: true,
		Run: func(ctx context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
			return group.Run(ctx, []*mlflow.Tensor{values[0], number})
		},
	}
	gone[at] = true
	return true
}

// replaceNaN returns the function that replaces NaN by a number.
func replaceNaN(to float32) Function {
	return Function{Row: func(dst, src []float32) {
		copy(dst, src[:len(dst)])
		for i, v := range dst {
			if v != v {
				dst[i] = to
			}
		}
	}}
}
