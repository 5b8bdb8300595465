package kernel

// Join says what becomes of an element that another is written to.
type Join int

// The ways to join elements: the new one takes the place, or both are added,
// multiplied, or the larger or smaller one stays.
const (
	Replace Join = iota
	JoinAdd
	JoinMul
	JoinMax
	JoinMin
)

// Put returns x with values written to the places, which Places numbers, one after
// the other; the values broadcast to the places and have the dtype of x.
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

// PutWhere is Put at the places that look takes out of those of x, as it would take
// elements.
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

// ScatterElements writes values where GatherElements would take elements from: x
// with every value written along the axis to where the index beside it says.
func ScatterElements(x, indices, values *Tensor, axis int, join Join) (*Tensor, error) {
	// There may be more values than indices.
	for i := 0; i < len(values.Shape) && len(values.Shape) == len(indices.Shape); i++ {
		var err error
		if values, err = Slice(values, i, 0, indices.Shape[i], 1); err != nil {
			return nil, err
		}
	}
	return PutWhere(x, values, join, func(places *Tensor) (*Tensor, error) { return GatherElements(places, indices, axis) })
}

// ScatterND writes values where GatherND would take them from.
func ScatterND(x, indices, values *Tensor, join Join) (*Tensor, error) {
	return PutWhere(x, values, join, func(places *Tensor) (*Tensor, error) { return GatherND(places, indices, 0) })
}

// OneHot makes rows of size depth that hold on at the place that the index names
// and off elsewhere; the rows lie along a new axis. Indices out of range make a row
// of off. On and off have one element and one dtype.
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
	list, err := PerChannel(places(depth), len(indices.Shape)-axis)
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
