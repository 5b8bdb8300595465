package nn

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// BatchNorm normalizes every channel with a given mean and variance and then applies weight and bias, either of which
// may be nil. All have one value for each channel. The channels are axis 1.
func BatchNorm(x, weight, bias, mean, variance *kernel.Tensor, eps float64) (*kernel.Tensor, error) {
	if len(x.Shape) < 2 || mean == nil || variance == nil {
		return nil, kernel.Invalid("batch normalization of shape %v", x.Shape)
	}
	n := x.Shape[1]
	lists := make([][]float64, 4)
	for i, t := range []*kernel.Tensor{weight, bias, mean, variance} {
		list, err := numbers(t, n, []float64{1, 0, 0, 1}[i])
		if err != nil {
			return nil, err
		}
		lists[i] = list
	}
	scale, shift := make([]float64, n), make([]float64, n)
	for i := range n {
		scale[i] = lists[0][i] / math.Sqrt(lists[3][i]+eps)
		shift[i] = lists[1][i] - lists[2][i]*scale[i]
	}
	return affine(x, kernel.Product(x.Shape[2:]), scale, shift)
}

// numbers returns a list of n numbers, or n times the default if t is nil.
func numbers(t *kernel.Tensor, n int, without float64) ([]float64, error) {
	if t == nil {
		return slices.Repeat([]float64{without}, n), nil
	}
	if t.Len() != n {
		return nil, kernel.Invalid("a list of %d numbers where %d are expected", t.Len(), n)
	}
	wide, err := kernel.Cast(t, "float64")
	if err != nil {
		return nil, err
	}
	return wide.Data.([]float64), nil
}

// affine computes scale*v+shift. The factors change after every inner elements and start again after the last.
func affine(x *kernel.Tensor, inner int, scale, shift []float64) (*kernel.Tensor, error) {
	out, err := kernel.Dirty(x.DType(), x.Shape)
	if err != nil {
		return nil, err
	}
	switch d := x.Data.(type) {
	case []float32:
		affineAll(d, out.Data.([]float32), inner, scale, shift)
	case []float64:
		affineAll(d, out.Data.([]float64), inner, scale, shift)
	default:
		return nil, kernel.Unsupported("normalization of %s", x.DType())
	}
	return out, nil
}

func affineAll[T kernel.Float](in, out []T, inner int, scale, shift []float64) {
	if x, ok := kernel.FastFloat32s(in); ok {
		affineFast(x, any(out).([]float32), inner, scale, shift)
		return
	}
	for at, c := 0, 0; at < len(in); at += inner {
		for i := at; i < at+inner; i++ {
			out[i] = T(float64(in[i])*scale[c] + shift[c])
		}
		c = (c + 1) % len(scale)
	}
}

// LayerNorm normalizes the last axes, as many as normalized has, to mean 0 and variance 1 and then applies weight and
// bias of that shape, either of which may be nil.
func LayerNorm(x, weight, bias *kernel.Tensor, normalized []int, eps float64) (*kernel.Tensor, error) {
	return normLast(x, weight, bias, normalized, eps, true)
}

// RMSNorm is like LayerNorm but divides by the root mean square and does not subtract the mean.
func RMSNorm(x, weight *kernel.Tensor, normalized []int, eps float64) (*kernel.Tensor, error) {
	return normLast(x, weight, nil, normalized, eps, false)
}

func normLast(x, weight, bias *kernel.Tensor, normalized []int, eps float64, center bool) (*kernel.Tensor, error) {
	rank := len(x.Shape)
	if len(normalized) == 0 || len(normalized) > rank || !slices.Equal(normalized, x.Shape[rank-len(normalized):]) {
		return nil, kernel.Invalid("normalization of %v in shape %v", normalized, x.Shape)
	}
	n := kernel.Product(normalized)
	if out, ok := normLastFast(x, weight, bias, n, eps, center); ok {
		return out, nil
	}
	out, err := normRows(x, n, eps, center)
	if err != nil || weight == nil && bias == nil {
		return out, err
	}
	scale, err := numbers(weight, n, 1)
	if err != nil {
		return nil, err
	}
	shift, err := numbers(bias, n, 0)
	if err != nil {
		return nil, err
	}
	return affine(out, 1, scale, shift)
}

// GroupNorm normalizes every group of channels of every image to mean 0 and variance 1 and then applies weight and
// bias with one value for each channel, either of which may be nil. With as many groups as channels it is instance
// normalization.
func GroupNorm(x, weight, bias *kernel.Tensor, groups int, eps float64) (*kernel.Tensor, error) {
	if len(x.Shape) < 2 || groups < 1 || groups > max(1, x.Shape[1]) || x.Shape[1]%groups != 0 {
		return nil, kernel.Invalid("normalization of shape %v in %d groups", x.Shape, groups)
	}
	channels, inner := x.Shape[1], kernel.Product(x.Shape[2:])
	out, err := normRows(x, channels/groups*inner, eps, true)
	if err != nil || weight == nil && bias == nil {
		return out, err
	}
	scale, err := numbers(weight, channels, 1)
	if err != nil {
		return nil, err
	}
	shift, err := numbers(bias, channels, 0)
	if err != nil {
		return nil, err
	}
	return affine(out, inner, scale, shift)
}

// normRows normalizes every n consecutive elements.
func normRows(x *kernel.Tensor, n int, eps float64, center bool) (*kernel.Tensor, error) {
	out, err := kernel.Dirty(x.DType(), x.Shape)
	if err != nil {
		return nil, err
	}
	switch d := x.Data.(type) {
	case []float32:
		normAll(d, out.Data.([]float32), n, eps, center)
	case []float64:
		normAll(d, out.Data.([]float64), n, eps, center)
	default:
		return nil, kernel.Unsupported("normalization of %s", x.DType())
	}
	return out, nil
}

func normAll[T kernel.Float](in, out []T, n int, eps float64, center bool) {
	if x, ok := kernel.FastFloat32s(in); ok {
		normFast(x, any(out).([]float32), n, eps, center, nil, nil)
		return
	}
	for at := 0; at < len(in); at += n {
		row, mean, square := in[at:at+n], 0.0, 0.0
		if center {
			for _, v := range row {
				mean += float64(v)
			}
			mean /= float64(n)
		}
		for _, v := range row {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		scale := 1 / math.Sqrt(square/float64(n)+eps)
		for i, v := range row {
			out[at+i] = T((float64(v) - mean) * scale)
		}
	}
}
