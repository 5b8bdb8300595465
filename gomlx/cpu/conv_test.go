package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
)

// convCase is a convolution with its axes in any order.
type convCase struct {
	axes                      compute.ConvolveAxesConfig
	strides, inDil, kernelDil []int
	padding                   [][2]int
	byChannel, byBatch        int
	inDims, kernelDims        []int
	rank, batch, inCh, outCh  int
	window, size              []int
}

func randomConv(r *rand.Rand) *convCase {
	c := &convCase{
		rank: 1 + r.IntN(3), batch: 1 + r.IntN(3), inCh: 1 + r.IntN(4), outCh: 1 + r.IntN(9), byChannel: 1,
		byBatch: 1,
	}
	for range c.rank {
		c.window = append(c.window, 1+r.IntN(3))
		c.size = append(c.size, 4+r.IntN(30/c.rank))
		c.strides = append(c.strides, 1+r.IntN(2)*r.IntN(3))
		c.inDil = append(c.inDil, 1+r.IntN(2)*r.IntN(2))
		c.kernelDil = append(c.kernelDil, 1+r.IntN(2)*r.IntN(2))
		c.padding = append(c.padding, [2]int{r.IntN(4) - 1, r.IntN(3)})
	}
	if r.IntN(4) == 0 {
		// Use a window as large as the input, as in the gradient with respect to the kernel.
		for i := range c.window {
			c.window[i] = max(1, c.size[i]-2)
		}
	}
	groupIn, groupBatch := 1, 1
	switch r.IntN(4) {
	case 0:
		c.byChannel = 1 + r.IntN(3)
		groupIn, c.outCh = c.byChannel, c.outCh*c.byChannel
	case 1:
		c.byBatch = 1 + r.IntN(3)
		groupBatch, c.outCh = c.byBatch, c.outCh*c.byBatch
	}
	in, ker, out := r.Perm(c.rank+2), r.Perm(c.rank+2), r.Perm(c.rank+2)
	if c.byBatch > 1 {
		// The Go backend of GoMLX 0.28 expects the batch of the output at the axis of the input's batch.
		out = in
	}
	c.axes = compute.ConvolveAxesConfig{
		InputBatch: in[0], InputChannels: in[1], InputSpatial: in[2:],
		KernelInputChannels: ker[0], KernelOutputChannels: ker[1], KernelSpatial: ker[2:],
		OutputBatch: out[0], OutputChannels: out[1], OutputSpatial: out[2:],
	}
	c.inDims, c.kernelDims = make([]int, c.rank+2), make([]int, c.rank+2)
	c.inDims[in[0]], c.inDims[in[1]] = c.batch*groupBatch, c.inCh*groupIn
	c.kernelDims[ker[0]], c.kernelDims[ker[1]] = c.inCh, c.outCh
	for i := range c.rank {
		c.inDims[in[i+2]], c.kernelDims[ker[i+2]] = c.size[i], c.window[i]
	}
	return c
}

func (c *convCase) build(f compute.Function, in []compute.Value) ([]compute.Value, error) {
	v, err := f.ConvGeneral(in[0], in[1], c.axes, c.strides, c.padding, c.inDil, c.kernelDil, c.byChannel, c.byBatch)
	return []compute.Value{v}, err
}

func TestConvolutions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	done := 0
	for n := range 400 {
		c := randomConv(r)
		if compare(t, fmt.Sprintf("convolution %d: %+v", n, c), c.build, random(r, c.inDims...), random(r, c.kernelDims...)) {
			done++
		}
	}
	if done < 200 {
		t.Errorf("only %d convolutions were compared", done)
	}
}
