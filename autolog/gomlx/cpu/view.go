package cpu

// view is a way to see a list of floats as a tensor: element (i, j, ...) is at
// offset + i*strides[0] + j*strides[1] + .... A stride of 0 repeats an axis.
type view struct {
	dims, strides []int
	offset        int
}

// natural returns the strides of a tensor that lies in memory in order.
func natural(dims []int) []int {
	strides, size := make([]int, len(dims)), 1
	for i := len(dims) - 1; i >= 0; i-- {
		strides[i] = size
		size *= dims[i]
	}
	return strides
}

func product(dims []int) int {
	size := 1
	for _, d := range dims {
		size *= d
	}
	return size
}

// compact returns the same view with as few axes as possible.
func (v view) compact() view {
	c := view{offset: v.offset}
	for i, d := range v.dims {
		if d == 1 {
			continue
		}
		last := len(c.dims) - 1
		if last >= 0 && c.strides[last] == d*v.strides[i] {
			c.dims[last] *= d
			c.strides[last] = v.strides[i]
			continue
		}
		c.dims, c.strides = append(c.dims, d), append(c.strides, v.strides[i])
	}
	return c
}

// whole tells whether a compact view is the list of its elements itself.
func (v view) whole() bool {
	return v.offset == 0 && (len(v.dims) == 0 || len(v.dims) == 1 && v.strides[0] == 1)
}

// number tells whether a compact view repeats one element.
func (v view) number() bool {
	return len(v.dims) == 0 || len(v.dims) == 1 && v.strides[0] == 0
}

// read copies to dst the elements of the compact view of src that start with number from.
func (v view) read(dst, src []float32, from int) {
	if len(v.dims) == 0 {
		dst[0] = src[v.offset]
		return
	}
	last := len(v.dims) - 1
	n, stride := v.dims[last], v.strides[last]
	for len(dst) > 0 {
		at, rest := v.offset, from/n
		for i := last - 1; i >= 0; i-- {
			at += rest % v.dims[i] * v.strides[i]
			rest /= v.dims[i]
		}
		column := from % n
		run := min(n-column, len(dst))
		readRun(dst[:run], src, at+column*stride, stride)
		dst, from = dst[run:], from+run
	}
}

func readRun(dst, src []float32, at, stride int) {
	switch stride {
	case 0:
		x := src[at]
		for i := range dst {
			dst[i] = x
		}
	case 1:
		copy(dst, src[at:])
	default:
		for i := range dst {
			dst[i] = src[at]
			at += stride
		}
	}
}

// move copies a tensor of dims between two views.
func move(dims []int, dst []float32, to int, toStrides []int, src []float32, from int, fromStrides []int) {
	if len(dims) == 0 {
		dst[to] = src[from]
		return
	}
	n, ts, fs := dims[0], toStrides[0], fromStrides[0]
	if len(dims) > 1 {
		for range n {
			move(dims[1:], dst, to, toStrides[1:], src, from, fromStrides[1:])
			to, from = to+ts, from+fs
		}
		return
	}
	if n == 0 {
		return
	}
	if ts == 1 {
		readRun(dst[to:to+n], src, from, fs)
		return
	}
	for range n {
		dst[to] = src[from]
		to, from = to+ts, from+fs
	}
}

// rearrange is the kernel of operations that only move elements.
type rearrange struct{ view view }

func (r *rearrange) run(w workers, in, out [][]float32) {
	w.split(len(out[0]), 1<<15, func(_, from, to int) { r.view.read(out[0][from:to], in[0], from) })
}
