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
	plain           []float32 // The weight, if packed is nil.
	packed          *packedFilter

	// parts has the filters with some of the taps, by the first and last of both axes. part is set in these.
	part      bool
	parts     map[[4]int]*Filter
	partsLock sync.Mutex
}

// NewFilter stores a weight of shape [groups*out, in, kernel...]. It panics if the weight is smaller than that.
func NewFilter(weight []float32, groups, in, out int, kernel [2]int) *Filter {
	f := PlainFilter(weight, groups, in, out, kernel)
	if !f.deep() {
		f.packed, f.plain = newPackedFilter(f.plain, groups, out, in*f.taps), nil
	}
	return f
}

// PlainFilter is like NewFilter for a weight that is used once: it does not copy the weight.
func PlainFilter(weight []float32, groups, in, out int, kernel [2]int) *Filter {
	f := &Filter{groups: groups, in: in, out: out, kernel: kernel, taps: kernel[0] * kernel[1]}
	f.plain = weight[:groups*out*in*f.taps]
	return f
}

// Weight returns the weight. It is a copy if NewFilter has stored it in another form.
func (f *Filter) Weight() []float32 {
	if f.packed == nil {
		return f.plain
	}
	return f.packed.weight()
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

// filterRun is a convolution with known sizes, of whole images or of a band of them: some outputs of each channel, or
// some output channels.
type filterRun struct {
	*Filter
	s               [2]Slide
	end             *Ending
	inSize, outSize int // The sizes of a group of an image.
	planes          *phases
	// The number of outputs of a channel, and the first and the number of those of the band.
	plane, at, n int
	// The output channels of the band.
	first, last int
}

func (f *Filter) newRun(s [2]Slide, e *Ending) *filterRun {
	plane := s[0].Out * s[1].Out
	r := &filterRun{Filter: f, s: s, end: e, plane: plane, n: plane, last: f.out}
	r.inSize, r.outSize = f.in*s[0].In*s[1].In, f.out*plane
	if f.deep() || f.taps > 1 || !s[0].whole() || !s[1].whole() {
		r.planes = newPhases(s)
	}
	return r
}

// whole reports whether there is one output for each element.
func (s Slide) whole() bool { return s.Stride == 1 && s.Before == 0 && s.In == s.Out }

const (
	// sharedPixels is the least number of outputs of a channel that a goroutine takes at a time.
	sharedPixels = 192
	// largeWeight is the number of elements of a weight that does not fit in the second-level cache with a panel.
	largeWeight = 1 << 17
)

// inBands calls f for bands of an image. Each goroutine stores what it reads of the image itself, because it is faster
// than to read that from the cache of another processor.
func (r *filterRun) inBands(w simd.Workers, f func(r *filterRun)) {
	if r.n < 2*sharedPixels {
		r.inChannels(w, f)
		return
	}
	unit, axis := r.s[1].Out, 0
	switch {
	case r.planes == nil:
		unit = 16 // The outputs of a vector.
	case r.s[0].Out == 1:
		unit, axis = 1, 1
	}
	units, least := (r.n+unit-1)/unit, max(1, sharedPixels/unit)
	if r.out*r.in*r.taps > largeWeight {
		least = units // Each piece reads all of the weight again.
	}
	w.Share(units, 1+minProducts/(1+r.out*r.in*r.taps*unit), least, func(from, to int) {
		band := *r
		band.at, band.n = from*unit, min(to*unit, r.n)-from*unit
		if r.planes != nil && to-from < units {
			band.s[axis].Out = to - from
			band.s[axis].Before -= from * r.s[axis].Stride
			band.planes = newPhases(band.s)
		}
		f(&band)
	})
}

// inChannels calls f for bands of output channels.
func (r *filterRun) inChannels(w simd.Workers, f func(r *filterRun)) {
	blocks := (r.out + blockRows - 1) / blockRows
	w.Split(blocks, 1+minProducts/(1+r.n*r.in*r.taps*blockRows), func(_, from, to int) {
		band := *r
		band.first, band.last = from*blockRows, min(to*blockRows, r.out)
		f(&band)
	})
}

// image computes a group of an image.
func (r *filterRun) image(w simd.Workers, i int, in, out []float32) {
	if r.few() {
		r.fewPixels(w, i, in, out)
		return
	}
	r.inBands(w, func(r *filterRun) { r.band(i, in, out) })
}

// band computes a band of a group of an image.
func (r *filterRun) band(i int, in, out []float32) {
	g, depth := i%r.groups, r.in*r.taps
	weight := r.plain
	if r.packed != nil {
		weight = r.packed.rowPanels()
	}
	size := len(weight) / r.groups
	p := &product{
		m: r.last - r.first, n: r.n, k: depth, a: weight[g*size+r.first*depth : (g+1)*size], aRow: depth, aStep: 1,
		packed: r.packed != nil, c: out[r.firstOf(i) : (i+1)*r.outSize], cRow: r.plane,
	}
	p.finish(r.ending(g, i), true)
	img := in[i*r.inSize : (i+1)*r.inSize]
	if r.planes == nil {
		p.run(1, &matrixPanels{Matrix{img[r.at:], 1, r.plane}, r.out <= maxDirect})
		return
	}
	s, list := simd.Borrow(r.in*r.planes.size + 16)
	defer s.GiveBack()
	r.store(list, img)
	p.run(1, &phasePanels{phases: r.planes, list: list})
}

// firstOf returns the first element of the results of a group of an image.
func (r *filterRun) firstOf(i int) int { return i*r.outSize + r.first*r.plane + r.at }

// store fills the planes of all channels of a group.
func (r *filterRun) store(list, img []float32) {
	size, channel := r.planes.size, r.s[0].In*r.s[1].In
	clear(list[:r.in*size])
	for i := range r.in {
		r.planes.fill(list[i*size:(i+1)*size], img[i*channel:])
	}
}

// ending returns the part of the ending for a group of an image, from the first channel and output of the band on.
func (r *filterRun) ending(g, i int) *Ending {
	if r.end == nil {
		return nil
	}
	e := *r.end
	if e.Bias != nil {
		e.Bias = e.Bias[g*r.out+r.first : (g+1)*r.out]
	}
	if e.Add != nil {
		e.Add = e.Add[r.firstOf(i) : (i+1)*r.outSize]
	}
	return &e
}
