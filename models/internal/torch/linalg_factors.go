package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/linalg"
)

// sides returns the rows and the columns of matrices.
func sides(x *tensor) (rows, cols int, err error) {
	if len(x.Shape) < 2 {
		return 0, 0, kernel.Invalid("matrices of shape %v", x.Shape)
	}
	return x.Shape[len(x.Shape)-2], x.Shape[len(x.Shape)-1], nil
}

func qr(c *call) (results, error) {
	x, mode := c.matrix(), c.text("mode", "reduced")
	rows, cols, err := sides(x)
	if err != nil {
		return nil, err
	}
	width := min(rows, cols)
	if mode == "complete" {
		width = rows
	}
	if _, err := kernel.Count(slices.Concat(x.Shape[:len(x.Shape)-2], []int{rows, width})); err != nil {
		return nil, err
	}
	var q, r linalg.Stack
	batch, err := linalg.Each(x, false, func(m *linalg.Matrix) error {
		left, right := linalg.QR(m, mode == "complete")
		q.Add(left.Data...)
		r.Add(right.Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	right, err := r.Tensor(batch, x.DType(), width, cols)
	if err != nil || mode == "r" {
		return results{placeholder(), right}, err
	}
	left, err := q.Tensor(batch, x.DType(), rows, width)
	return results{left, right}, err
}

// svd returns U, S and the transposed V.
func svd(c *call) (results, error) {
	x, full := c.matrix(), c.bool("full_matrices", true)
	rows, cols, err := sides(x)
	if err != nil {
		return nil, err
	}
	n := min(rows, cols)
	left, right := n, n
	if full {
		left, right = rows, cols
	}
	for _, size := range [][]int{{rows, left}, {right, cols}} {
		if _, err := kernel.Count(slices.Concat(x.Shape[:len(x.Shape)-2], size)); err != nil {
			return nil, err
		}
	}
	var us, ss, vs linalg.Stack
	batch, err := linalg.Each(x, false, func(m *linalg.Matrix) error {
		u, s, v, err := linalg.SVD(m)
		if err != nil {
			return err
		}
		if full && u.Cols < u.Rows {
			u = u.Complete()
		}
		if full && v.Cols < v.Rows {
			v = v.Complete()
		}
		us.Add(u.Data...)
		ss.Add(s...)
		vs.Add(v.T().Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	u, err := us.Tensor(batch, x.DType(), rows, left)
	if err != nil {
		return nil, err
	}
	s, err := ss.Tensor(batch, x.DType(), n)
	if err != nil {
		return nil, err
	}
	v, err := vs.Tensor(batch, x.DType(), right, cols)
	return results{u, s, v}, err
}

func svdValues(c *call) (results, error) {
	x := c.matrix()
	rows, cols, err := sides(x)
	if err != nil {
		return nil, err
	}
	out, batch, err := singularValues(x)
	if err != nil {
		return nil, err
	}
	return one(out.Tensor(batch, x.DType(), min(rows, cols)))
}

func singularValues(x *tensor) (out *linalg.Stack, batch []int, err error) {
	out = &linalg.Stack{}
	batch, err = linalg.Each(x, false, func(m *linalg.Matrix) error {
		_, s, _, err := linalg.SVD(m)
		out.Add(s...)
		return err
	})
	return out, batch, err
}

// eigen calls f with the eigenvalues and eigenvectors of symmetric matrices.
func (c *call) eigen(x *tensor, f func(values []float64, vectors *linalg.Matrix)) (batch []int, err error) {
	upper := c.text("UPLO", "L") == "U"
	return linalg.Each(x, true, func(m *linalg.Matrix) error {
		if upper {
			m = m.T()
		}
		values, vectors, err := linalg.Eigen(m)
		if err == nil {
			f(values, vectors)
		}
		return err
	})
}

func eigh(c *call) (results, error) {
	x := c.matrix()
	var ws, vs linalg.Stack
	batch, err := c.eigen(x, func(values []float64, vectors *linalg.Matrix) {
		ws.Add(values...)
		vs.Add(vectors.Data...)
	})
	if err != nil {
		return nil, err
	}
	w, err := ws.Tensor(batch, x.DType(), x.Shape[len(batch)])
	if err != nil {
		return nil, err
	}
	v, err := vs.Tensor(batch, x.DType(), x.Shape[len(batch):]...)
	return results{w, v}, err
}

func eighValues(c *call) (results, error) {
	x := c.matrix()
	var ws linalg.Stack
	batch, err := c.eigen(x, func(values []float64, _ *linalg.Matrix) { ws.Add(values...) })
	if err != nil {
		return nil, err
	}
	return one(ws.Tensor(batch, x.DType(), x.Shape[len(batch)]))
}

// pseudoInverse inverts the singular values that are large enough beside the largest one.
func pseudoInverse(c *call) (results, error) {
	x := c.matrix()
	rows, cols, err := sides(x)
	if err != nil {
		return nil, err
	}
	eps := math.Nextafter(1, 2) - 1
	if x.DType() == "float32" {
		eps = float64(math.Nextafter32(1, 2) - 1)
	}
	least, share := c.operandOr("atol", 0), float64(max(rows, cols))*eps
	switch {
	case c.has("rcond"):
		share = c.operandOr("rcond", share)
	case c.has("rtol"):
		share = c.operandOr("rtol", share)
	case c.has("atol") && least > 0:
		share = 0
	}
	var out linalg.Stack
	batch, err := linalg.Each(x, false, func(m *linalg.Matrix) error {
		u, s, v, err := linalg.SVD(m)
		if err != nil {
			return err
		}
		for j, value := range s {
			factor := 0.0
			if value > max(least, share*s[0]) {
				factor = 1 / value
			}
			for i := range v.Rows {
				v.Set(i, j, v.At(i, j)*factor)
			}
		}
		out.Add(v.Mul(u.T()).Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return one(out.Tensor(batch, x.DType(), cols, rows))
}

// operandOr returns a number, or the element of a tensor.
func (c *call) operandOr(name string, without float64) float64 {
	if !c.has(name) {
		return without
	}
	v, err := kernel.AsFloat(c.operand(name).value)
	if err != nil {
		c.fail(err)
	}
	return v
}

// matrixNorm computes a norm of matrices along two axes.
func matrixNorm(c *call) (results, error) {
	x, keep := c.floating("self"), c.bool("keepdim", false)
	if dtype := c.text("dtype", ""); dtype != "" {
		x = c.cast(x, dtype)
	}
	dims := c.ints("dim")
	if dims == nil {
		dims = []int{-2, -1}
	}
	if len(dims) != 2 {
		return nil, kernel.Invalid("a norm of matrices along the axes %v", dims)
	}
	var axes [2]int
	for i, d := range dims {
		axis, err := kernel.Axis(d, len(x.Shape))
		if err != nil {
			return nil, err
		}
		axes[i] = axis
	}
	if axes[0] == axes[1] {
		return nil, kernel.Invalid("a norm of matrices along the axes %v", dims)
	}
	kind, order := c.normKind()
	if kind == "fro" {
		return one(kernel.Norm(x, 2, dims, keep))
	}
	moved, err := kernel.Move(x, []int{axes[0], axes[1]}, []int{-2, -1})
	if err != nil {
		return nil, err
	}
	norms, err := normOf(moved, kind, order)
	if err != nil || !keep {
		return results{norms}, err
	}
	slices.Sort(axes[:])
	return one(kernel.Unsqueeze(norms, axes[:]))
}

// normKind returns the name or the order of a norm of matrices.
func (c *call) normKind() (kind string, order float64) {
	if v, ok := c.args["ord"]; ok && v.kind == textKind {
		c.oneOf("ord", "fro", "nuc")
		return v.text, math.NaN()
	}
	order = c.float("ord", math.NaN())
	switch size := math.Abs(order); {
	case math.IsNaN(order):
		return "fro", order
	case size != 1 && size != 2 && !math.IsInf(size, 1):
		c.fail(kernel.Unsupported("the norm %v of matrices", order))
	}
	return "", order
}

// normOf computes a norm of the matrices in the last two axes.
func normOf(x *tensor, kind string, order float64) (*tensor, error) {
	biggest := kernel.Maximum
	if order < 0 {
		biggest = kernel.Minimum
	}
	switch size := math.Abs(order); {
	case size == 1 || math.IsInf(size, 1): // The sums of columns, or of rows.
		axis := -2
		if size != 1 {
			axis = -1
		}
		sums, err := kernel.Norm(x, 1, []int{axis}, false)
		if err != nil {
			return nil, err
		}
		return kernel.Reduce(biggest, sums, []int{-1}, false)
	case size == 2 || kind == "nuc":
		out, batch, err := singularValues(x)
		if err != nil {
			return nil, err
		}
		values, err := out.Tensor(batch, x.DType(), slices.Min(x.Shape[len(batch):]))
		if err != nil {
			return nil, err
		}
		if kind == "nuc" {
			biggest = kernel.Sum
		}
		return kernel.Reduce(biggest, values, []int{-1}, false)
	}
	return nil, kernel.Invalid("the norm %v%s of matrices", order, kind)
}
