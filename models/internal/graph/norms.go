package graph

import (
	"context"
	"math"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// foldNorms replaces a convolution and the batch normalization that follows it by one convolution.
func (p *Program) foldNorms() {
	x, gone := p.index(), map[int]bool{}
	for i := range p.steps {
		s := &p.steps[i]
		norm, ok := s.Op.(BatchNorm)
		if !ok {
			continue
		}
		at := x.only(s.read(0))
		if at < 0 || len(s.Writes) != 1 {
			continue
		}
		before := &p.steps[at]
		weight, run := x.constant(before, 1), convolver(before.Op)
		if run == nil || weight == nil || before.read(2) >= 0 && x.constant(before, 2) == nil {
			continue
		}
		scale, shift := x.affine(s, norm)
		scaled, bias := scaleConv(weight, x.constant(before, 2), scale, shift, channelsOf(before.Op, weight))
		if scaled == nil {
			continue
		}
		reads := []int{before.Reads[0], p.addConstant(scaled), p.addConstant(bias)}
		x.constants[reads[1]], x.constants[reads[2]] = scaled, bias
		*s = Step{
			Name: before.Name, Reads: reads, Writes: s.Writes, Op: before.Op, Pure: true,
			Run: func(_ context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
				out, err := run(values[0], values[1], values[2])
				return []*mlflow.Tensor{out}, err
			},
		}
		gone[at] = true
	}
	p.remove(gone)
}

// convolver returns the function of a convolution, or nil for other operations.
func convolver(op Op) func(x, weight, bias *mlflow.Tensor) (*mlflow.Tensor, error) {
	switch op := op.(type) {
	case Conv:
		return func(x, weight, bias *mlflow.Tensor) (*mlflow.Tensor, error) {
			return nn.Conv(x, weight, bias, op.Window, op.Groups)
		}
	case ConvTranspose:
		return func(x, weight, bias *mlflow.Tensor) (*mlflow.Tensor, error) {
			return nn.ConvTranspose(x, weight, bias, op.Window, op.Groups, op.Extra)
		}
	}
	return nil
}

// channelsOf returns the function that determines the output channel to which an element of a weight belongs. The
// weight of a transposed convolution has the shape [in, out/groups, kernel...].
func channelsOf(op Op, weight *mlflow.Tensor) func(i int) int {
	rank := len(weight.Shape)
	if rank < 3 {
		return nil
	}
	inner := kernel.Product(weight.Shape[2:])
	transposed, ok := op.(ConvTranspose)
	if !ok {
		each := inner * weight.Shape[1]
		return func(i int) int { return i / each }
	}
	ins, outs := weight.Shape[0], weight.Shape[1]
	if transposed.Groups < 1 || ins%transposed.Groups != 0 {
		return nil
	}
	perGroup := ins / transposed.Groups
	return func(i int) int { return i/(inner*outs)/perGroup*outs + i/inner%outs }
}

// affine returns the numbers by which a batch normalization multiplies each channel and that it adds, or nil if they
// are not known.
func (x index) affine(s *Step, norm BatchNorm) (scale, shift []float64) {
	var lists [4][]float64
	n := 0
	for i, without := range []float64{1, 0, 0, 1} {
		if s.read(i+1) < 0 {
			lists[i] = []float64{without}
			continue
		}
		t := x.constant(s, i+1)
		if t == nil {
			return nil, nil
		}
		list, ok := t.Data.([]float32)
		if !ok || n > 0 && len(list) != n {
			return nil, nil
		}
		n = len(list)
		for _, v := range list {
			lists[i] = append(lists[i], float64(v))
		}
	}
	at := func(i, c int) float64 { return lists[i][min(c, len(lists[i])-1)] }
	for c := range n {
		scale = append(scale, at(0, c)/math.Sqrt(at(3, c)+norm.Eps))
		shift = append(shift, at(1, c)-at(2, c)*scale[c])
	}
	return scale, shift
}

// scaleConv returns the weight and the bias of a convolution whose results are multiplied by scale, to which shift is
// added. channel returns the output channel of an element of the weight. scaleConv returns nil if the numbers do not
// fit.
func scaleConv(
	weight, bias *mlflow.Tensor, scale, shift []float64, channel func(i int) int,
) (scaled, sum *mlflow.Tensor) {
	w, ok := weight.Data.([]float32)
	if !ok || channel == nil || len(w) == 0 || channel(len(w)-1) != len(scale)-1 {
		return nil, nil
	}
	var b []float32
	if bias != nil {
		if b, ok = bias.Data.([]float32); !ok || len(b) != len(scale) {
			return nil, nil
		}
	}
	list, total := make([]float32, len(w)), make([]float32, len(scale))
	for i, v := range w {
		list[i] = float32(float64(v) * scale[channel(i)])
	}
	for c, f := range scale {
		total[c] = float32(shift[c])
		if b != nil {
			total[c] = float32(float64(b[c])*f + shift[c])
		}
	}
	return &mlflow.Tensor{Shape: weight.Shape, Data: list}, &mlflow.Tensor{Shape: []int{len(total)}, Data: total}
}
