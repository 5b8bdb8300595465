package classical

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// minWork is the number of elements of a simple operation that justifies another goroutine.
const minWork = 1 << 14

// Branch is a node of a decision tree. An inner node compares a feature with a value and leads to one of two nodes; a
// leaf has votes.
type Branch struct {
	Leaf        bool
	Feature     int
	Value       float64
	Compare     kernel.Op // How the feature is compared with the value, for example LessEqual.
	MissingTrue bool      // Whether NaN leads to the node True.
	True, False int       // Indices of nodes.
	Votes       []Vote
}

// Vote is a number that a leaf adds to a target.
type Vote struct {
	Target int
	Weight float64
}

// Forest is a list of decision trees over the same features.
type Forest struct {
	Nodes    []Branch
	Roots    []int
	Targets  int
	Features int // At least the number of features that the trees compare.

	narrow *compactForest[float32]
	wide   *compactForest[float64]
}

// Check returns an error for a forest with invalid references, with a node that has two parents, which includes
// cycles, or with invalid targets. Otherwise it prepares the forest for Score.
func (f *Forest) Check() error {
	if _, err := kernel.Count([]int{f.Targets}); err != nil {
		return err
	}
	led := make([]bool, len(f.Nodes))
	lead := func(i int) bool {
		if i < 0 || i >= len(led) || led[i] {
			return false
		}
		led[i] = true
		return true
	}
	for _, r := range f.Roots {
		if !lead(r) {
			return kernel.Invalid("a tree has no root")
		}
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Feature < 0 || n.Feature > kernel.MaxElements || !n.Leaf && (!lead(n.True) || !lead(n.False)) {
			return kernel.Invalid("node %d of a tree has an invalid reference", i)
		}
		f.Features = max(f.Features, n.Feature+1)
		for _, v := range n.Votes {
			if v.Target < 0 || v.Target >= f.Targets {
				return kernel.Invalid("a vote for target %d of %d", v.Target, f.Targets)
			}
		}
	}
	f.narrow, f.wide = compactOf[float32](f), compactOf[float64](f)
	return nil
}

// Score evaluates all trees for every row of x, of shape [rows, features], and combines the votes with base: it adds
// them, or keeps the smallest or largest for JoinMin and JoinMax. The result is float64 of shape [rows, targets].
func (f *Forest) Score(x *kernel.Tensor, base []float64, join kernel.Join) (*kernel.Tensor, error) {
	if len(x.Shape) != 2 || x.Shape[1] < f.Features || len(base) != f.Targets {
		return nil, kernel.Invalid("trees over %d features on shape %v", f.Features, x.Shape)
	}
	out, err := kernel.New("float64", []int{x.Shape[0], f.Targets})
	if err != nil {
		return nil, err
	}
	sums, n, first := out.Data.([]float64), x.Shape[1], firstOf(join)
	narrow, isNarrow := x.Data.([]float32)
	wide, isWide := x.Data.([]float64)
	if !isWide && (!isNarrow || f.narrow == nil) {
		if x, err = kernel.Cast(x, "float64"); err != nil {
			return nil, err
		}
		wide = x.Data.([]float64)
	}
	kernel.Parallel(x.Shape[0], 1+minWork/(1+len(f.Roots)*16), func(lo, hi int) {
		part := sums[lo*f.Targets : hi*f.Targets]
		if first != 0 {
			for i := range part {
				part[i] = first
			}
		}
		switch {
		case n > 0 && isNarrow && f.narrow != nil:
			f.narrow.score(narrow[lo*n:hi*n], n, part, f.Targets, join)
		case n > 0 && f.wide != nil:
			f.wide.score(wide[lo*n:hi*n], n, part, f.Targets, join)
		default:
			for i := lo; i < hi; i++ {
				f.scoreRow(wide[i*n:(i+1)*n], part[(i-lo)*f.Targets:(i-lo+1)*f.Targets], join)
			}
		}
		for i := range part {
			part[i] += base[i%f.Targets]
		}
	})
	return out, nil
}

// firstOf returns the number with which the votes are combined first.
func firstOf(join kernel.Join) float64 {
	return map[kernel.Join]float64{kernel.JoinMin: math.Inf(1), kernel.JoinMax: kernel.NegInf}[join]
}

func (f *Forest) scoreRow(row, sums []float64, join kernel.Join) {
	for _, r := range f.Roots {
		for _, v := range f.leafOf(row, r).Votes {
			switch join {
			case kernel.JoinMin:
				sums[v.Target] = min(sums[v.Target], v.Weight)
			case kernel.JoinMax:
				sums[v.Target] = max(sums[v.Target], v.Weight)
			default:
				sums[v.Target] += v.Weight
			}
		}
	}
}

// leafOf returns the leaf that a row reaches from a node.
func (f *Forest) leafOf(row []float64, at int) *Branch {
	for {
		n := &f.Nodes[at]
		if n.Leaf {
			return n
		}
		v := row[n.Feature]
		if holds(n.Compare, v, n.Value) || n.MissingTrue && math.IsNaN(v) {
			at = n.True
		} else {
			at = n.False
		}
	}
}

// holds compares a feature with the value of a node.
func holds(op kernel.Op, feature, value float64) bool {
	switch op {
	case kernel.Less:
		return feature < value
	case kernel.Greater:
		return feature > value
	case kernel.GreaterEqual:
		return feature >= value
	case kernel.Equal:
		return feature == value
	case kernel.NotEqual:
		return feature != value
	}
	return feature <= value
}
