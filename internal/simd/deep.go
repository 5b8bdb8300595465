package simd

// deepImages computes images from one to another of a convolution in which each channel has kernels of its own. The
// outputs of a plane are computed as one list, in which the rows are as long as those of the padded planes; what is
// between the rows is dropped.
func (r *filterRun) deepImages(from, to int, in, out []float32) {
	p := r.planes
	rows, cols := r.s[0].Out, r.s[1].Out
	n := (rows-1)*p.cols + cols
	s, list := Borrow(p.size + 2*roundUp(n, tapsUnit) + tapsUnit)
	defer s.GiveBack()
	planes, results := list[:p.size+tapsUnit], list[p.size+tapsUnit:]
	clear(planes)
	x := &taps{off: p.taps, n: roundUp(n, tapsUnit), low: -inf, high: inf}
	channel, size := r.s[0].In*r.s[1].In, rows*cols
	for i := from; i < to; i++ {
		p.fill(planes, in[i*channel:(i+1)*channel])
		g := i % r.groups
		e := r.ending(g, i)
		after := x.ending(e)
		for o := range r.out {
			x.bias = 0
			if e != nil && e.Bias != nil {
				x.bias = e.Bias[o]
			}
			x.run(r.weight[(g*r.out+o)*r.taps:][:r.taps], planes, results)
			plane := out[(i*r.out+o)*size:][:size]
			copyRows(rows, cols, plane, cols, results, p.cols)
			if after && e.Add != nil {
				Binary("Add")(plane, plane, e.Add[o*size:(o+1)*size])
			}
			if after {
				Activate(e.Act, e.Alpha, e.Beta, plane, plane)
			}
		}
	}
}

// taps computes sums of products with elements at fixed offsets.
type taps struct {
	off             []int
	n               int
	bias, low, high float32
}

// tapsUnit is the number of results that the kernels for AVX-512 compute at a time; those for AVX2 compute
// half of them.
const tapsUnit = 64

// ending sets the limits of the results and reports whether something remains to be done after them.
func (t *taps) ending(e *Ending) bool {
	t.low, t.high = -inf, inf
	switch {
	case e == nil:
		return false
	case e.Add != nil:
		return true
	case e.Act == ActReLU:
		t.low = 0
	case e.Act == ActClip:
		t.low, t.high = e.Alpha, e.Beta
	default:
		return e.Act != ActNone
	}
	return false
}

// run sets n elements of dst to the sums of weight[t] * src[off[t]+i] and the bias, within the limits. n is a multiple
// of tapsUnit.
func (t *taps) run(weight, src, dst []float32) {
	last := 0
	for _, o := range t.off {
		last = max(last, o)
		_ = src[o]
	}
	_, _, _ = weight[len(t.off)-1], src[last+t.n-1], dst[t.n-1]
	t.compute(weight, src, dst)
}

func (t *taps) computeGo(weight, src, dst []float32) {
	for i := range dst[:t.n] {
		sum := t.bias
		for j, o := range t.off {
			sum += weight[j] * src[o+i]
		}
		dst[i] = min(max(sum, t.low), t.high)
	}
}
