// Package classical computes what classical models are made of: decision trees, support vector machines and distances.
package classical

import (
	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Points are rows of numbers to which others are compared. They are stored by column, so that one column of many rows
// is computed at a time.
type Points struct {
	columns, count int
	turned         []float32
}

// NewPoints returns the rows in a list that has count of them. The list must be a multiple of count.
func NewPoints[T kernel.Float](list []T, count int) *Points {
	p := &Points{columns: len(list) / max(count, 1), count: count, turned: make([]float32, len(list))}
	for i := range count {
		for j := range p.columns {
			p.turned[j*count+i] = float32(list[i*p.columns+j])
		}
	}
	return p
}

// pointsBlock is the number of rows that are compared at a time, so that their sums stay in the cache.
const pointsBlock = 1 << 10

// Distances sets dst to the squared distances between row and all points.
func (p *Points) Distances(dst, row []float32) {
	sub, mul, add := simd.Binary("Sub"), simd.Binary("Mul"), simd.Binary("Add")
	p.columnwise(dst, row, func(sums, spare, column, v []float32) {
		sub(spare, column, v)
		mul(spare, spare, spare)
		add(sums, sums, spare)
	})
}

// Products sets dst to the dot products of row and all points.
func (p *Points) Products(dst, row []float32) {
	mul, add := simd.Binary("Mul"), simd.Binary("Add")
	p.columnwise(dst, row, func(sums, spare, column, v []float32) {
		mul(spare, column, v)
		add(sums, sums, spare)
	})
}

// columnwise adds something to sums for every column of the points, of which v is the element of row.
func (p *Points) columnwise(dst, row []float32, f func(sums, spare, column, v []float32)) {
	var spare [pointsBlock]float32
	clear(dst[:p.count])
	for at := 0; at < p.count; at += pointsBlock {
		n := min(pointsBlock, p.count-at)
		sums := dst[at : at+n]
		for j := range p.columns {
			f(sums, spare[:n], p.turned[j*p.count+at:j*p.count+at+n], row[j:j+1])
		}
	}
}

// SquaredDistances returns the squared distances between the rows of two matrices of float32, of shape [rows of a, rows
// of b].
func SquaredDistances(a, b *kernel.Tensor) (*kernel.Tensor, error) {
	x, okA := a.Data.([]float32)
	y, okB := b.Data.([]float32)
	if !okA || !okB || len(a.Shape) != 2 || len(b.Shape) != 2 || a.Shape[1] != b.Shape[1] {
		return nil, kernel.Invalid("distances between %s of shape %v and %s of shape %v",
			a.DType(), a.Shape, b.DType(), b.Shape)
	}
	rows, columns, count := a.Shape[0], a.Shape[1], b.Shape[0]
	out, err := kernel.Dirty("float32", []int{rows, count})
	if err != nil {
		return nil, err
	}
	list := out.Data.([]float32)
	if count < rows {
		distancesTurned(list, x, y, rows, count, columns)
		return out, nil
	}
	points := NewPoints(y, count)
	kernel.Parallel(rows, 1+minWork/(1+count*columns), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			points.Distances(list[i*count:(i+1)*count], x[i*columns:(i+1)*columns])
		}
	})
	return out, nil
}

// distancesTurned sets dst, of shape [rows, count], to distances. It compares each of the few rows of y to all of x.
func distancesTurned(dst, x, y []float32, rows, count, columns int) {
	points := NewPoints(x, rows)
	kernel.Parallel(count, 1+minWork/(1+rows*columns), func(lo, hi int) {
		line := kernel.Floats(rows)
		for j := lo; j < hi; j++ {
			points.Distances(line, y[j*columns:(j+1)*columns])
			for i, v := range line {
				dst[i*count+j] = v
			}
		}
		kernel.Release(&kernel.Tensor{Data: line})
	})
}
