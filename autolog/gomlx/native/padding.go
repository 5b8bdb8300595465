package native

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// padding writes an input as [batch, channels, places...], with zeros around the
// places.
type padding struct {
	shape shapes.Shape
	dims  []int
	// from and to are where the rows along the last place begin, in the input and
	// in the padded copy; row elements of the input lie step apart.
	from, to  []int
	row, step int
}

func newPadding(batch, channels int, sizes []int, paddings [][2]int, batchStep, channelStep int, steps []int) *padding {
	p := &padding{dims: []int{batch, channels}}
	for i, n := range sizes {
		p.dims = append(p.dims, paddings[i][0]+n+paddings[i][1])
	}
	p.shape = shapes.Make(dtypes.Float32, p.dims...)
	wide := rowMajor(p.dims)
	last := len(sizes) - 1
	p.row, p.step = sizes[last], steps[last]
	outer := append([]int{batch, channels}, sizes[:last]...)
	p.from = offsetsOf(outer, append([]int{batchStep, channelStep}, steps[:last]...))
	p.to = offsetsOf(outer, wide[:2+last])
	corner := 0
	for i, s := range wide[2:] {
		corner += paddings[i][0] * s
	}
	for i := range p.to {
		p.to[i] += corner
	}
	return p
}

func (p *padding) fill(wide, x []float32) {
	clear(wide)
	for i, from := range p.from {
		row := wide[p.to[i]:][:p.row]
		if p.step == 1 {
			copy(row, x[from:])
			continue
		}
		for j := range row {
			row[j] = x[from+j*p.step]
		}
	}
}
