package simd

// View describes a list of floats as a tensor. Element (i, j, ...) is at Offset + i*Strides[0] + j*Strides[1] + ....
// A stride of 0 repeats an axis.
type View struct {
	Dims, Strides []int
	Offset        int
}

// Natural returns the strides of a dense tensor.
func Natural(dims []int) []int {
	strides, size := make([]int, len(dims)), 1
	for i := len(dims) - 1; i >= 0; i-- {
		strides[i] = size
		size *= dims[i]
	}
	return strides
}

// Product returns the number of elements of a tensor.
func Product(dims []int) int {
	size := 1
	for _, d := range dims {
		size *= d
	}
	return size
}

// Compact returns the same view with as few axes as possible.
func (v View) Compact() View {
	c := View{Offset: v.Offset}
	for i, d := range v.Dims {
		if d == 1 {
			continue
		}
		last := len(c.Dims) - 1
		if last >= 0 && c.Strides[last] == d*v.Strides[i] {
			c.Dims[last] *= d
			c.Strides[last] = v.Strides[i]
			continue
		}
		c.Dims, c.Strides = append(c.Dims, d), append(c.Strides, v.Strides[i])
	}
	return c
}

// Whole reports whether a compact view contains all elements of a list in order.
func (v View) Whole() bool {
	return v.Offset == 0 && (len(v.Dims) == 0 || len(v.Dims) == 1 && v.Strides[0] == 1)
}

// Number reports whether a compact view repeats one element.
func (v View) Number() bool {
	return len(v.Dims) == 0 || len(v.Dims) == 1 && v.Strides[0] == 0
}

// Index returns the place in the list of element number i of the compact view.
func (v View) Index(i int) int {
	at := v.Offset
	for axis := len(v.Dims) - 1; axis >= 0; axis-- {
		at += i % v.Dims[axis] * v.Strides[axis]
		i /= v.Dims[axis]
	}
	return at
}

// Read copies elements of the compact view of src to dst, starting with element number from.
func (v View) Read(dst, src []float32, from int) {
	if len(v.Dims) == 0 {
		dst[0] = src[v.Offset]
		return
	}
	last := len(v.Dims) - 1
	n, stride := v.Dims[last], v.Strides[last]
	for len(dst) > 0 {
		at, rest := v.Offset, from/n
		for i := last - 1; i >= 0; i-- {
			at += rest % v.Dims[i] * v.Strides[i]
			rest /= v.Dims[i]
		}
		column := from % n
		run := min(n-column, len(dst))
		readRun(dst[:run], src, at+column*stride, stride)
		dst, from = dst[run:], from+run
	}
}

// fill sets all elements to a number: some one by one, then twice as many by each copy.
func fill(dst []float32, x float32) {
	n := min(len(dst), 32)
	for i := range n {
		dst[i] = x
	}
	for n > 0 && n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
}

func readRun(dst, src []float32, at, stride int) {
	switch stride {
	case 0:
		fill(dst, src[at])
	case 1:
		copy(dst, src[at:])
	default:
		for i := range dst {
			dst[i] = src[at]
			at += stride
		}
	}
}

// Offsets returns the offsets of the elements of a tensor.
func Offsets(dims, strides []int) []int {
	list := []int{0}
	for i, d := range dims {
		stride := strides[i]
		next := make([]int, 0, len(list)*d)
		for _, o := range list {
			for j := range d {
				next = append(next, o+j*stride)
			}
		}
		list = next
	}
	return list
}
