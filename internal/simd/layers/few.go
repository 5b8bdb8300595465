package layers

import "github.com/millrace-ml/millrace/internal/simd"

// fewPixels is the largest number of outputs of a channel for which vectors of output channels are considered.
const fewPixels = 64

// few reports whether the outputs of a channel fill vectors so badly that vectors of output channels are faster.
func (r *filterRun) few() bool {
	n := r.s[0].Out * r.s[1].Out
	return r.packed && n <= fewPixels && r.out >= 16 && (n <= 8 || n*8 < simd.RoundUp(n, 16)*7)
}

// columnPanels returns the weight of a group in panels of output channels.
func (f *Filter) columnPanels(g int) *packedPanels {
	f.columnsOnce.Do(func() {
		depth := f.in * f.taps
		f.columns = make([]*packedPanels, f.groups)
		for i := range f.columns {
			f.columns[i] = packColumns(Matrix{f.plain[i*f.out*depth:], depth, 1}, f.out, depth)
		}
	})
	return f.columns[g]
}

// fewPixels computes a group of an image as the product of a matrix with a row for each output of a channel and the
// weight with a column for each output channel. The result is transposed.
func (r *filterRun) fewPixels(w simd.Workers, i int, in, out []float32) {
	g, depth, n := i%r.groups, r.in*r.taps, r.s[0].Out*r.s[1].Out
	width := n
	if r.planes != nil {
		// The last copy of a row extends beyond it by less than a vector.
		width = simd.RoundUp(n, 16) + 16
	}
	img, to := in[i*r.inSize:(i+1)*r.inSize], out[i*r.outSize:(i+1)*r.outSize]
	s, list := simd.Borrow(2*r.outSize + depth*width + 16)
	defer s.GiveBack()
	turned, sums, matrix := list[:r.outSize], list[r.outSize:2*r.outSize], list[2*r.outSize:]
	if r.planes == nil {
		matrix = img
	} else {
		r.windows(w, matrix, img, width)
	}
	p := &product{m: n, n: r.out, k: depth, a: matrix, aRow: 1, aStep: width, c: turned, cRow: r.out}
	e := r.ending(g, i)
	var inside, after *Ending
	if e != nil {
		inside = &Ending{Bias: e.Bias}
		if after = e; e.Add == nil {
			inside, after = e, nil
		}
	}
	p.finish(inside, false)
	p.run(w, r.columnPanels(g))
	if after == nil {
		simd.Turn(n, r.out, to, n, turned, r.out)
		return
	}
	simd.Turn(n, r.out, sums, n, turned, r.out)
	simd.Binary("Add")(to, sums, e.Add)
	simd.Activate(e.Act, e.Alpha, e.Beta, to, to)
}

// windows sets the matrix of a convolution: a row for each channel and tap, with an element for each output.
func (r *filterRun) windows(w simd.Workers, matrix, img []float32, width int) {
	s, list := simd.Borrow(r.in*r.planes.size + 16)
	defer s.GiveBack()
	r.store(w, list, img)
	p := &phasePanels{phases: r.planes, list: list}
	depth, n := r.in*r.taps, r.s[0].Out*r.s[1].Out
	for j := 0; j < n; j += blockCols {
		cols := min(blockCols, n-j)
		for from := 0; from < depth; from += maxDepth {
			p.gather(from, min(maxDepth, depth-from), j, cols, matrix[from*width+j:], width)
		}
	}
}
