package kernel

// number lists the types that arithmetic between tensors is done in.
type number interface {
	float32 | float64 | int32 | int64
}

// anyNumber lists the types that a cast goes between, bool aside.
type anyNumber interface {
	number | int8 | int16 | uint8 | uint16 | uint32 | uint64
}

// Cast converts to another dtype as C does: floats lose their fraction towards
// zero on the way to integers, and whatever is not 0 becomes true.
func Cast(x *Tensor, dtype string) (*Tensor, error) {
	if x.DType() == dtype {
		return x, nil
	}
	out, err := New(dtype, x.Shape)
	if err != nil {
		return nil, err
	}
	known := false
	switch d := x.Data.(type) {
	case []float32:
		known = castAll(out.Data, d)
	case []float64:
		known = castAll(out.Data, d)
	case []int8:
		known = castAll(out.Data, d)
	case []int16:
		known = castAll(out.Data, d)
	case []int32:
		known = castAll(out.Data, d)
	case []int64:
		known = castAll(out.Data, d)
	case []uint8:
		known = castAll(out.Data, d)
	case []uint16:
		known = castAll(out.Data, d)
	case []uint32:
		known = castAll(out.Data, d)
	case []uint64:
		known = castAll(out.Data, d)
	case []bool:
		bits := make([]uint8, len(d))
		for i, v := range d {
			if v {
				bits[i] = 1
			}
		}
		known = castAll(out.Data, bits)
	}
	if !known {
		return nil, unsupported("a cast from %s to %s", x.DType(), dtype)
	}
	return out, nil
}

func castAll[S anyNumber](dst any, src []S) bool {
	switch d := dst.(type) {
	case []float32:
		convert(d, src)
	case []float64:
		convert(d, src)
	case []int8:
		convert(d, src)
	case []int16:
		convert(d, src)
	case []int32:
		convert(d, src)
	case []int64:
		convert(d, src)
	case []uint8:
		convert(d, src)
	case []uint16:
		convert(d, src)
	case []uint32:
		convert(d, src)
	case []uint64:
		convert(d, src)
	case []bool:
		for i, v := range src {
			d[i] = v != 0
		}
	default:
		return false
	}
	return true
}

func convert[D, S anyNumber](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}
