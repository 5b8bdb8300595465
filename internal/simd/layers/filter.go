package layers

import (
	"sync"

	"github.com/millrace-ml/millrace/internal/simd"
)

// Slide describes one axis of a convolution: the sizes of the image, the result and the kernel, and the padding before
// the image. The padding after it follows from the sizes.
type Slide struct{ In, Out, Kernel, Stride, Dilation, Before int }

// Filter is the weight of a convolution of images in planes, stored for the kernels. Several goroutines may use it at
// the same time.
type Filter struct {
	groups, in, out int // The channels of a group.
	taps            int // The elements of the kernel.
	kernel          [2]int
	plain           []float32
	weight          []float32 // The same in panels of rows, as from packRows8, if packed is set.
	packed          bool

	// columns has the weight of each group in panels of output channels, for images of few pixels.
	columns     []*packedPanels
	columnsOnce sync.Once

	// parts has the filters with some of the taps, by the first and last of both axes. part is set in these.
	part      bool
	parts     map[[4]int]*Filter
	partsLock sync.Mutex
}

// NewFilter stores a weight of shape [groups*out, in, kernel...]. It panics if the weight is smaller than that.
func NewFilter(weight []float32, groups, in, out int, kernel [2]int) *Filter {
	f := PlainFilter(weight, groups, in, out, kernel)
	if f.deep() {
		return f
	}
	depth := in * f.taps
	size := simd.RoundUp(out, blockRows) * depth
	f.weight, f.packed = make([]float32, groups*size), true
	for g := range groups {
		packRows8(f.weight[g*size:(g+1)*size], Matrix{weight[g*out*depth:], depth, 1}, out, depth)
	}
	return f
}

// PlainFilter is like NewFilter for a weight that is used once: it does not copy the weight.
func PlainFilter(weight []float32, groups, in, out int, kernel [2]int) *Filter {
	f := &Filter{groups: groups, in: in, out: out, kernel: kernel, taps: kernel[0] * kernel[1]}
	f.plain = weight[:groups*out*in*f.taps]
	f.weight = f.plain
	return f
}

// deep reports whether each channel has kernels of its own.
func (f *Filter) deep() bool { return f.in == 1 && f.out < blockRows }

// Run sets out, of shape [batch, groups*out, rows, columns], to the convolution of in, of shape [batch, groups*in,
// rows, columns], and applies the ending. It panics if a slice is shorter than that.
func (f *Filter) Run(w simd.Workers, batch int, s [2]Slide, in, out []float32, e *Ending) {
	r := f.newRun(s, e)
	images := batch * f.groups
	in, out = in[:images*r.inSize], out[:images*r.outSize]
	if len(out) == 0 {
		return
	}
	if list, ok := f.divided(s, e); ok {
		f.runRegions(w, batch, s, list, in, out, e)
		return
	}
	if e != nil && e.Add != nil {
		e.Add = e.Add[:len(out)]
	}
	grain := 1 + minProducts/(1+r.outSize*f.in*f.taps)
	switch {
	case f.deep():
		// Their products take several times as long as those of blocks.
		grain = 1 + minProducts/8/(1+r.outSize*f.taps)
		w.Split(images, grain, func(_, from, to int) { r.deepImages(from, to, in, out) })
	case images >= 2*int(w):
		w.Split(images, grain, func(_, from, to int) {
			for ; from < to; from++ {
				r.image(1, from, in, out)
			}
		})
	default:
		for i := range images {
			r.image(w, i, in, out)
		}
	}
}

// filterRun is a convolution with known sizes.
type filterRun struct {
	*Filter
	s               [2]Slide
	end             *Ending
	inSize, outSize int // The sizes of a group of an image.
	planes          *phases
}

func (f *Filter) newRun(s [2]Slide, e *Ending) *filterRun {
	r := &filterRun{Filter: f, s: s, end: e}
	r.inSize, r.outSize = f.in*s[0].In*s[1].In, f.out*s[0].Out*s[1].Out
	if f.deep() || f.taps > 1 || !s[0].whole() || !s[1].whole() {
		r.planes = newPhases(s)
	}
	return r
}

// whole reports whether there is one output for each element.
func (s Slide) whole() bool { return s.Stride == 1 && s.Before == 0 && s.In == s.Out }

// image computes a group of an image.
func (r *filterRun) image(w simd.Workers, i int, in, out []float32) {
	if r.few() {
		r.fewPixels(w, i, in, out)
		return
	}
	g := i % r.groups
	depth, pixels := r.in*r.taps, r.s[0].Out*r.s[1].Out
	size := len(r.weight) / r.groups
	p := &product{
		m: r.out, n: pixels, k: depth, a: r.weight[g*size : (g+1)*size], aRow: depth, aStep: 1, packed: r.packed,
		c: out[i*r.outSize : (i+1)*r.outSize], cRow: pixels,
	}
	p.finish(r.ending(g, i), true)
	img := in[i*r.inSize : (i+1)*r.inSize]
	if r.planes == nil {
		p.run(w, &matrixPanels{Matrix{img, 1, pixels}, r.out <= maxDirect})
		return
	}
	s, list := simd.Borrow(r.in*r.planes.size + 16)
	defer s.GiveBack()
	r.store(w, list, img)
	p.run(w, &phasePanels{phases: r.planes, list: list})
}

// store fills the planes of all channels of a group.
func (r *filterRun) store(w simd.Workers, list, img []float32) {
	size, channel := r.planes.size, r.s[0].In*r.s[1].In
	w.Split(r.in, 1+(1<<17)/size, func(_, from, to int) {
		clear(list[from*size : to*size])
		for ; from < to; from++ {
			r.planes.fill(list[from*size:(from+1)*size], img[from*channel:])
		}
	})
}

// ending returns the part of the ending for a group of an image.
func (r *filterRun) ending(g, i int) *Ending {
	if r.end == nil {
		return nil
	}
	e := *r.end
	if e.Bias != nil {
		e.Bias = e.Bias[g*r.out : (g+1)*r.out]
	}
	if e.Add != nil {
		e.Add = e.Add[i*r.outSize : (i+1)*r.outSize]
	}
	return &e
}
