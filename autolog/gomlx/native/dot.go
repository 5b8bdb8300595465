package native

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
)

// DotGeneral is a matrix product for each element of the batch axes.
func (f *function) DotGeneral(lhs compute.Value, lhsContract, lhsBatch []int, rhs compute.Value, rhsContract, rhsBatch []int, c compute.DotGeneralConfig) (compute.Value, error) {
	a, b := lhs.(*node), rhs.(*node)
	float := func(d dtypes.DType) bool { return d == dtypes.Float32 || d == dtypes.InvalidDType }
	if a.shape.DType != dtypes.Float32 || b.shape.DType != dtypes.Float32 || !float(c.AccumulatorDType) || !float(c.OutputDType) {
		return f.rest(func(g compute.Function, in []compute.Value) (compute.Value, error) {
			return g.DotGeneral(in[0], lhsContract, lhsBatch, in[1], rhsContract, rhsBatch, c)
		}, lhs, rhs)
	}
	shape, err := shapeinference.DotGeneral(a.shape, lhsContract, lhsBatch, b.shape, rhsContract, rhsBatch, c)
	if err != nil {
		return nil, err
	}
	left, right := newOperand(a.shape.Dimensions, lhsBatch, lhsContract), newOperand(b.shape.Dimensions, rhsBatch, rhsContract)
	backend := f.builder.backend
	return f.op(shape, func(in []any, out any) error {
		matrices(backend, left, right, in[0].([]float32), in[1].([]float32), out.([]float32))
		return nil
	}, a, b), nil
}

// operand lists where the elements of one operand lie: its batches, its own rows
// and the sums over which it is multiplied.
type operand struct{ batch, rows, ks []int }

func newOperand(dims, batch, contract []int) *operand {
	strides := rowMajor(dims)
	list := func(axes []int) []int {
		var d, s []int
		for _, a := range axes {
			d, s = append(d, dims[a]), append(s, strides[a])
		}
		return offsetsOf(d, s)
	}
	var free []int
	for a := range dims {
		if !slices.Contains(batch, a) && !slices.Contains(contract, a) {
			free = append(free, a)
		}
	}
	return &operand{list(batch), list(free), list(contract)}
}

// matrices computes out[batch][row of left][row of right]. The longer side
// becomes the columns of the tiles.
func matrices(b *Backend, left, right *operand, x, y, out []float32) {
	m, n, k := len(left.rows), len(right.rows), len(left.ks)
	for i := range left.batch {
		dst := out[i*m*n : (i+1)*m*n]
		xs, ys := x[left.batch[i]:], y[right.batch[i]:]
		p := product{
			m: m, n: n, k: k, a: strided(xs, left.rows, left.ks, tileRows), b: strided(ys, right.rows, right.ks, tileCols),
			store: func(tile []float32, row, col, rows, cols int) {
				for r := range rows {
					copy(dst[(row+r)*n+col:][:cols], tile[r*tileCols:])
				}
			},
		}
		if wasted(n, m) < wasted(m, n) {
			p = product{
				m: n, n: m, k: k, a: strided(ys, right.rows, right.ks, tileRows), b: strided(xs, left.rows, left.ks, tileCols),
				store: func(tile []float32, row, col, rows, cols int) {
					for r := range rows {
						for c := range cols {
							dst[(col+c)*n+row+r] = tile[r*tileCols+c]
						}
					}
				},
			}
		}
		p.run(b)
	}
}

// wasted is how many elements the tiles of m by n have.
func wasted(m, n int) int {
	return (m + tileRows - 1) / tileRows * tileRows * ((n + tileCols - 1) / tileCols * tileCols)
}
