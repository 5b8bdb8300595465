package torch

import (
	"strings"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func algebraTable() map[string]operator {
	einsum := func(equation string, names ...string) operator {
		return operator{strings.Join(names, " "), 1, func(c *call) (results, error) {
			operands := make([]*tensor, len(names))
			for i, name := range names {
				operands[i] = c.tensor(name)
			}
			return one(kernel.Einsum(equation, operands))
		}}
	}
	matmul := func(a, b string) operator {
		return operator{
			a + " " + b, 1,
			func(c *call) (results, error) { return one(kernel.MatMul(c.tensor(a), c.tensor(b))) },
		}
	}
	return map[string]operator{
		"aten.matmul.default": matmul("self", "other"), "aten.mm.default": matmul("self", "mat2"),
		"aten.bmm.default": matmul("self", "mat2"),
		"aten.mv.default":  matmul("self", "vec"), "aten.dot.default": matmul("self", "tensor"),
		"aten.vdot.default":  matmul("self", "other"),
		"aten.outer.default": einsum("i,j->ij", "self", "vec2"), "aten.inner.default": {"self other", 1, inner},
		"aten.addmm.default":   {"self mat1 mat2 beta alpha", 1, addMM("mat1", "mat2")},
		"aten.baddbmm.default": {"self batch1 batch2 beta alpha", 1, addMM("batch1", "batch2")},
		"aten.addmv.default":   {"self mat vec beta alpha", 1, addMM("mat", "vec")},
		"aten.einsum.default": {"equation tensors path", 1, func(c *call) (results, error) {
			return one(kernel.Einsum(c.text("equation", ""), c.tensors("tensors")))
		}},
		"aten.tensordot.default":         {"self other dims_self dims_other", 1, tensordot},
		"aten.bilinear.default":          {"input1 input2 weight bias", 1, bilinear},
		"aten.cross.default":             {"self other dim", 1, cross},
		"aten.linalg_vecdot.default":     {"x y dim", 1, vecdot},
		"aten.cosine_similarity.default": {"x1 x2 dim eps", 1, cosine},
		"aten.pairwise_distance.default": {"x1 x2 p eps keepdim", 1, distance},
		"aten.cdist.default":             {"x1 x2 p compute_mode", 1, distances},
		"aten._weight_norm.default":      {"v g dim", 1, weightNorm},
		"aten.linalg_multi_dot.default":  {"tensors", 1, multiDot},
	}
}

// inner computes the products over the last axes of both tensors.
func inner(c *call) (results, error) {
	a, b := c.tensor("self"), c.tensor("other")
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		return one(kernel.Arith(kernel.Mul, a, b))
	}
	return c.contract(a, b, []int{len(a.Shape) - 1}, []int{len(b.Shape) - 1})
}

func tensordot(c *call) (results, error) {
	return c.contract(c.tensor("self"), c.tensor("other"), c.ints("dims_self"), c.ints("dims_other"))
}

// contract multiplies two tensors and sums over pairs of axes.
func (c *call) contract(a, b *tensor, ofA, ofB []int) (results, error) {
	if len(ofA) != len(ofB) {
		return nil, kernel.Invalid("a product over the axes %v and %v", ofA, ofB)
	}
	// There are at least as many letters as two tensors have axes.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	left, right, shared := make([]byte, len(a.Shape)), make([]byte, len(b.Shape)), map[byte]bool{}
	for i := range left {
		left[i] = letters[i]
	}
	for i := range right {
		right[i] = letters[kernel.MaxRank+i]
	}
	for i := range ofA {
		j, err := kernel.Axis(ofA[i], len(a.Shape))
		if err != nil {
			return nil, err
		}
		k, err := kernel.Axis(ofB[i], len(b.Shape))
		if err != nil {
			return nil, err
		}
		right[k], shared[left[j]] = left[j], true
	}
	var out []byte
	for _, l := range append(append([]byte{}, left...), right...) {
		if !shared[l] {
			out = append(out, l)
		}
	}
	return one(kernel.Einsum(string(left)+","+string(right)+"->"+string(out), []*tensor{a, b}))
}

