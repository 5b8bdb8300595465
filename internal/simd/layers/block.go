// Package layers computes matrix products, convolutions and pools of float32. Their inner loops are kernels in assembly
// where there are some.
package layers

// The sizes of a block: the largest number of rows and of columns of a block.
const (
	blockRows = 8
	blockCols = 48
)

// block describes the product of a few rows of a and columns of b, at most blockRows by blockCols of them, which is set
// or added to a part of c. The kernels in assembly keep all of its sums in registers.
type block struct {
	rows, cols, k int

	a           []float32
	aRow, aStep int // Element (r, i) of a is at r*aRow + i*aStep.
	b           []float32
	bRow        int // The distance of the rows of b. The columns are contiguous.
	c           []float32
	cRow        int

	more bool // Whether the product is added to c.
	end  *ending
	// The positions of the block in the lists of the ending.
	endRow, endCol, endAt int

	args blockArgs
}

// ending is what is added to the sums of a block when they are complete, and their limits.
type ending struct {
	rowBias, colBias []float32 // A number for each row or column of c, or nil.
	add              []float32 // As large as c, or nil.
	clamp            bool
	low, high        float32
}

// blockArgs are the arguments of the kernels in assembly. Distances are in bytes.
type blockArgs struct {
	a, b, c             *float32
	row, step, ldb, ldc int
	k                   int
	rowBias, colBias    *float32
	add                 *float32
	low, high           float32
	flags               uint64
	last                uint64 // The last vector: a mask, or without masks the number of its lanes.
}

// The bits of blockArgs.flags.
const (
	flagMore = 1 << iota
	flagClamp
)

// run computes the block. It panics if an operand is smaller than the block, because the kernels in assembly do not
// check bounds. The kernels for AVX2 read whole vectors of b.
func (b *block) run() {
	if b.rows <= 0 || b.cols <= 0 || b.k <= 0 {
		panic("simd: an empty block")
	}
	_ = b.a[(b.rows-1)*b.aRow+(b.k-1)*b.aStep]
	_ = b.b[(b.k-1)*b.bRow+b.cols-1]
	_ = b.c[(b.rows-1)*b.cRow+b.cols-1]
	if e := b.end; e != nil && e.add != nil {
		_ = e.add[b.endAt+(b.rows-1)*b.cRow+b.cols-1]
	}
	b.compute()
}

// computeGo is compute for machines without AVX2.
func (b *block) computeGo() {
	var sums [blockCols]float32
	for r := range b.rows {
		row := sums[:b.cols]
		to := b.c[r*b.cRow:][:b.cols]
		clear(row)
		for i := range b.k {
			x := b.a[r*b.aRow+i*b.aStep]
			for j, y := range b.b[i*b.bRow:][:b.cols] {
				row[j] += x * y
			}
		}
		if b.more {
			for j, y := range to {
				row[j] += y
			}
		}
		if b.end != nil {
			b.end.apply(row, b.endRow+r, b.endCol, b.endAt+r*b.cRow)
		}
		copy(to, row)
	}
}

// apply completes sums of a row, which begin at a column and a position in c.
func (e *ending) apply(sums []float32, row, col, at int) {
	for j := range sums {
		if e.rowBias != nil {
			sums[j] += e.rowBias[row]
		}
		if e.colBias != nil {
			sums[j] += e.colBias[col+j]
		}
		if e.add != nil {
			sums[j] += e.add[at+j]
		}
		if e.clamp {
			sums[j] = min(max(sums[j], e.low), e.high)
		}
	}
}
