package nn

import (
	"runtime"
	"slices"
	"sync"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/internal/simd/layers"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// PreparedConvTranspose is a transposed convolution whose weight is stored in the form that the kernels read. Several
// goroutines may use it at the same time.
//
// With the stride s, every s-th output along an axis is an ordinary convolution by every s-th element of the kernel.
// The outputs are computed as these convolutions, one for each remainder of both axes.
type PreparedConvTranspose struct {
	weight *kernel.Tensor
	bias   []float32
	window Window
	groups int
	extra  []int
	parts  []transposedPart // Empty if there are no kernels in assembly.

	// spread has the weight of each group as a matrix with a row for each input channel and a column for each output
	// channel and element of the kernel.
	spread     []*layers.Columns
	spreadOnce sync.Once
}

// transposedPart is the convolution that computes the outputs with a remainder.
type transposedPart struct {
	axes   [2]transposedAxis
	filter *layers.Filter // Nil if no element of the kernel meets the outputs.
}

// transposedAxis is an axis of a part: the remainder and the elements of the kernel, the first of which meets the
// element of the image with the offset shift.
type transposedAxis struct {
	rest, stride    int
	taps            []int
	shift, dilation int
}

// PrepareConvTranspose prepares a transposed convolution as described at [ConvTranspose], for tensors of float32 with
// one or two spatial axes. bias can be nil. The tensors must not change afterwards.
func PrepareConvTranspose(
	weight, bias *kernel.Tensor, w Window, groups int, extra []int,
) (*PreparedConvTranspose, error) {
	if weight.DType() != "float32" || len(weight.Shape) < 3 || len(weight.Shape) > 4 {
		return nil, kernel.Unsupported("preparing a transposed convolution by %s of shape %v", weight.DType(), weight.Shape)
	}
	if groups < 1 || weight.Shape[0]%groups != 0 {
		return nil, kernel.Invalid("a transposed convolution of weight %v in %d groups", weight.Shape, groups)
	}
	c := &PreparedConvTranspose{weight: weight, window: w, groups: groups, extra: extra}
	c.window.Kernel = weight.Shape[2:]
	if bias != nil {
		list, ok := bias.Data.([]float32)
		if !ok || len(list) != weight.Shape[1]*groups {
			return nil, kernel.Invalid("a bias of %s of shape %v for a transposed convolution of weight %v", bias.DType(),
				bias.Shape, weight.Shape)
		}
		c.bias = list
	}
	// The sizes of the image have no influence on the parts, but an invalid window is an error for all sizes.
	s, err := c.window.transposedSlides(slices.Repeat([]int{maxWindow}, len(c.window.Kernel)), extra)
	if err != nil {
		return nil, err
	}
	c.prepare(s)
	return c, nil
}

// prepare makes the parts, unless the strides leave most of them without an element of the kernel.
func (c *PreparedConvTranspose) prepare(s [2]slide) {
	const most = 64
	if !simd.Fast() || c.weight.Len() == 0 || s[0].stride > most || s[1].stride > most ||
		s[0].stride*s[1].stride > most {
		return
	}
	for _, v := range transposedAxes(s[0]) {
		for _, h := range transposedAxes(s[1]) {
			c.parts = append(c.parts, transposedPart{[2]transposedAxis{v, h}, c.filter(v.taps, h.taps, s[1].kernel)})
		}
	}
}

// transposedAxes returns an axis for each remainder. Output o is the sum of the elements i of the image and k of the
// kernel with o = i*stride + k*dilation - before.
func transposedAxes(s slide) []transposedAxis {
	list := make([]transposedAxis, s.stride)
	for r := range list {
		a := transposedAxis{rest: r, stride: s.stride, dilation: 1}
		// The offsets of the image grow while the elements of the kernel go back.
		last := 0
		for k := s.kernel - 1; k >= 0; k-- {
			at := r + s.before - k*s.dilation
			if at%s.stride != 0 {
				continue
			}
			if len(a.taps) == 0 {
				a.shift = at / s.stride
			} else {
				a.dilation = at/s.stride - last
			}
			last = at / s.stride
			a.taps = append(a.taps, k)
		}
		list[r] = a
	}
	return list
}

// filter returns the convolution by some rows and columns of the kernel.
func (c *PreparedConvTranspose) filter(rows, cols []int, width int) *layers.Filter {
	if len(rows)*len(cols) == 0 {
		return nil
	}
	shape := c.weight.Shape
	in, out := shape[0]/c.groups, shape[1]
	size := kernel.Product(shape[2:])
	list := c.weight.Data.([]float32)
	part := make([]float32, 0, shape[0]*out*len(rows)*len(cols))
	for g := range c.groups {
		for o := range out {
			for i := range in {
				from := list[((g*in+i)*out+o)*size:]
				for _, y := range rows {
					for _, x := range cols {
						part = append(part, from[y*width+x])
					}
				}
			}
		}
	}
	return layers.NewFilter(part, c.groups, in, out, [2]int{len(rows), len(cols)})
}

// Shape returns the shape of the result for an image of shape x.
func (c *PreparedConvTranspose) Shape(x []int) ([]int, error) {
	p, s, err := c.slides(x)
	if err != nil {
		return nil, err
	}
	return p.shape(c.weight.Shape[1]*c.groups, [2]slide{{out: s[0].in}, {out: s[1].in}}), nil
}

// slides returns the window of the convolution from the result to the image.
func (c *PreparedConvTranspose) slides(x []int) (p imageShape, s [2]slide, err error) {
	if p, err = imageShapeOf(&kernel.Tensor{Shape: x}, len(c.weight.Shape)-2); err != nil {
		return p, s, err
	}
	if c.weight.Shape[0] != p.channels {
		return p, s,
			kernel.Invalid("a transposed convolution of weight %v in %d groups on shape %v", c.weight.Shape, c.groups, x)
	}
	s, err = c.window.transposedSlides(p.sizes, c.extra)
	return p, s, err
}

// Run computes the transposed convolution of x, a tensor of float32, and applies the epilogue after the bias of the
// convolution. The result is out, which has the shape of the result and shares no elements with x, or a new tensor if
// out is nil.
func (c *PreparedConvTranspose) Run(x *kernel.Tensor, e kernel.Epilogue, out *kernel.Tensor) (*kernel.Tensor, error) {
	img, ok := x.Data.([]float32)
	if !ok {
		return nil, kernel.Unsupported("a prepared transposed convolution of %s", x.DType())
	}
	p, s, err := c.slides(x.Shape)
	if err != nil {
		return nil, err
	}
	axis := len(p.lead)
	shape := p.shape(c.weight.Shape[1]*c.groups, [2]slide{{out: s[0].in}, {out: s[1].in}})
	n, err := kernel.Count(shape)
	if err != nil {
		return nil, err
	}
	if len(c.parts) == 0 || len(img) == 0 || c.needsExcessiveMemory(s, p.batch*p.channels, len(img), n) {
		return c.runPlain(x, e, out, axis)
	}
	if out, err = kernel.Result(out, shape); err != nil {
		return nil, err
	}
	if err := e.Check(out, axis); err != nil {
		return nil, err
	}
	own := kernel.Epilogue{Bias: sumOf(c.bias, e.Bias)}
	if e.Add == nil {
		own.Act, own.Alpha, own.Beta = e.Act, e.Alpha, e.Beta
	}
	var before *kernel.Tensor
	if e.Add == out {
		if before, err = kernel.Clone(out); err != nil {
			return nil, err
		}
		e.Add = before
	}
	if c.few(s) {
		c.runFew(p.batch, s, img, out.Data.([]float32), own)
	} else {
		for i := range c.parts {
			c.parts[i].run(p.batch, shape[axis], s, img, out.Data.([]float32), own.Ending())
		}
	}
	if e.Add == nil {
		return out, nil
	}
	e.Bias = nil
	return out, e.Apply(out, axis)
}

// runPlain is Run without parts.
func (c *PreparedConvTranspose) runPlain(
	x *kernel.Tensor, e kernel.Epilogue, out *kernel.Tensor, axis int,
) (*kernel.Tensor, error) {
	result, err := convTransposePlain(x, c.weight, nil, c.window, c.groups, c.extra)
	if err != nil {
		return nil, err
	}
	e.Bias = sumOf(c.bias, e.Bias)
	if err := e.Apply(result, axis); err != nil || out == nil {
		return result, err
	}
	if out, err = kernel.Result(out, result.Shape); err != nil {
		return nil, err
	}
	copy(out.Data.([]float32), result.Data.([]float32))
	return out, nil
}

// slides returns the convolution of a part. s is the window from the result to the image.
func (t *transposedPart) slides(s [2]slide) (list [2]layers.Slide) {
	for i, a := range t.axes {
		list[i] = layers.Slide{
			In: s[i].out, Out: (s[i].in - a.rest + a.stride - 1) / a.stride, Kernel: len(a.taps), Stride: 1,
			Dilation: a.dilation, Before: -a.shift,
		}
	}
	return list
}

// needsExcessiveMemory reports whether the convolutions would store much more than an image and a result of these
// numbers of elements.
func (c *PreparedConvTranspose) needsExcessiveMemory(s [2]slide, channels, in, out int) bool {
	for i := range c.parts {
		planes := float64(channels)
		for _, v := range c.parts[i].slides(s) {
			planes *= float64(v.Out) + float64(v.Kernel)*float64(v.Dilation)
		}
		if planes > 4*float64(in+out)+1<<22 {
			return true
		}
	}
	return false
}

// run computes the outputs of a part. s is the window from the result to the image.
func (t *transposedPart) run(batch, channels int, s [2]slide, img, out []float32, e *layers.Ending) {
	slides := t.slides(s)
	rows, cols := slides[0].Out, slides[1].Out
	if rows <= 0 || cols <= 0 {
		return
	}
	workers := simd.Workers(runtime.GOMAXPROCS(0))
	height, width := s[0].in, s[1].in
	to, direct := out, rows == height && cols == width
	if !direct {
		scratch, list := simd.Borrow(batch * channels * rows * cols)
		defer scratch.GiveBack()
		to = list
	}
	if t.filter != nil {
		t.filter.Run(workers, batch, slides, img, to, e)
	} else {
		fillChannels(to, channels, rows*cols, e)
	}
	if direct {
		return
	}
	workers.Move([]int{batch * channels, rows, cols}, out, t.axes[0].rest*width+t.axes[1].rest,
		[]int{height * width, t.axes[0].stride * width, t.axes[1].stride}, to, 0, []int{rows * cols, cols, 1})
}

// fillChannels sets the outputs that no element of the kernel meets.
func fillChannels(out []float32, channels, size int, e *layers.Ending) {
	for at, c := 0, 0; at < len(out); at += size {
		plane := out[at : at+size]
		clear(plane)
		if e.Bias != nil {
			simd.ScaleShift(plane, plane, 0, e.Bias[c])
		}
		simd.Activate(e.Act, e.Alpha, e.Beta, plane, plane)
		c = (c + 1) % channels
	}
}

// few reports whether an image is so small that most elements of the convolutions would be padding.
func (c *PreparedConvTranspose) few(s [2]slide) bool {
	in, out := s[0].out*s[1].out, s[0].in*s[1].in
	const most = 1 << 24 // Products.
	return in <= 64 && out > 2*in*s[0].stride*s[1].stride && in*kernel.Product(c.weight.Shape[1:]) <= most
}

// runFew multiplies the weight by each element of a small image and adds the products to the outputs that they meet.
func (c *PreparedConvTranspose) runFew(batch int, s [2]slide, img, out []float32, e kernel.Epilogue) {
	c.spreadOnce.Do(c.prepareSpread)
	workers := simd.Workers(runtime.GOMAXPROCS(0))
	in, outs := c.weight.Shape[0]/c.groups, c.weight.Shape[1]
	pixels, size := s[0].out*s[1].out, s[0].in*s[1].in
	width := outs * s[0].kernel * s[1].kernel
	scratch, products := simd.Borrow(pixels * width)
	defer scratch.GiveBack()
	for i := range batch * c.groups {
		x := layers.Matrix{Floats: img[i*in*pixels : (i+1)*in*pixels], Row: 1, Inner: pixels}
		c.spread[i%c.groups].Multiply(workers, pixels, x, products, nil)
		to := out[i*outs*size : (i+1)*outs*size]
		clear(to)
		for n := range pixels {
			spreadOne(s, n, products[n*width:(n+1)*width], to)
		}
		for o := range outs {
			plane := to[o*size : (o+1)*size]
			if e.Bias != nil {
				simd.ScaleShift(plane, plane, 1, e.Bias[i%c.groups*outs+o])
			}
			simd.Activate(e.Act, e.Alpha, e.Beta, plane, plane)
		}
	}
}

func (c *PreparedConvTranspose) prepareSpread() {
	list, in := c.weight.Data.([]float32), c.weight.Shape[0]/c.groups
	width := kernel.Product(c.weight.Shape[1:])
	for g := range c.groups {
		part := list[g*in*width : (g+1)*in*width]
		c.spread = append(c.spread, layers.NewColumns(width, in, layers.Matrix{Floats: part, Row: 1, Inner: width}))
	}
}

// spreadOne adds the products of element n of the image to all output channels.
func spreadOne(s [2]slide, n int, products, out []float32) {
	v, h := s[0], s[1]
	y0, x0 := n/h.out*v.stride-v.before, n%h.out*h.stride-h.before
	for size := v.in * h.in; len(out) > 0; out = out[size:] {
		for ky := range v.kernel {
			y := y0 + ky*v.dilation
			if y >= 0 && y < v.in {
				for kx := range h.kernel {
					if x := x0 + kx*h.dilation; x >= 0 && x < h.in {
						out[y*h.in+x] += products[ky*h.kernel+kx]
					}
				}
			}
		}
		products = products[v.kernel*h.kernel:]
	}
}
