package layers

import "github.com/millrace-ml/millrace/internal/simd"

// deepImages computes images from one to another of a convolution in which each channel has kernels of its own. The
// outputs of a plane are computed as one list, in which the rows are as long as those of the padded planes; what is
// between the rows is dropped.
func (r *filterRun) deepImages(from, to int, in, out []float32) {
	p := r.planes
	rows, cols := r.s[0].Out, r.s[1].Out
	n := (rows-1)*p.cols + cols
	s, list := simd.Borrow(p.size + 2*simd.RoundUp(n, tapsUnit) + tapsUnit)
	defer s.GiveBack()
	planes, results := list[:p.size+tapsUnit], list[p.size+tapsUnit:]
	clear(planes)
	x := &taps{off: p.taps, n: simd.RoundUp(n, tapsUnit), low: simd.NegInf, high: simd.Inf}
	add := simd.Binary("Add")
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
			x.run(r.plain[(g*r.out+o)*r.taps:][:r.taps], planes, results)
			plane := out[(i*r.out+o)*size:][:size]
			if after && e.Add != nil {
				// The list can be the result itself.
				for y := range rows {
					add(plane[y*cols:(y+1)*cols], e.Add[o*size+y*cols:][:cols], results[y*p.cols:][:cols])
				}
			} else {
				simd.CopyRows(rows, cols, plane, cols, results, p.cols)
			}
			if after {
				simd.Activate(e.Act, e.Alpha, e.Beta, plane, plane)
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
	t.low, t.high = simd.NegInf, simd.Inf
	switch {
	case e == nil:
		return false
	case e.Add != nil:
		return true
	case e.Act == simd.ActReLU:
		t.low = 0
	case e.Act == simd.ActClip:
		t.low, t.high = e.Alpha, e.Beta
	default:
		return e.Act != simd.ActNone
	}
	return false
}

// run sets n elements of dst to the sums of weight[t] * src[off[t]+i] and the bias, within the limits. n is a multiple
// of tapsUnit.
func (t *taps) run(weight, src, dst []float32) {
	_ = weight[len(t.off)-1]
	t.mustHold(src, dst)
	t.compute(weight, src, dst)
}

// tops sets n elements of dst to the largest of src[off[t]+i], or NaN.
func (t *taps) tops(src, dst []float32) {
	t.mustHold(src, dst)
	t.computeTops(src, dst)
}

func (t *taps) mustHold(src, dst []float32) {
	last := 0
	for _, o := range t.off {
		last = max(last, o)
		_ = src[o]
	}
	_, _ = src[last+t.n-1], dst[t.n-1]
}

func (t *taps) computeTopsGo(src, dst []float32) {
	for i := range dst[:t.n] {
		top := simd.NegInf
		for _, o := range t.off {
			top = max(top, src[o+i])
		}
		dst[i] = top
	}
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
