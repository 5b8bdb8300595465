package kernel

import (
	"math"
	"slices"
)

// Rows returns the elements of x along an axis as rows of float64, and the shape without the axis. The rows share no
// memory with x.
func Rows(x *Tensor, axis int) (rows [][]float64, rest []int, err error) {
	if len(x.Shape) == 0 {
		x = &Tensor{Shape: []int{1}, Data: x.Data}
	}
	if axis, err = Axis(axis, len(x.Shape)); err != nil {
		return nil, nil, err
	}
	moved, err := Move(x, []int{axis}, []int{-1})
	if err != nil {
		return nil, nil, err
	}
	wide, err := Cast(moved, "float64")
	if err != nil {
		return nil, nil, err
	}
	rest = slices.Clone(wide.Shape[:len(wide.Shape)-1])
	n := wide.Shape[len(rest)]
	list := slices.Clone(wide.Data.([]float64))
	rows = make([][]float64, Product(rest))
	for i := range rows {
		rows[i] = list[i*n : (i+1)*n : (i+1)*n]
	}
	return rows, rest, nil
}

// Running returns, for each element, the place of the best element up to it along an axis: the largest one, or the
// smallest one. Of equal elements, the last is the best, and NaN is better than all others.
func Running(x *Tensor, axis int, smallest bool) (*Tensor, error) {
	if len(x.Shape) == 0 {
		return Scalar(int64(0)), nil
	}
	rows, rest, err := Rows(x, axis)
	if err != nil {
		return nil, err
	}
	axis, _ = Axis(axis, len(x.Shape)) // Rows has checked it.
	out := make([]int64, 0, x.Len())
	for _, row := range rows {
		best := 0
		for i, v := range row {
			b := row[best]
			if better := v >= b && !smallest || v <= b && smallest; better && !math.IsNaN(b) || math.IsNaN(v) {
				best = i
			}
			out = append(out, int64(best))
		}
	}
	return Move(&Tensor{Shape: append(rest, x.Shape[axis]), Data: out}, []int{-1}, []int{axis})
}

// Interpolation is the way to compute a quantile between two elements.
type Interpolation string

// Quantile returns the element at the fraction q of a row that is sorted. NaN is the result of an empty row.
func Quantile(sorted []float64, q float64, how Interpolation) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low, high := sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))]
	switch how {
	case "lower":
		return low
	case "higher":
		return high
	case "midpoint":
		return low + (high-low)/2
	case "nearest":
		return sorted[int(math.RoundToEven(at))]
	}
	return low + (high-low)*(at-math.Floor(at))
}

// MaskedScatter replaces the elements of x for which mask is true by the elements of source in order. The mask
// broadcasts to the shape of x.
func MaskedScatter(x, mask, source *Tensor) (*Tensor, error) {
	shape, err := BroadcastShape(x.Shape, mask.Shape)
	if err != nil {
		return nil, err
	}
	if x, err = Expand(x, shape); err != nil {
		return nil, err
	}
	if mask, err = Expand(mask, shape); err != nil {
		return nil, err
	}
	yes, ok := mask.Data.([]bool)
	if !ok {
		return nil, Invalid("a mask of %s", mask.DType())
	}
	out, err := Clone(x)
	if err != nil {
		return nil, err
	}
	move, err := copierOf(out.Data, source.Data)
	if err != nil {
		return nil, err
	}
	next := 0
	for i, v := range yes {
		if !v {
			continue
		}
		if next == source.Len() {
			return nil, Invalid("a mask with more elements than the %d of the source", next)
		}
		move(i, next, 1, 1, 1)
		next++
	}
	return out, nil
}

// Bincount counts how often each integer occurs, or adds the weights of its places. The result has at least the given
// number of elements.
func Bincount(x, weights *Tensor, least int) (*Tensor, error) {
	list, err := AsInts(x)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 1 || least < 0 || weights != nil && !slices.Equal(weights.Shape, x.Shape) {
		return nil, Invalid("counting integers of shape %v", x.Shape)
	}
	n := least
	for _, v := range list {
		if v < 0 || v > maxBins {
			return nil, Invalid("counting the integer %d: it must be between 0 and %d", v, maxBins)
		}
		n = max(n, v+1)
	}
	if _, err := Count([]int{n}); err != nil {
		return nil, err
	}
	if weights == nil {
		counts := make([]int64, n)
		for _, v := range list {
			counts[v]++
		}
		return &Tensor{Shape: []int{n}, Data: counts}, nil
	}
	wide, err := Cast(weights, "float64")
	if err != nil {
		return nil, err
	}
	sums := make([]float64, n)
	for i, v := range list {
		sums[v] += wide.Data.([]float64)[i]
	}
	out := &Tensor{Shape: []int{n}, Data: sums}
	if weights.DType() == "float32" {
		return Cast(out, "float32")
	}
	return out, nil
}

// maxBins is the largest integer that Bincount counts.
const maxBins = 1 << 22

// Distinct has the different parts of a tensor along an axis.
type Distinct struct {
	First  []int   // the place of each, by its first occurrence
	Places []int64 // for each part, which of the different ones it is
	Counts []int64
}

// Unique finds the different rows. Rows are sorted if sorted is set; otherwise only neighbours are compared.
func Unique(rows [][]float64, sorted bool) Distinct {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	if sorted {
		slices.SortStableFunc(order, func(a, b int) int { return compareRows(rows[a], rows[b]) })
	}
	d := Distinct{Places: make([]int64, len(rows)), First: []int{}, Counts: []int64{}}
	for i, at := range order {
		if i == 0 || !slices.Equal(rows[at], rows[order[i-1]]) { // A NaN differs from all others.
			d.First, d.Counts = append(d.First, at), append(d.Counts, 0)
		}
		d.Places[at] = int64(len(d.First) - 1)
		d.Counts[len(d.First)-1]++
	}
	return d
}

// compareRows orders rows by their elements. NaN is the largest number.
func compareRows(a, b []float64) int {
	for i, v := range a {
		w := b[i]
		switch {
		case v < w, math.IsNaN(w) && !math.IsNaN(v):
			return -1
		case v > w, math.IsNaN(v) && !math.IsNaN(w):
			return 1
		}
	}
	return 0
}
