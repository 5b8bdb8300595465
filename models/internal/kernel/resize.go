package kernel

import "slices"

// ResizeNearest changes the sizes of the last axes; place i of an axis takes the
// element from(axis, i), which is clamped to the axis.
func ResizeNearest(x *Tensor, sizes []int, from func(axis, i int) int) (*Tensor, error) {
	first := len(x.Shape) - len(sizes)
	if first < 0 {
		return nil, invalid("resizing shape %v to %v", x.Shape, sizes)
	}
	if _, err := Count(slices.Concat(x.Shape[:first], sizes)); err != nil {
		return nil, err
	}
	for axis, size := range sizes {
		n := x.Shape[first+axis]
		if n == 0 || size < 1 {
			return nil, invalid("resizing shape %v to %v", x.Shape, sizes)
		}
		if _, err := Count([]int{size}); err != nil {
			return nil, err
		}
		at, same := make([]int, size), size == n
		for i := range at {
			at[i] = min(max(from(axis, i), 0), n-1)
			same = same && at[i] == i
		}
		if same {
			continue
		}
		var err error
		if x, err = Gather(x, Ints(at), first+axis); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// ResizeLinear changes the sizes of the last axes; place i of an axis is mixed
// from the neighbours of from(axis, i).
func ResizeLinear(x *Tensor, sizes []int, from func(axis, i int) float64) (*Tensor, error) {
	first := len(x.Shape) - len(sizes)
	if first < 0 {
		return nil, invalid("resizing shape %v to %v", x.Shape, sizes)
	}
	for axis, size := range sizes {
		n := x.Shape[first+axis]
		if _, err := Count([]int{size}); err != nil || n == 0 || size < 1 {
			return nil, invalid("resizing shape %v to %v", x.Shape, sizes)
		}
		low, high, share := make([]int, size), make([]int, size), make([]float64, size)
		same := size == n
		for i := range low {
			f := min(max(from(axis, i), 0), float64(n-1))
			low[i] = int(f)
			high[i] = min(low[i]+1, n-1)
			share[i] = f - float64(low[i])
			same = same && f == float64(i)
		}
		if same {
			continue
		}
		var err error
		if x, err = mix(x, low, high, share, first+axis); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// mix is low+(high-low)*share along an axis.
func mix(x *Tensor, low, high []int, share []float64, axis int) (*Tensor, error) {
	a, err := Gather(x, Ints(low), axis)
	if err != nil {
		return nil, err
	}
	b, err := Gather(x, Ints(high), axis)
	if err != nil {
		return nil, err
	}
	if b, err = Arith(Sub, b, a); err != nil {
		return nil, err
	}
	weight, err := Cast(&Tensor{Shape: []int{len(share)}, Data: share}, x.DType())
	if err != nil {
		return nil, err
	}
	if weight, err = perChannel(weight, len(x.Shape)-axis-1); err != nil {
		return nil, err
	}
	if b, err = Arith(Mul, b, weight); err != nil {
		return nil, err
	}
	return Arith(Add, a, b)
}
