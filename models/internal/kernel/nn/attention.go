package nn

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Attention computes softmax(q k^T scale + mask) v for q of shape [..., n, d] and k and v of shape [..., m, d]. The
// mask can be nil, a tensor of bools that are true for visible positions, or a tensor of numbers to add. With causal,
// position i sees the positions up to i. A scale of 0 stands for 1/sqrt(d).
func Attention(q, k, v, mask *kernel.Tensor, causal bool, scale float64) (*kernel.Tensor, error) {
	rank := len(q.Shape)
	if rank < 2 || len(k.Shape) < 2 || len(v.Shape) < 2 {
		return nil, kernel.Invalid("attention between shapes %v, %v and %v", q.Shape, k.Shape, v.Shape)
	}
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(q.Shape[rank-1]))
	}
	if a, ok := newHeads(q, k, v, mask, causal, scale); ok {
		return a.run()
	}
	turned, err := kernel.Swap(k, -1, -2)
	if err != nil {
		return nil, err
	}
	weights, err := kernel.MatMul(q, turned)
	if err != nil {
		return nil, err
	}
	if weights, err = kernel.Map(weights, func(v float64) float64 { return v * scale }); err != nil {
		return nil, err
	}
	if causal {
		n, m := q.Shape[rank-2], k.Shape[len(k.Shape)-2]
		seen, err := kernel.New("bool", []int{n, m})
		if err != nil {
			return nil, err
		}
		for i := range seen.Data.([]bool) {
			seen.Data.([]bool)[i] = i%m <= i/m
		}
		if weights, err = applyMask(weights, seen); err != nil {
			return nil, err
		}
	}
	if mask != nil {
		if weights, err = applyMask(weights, mask); err != nil {
			return nil, err
		}
	}
	if weights, err = kernel.Softmax(weights, -1); err != nil {
		return nil, err
	}
	return kernel.MatMul(weights, v)
}

func applyMask(weights, mask *kernel.Tensor) (*kernel.Tensor, error) {
	if mask.DType() != "bool" {
		return kernel.Arith(kernel.Add, weights, mask)
	}
	hidden, err := kernel.Cast(kernel.Scalar(kernel.NegInf), weights.DType())
	if err != nil {
		return nil, err
	}
	return kernel.Where(mask, weights, hidden)
}

// ShareHeads repeats the heads of keys or values, the axis before the last two, so that there are as many as in
// queries. Each head then serves several heads of the queries.
func ShareHeads(x, queries *kernel.Tensor) (*kernel.Tensor, error) {
	rank, n := len(x.Shape), len(queries.Shape)
	if rank < 3 || n < 3 {
		return nil, kernel.Invalid("heads of shape %v for queries of shape %v", x.Shape, queries.Shape)
	}
	have, want := x.Shape[rank-3], queries.Shape[n-3]
	if have == want {
		return x, nil
	}
	if have == 0 || want%have != 0 {
		return nil, kernel.Invalid("heads of shape %v for queries of shape %v", x.Shape, queries.Shape)
	}
	return kernel.Repeat(x, rank-3, want/have)
}
