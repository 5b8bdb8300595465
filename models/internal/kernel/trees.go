package kernel

import "math"

// Branch is a node of a decision tree. An inner node compares a feature with a value and leads to one of two nodes; a
// leaf has votes.
type Branch struct {
	Leaf        bool
	Feature     int
	Value       float64
	Holds       func(feature, value float64) bool
	MissingTrue bool // Whether NaN leads to the node True.
	True, False int  // Indices of nodes.
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
}

// Check returns an error for a forest with invalid references, with a node that has two parents, which includes
// cycles, or with invalid targets.
func (f *Forest) Check() error {
	if _, err := Count([]int{f.Targets}); err != nil {
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
			return Invalid("a tree has no root")
		}
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Feature < 0 || n.Feature > MaxElements || !n.Leaf && (!lead(n.True) || !lead(n.False)) {
			return Invalid("node %d of a tree has an invalid reference", i)
		}
		f.Features = max(f.Features, n.Feature+1)
		for _, v := range n.Votes {
			if v.Target < 0 || v.Target >= f.Targets {
				return Invalid("a vote for target %d of %d", v.Target, f.Targets)
			}
		}
	}
	return nil
}

// Score evaluates all trees for every row of x, of shape [rows, features], and combines the votes with base: it adds
// them, or keeps the smallest or largest for JoinMin and JoinMax. The result is float64 of shape [rows, targets].
func (f *Forest) Score(x *Tensor, base []float64, join Join) (*Tensor, error) {
	if len(x.Shape) != 2 || x.Shape[1] < f.Features || len(base) != f.Targets {
		return nil, Invalid("trees over %d features on shape %v", f.Features, x.Shape)
	}
	wide, err := Cast(x, "float64")
	if err != nil {
		return nil, err
	}
	out, err := New("float64", []int{x.Shape[0], f.Targets})
	if err != nil {
		return nil, err
	}
	in, sums, n := wide.Data.([]float64), out.Data.([]float64), x.Shape[1]
	Parallel(x.Shape[0], 1+minRow/(1+len(f.Roots)*16), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			f.scoreRow(in[i*n:(i+1)*n], sums[i*f.Targets:(i+1)*f.Targets], join)
			for t, b := range base {
				sums[i*f.Targets+t] += b
			}
		}
	})
	return out, nil
}

func (f *Forest) scoreRow(row, sums []float64, join Join) {
	first := map[Join]float64{JoinMin: math.Inf(1), JoinMax: NegInf}[join]
	for t := range sums {
		sums[t] = first
	}
	for _, r := range f.Roots {
		for _, v := range f.leafOf(row, r).Votes {
			switch join {
			case JoinMin:
				sums[v.Target] = min(sums[v.Target], v.Weight)
			case JoinMax:
				sums[v.Target] = max(sums[v.Target], v.Weight)
			default:
				sums[v.Target] += v.Weight
			}
		}
	}
}

// fall returns the leaf that a row reaches from a node.
func (f *Forest) leafOf(row []float64, at int) *Branch {
	for {
		n := &f.Nodes[at]
		if n.Leaf {
			return n
		}
		v := row[n.Feature]
		if n.Holds(v, n.Value) || n.MissingTrue && math.IsNaN(v) {
			at = n.True
		} else {
			at = n.False
		}
	}
}
