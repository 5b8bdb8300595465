package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/linalg"
)

// linalgTable has the decompositions of matrices and what is computed by them.
func linalgTable() map[string]operator {
	det := operator{"self A", 1, func(c *call) (results, error) { return c.determinant("det") }}
	slogdet := operator{"self A", 2, func(c *call) (results, error) { return c.determinant("slogdet") }}
	invert := operator{"self A check_errors", 2, inverse}
	cholesky := operator{"self upper check_errors", 2, cholesky}
	power := operator{"self n", 1, matrixPower}
	svd := operator{"A full_matrices compute_uv driver", 3, svd}
	eigh := operator{"self A UPLO compute_v", 2, eigh}
	pinv := operator{"self atol rtol hermitian rcond", 1, pseudoInverse}
	norm := operator{"self ord dim keepdim dtype", 1, matrixNorm}
	factor := operator{"A pivot check_errors", 3, luFactor}
	return map[string]operator{
		"aten.det.default": det, "aten.linalg_det.default": det,
		"aten.slogdet.default": slogdet, "aten.linalg_slogdet.default": slogdet,
		"aten.logdet.default":     {"self", 1, func(c *call) (results, error) { return c.determinant("logdet") }},
		"aten.linalg_inv.default": invert, "aten.inverse.default": invert, "aten.linalg_inv_ex.default": invert,
		"aten.linalg_solve.default": {"A B left", 1, func(c *call) (results, error) {
			return c.solved("A", "B", solveGeneral)
		}},
		"aten.linalg_solve_triangular.default": {"self B upper left unitriangular", 1, func(c *call) (results, error) {
			return c.solved("self", "B", func(a, b *linalg.Matrix) error {
				upper := c.bool("upper", false) == c.bool("left", true) // The transposed equation has the other triangle.
				linalg.SolveTriangular(a, b, upper, c.bool("unitriangular", false))
				return nil
			})
		}},
		"aten.triangular_solve.default": {"self A upper transpose unitriangular", 1, func(c *call) (results, error) {
			return c.solved("A", "self", func(a, b *linalg.Matrix) error {
				upper := c.bool("upper", true)
				if c.bool("transpose", false) {
					a, upper = a.T(), !upper
				}
				linalg.SolveTriangular(a, b, upper, c.bool("unitriangular", false))
				return nil
			})
		}},
		"aten.linalg_cholesky.default": cholesky, "aten.cholesky.default": cholesky,
		"aten.linalg_cholesky_ex.default": cholesky,
		"aten.cholesky_solve.default": {"self input2 upper", 1, func(c *call) (results, error) {
			return c.solved("input2", "self", func(a, b *linalg.Matrix) error {
				c.solveCholesky(a, b)
				return nil
			})
		}},
		"aten.cholesky_inverse.default": {"self upper", 1, choleskyInverse},
		"aten.linalg_qr.default":        {"A mode", 2, qr},
		"aten.linalg_svd.default":       svd,
		"aten._linalg_svd.default":      svd,
		"aten.linalg_svdvals.default":   {"A driver", 1, svdValues},
		"aten.linalg_eigh.default":      eigh,
		"aten._linalg_eigh.default":     eigh,
		"aten.linalg_eigvalsh.default":  {"self UPLO", 1, eighValues},
		"aten.linalg_pinv.default":      pinv, "aten.linalg_pinv.atol_rtol_tensor": pinv,
		"aten.linalg_pinv.atol_rtol_float": pinv,
		"aten.linalg_matrix_power.default": power, "aten.matrix_power.default": power,
		"aten.linalg_matrix_norm.default": norm, "aten.linalg_matrix_norm.str_ord": norm,
		"aten.linalg_lu_factor.default": factor, "aten.linalg_lu_factor_ex.default": factor,
		"aten.linalg_lu_solve.default": {"LU pivots B left adjoint", 1, luSolve},
	}
}

// matrix returns the tensor of matrices, which is self or A.
func (c *call) matrix() *tensor {
	if c.has("A") {
		return c.floating("A")
	}
	return c.floating("self")
}

