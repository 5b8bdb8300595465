package layers

import "github.com/millrace-ml/millrace/internal/simd"

// Pool is a maximum or a sum over windows of images in planes.
type Pool struct {
	S     [2]Slide
	Top   bool         // Whether to compute the largest elements instead of sums. Padding has no influence.
	Scale [2][]float32 // Sums are multiplied by a number for each row and each column, if there are lists.
}

// Run computes planes images. It panics if a slice is shorter than these.
func (p *Pool) Run(w simd.Workers, planes int, in, out []float32) {
	inSize, outSize := p.S[0].In*p.S[1].In, p.S[0].Out*p.S[1].Out
	in, out = in[:planes*inSize], out[:planes*outSize]
	if len(out) == 0 {
		return
	}
	store := newPhases(p.S)
	w.Split(planes, 1+(1<<16)/(inSize+outSize), func(_, from, to int) {
		x := newPooler(p, store)
		defer x.scratch.GiveBack()
		for ; from < to; from++ {
			x.plane(in[from*inSize:(from+1)*inSize], out[from*outSize:(from+1)*outSize])
		}
	})
}

// pooler computes one plane at a time.
type pooler struct {
	*Pool
	*phases
	taps            taps
	ones            []float32
	planes, results []float32
	scratch         *simd.Scratch
}

func newPooler(p *Pool, store *phases) *pooler {
	n := (p.S[0].Out-1)*store.cols + p.S[1].Out
	x := &pooler{Pool: p, phases: store}
	x.taps = taps{off: store.taps, n: simd.RoundUp(n, tapsUnit), low: simd.NegInf, high: simd.Inf}
	var list []float32
	x.scratch, list = simd.Borrow(store.size + tapsUnit + x.taps.n + len(store.taps))
	x.planes, list = list[:store.size+tapsUnit], list[store.size+tapsUnit:]
	x.results, x.ones = list[:x.taps.n], list[x.taps.n:]
	padding := float32(0)
	if p.Top {
		padding = simd.NegInf
	}
	for i := range x.planes {
		x.planes[i] = padding
	}
	for i := range x.ones {
		x.ones[i] = 1
	}
	return x
}

func (x *pooler) plane(in, out []float32) {
	x.fill(x.planes, in)
	if x.Top {
		x.tops()
	} else {
		x.taps.run(x.ones, x.planes, x.results)
	}
	rows, cols := x.S[0].Out, x.S[1].Out
	simd.CopyRows(rows, cols, out, cols, x.results, x.cols)
	if x.Scale[0] == nil {
		return
	}
	for y := range rows {
		row := out[y*cols : (y+1)*cols]
		for i, s := range x.Scale[1] {
			row[i] *= s * x.Scale[0][y]
		}
	}
}

func (x *pooler) tops() { x.taps.tops(x.planes, x.results) }
