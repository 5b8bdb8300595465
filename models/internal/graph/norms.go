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
		conv, ok := before.Op.(Conv)
		weight := x.constant(before, 1)
		if !ok || weight == nil || before.read(2) >= 0 && x.constant(before, 2) == nil {
			continue
		}
		scale, shift := x.affine(s, norm)
		scaled, bias := scaleConv(weight, x.constant(before, 2), scale, shift)
		if scaled == nil {
			continue
		}
		reads := []int{before.Reads[0], p.addConstant(scaled), p.addConstant(bias)}
		x.constants[reads[1]], x.constants[reads[2]] = scaled, bias
		*s = Step{
			Name: before.Name, Reads: reads, Writes: s.Writes, Op: conv, Pure: true,
			Run: func(_ context.Context, values []*mlflow.Tensor) ([]*mlflow.Tensor, error) {
				out, err := nn.Conv(values[0], values[1], values[2], conv.Window, conv.Groups)
				return []*mlflow.Tensor{out}, err
			},
		}
		gone[at] = true
	}
	p.remove(gone)
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
// added. It returns nil if the numbers do not fit.
func scaleConv(weight, bias *mlflow.Tensor, scale, shift []float64) (scaled, sum *mlflow.Tensor) {
	w, ok := weight.Data.([]float32)
	if !ok || len(weight.Shape) < 3 || weight.Shape[0] != len(scale) || len(w) == 0 {
		return nil, nil
	}
	var b []float32
	if bias != nil {
		if b, ok = bias.Data.([]float32); !ok || len(b) != len(scale) {
			return nil, nil
		}
	}
	each, total := len(w)/len(scale), make([]float32, len(scale))
	out, err := kernel.Dirty("float32", weight.Shape)
	if err != nil {
		return nil, nil
	}
	list := out.Data.([]float32)
	for c, f := range scale {
		for i := c * each; i < (c+1)*each; i++ {
			list[i] = float32(float64(w[i]) * f)
		}
		total[c] = float32(shift[c])
		if b != nil {
			total[c] = float32(float64(b[c])*f + shift[c])
		}
	}
	return out, &mlflow.Tensor{Shape: []int{len(total)}, Data: total}
}
