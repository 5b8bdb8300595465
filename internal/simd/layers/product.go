package layers

import "github.com/millrace-ml/millrace/internal/simd"

// maxDepth is the largest number of elements of the summed axis that are processed at a time, so that a panel of
// columns stays in the first-level cache.
const maxDepth = 256

// minProducts is the number of products that justifies another goroutine: it takes about 10 us, several times as long
// as to start one and to wait for it.
const minProducts = 1 << 20

// Ending is the work that follows a product or a convolution, while its results are in the cache: a number for each
// channel is added, then a list, and then an activation is applied.
type Ending struct {
	Bias        []float32 // One number for each output channel, or nil.
	Add         []float32 // As long as the result, or nil.
	Act         simd.Activation
	Alpha, Beta float32
}

// product computes a matrix c of m rows and n columns as sums of k products.
type product struct {
	m, n, k int

	a           []float32
	aRow, aStep int  // The distances of elements of a, unless it is packed.
	packed      bool // Whether a has panels of blockRows rows, as from packRows8.
	c           []float32
	cRow        int
	end         ending
	plain       bool // Whether there is no ending.
	onto        bool // Whether the product is added to c.

	act         simd.Activation // What follows the ending.
	alpha, beta float32
}

// panels provides the other matrix in panels of columns.
type panels interface {
	// panel returns the columns from j on of the k rows from the given one on, and the distance of its rows. scratch
	// has room for them and for another vector. The AVX2 kernels read whole vectors of the rows.
	panel(from, k, j, cols int, scratch []float32) (rows []float32, row int)
}

// finish sets what follows the sums. With byRow, the bias has a number for each row of c. What is added can be c
// itself.
func (p *product) finish(e *Ending, byRow bool) {
	if e == nil {
		p.plain = true
		return
	}
	if byRow {
		p.end.rowBias = e.Bias
	} else {
		p.end.colBias = e.Bias
	}
	p.end.add = e.Add
	if len(e.Add) > 0 && &e.Add[0] == &p.c[0] {
		p.end.add, p.onto = nil, true
	}
	p.act, p.alpha, p.beta = e.Act, e.Alpha, e.Beta
	switch e.Act {
	case simd.ActReLU:
		p.end.clamp, p.end.low, p.end.high, p.act = true, 0, simd.Inf, simd.ActNone
	case simd.ActClip:
		p.end.clamp, p.end.low, p.end.high, p.act = true, e.Alpha, e.Beta, simd.ActNone
	}
	p.plain = e.Bias == nil && e.Add == nil && !p.end.clamp
}

// tilesOf returns the number of tiles into which n columns are cut.
func tilesOf(n int) int { return ((n+15)/16 + 2) / 3 }

// cut returns the first column of a tile. The tiles are as equal as whole vectors allow.
func cut(n, tile int) int {
	vectors, tiles := (n+15)/16, tilesOf(n)
	return min(n, vectors*tile/tiles*16)
}

// sharedTiles is the least number of tiles that a goroutine takes at a time, so that it does not read a too often.
const sharedTiles = 4

// run computes the product.
func (p *product) run(w simd.Workers, b panels) {
	tiles, rows := tilesOf(p.n), (p.m+blockRows-1)/blockRows
	grain := 1 + minProducts/(1+p.n*p.k*blockRows)
	if tiles < 4*int(w) && rows >= 2*int(w) {
		w.Split(rows, grain, func(_, from, to int) { p.part(b, 0, tiles, from, to) })
		return
	}
	grain = 1 + minProducts/(1+max(p.m, blockRows)*p.k*blockCols)
	w.Share(tiles, grain, sharedTiles, func(from, to int) { p.part(b, from, to, 0, rows) })
}

// worker has what one goroutine needs.
type worker struct {
	*product
	block
	source  panels
	scratch []float32
	end     *ending
}

// part computes some tiles of some blocks of rows.
func (p *product) part(b panels, tile, lastTile, row, lastRow int) {
	s, list := simd.Borrow(maxDepth*blockCols + 16)
	defer s.GiveBack()
	x := &worker{product: p, source: b, scratch: list}
	x.block.cRow = p.cRow
	if !p.plain {
		x.end = &p.end
	}
	parts := (p.k + maxDepth - 1) / maxDepth
	// A part of a that does not fit in the second-level cache is used for all tiles before the next one.
	byParts := parts > 1 && (lastRow-row)*blockRows*p.k > 1<<17
	if byParts {
		for i := range parts {
			for t := tile; t < lastTile; t++ {
				x.tile(t, i, parts, row, lastRow)
			}
		}
		return
	}
	for t := tile; t < lastTile; t++ {
		for i := range parts {
			x.tile(t, i, parts, row, lastRow)
		}
	}
}

// tile adds the products of one part of the summed axis to a tile.
func (x *worker) tile(t, part, parts, row, lastRow int) {
	p := x.product
	j := cut(p.n, t)
	cols := cut(p.n, t+1) - j
	from := part * p.k / parts
	k := (part+1)*p.k/parts - from
	x.b, x.bRow = x.source.panel(from, k, j, cols, x.scratch)
	x.cols, x.block.k, x.more = cols, k, part > 0 || p.onto
	x.block.end = nil
	if part == parts-1 {
		x.block.end = x.end
	}
	for ; row < lastRow; row++ {
		i := row * blockRows
		x.rows = min(blockRows, p.m-i)
		if p.packed {
			x.block.a, x.block.aRow, x.block.aStep = p.a[i*p.k+from*blockRows:], 1, blockRows
		} else {
			x.block.a, x.block.aRow, x.block.aStep = p.a[i*p.aRow+from*p.aStep:], p.aRow, p.aStep
		}
		at := i*p.cRow + j
		x.block.c, x.endRow, x.endCol, x.endAt = p.c[at:], i, j, at
		x.block.run()
		if part == parts-1 && p.act != simd.ActNone {
			for r := range x.rows {
				list := p.c[at+r*p.cRow:][:cols]
				simd.Activate(p.act, p.alpha, p.beta, list, list)
			}
		}
	}
}

// packRows8 returns the rows of a in panels of eight, column by column. Missing rows are zeros.
func packRows8(packed []float32, a Matrix, m, k int) {
	for i := 0; i < m; i += blockRows {
		rows := min(blockRows, m-i)
		to := packed[i*k : (i+blockRows)*k]
		if rows < blockRows {
			clear(to)
		}
		for r := range rows {
			at := (i + r) * a.Row
			for n := r; n < len(to); n += blockRows {
				to[n] = a.Floats[at]
				at += a.Inner
			}
		}
	}
}