// bilinear multiplies both inputs by a weight of shape [out, in1, in2].
func bilinear(c *call) (results, error) {
	out, err := kernel.Einsum("...i,kij,...j->...k", []*tensor{c.tensor("input1"), c.tensor("weight"), c.tensor("input2")})
	if bias := c.opt("bias"); bias != nil && err == nil {
		out, err = kernel.Arith(kernel.Add, out, bias)
	}
	return results{out}, err
}

// cross computes the cross product of vectors with three elements.
func cross(c *call) (results, error) {
	t, axis := c.promoted("self", "other"), c.int("dim", -1)
	if n, err := sizeOf(t[0], axis); err != nil || n != 3 {
		return nil, kernel.Invalid("a cross product of shape %v", t[0].Shape)
	}
	var turned [2][2]*tensor // Each operand, rotated by one and by two elements.
	for i := range turned {
		for j := range turned[i] {
			var err error
			if turned[i][j], err = kernel.Roll(t[i], -1-j, axis); err != nil {
				return nil, err
			}
		}
	}
	plus, err := kernel.Arith(kernel.Mul, turned[0][0], turned[1][1])
	if err != nil {
		return nil, err
	}
	minus, err := kernel.Arith(kernel.Mul, turned[0][1], turned[1][0])
	if err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Sub, plus, minus))
}

// along computes the dot product along an axis.
func along(a, b *tensor, axis int) (*tensor, error) {
	pairs, err := kernel.Arith(kernel.Mul, a, b)
	if err != nil {
		return nil, err
	}
	return kernel.Reduce(kernel.Sum, pairs, []int{axis}, false)
}

func vecdot(c *call) (results, error) {
	t := c.promoted("x", "y")
	return one(along(t[0], t[1], c.int("dim", -1)))
}

// cosine computes the cosine similarity. Norms below eps are replaced by eps.
func cosine(c *call) (results, error) {
	t, axis := c.promoted("x1", "x2"), c.int("dim", 1)
	for i := range t {
		norm, err := kernel.Norm(t[i], 2, []int{axis}, true)
		if err != nil {
			return nil, err
		}
		if norm, err = kernel.Clip(norm, c.like(c.float("eps", 1e-8), norm), nil); err != nil {
			return nil, err
		}
		if t[i], err = kernel.Arith(kernel.Div, t[i], norm); err != nil {
			return nil, err
		}
	}
	return one(along(t[0], t[1], axis))
}

// distance computes the norm of the differences along the last axis. PyTorch adds eps to each difference.
func distance(c *call) (results, error) {
	t := c.promoted("x1", "x2")
	apart, err := kernel.Arith(kernel.Sub, t[0], t[1])
	if err != nil {
		return nil, err
	}
	if apart, err = kernel.Arith(kernel.Add, apart, c.like(c.float("eps", 1e-6), apart)); err != nil {
		return nil, err
	}
	return one(kernel.Norm(apart, c.float("p", 2), []int{-1}, c.bool("keepdim", false)))
}

// distances computes the distance between every row of one matrix and every row of the other.
func distances(c *call) (results, error) {
	a, err := kernel.Unsqueeze(c.tensor("x1"), []int{-2})
	if err != nil {
		return nil, err
	}
	b, err := kernel.Unsqueeze(c.tensor("x2"), []int{-3})
	if err != nil {
		return nil, err
	}
	apart, err := kernel.Arith(kernel.Sub, a, b)
	if err != nil {
		return nil, err
	}
	return one(kernel.Norm(apart, c.float("p", 2), []int{-1}, false))
}

// weightNorm scales a weight v so that its norms over all axes but one are g.
func weightNorm(c *call) (results, error) {
	v, keep := c.tensor("v"), c.int("dim", 0)
	var axes []int
	for i := range v.Shape {
		if i != keep {
			axes = append(axes, i)
		}
	}
	norm, err := kernel.Norm(v, 2, axes, true)
	if err != nil {
		return nil, err
	}
	if norm, err = kernel.Arith(kernel.Div, c.tensor("g"), norm); err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Mul, v, norm))
}

func multiDot(c *call) (results, error) {
	return productOf(c.tensors("tensors"))
}

func productOf(list []*tensor) (results, error) {
	if len(list) == 0 {
		return nil, kernel.Invalid("a product of nothing")
	}
	out := list[0]
	for _, t := range list[1:] {
		var err error
		if out, err = kernel.MatMul(out, t); err != nil {
			return nil, err
		}
	}
	return results{out}, nil
}
