package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// heads computes attention of tensors of float32, one head at a time, so that the weights stay in the cache.
type heads struct {
	batch      []int // The axes before the last two.
	n, m, d, e int   // Queries, keys, the elements of a key and of a value.
	q, k, v    []float32
	// The first elements of each head.
	atQ, atK, atV []int
	mask          headMask
	causal        bool
	scale         float32
}

// headMask is a mask that broadcasts to the weights. Both lists are nil if there is none.
type headMask struct {
	add      []float32
	visible  []bool
	at       []int // The first element for each head.
	row, col int   // The distances of rows and columns, 0 for axes of size 1.
}

// minAttention is the number of products that justifies another goroutine.
const minAttention = 1 << 20

// blockedWeights is the number of weights that are computed at a time.
const blockedWeights = 1 << 17

// newHeads plans an attention. It returns false for tensors that need the general form or are invalid.
func newHeads(q, k, v, mask *kernel.Tensor, causal bool, scale float64) (*heads, bool) {
	a := &heads{causal: causal, scale: float32(scale)}
	var okQ, okK, okV bool
	a.q, okQ = q.Data.([]float32)
	a.k, okK = k.Data.([]float32)
	a.v, okV = v.Data.([]float32)
	if !okQ || !okK || !okV || !simd.Fast() || len(a.q)*len(a.k)*len(a.v) == 0 {
		return nil, false
	}
	var sizes [3][2]int
	var lead [3][]int
	for i, t := range []*kernel.Tensor{q, k, v} {
		r := len(t.Shape)
		lead[i], sizes[i] = t.Shape[:r-2], [2]int{t.Shape[r-2], t.Shape[r-1]}
	}
	a.n, a.d, a.m, a.e = sizes[0][0], sizes[0][1], sizes[1][0], sizes[2][1]
	if sizes[1][1] != a.d || sizes[2][0] != a.m {
		return nil, false
	}
	var err error
	if a.batch, err = kernel.BroadcastShape(lead[:]...); err != nil {
		return nil, false
	}
	a.atQ = kernel.BatchOffsets(lead[0], a.batch, a.n*a.d)
	a.atK = kernel.BatchOffsets(lead[1], a.batch, a.m*a.d)
	a.atV = kernel.BatchOffsets(lead[2], a.batch, a.m*a.e)
	return a, mask == nil || a.setMask(mask)
}

// setMask reports whether the mask has a supported form.
func (a *heads) setMask(mask *kernel.Tensor) bool {
	shape := mask.Shape
	for len(shape) < 2 {
		shape = slices.Insert(slices.Clone(shape), 0, 1)
	}
	r := len(shape)
	lead, rows, cols := shape[:r-2], shape[r-2], shape[r-1]
	both, err := kernel.BroadcastShape(lead, a.batch)
	if err != nil || !slices.Equal(both, a.batch) || rows != 1 && rows != a.n || cols != 1 && cols != a.m {
		return false
	}
	a.mask.at = kernel.BatchOffsets(lead, a.batch, rows*cols)
	if rows > 1 {
		a.mask.row = cols
	}
	if cols > 1 {
		a.mask.col = 1
	}
	switch list := mask.Data.(type) {
	case []float32:
		a.mask.add = list
	case []bool:
		a.mask.visible = list
	default:
		return false
	}
	return true
}

func (a *heads) run() (*kernel.Tensor, error) {
	out, err := kernel.Dirty("float32", append(slices.Clone(a.batch), a.n, a.e))
	if err != nil {
		return nil, err
	}
	list := out.Data.([]float32)
	rows := max(1, min(a.n, blockedWeights/a.m))
	blocks := (a.n + rows - 1) / rows
	work := rows * a.m * (a.d + a.e)
	kernel.Parallel(len(a.atQ)*blocks, 1+minAttention/work, func(lo, hi int) {
		s, weights := simd.Borrow(rows * a.m)
		defer s.GiveBack()
		for i := lo; i < hi; i++ {
			head, from := i/blocks, i%blocks*rows
			n := min(rows, a.n-from)
			a.block(head, from, weights[:n*a.m], list[(head*a.n+from)*a.e:][:n*a.e])
		}
	})
	return out, nil
}

// block computes the results of some queries of a head.
func (a *heads) block(head, from int, weights, out []float32) {
	n := len(weights) / a.m
	q := layers.Matrix{Floats: a.q[a.atQ[head]+from*a.d:], Row: a.d, Inner: 1}
	k := layers.Matrix{Floats: a.k[a.atK[head]:], Row: a.d, Inner: 1}
	layers.Multiply(1, n, a.m, a.d, q, k, weights)
	for i := range n {
		row := weights[i*a.m : (i+1)*a.m]
		simd.ScaleShift(row, row, a.scale, 0)
		if a.causal && from+i+1 < a.m {
			hide(row[from+i+1:])
		}
		a.mask.apply(row, head, from+i)
		kernel.SoftmaxRow(row, row)
	}
	v := layers.Matrix{Floats: a.v[a.atV[head]:], Row: 1, Inner: a.e}
	layers.Multiply(1, n, a.e, a.m, layers.Matrix{Floats: weights, Row: a.m, Inner: 1}, v, out)
}

// hide gives weights that have no influence.
func hide(row []float32) {
	for i := range row {
		row[i] = float32(kernel.NegInf)
	}
}

// apply adds the mask to the weights of query i.
func (m *headMask) apply(row []float32, head, i int) {
	if m.at == nil {
		return
	}
	at := m.at[head] + i*m.row
	n := 1
	if m.col > 0 {
		n = len(row)
	}
	switch {
	case m.add != nil:
		add(row, row, m.add[at:at+n])
	case n == 1 && !m.visible[at]:
		hide(row)
	case n > 1:
		for j, seen := range m.visible[at : at+n] {
			if !seen {
				row[j] = float32(kernel.NegInf)
			}
		}
	}
}
