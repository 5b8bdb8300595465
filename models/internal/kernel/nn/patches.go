package nn

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Patches returns the elements under a window over the last two axes of x, of shape [batch, channels, rows, columns].
// The shape of the result is [batch, channels, kernel..., windows...].
func Patches(x *kernel.Tensor, w Window) (*kernel.Tensor, error) {
	padded, s, err := padImage(x, w)
	if err != nil {
		return nil, err
	}
	return patches(padded, s)
}

// padImage pads an image for a window.
func padImage(x *kernel.Tensor, w Window) (*kernel.Tensor, [2]slide, error) {
	if len(x.Shape) != 4 {
		return nil, [2]slide{}, kernel.Invalid("patches of shape %v", x.Shape)
	}
	s, err := w.slides(x.Shape[2:])
	if err != nil {
		return nil, s, err
	}
	padded, err := kernel.Pad(x, []int{0, 0, s[0].before, s[1].before}, []int{0, 0, s[0].after, s[1].after},
		kernel.PadConstant, nil)
	return padded, s, err
}

func patches(x *kernel.Tensor, s [2]slide) (*kernel.Tensor, error) {
	at := kernel.StridesOf(x.Shape)
	shape := []int{x.Shape[0], x.Shape[1], s[0].kernel, s[1].kernel, s[0].out, s[1].out}
	return kernel.Strided(x, shape,
		[]int{at[0], at[1], s[0].dilation * at[2], s[1].dilation, s[0].stride * at[2], s[1].stride}, 0)
}

// FromPatches adds patches of shape [batch, channels, kernel..., windows...] to an image of the given sizes, at their
// positions.
func FromPatches(x *kernel.Tensor, sizes []int, w Window) (*kernel.Tensor, error) {
	if len(x.Shape) != 6 || len(sizes) != 2 {
		return nil, kernel.Invalid("an image of %v made of patches of shape %v", sizes, x.Shape)
	}
	image, err := kernel.New(x.DType(), slices.Concat(x.Shape[:2], sizes))
	if err != nil {
		return nil, err
	}
	padded, s, err := padImage(image, w)
	if err != nil {
		return nil, err
	}
	padded, err = kernel.PutWhere(padded, x, kernel.JoinAdd, func(places *kernel.Tensor) (*kernel.Tensor, error) {
		return patches(places, s)
	})
	if err != nil {
		return nil, err
	}
	return kernel.Pad(padded, []int{0, 0, -s[0].before, -s[1].before}, []int{0, 0, -s[0].after, -s[1].after},
		kernel.PadConstant, nil)
}

// Shuffle moves blocks of channels, the axis before the last two, to blocks of the image, as PyTorch's pixel shuffle,
// or in the other direction with back. The block is the first part of the channel axis if outer is set, as in ONNX's
// mode DCR.
func Shuffle(x *kernel.Tensor, block int, back, outer bool) (*kernel.Tensor, error) {
	rank := len(x.Shape)
	if rank < 3 || block < 1 || block > maxWindow {
		return nil, kernel.Invalid("shuffling blocks of %d of shape %v", block, x.Shape)
	}
	lead, c, h, w := x.Shape[:rank-3], x.Shape[rank-3], x.Shape[rank-2], x.Shape[rank-1]
	n, err := kernel.Count(lead)
	if err != nil {
		return nil, err
	}
	split, perm, shape := []int{n, c, h / block, block, w / block, block}, []int{0, 1, 3, 5, 2, 4},
		[]int{c * block * block, h / block, w / block}
	if back && outer {
		perm = []int{0, 3, 5, 1, 2, 4}
	}
	if !back {
		split, perm, shape = []int{n, c / block / block, block, block, h, w}, []int{0, 1, 4, 2, 5, 3},
			[]int{c / block / block, h * block, w * block}
		if outer {
			split, perm = []int{n, block, block, c / block / block, h, w}, []int{0, 3, 4, 1, 5, 2}
		}
	}
	if x, err = kernel.Reshape(x, split); err != nil {
		return nil, err
	}
	if x, err = kernel.Transpose(x, perm); err != nil {
		return nil, err
	}
	return kernel.Reshape(x, slices.Concat(lead, shape))
}

// ColumnsToImage adds patches, which are the columns of x, to an image of the given sizes, at their positions.
func ColumnsToImage(x *kernel.Tensor, sizes []int, w Window) (*kernel.Tensor, error) {
	if len(x.Shape) != 3 || len(w.Kernel) != 2 || len(sizes) != 2 {
		return nil, kernel.Invalid("an image of %v made of columns of shape %v", sizes, x.Shape)
	}
	windows, err := w.Outputs(sizes)
	if err != nil {
		return nil, err
	}
	if x, err = kernel.Reshape(x, slices.Concat(x.Shape[:1], []int{-1}, w.Kernel, windows)); err != nil {
		return nil, err
	}
	return FromPatches(x, sizes, w)
}
