package kernel

// Join is the way in which a written element combines with the existing one.
type Join int

// The ways to combine elements: replacing, adding, multiplying, and keeping the larger or the smaller one.
const (
	Replace Join = iota
	JoinAdd
	JoinMul
	JoinMax
	JoinMin
)

// Put returns a copy of x with values written to the indices in at, which are those of Places, in order. The values
// broadcast to the shape of at and have the dtype of x.
func Put(x, at, values *Tensor, join Join) (*Tensor, error) {
	list, err := AsInts(at)
	if err != nil {
		return nil, err
	}
	wide, err := Expand(values, at.Shape)
	if err != nil {
		return nil, err
	}
	out, err := Clone(x)
	if err != nil {
		return nil, err
	}
	n := x.Len()
	for _, i := range list {
		if i < 0 || i >= n {
			return nil, Invalid("place %d of %d elements", i, n)
		}
	}
	if join == Replace {
		move, err := copierOf(out.Data, wide.Data)
		if err != nil {
			return nil, err
		}
		for j, i := range list {
			move(i, j, 1, 1, 1)
		}
		return out, nil
	}
	ok := false
	switch d := out.Data.(type) {
	case []float32:
		ok = putAll(d, wide, list, join)
	case []float64:
		ok = putAll(d, wide, list, join)
	case []int32:
		ok = putAll(d, wide, list, join)
	case []int64:
		ok = putAll(d, wide, list, join)
	}
	if !ok {
		return nil, Unsupported("joining elements of %s and %s", x.DType(), values.DType())
	}
	return out, nil
}

// PutWhere writes values to the elements that look selects. It calls look with the Places of x.
func PutWhere(x, values *Tensor, join Join, look func(places *Tensor) (*Tensor, error)) (*Tensor, error) {
	at, err := Places(x.Shape)
	if err != nil {
		return nil, err
	}
	if at, err = look(at); err != nil {
		return nil, err
	}
	return Put(x, at, values, join)
}

func putAll[T number](dst []T, values *Tensor, at []int, join Join) bool {
	src, ok := values.Data.([]T)
	op, known := map[Join]Op{JoinAdd: Add, JoinMul: Mul, JoinMax: Max, JoinMin: Min}[join]
	if !ok || !known {
		return false
	}
	f := arithOf[T](op)
	for j, i := range at {
		dst[i] = f(dst[i], src[j])
	}
	return true
}

// ScatterElements returns a copy of x with values written to the elements that GatherElements would select.
func ScatterElements(x, indices, values *Tensor, axis int, join Join) (*Tensor, error) {
	// There can be more values than indices.
	for i := 0; i < len(values.Shape) && len(values.Shape) == len(indices.Shape); i++ {
		var err error
		if values, err = Slice(values, i, 0, indices.Shape[i], 1); err != nil {
			return nil, err
		}
	}
	return PutWhere(x, values, join, func(places *Tensor) (*Tensor, error) {
		return GatherElements(places, indices, axis)
	})
}

// ScatterND returns a copy of x with values written to the parts that GatherND would select.
func ScatterND(x, indices, values *Tensor, join Join) (*Tensor, error) {
	return PutWhere(x, values, join, func(places *Tensor) (*Tensor, error) { return GatherND(places, indices, 0) })
}

// OneHot returns vectors of length depth along a new axis. The element at the index is on, and the others are off.
// For an index out of range all are off. on and off have one element and the same dtype.
func OneHot(indices *Tensor, depth, axis int, off, on *Tensor) (*Tensor, error) {
	if axis < 0 {
		axis += len(indices.Shape) + 1
	}
	column, err := Unsqueeze(indices, []int{axis})
	if err != nil {
		return nil, err
	}
	if column, err = Cast(column, "int64"); err != nil {
		return nil, err
	}
	if _, err := Count([]int{depth}); err != nil {
		return nil, err
	}
	// A negative index counts from the end.
	wrapped, err := Arith(Add, column, Scalar(int64(depth)))
	if err != nil {
		return nil, err
	}
	negative, err := Compare(Less, column, Scalar(int64(0)))
	if err != nil {
		return nil, err
	}
	if column, err = Where(negative, wrapped, column); err != nil {
		return nil, err
	}
	list, err := PerChannel(countUp(depth), len(indices.Shape)-axis)
	if err != nil {
		return nil, err
	}
	hit, err := Compare(Equal, column, list)
	if err != nil {
		return nil, err
	}
	if off.Len() != 1 || on.Len() != 1 {
		return nil, Invalid("values of shapes %v and %v", off.Shape, on.Shape)
	}
	return Where(hit, &Tensor{Shape: []int{}, Data: on.Data}, &Tensor{Shape: []int{}, Data: off.Data})
}
