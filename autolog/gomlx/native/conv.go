package native

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
)

// ConvGeneral is a matrix product: the kernels by the windows of the input. Each
// window is found by two offsets that are added, the place of its corner and that
// of the element in it, so that windows are never written out as a whole.
func (f *function) ConvGeneral(input, kernel compute.Value, axes compute.ConvolveAxesConfig, strides []int, paddings [][2]int, inputDilations, kernelDilations []int, channelGroups, batchGroups int) (compute.Value, error) {
	x, k := input.(*node), kernel.(*node)
	shape, err := shapeinference.ConvGeneral(x.shape, k.shape, axes, strides, paddings, inputDilations, kernelDilations, channelGroups, batchGroups)
	if err != nil {
		return nil, err
	}
	widened := slices.ContainsFunc(inputDilations, func(d int) bool { return d > 1 })
	negative := slices.ContainsFunc(paddings, func(p [2]int) bool { return p[0] < 0 || p[1] < 0 })
	if x.shape.DType != dtypes.Float32 || k.shape.DType != dtypes.Float32 || len(axes.InputSpatial) == 0 || batchGroups > 1 || widened || negative {
		return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
			return g.ConvGeneral(in[0], in[1], axes, strides, paddings, inputDilations, kernelDilations, channelGroups, batchGroups)
		}, input, kernel)
	}
	c := newConvolution(x.shape.Dimensions, k.shape.Dimensions, shape.Dimensions, &axes, strides, paddings, kernelDilations, max(1, channelGroups))
	backend := f.builder.backend
	return f.op(shape, func(in []any, out any) error {
		c.run(backend, in[0].([]float32), in[1].([]float32), out.([]float32))
		return nil
	}, x, k), nil
}

// convolution lists the offsets of all that takes part.
type convolution struct {
	padding *padding // nil where the input is used as it lies.
	groups  int
	windows []int // In the input, by result: batch, then place.
	inside  []int // In the input, within a window: channel of the group, then place.
	group   int   // In the input, from one group's channels to the next one's.
	kernels []int // In the kernel, by output channel.
	weights []int // In the kernel, by element of a window.
	rows    []int // In the output, by output channel.
	columns []int // In the output, by result.
}

func newConvolution(x, k, out []int, axes *compute.ConvolveAxesConfig, strides []int, paddings [][2]int, dilations []int, groups int) *convolution {
	spatial := len(axes.InputSpatial)
	strides, dilations = orOnes(strides, spatial), orOnes(dilations, spatial)
	c := &convolution{groups: groups}
	batch, channels := x[axes.InputBatch], x[axes.InputChannels]/groups
	sizes, at := pick(x, axes.InputSpatial), rowMajor(x)
	batchStep, channelStep, steps := at[axes.InputBatch], at[axes.InputChannels], pick(at, axes.InputSpatial)
	if slices.ContainsFunc(paddings, func(p [2]int) bool { return p != [2]int{} }) {
		c.padding = newPadding(batch, x[axes.InputChannels], sizes, paddings, batchStep, channelStep, steps)
		wide := rowMajor(c.padding.dims)
		batchStep, channelStep, steps = wide[0], wide[1], wide[2:]
	}
	outAt, kernelAt := rowMajor(out), rowMajor(k)
	window, places := pick(k, axes.KernelSpatial), pick(out, axes.OutputSpatial)
	c.windows = offsetsOf(append([]int{batch}, places...), append([]int{batchStep}, times(steps, strides)...))
	c.inside = offsetsOf(append([]int{channels}, window...), append([]int{channelStep}, times(steps, dilations)...))
	c.group = channels * channelStep
	c.kernels = offsetsOf([]int{k[axes.KernelOutputChannels]}, []int{kernelAt[axes.KernelOutputChannels]})
	c.weights = offsetsOf(append([]int{channels}, window...), append([]int{kernelAt[axes.KernelInputChannels]}, pick(kernelAt, axes.KernelSpatial)...))
	c.rows = offsetsOf([]int{out[axes.OutputChannels]}, []int{outAt[axes.OutputChannels]})
	c.columns = offsetsOf(append([]int{batch}, places...), append([]int{outAt[axes.OutputBatch]}, pick(outAt, axes.OutputSpatial)...))
	return c
}

func (c *convolution) run(b *Backend, x, k, out []float32) {
	if c.padding != nil {
		wide := b.pool.get(c.padding.shape).([]float32)
		defer b.pool.put(wide)
		c.padding.fill(wide, x)
		x = wide
	}
	each := len(c.rows) / c.groups
	for g := range c.groups {
		rows := c.rows[g*each : (g+1)*each]
		p := product{
			m: each, n: len(c.windows), k: len(c.inside),
			a: strided(k, c.kernels[g*each:(g+1)*each], c.weights, tileRows),
			b: strided(x[g*c.group:], c.windows, c.inside, tileCols),
			store: func(tile []float32, row, col, height, width int) {
				c.store(out, tile, rows[row:row+height], col, width)
			},
		}
		p.run(b)
	}
}

func (c *convolution) store(out, tile []float32, rows []int, col, width int) {
	columns := c.columns[col : col+width]
	for i := 0; i < width; {
		run := runLength(columns[i:])
		for r, row := range rows {
			copy(out[row+columns[i]:][:run], tile[r*tileCols+i:])
		}
		i += run
	}
}

func orOnes(list []int, n int) []int {
	if len(list) == n {
		return list
	}
	return slices.Repeat([]int{1}, n)
}

// pick returns the elements of list at the given places.
func pick(list, at []int) []int {
	out := make([]int, len(at))
	for i, j := range at {
		out[i] = list[j]
	}
	return out
}

func times(a, b []int) []int {
	out := make([]int, len(a))
	for i := range a {
		out[i] = a[i] * b[i]
	}
	return out
}
