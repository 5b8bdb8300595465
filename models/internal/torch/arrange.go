package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func move(c *call) (results, error) {
	return one(kernel.Move(c.tensor("self"), c.ints("source"), c.ints("destination")))
}

// tileOf repeats the last axes where there are fewer numbers than axes.
func tileOf(c *call) (results, error) {
	x, times := c.tensor("self"), c.ints("dims")
	if missing := len(x.Shape) - len(times); missing > 0 {
		times = append(slices.Repeat([]int{1}, missing), times...)
	}
	return one(tile(x, times))
}

// tile adds axes in front where there are more numbers than axes.
func tile(x *tensor, times []int) (*tensor, error) {
	if len(times) > kernel.MaxRank {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "repeats %v", times)
	}
	x, err := kernel.Reshape(x, append(slices.Repeat([]int{1}, max(0, len(times)-len(x.Shape))), x.Shape...))
	if err != nil {
		return nil, err
	}
	return kernel.Tile(x, times)
}

// interleave repeats the elements of an axis as often as a number says, or as a
// list says for each of them.
func interleave(c *call) (results, error) {
	x, axis := c.tensor("self"), c.int("dim", 0)
	if !c.has("dim") {
		var err error
		if x, err = kernel.Reshape(x, []int{-1}); err != nil {
			return nil, err
		}
	}
	times, err := kernel.AsInts(c.operand("repeats").value)
	if err != nil {
		return nil, err
	}
	if len(times) == 1 {
		return one(kernel.Repeat(x, axis, times[0]))
	}
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, t := range times {
		if t < 0 || t > kernel.MaxElements-total {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "repeats %v", t)
		}
		total += t
	}
	if len(times) != n {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d repeats for %d elements", len(times), n)
	}
	at := make([]int, 0, total)
	for i, t := range times {
		at = append(at, slices.Repeat([]int{i}, t)...)
	}
	return one(kernel.Gather(x, kernel.Ints(at), axis))
}

// beside joins tensors that have at least so many axes; lists join along their
// only axis.
func beside(rank, axis int) operator {
	return operator{"tensors", 1, func(c *call) (results, error) {
		xs, axis := c.tensors("tensors"), axis
		for i, x := range xs {
			var err error
			if xs[i], err = atLeast(x, rank); err != nil {
				return nil, err
			}
			axis = min(axis, len(xs[i].Shape)-1)
		}
		return one(c.concat(xs, axis))
	}}
}

// atLeast adds axes: in front of a list, and at the end of a matrix.
func atLeast(x *tensor, rank int) (*tensor, error) {
	shape := slices.Clone(x.Shape)
	for len(shape) < rank {
		if len(shape) == 1 {
			shape = append([]int{1}, shape...)
		} else {
			shape = append(shape, 1)
		}
	}
	return kernel.Reshape(x, shape)
}

// columns makes columns of lists before it joins them.
func columns(c *call) (results, error) {
	xs := c.tensors("tensors")
	for i, x := range xs {
		if len(x.Shape) < 2 {
			var err error
			if xs[i], err = kernel.Reshape(x, []int{x.Len(), 1}); err != nil {
				return nil, err
			}
		}
	}
	return one(c.concat(xs, 1))
}

// tensorSplit cuts into sections of which the first are larger by one, or at
// the places listed.
func tensorSplit(c *call) (results, error) {
	n, err := c.size()
	if err != nil {
		return nil, err
	}
	places := c.ints("indices")
	if c.has("sections") {
		sections := c.int("sections", 1)
		if sections < 1 || sections > kernel.MaxRank<<10 {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "%d sections", sections)
		}
		for i := 1; i < sections; i++ {
			places = append(places, i*(n/sections)+min(i, n%sections))
		}
	}
	var out results
	from := 0
	for _, to := range append(places, n) {
		piece, err := kernel.Slice(c.tensor("self"), c.int("dim", 0), from, to, 1)
		if err != nil {
			return nil, err
		}
		out, from = append(out, piece), to
	}
	return out, nil
}

// diag takes the diagonal of a matrix, or makes the matrix of one.
func diag(c *call) (results, error) {
	x, offset := c.tensor("self"), c.int("diagonal", 0)
	if len(x.Shape) == 1 {
		return one(kernel.DiagonalOf(x, offset))
	}
	return one(kernel.Diagonal(x, offset, 0, 1))
}

func diagEmbed(c *call) (results, error) {
	out, err := kernel.DiagonalOf(c.tensor("self"), c.int("offset", 0))
	if err != nil {
		return nil, err
	}
	return one(kernel.Move(out, []int{-2, -1}, []int{c.int("dim1", -2), c.int("dim2", -1)}))
}
