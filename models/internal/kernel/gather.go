package kernel

import (
	"math"
	"slices"
)

// indexFromStart converts an index that may be negative to an index from the start.
func indexFromStart(i, n int) (int, error) {
	if i < -n || i >= n {
		return 0, Invalid("index %d of %d elements", i, n)
	}
	if i < 0 {
		i += n
	}
	return i, nil
}

// Gather selects elements of an axis by index. The axis is replaced by the shape of the indices.
func Gather(x, indices *Tensor, axis int) (*Tensor, error) {
	axis, err := Axis(axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	at, err := AsInts(indices)
	if err != nil {
		return nil, err
	}
	out, err := Dirty(x.DType(), slices.Concat(x.Shape[:axis], indices.Shape, x.Shape[axis+1:]))
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, x.Data)
	if err != nil {
		return nil, err
	}
	outer, inner := Product(x.Shape[:axis]), Product(x.Shape[axis+1:])
	n := x.Shape[axis]
	for j, i := range at {
		if at[j], err = indexFromStart(i, n); err != nil {
			return nil, err
		}
	}
	from, ok := x.Data.([]float32)
	if to, okTo := out.Data.([]float32); ok && okTo && inner == 1 {
		pickElements(to, from, at, n)
		return out, nil
	}
	Parallel(outer*len(at), 1+minRow/max(inner, 1), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			move(k*inner, (k/len(at)*n+at[k%len(at)])*inner, inner, 1, 1)
		}
	})
	return out, nil
}

// pickElements sets rows of to to the elements at some positions of rows of n elements.
func pickElements(to, from []float32, at []int, n int) {
	if len(at) == 0 {
		return
	}
	Parallel(len(to)/len(at), 1+minRow/len(at), func(lo, hi int) {
		for o := lo; o < hi; o++ {
			row, source := to[o*len(at):(o+1)*len(at)], from[o*n:(o+1)*n]
			for j, i := range at {
				row[j] = source[i]
			}
		}
	})
}

// Bags selects rows of a weight of shape [rows, columns] and reduces those of each bag. An empty bag becomes a row of
// zeros. The bags are concatenated in indices, and offsets has the first element of each. weights has one number for
// each index, or is nil. The index skip is ignored; -1 ignores none.
func Bags(weight, indices, weights *Tensor, offsets []int, kind Reduction, skip int) (*Tensor, error) {
	at, err := AsInts(indices)
	if err != nil {
		return nil, err
	}
	if len(weight.Shape) != 2 || len(offsets) == 0 || weights != nil && weights.Len() != len(at) {
		return nil, Invalid("bags of %d indices into shape %v", len(at), weight.Shape)
	}
	if weights != nil {
		if weights, err = Reshape(weights, []int{len(at), 1}); err != nil {
			return nil, err
		}
	}
	rows := make([]*Tensor, len(offsets)-1)
	for i := range rows {
		lo, hi := offsets[i], offsets[i+1]
		if lo < 0 || hi < lo || hi > len(at) {
			return nil, Invalid("a bag from %d to %d of %d indices", lo, hi, len(at))
		}
		if rows[i], err = bag(weight, at[lo:hi], lo, weights, kind, skip); err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return New(weight.DType(), []int{0, weight.Shape[1]})
	}
	return Stack(rows, 0)
}

// bag reduces the rows of one bag. lo is the position of its first index in the list of all indices.
func bag(weight *Tensor, indices []int, lo int, weights *Tensor, kind Reduction, skip int) (*Tensor, error) {
	var at, of []int
	for i, v := range indices {
		if v != skip {
			at, of = append(at, v), append(of, lo+i)
		}
	}
	if len(at) == 0 {
		return New(weight.DType(), weight.Shape[1:])
	}
	rows, err := Gather(weight, Ints(at), 0)
	if err != nil {
		return nil, err
	}
	if weights != nil {
		share, err := Gather(weights, Ints(of), 0)
		if err != nil {
			return nil, err
		}
		if rows, err = Arith(Mul, rows, share); err != nil {
			return nil, err
		}
	}
	return Reduce(kind, rows, []int{0}, false)
}

// Where selects elements of a where the condition is true, and elements of b elsewhere. The three tensors broadcast.
func Where(cond, a, b *Tensor) (*Tensor, error) {
	if cond.DType() != "bool" {
		return nil, Invalid("a condition of %s", cond.DType())
	}
	shape, err := BroadcastShape(cond.Shape, a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	wide := make([]*Tensor, 3)
	for i, t := range []*Tensor{cond, a, b} {
		if wide[i], err = Expand(t, shape); err != nil {
			return nil, err
		}
	}
	out, err := New(a.DType(), shape)
	if err != nil {
		return nil, err
	}
	fromA, err := copierOf(out.Data, wide[1].Data)
	if err != nil {
		return nil, err
	}
	fromB, err := copierOf(out.Data, wide[2].Data)
	if err != nil {
		return nil, err
	}
	holds := wide[0].Data.([]bool)
	for i := 0; i < len(holds); {
		end := i + 1
		for end < len(holds) && holds[end] == holds[i] {
			end++
		}
		if holds[i] {
			fromA(i, i, end-i, 1, 1)
		} else {
			fromB(i, i, end-i, 1, 1)
		}
		i = end
	}
	return out, nil
}

// Tri keeps the upper or the lower triangle of the last two axes, up to the k-th diagonal, and replaces the other
// elements by zeros.
func Tri(x *Tensor, k int, upper bool) (*Tensor, error) {
	rank := len(x.Shape)
	if rank < 2 {
		return nil, Invalid("a triangle of shape %v", x.Shape)
	}
	rows, cols := x.Shape[rank-2], x.Shape[rank-1]
	k = min(max(k, -rows), cols)
	out, err := New(x.DType(), x.Shape)
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, x.Data)
	if err != nil {
		return nil, err
	}
	for r := range Product(x.Shape[:rank-1]) {
		row := r % rows
		from, to := 0, min(max(row+k+1, 0), cols)
		if upper {
			from, to = min(max(row+k, 0), cols), cols
		}
		move(r*cols+from, r*cols+from, to-from, 1, 1)
	}
	return out, nil
}

// Range returns the numbers from start to limit, excluding limit, in steps of delta, with the dtype of start.
func Range(start, limit, delta *Tensor) (*Tensor, error) {
	v := make([]float64, 3)
	for i, t := range []*Tensor{start, limit, delta} {
		f, err := AsFloat(t)
		if err != nil {
			return nil, err
		}
		v[i] = f
	}
	count := math.Max(0, math.Ceil((v[1]-v[0])/v[2]))
	if v[2] == 0 || !(count <= MaxElements) {
		return nil, Invalid("a range from %g to %g in steps of %g", v[0], v[1], v[2])
	}
	out := make([]float64, int(count))
	for i := range out {
		out[i] = v[0] + float64(i)*v[2]
	}
	return Cast(&Tensor{Shape: []int{len(out)}, Data: out}, start.DType())
}
