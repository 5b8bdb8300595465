package layers

import "github.com/millrace-ml/millrace/internal/simd"

// fewPixels is the largest number of outputs of a channel for which vectors of output channels are considered.
const fewPixels = 64

// few reports whether the outputs of a channel fill vectors so badly that vectors of output channels are faster.
func (r *filterRun) few() bool {
	n := r.s[0].Out * r.s[1].Out
	return r.packed != nil && n <= fewPixels && r.out >= 16 && (n <= 8 || n*8 < simd.RoundUp(n, 16)*7)
}

// fewPixels computes a group of an image as the product of a matrix with a row for each output of a channel and the
// weight with a column for each output channel. The result is transposed. Each goroutine makes its own copy of the
// matrix, which is faster than to read it from the cache of another processor.
func (r *filterRun) fewPixels(w simd.Workers, i int, in, out []float32) {
	b := r.packed.columnPanels(i % r.groups)
	w.Split(tilesOf(r.out), 1+minProducts/(1+r.n*r.in*r.taps*blockCols), func(_, from, to int) {
		r.fewColumns(b, i, from, to, in, out)
	})
}

// fewColumns computes the output channels of some tiles.
func (r *filterRun) fewColumns(b *packedPanels, i, tile, lastTile int, in, out []float32) {
	depth, n, width := r.in*r.taps, r.n, r.n
	if r.planes != nil {
		// The last copy of a row extends beyond it by less than a vector.
		width = simd.RoundUp(n, 16) + 16
	}
	first, end := cut(r.out, tile), cut(r.out, lastTile)
	img, to := in[i*r.inSize:(i+1)*r.inSize], out[i*r.outSize+first*n:i*r.outSize+end*n]
	s, list := simd.Borrow(2*r.outSize + depth*width + 16)
	defer s.GiveBack()
	turned, sums, matrix := list[:r.outSize], list[r.outSize:][:len(to)], list[2*r.outSize:]
	if r.planes == nil {
		matrix = img
	} else {
		r.windows(matrix, img, width)
	}
	p := &product{m: n, n: r.out, k: depth, a: matrix, aRow: 1, aStep: width, c: turned, cRow: r.out}
	e := r.ending(i%r.groups, i)
	var inside, after *Ending
	if e != nil {
		inside = &Ending{Bias: e.Bias}
		if after = e; e.Add == nil {
			inside, after = e, nil
		}
	}
	p.finish(inside, false)
	p.part(b, tile, lastTile, 0, (n+blockRows-1)/blockRows)
	if after == nil {
		simd.Turn(n, end-first, to, n, turned[first:], r.out)
		return
	}
	simd.Turn(n, end-first, sums, n, turned[first:], r.out)
	simd.Binary("Add")(to, sums, e.Add[first*n:end*n])
	simd.Activate(e.Act, e.Alpha, e.Beta, to, to)
}

// windows sets the matrix of a convolution: a row for each channel and tap, with an element for each output.
func (r *filterRun) windows(matrix, img []float32, width int) {
	s, list := simd.Borrow(r.in*r.planes.size + 16)
	defer s.GiveBack()
	r.store(list, img)
	p := &phasePanels{phases: r.planes, list: list}
	depth := r.in * r.taps
	for j := 0; j < r.n; j += blockCols {
		cols := min(blockCols, r.n-j)
		for from := 0; from < depth; from += maxDepth {
			p.gather(from, min(maxDepth, depth-from), j, cols, matrix[from*width+j:], width)
		}
	}
}