// determinant returns the determinant, its logarithm, or its sign and the logarithm of its absolute value.
func (c *call) determinant(kind string) (results, error) {
	x := c.matrix()
	var first, second linalg.Stack
	batch, err := linalg.Each(x, true, func(m *linalg.Matrix) error {
		sign, log := linalg.Decompose(m).Det()
		switch kind {
		case "det":
			first.Add(sign * math.Exp(log))
		case "logdet":
			if sign < 0 {
				log = math.NaN()
			}
			first.Add(log)
		default:
			first.Add(sign)
			second.Add(log)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, err := first.Tensor(batch, x.DType())
	if err != nil || kind != "slogdet" {
		return results{out}, err
	}
	logs, err := second.Tensor(batch, x.DType())
	return results{out, logs}, err
}

// noFailures returns the information that no decomposition of a batch has failed.
func noFailures(batch []int) (*tensor, error) { return kernel.Expand(kernel.Scalar(int32(0)), batch) }

func inverse(c *call) (results, error) {
	x := c.matrix()
	var out linalg.Stack
	batch, err := linalg.Each(x, true, func(m *linalg.Matrix) error {
		all := linalg.Identity(m.Rows)
		err := linalg.Decompose(m).Solve(all)
		out.Add(all.Data...)
		return err
	})
	if err != nil {
		return nil, err
	}
	inverted, err := out.Tensor(batch, x.DType(), x.Shape[len(batch):]...)
	if err != nil {
		return nil, err
	}
	info, err := noFailures(batch)
	return results{inverted, info}, err
}

func solveGeneral(a, b *linalg.Matrix) error { return linalg.Decompose(a).Solve(b) }

// solved calls solve, which overwrites b with the solution, for each pair of matrices of two batches that broadcast.
func (c *call) solved(nameA, nameB string, solve func(a, b *linalg.Matrix) error) (results, error) {
	t := c.promoted(nameA, nameB)
	a, b := t[0], t[1]
	vector := len(b.Shape) == 1 || len(b.Shape) == len(a.Shape)-1 && slices.Equal(b.Shape, a.Shape[:len(a.Shape)-1])
	var err error
	if vector {
		if b, err = kernel.Unsqueeze(b, []int{-1}); err != nil {
			return nil, err
		}
	}
	right := !c.bool("left", true)
	if right { // The transposed equation has the unknown on the left.
		if a, b, err = turned(a, b); err != nil {
			return nil, err
		}
	}
	out, err := solveAll(a, b, solve)
	if err != nil {
		return nil, err
	}
	if right {
		if out, err = kernel.Swap(out, -1, -2); err != nil {
			return nil, err
		}
	}
	if vector {
		return one(kernel.Squeeze(out, []int{-1}, true))
	}
	return results{out}, nil
}

func turned(a, b *tensor) (x, y *tensor, err error) {
	if x, err = kernel.Swap(a, -1, -2); err != nil {
		return nil, nil, err
	}
	y, err = kernel.Swap(b, -1, -2)
	return x, y, err
}

func solveAll(a, b *tensor, solve func(a, b *linalg.Matrix) error) (*tensor, error) {
	if len(a.Shape) < 2 || len(b.Shape) < 2 || b.Shape[len(b.Shape)-2] != a.Shape[len(a.Shape)-1] {
		return nil, kernel.Invalid("linear equations of shapes %v and %v", a.Shape, b.Shape)
	}
	batch, err := kernel.BroadcastShape(a.Shape[:len(a.Shape)-2], b.Shape[:len(b.Shape)-2])
	if err != nil {
		return nil, err
	}
	if a, err = kernel.Expand(a, slices.Concat(batch, a.Shape[len(a.Shape)-2:])); err != nil {
		return nil, err
	}
	if b, err = kernel.Expand(b, slices.Concat(batch, b.Shape[len(b.Shape)-2:])); err != nil {
		return nil, err
	}
	var right []*linalg.Matrix
	if _, err := linalg.Each(b, false, func(m *linalg.Matrix) error {
		right = append(right, m)
		return nil
	}); err != nil {
		return nil, err
	}
	var out linalg.Stack
	next := 0
	if _, err := linalg.Each(a, true, func(m *linalg.Matrix) error {
		err := solve(m, right[next])
		out.Add(right[next].Data...)
		next++
		return err
	}); err != nil {
		return nil, err
	}
	return out.Tensor(batch, b.DType(), b.Shape[len(batch):]...)
}

func cholesky(c *call) (results, error) {
	x := c.matrix()
	var out linalg.Stack
	batch, err := linalg.Each(x, true, func(m *linalg.Matrix) error {
		l, failed := linalg.Cholesky(m)
		if failed > 0 {
			return kernel.Invalid("a matrix that is not positive definite: its minor %d is not", failed)
		}
		if c.bool("upper", false) {
			l = l.T()
		}
		out.Add(l.Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	l, err := out.Tensor(batch, x.DType(), x.Shape[len(batch):]...)
	if err != nil {
		return nil, err
	}
	info, err := noFailures(batch)
	return results{l, info}, err
}

// solveCholesky overwrites b with the solution by a triangle of Cholesky's decomposition.
func (c *call) solveCholesky(l, b *linalg.Matrix) {
	if c.bool("upper", false) {
		l = l.T()
	}
	linalg.SolveTriangular(l, b, false, false)
	linalg.SolveTriangular(l.T(), b, true, false)
}

func choleskyInverse(c *call) (results, error) {
	x := c.matrix()
	var out linalg.Stack
	batch, err := linalg.Each(x, true, func(m *linalg.Matrix) error {
		all := linalg.Identity(m.Rows)
		c.solveCholesky(m, all)
		out.Add(all.Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return one(out.Tensor(batch, x.DType(), x.Shape[len(batch):]...))
}

func matrixPower(c *call) (results, error) {
	x, n := c.matrix(), c.int("n", 0)
	const most = 1 << 20
	if n < -most || n > most {
		return nil, kernel.Invalid("the power %d of a matrix", n)
	}
	var out linalg.Stack
	batch, err := linalg.Each(x, true, func(m *linalg.Matrix) error {
		power := linalg.Identity(m.Rows)
		if n < 0 {
			inverted := linalg.Identity(m.Rows)
			if err := linalg.Decompose(m).Solve(inverted); err != nil {
				return err
			}
			m = inverted
		}
		for left := max(n, -n); left > 0; left /= 2 {
			if left%2 == 1 {
				power = power.Mul(m)
			}
			m = m.Mul(m)
		}
		out.Add(power.Data...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return one(out.Tensor(batch, x.DType(), x.Shape[len(batch):]...))
}

func luFactor(c *call) (results, error) {
	x := c.matrix()
	var out, pivots linalg.Stack
	batch, err := linalg.Each(x, false, func(m *linalg.Matrix) error {
		lu := linalg.Decompose(m)
		out.Add(lu.Data...)
		for _, p := range lu.Pivots {
			pivots.Add(float64(p + 1))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lu, err := out.Tensor(batch, x.DType(), x.Shape[len(batch):]...)
	if err != nil {
		return nil, err
	}
	places, err := pivots.Tensor(batch, "int32", slices.Min(x.Shape[len(batch):]))
	if err != nil {
		return nil, err
	}
	info, err := noFailures(batch)
	return results{lu, places, info}, err
}

func luSolve(c *call) (results, error) {
	lu, b := c.floating("LU"), c.floating("B")
	pivots, err := kernel.AsInts(c.tensor("pivots"))
	if err != nil {
		return nil, err
	}
	n := 0
	if len(lu.Shape) >= 2 {
		n = lu.Shape[len(lu.Shape)-1]
	}
	if len(pivots) != 0 && (n == 0 || len(pivots)*n != lu.Len()) || len(b.Shape) < len(lu.Shape) {
		return nil, kernel.Invalid("%d pivots for matrices of shape %v", len(pivots), lu.Shape)
	}
	next := 0
	return one(solveAll(lu, b, func(a, b *linalg.Matrix) error {
		d := linalg.LU{Matrix: a}
		for range n {
			d.Pivots = append(d.Pivots, pivots[next%len(pivots)]-1)
			next++
		}
		return d.Solve(b)
	}))
}
