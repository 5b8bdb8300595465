package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// statisticsTable has reductions and searches beside those of reduceTable.
func statisticsTable() map[string]operator {
	running := func(smallest bool) operator {
		return operator{"self dim", 2, func(c *call) (results, error) {
			x, axis := c.tensor("self"), c.int("dim", 0)
			places, err := kernel.Running(x, axis, smallest)
			if err != nil || len(x.Shape) == 0 {
				return results{x, places}, err
			}
			best, err := kernel.GatherElements(x, places, axis)
			return results{best, places}, err
		}}
	}
	quantiles := operator{"self q dim keepdim interpolation", 1, quantile(false)}
	present := operator{"self q dim keepdim interpolation", 1, quantile(true)}
	places := operator{"self", 1, func(c *call) (results, error) { return one(kernel.NonZero(c.tensor("self"))) }}
	return map[string]operator{
		"aten.cummax.default": running(false), "aten.cummin.default": running(true),
		"aten.quantile.default": quantiles, "aten.quantile.scalar": quantiles,
		"aten.nanquantile.default": present, "aten.nanquantile.scalar": present,
		"aten.nanmean.default":   {"self dim keepdim dtype", 1, nanMean},
		"aten.nanmedian.default": {"self", 1, nanMedian}, "aten.nanmedian.dim": {"self dim keepdim", 2, nanMedian},
		"aten.trace.default": {"self", 1, func(c *call) (results, error) {
			d, err := kernel.Diagonal(c.tensor("self"), 0, 0, 1)
			if err != nil {
				return nil, err
			}
			if !isFloat(d.DType()) {
				d = c.cast(d, "int64")
			}
			return one(kernel.Reduce(kernel.Sum, d, nil, false))
		}},
		"aten.reshape_as.default": {"self other", 1, func(c *call) (results, error) {
			return one(kernel.Reshape(c.tensor("self"), c.tensor("other").Shape))
		}},
		"aten.broadcast_tensors.default": {"tensors", 0, broadcastAll},
		"aten.masked_scatter.default": {"self mask source", 1, func(c *call) (results, error) {
			return one(kernel.MaskedScatter(c.tensor("self"), c.tensor("mask"), c.tensor("source")))
		}},
		"aten.as_strided.default": {"self size stride storage_offset", 1, func(c *call) (results, error) {
			x, offset := c.tensor("self"), c.int("storage_offset", 0)
			return one(kernel.AsStrided(x, c.ints("size"), c.ints("stride"), offset))
		}},
		"aten.argwhere.default": places,
		"aten.where.default":    {"condition", 0, whereTrue},
		"aten.bincount.default": {"self weights minlength", 1, func(c *call) (results, error) {
			return one(kernel.Bincount(c.tensor("self"), c.opt("weights"), c.int("minlength", 0)))
		}},
		"aten._unique2.default": {"self sorted return_inverse return_counts", 3, func(c *call) (results, error) {
			return c.unique(true)
		}},
		"aten.unique_dim.default": {"self dim sorted return_inverse return_counts", 3, func(c *call) (results, error) {
			return c.unique(true)
		}},
		"aten.unique_consecutive.default": {"self return_inverse return_counts dim", 3, func(c *call) (results, error) {
			return c.unique(false)
		}},
		"aten.float_power.Tensor_Scalar": {"self exponent", 1, floatPower},
		"aten.float_power.Tensor_Tensor": {"self exponent", 1, floatPower},
		"aten.signbit.default":           test(math.Signbit),
		"aten.special_xlog1py.default": pair(func(x, y float64) float64 {
			if x == 0 && !math.IsNaN(y) {
				return 0
			}
			return x * math.Log1p(y)
		}),
		"aten.addr.default": {"self vec1 vec2 beta alpha", 1, func(c *call) (results, error) {
			product, err := kernel.Einsum("i,j->ij", []*tensor{c.tensor("vec1"), c.tensor("vec2")})
			if err != nil {
				return nil, err
			}
			return c.added(product)
		}},
		"aten.chain_matmul.default": {"matrices", 1, func(c *call) (results, error) {
			return productOf(c.tensors("matrices"))
		}},
		"aten.logspace.default": {"start end steps base" + placementArguments, 1, func(c *call) (results, error) {
			out, err := linspace(c)
			if err != nil {
				return nil, err
			}
			base := c.float("base", 10)
			return one(kernel.Map(out[0], func(v float64) float64 { return math.Pow(base, v) }))
		}},
	}
}

// quantile returns the quantiles of the elements along an axis, or of all. Quantiles of several fractions are along a
// new first axis. NaN is left out if skip is set, and otherwise the result where it occurs.
func quantile(skip bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x, q := c.floating("self"), c.operand("q").value
		dim, keep := c.int("dim", 0), c.bool("keepdim", false)
		fractions := c.cast(q, "float64").Data.([]float64)
		if len(q.Shape) > 1 || slices.ContainsFunc(fractions, func(v float64) bool { return !(v >= 0 && v <= 1) }) {
			return nil, kernel.Invalid("quantiles of the fractions %v", fractions)
		}
		rank := len(x.Shape)
		if !c.has("dim") {
			x = &tensor{Shape: []int{x.Len()}, Data: x.Data}
		}
		rows, rest, err := kernel.Rows(x, dim)
		if err != nil {
			return nil, err
		}
		if _, err := kernel.Count([]int{len(rows), len(fractions)}); err != nil {
			return nil, err
		}
		list := make([]float64, 0, len(rows)*len(fractions))
		for i, row := range rows {
			kept := slices.DeleteFunc(slices.Clone(row), math.IsNaN)
			if len(kept) < len(row) && !skip {
				kept = nil
			}
			slices.Sort(kept)
			rows[i] = kept
		}
		for _, f := range fractions {
			for _, row := range rows {
				list = append(list, kernel.Quantile(row, f, kernel.Interpolation(c.text("interpolation", "linear"))))
			}
		}
		shape := rest
		if keep && c.has("dim") {
			axis, err := kernel.Axis(dim, max(rank, 1))
			if err != nil {
				return nil, err
			}
			shape = slices.Insert(slices.Clone(rest), min(axis, len(rest)), 1)
		} else if keep {
			shape = slices.Repeat([]int{1}, rank)
		}
		return one(kernel.Cast(&tensor{Shape: slices.Concat(q.Shape, shape), Data: list}, x.DType()))
	}
}

// nanMean returns the mean of the elements that are not NaN.
func nanMean(c *call) (results, error) {
	sum, err := nanSum(c)
	if err != nil {
		return nil, err
	}
	x := c.floating("self")
	present, err := kernel.Compare(kernel.Equal, x, x)
	if err != nil {
		return nil, err
	}
	count, err := kernel.Reduce(kernel.Sum, c.cast(present, x.DType()), c.dim(), c.bool("keepdim", false))
	if err != nil {
		return nil, err
	}
	return one(kernel.Arith(kernel.Div, sum[0], c.cast(count, sum[0].DType())))
}

// nanMedian returns the lower median of the elements that are not NaN, and its place.
func nanMedian(c *call) (results, error) {
	x := c.tensor("self")
	if !c.has("dim") {
		x = &tensor{Shape: []int{x.Len()}, Data: x.Data}
	}
	axis, keep := c.int("dim", 0), c.bool("keepdim", false)
	rows, rest, err := kernel.Rows(x, axis)
	if err != nil {
		return nil, err
	}
	places := make([]int64, len(rows))
	for i, row := range rows {
		if len(row) == 0 {
			return nil, kernel.Invalid("a median of nothing")
		}
		order := make([]int, 0, len(row))
		for j, v := range row {
			if !math.IsNaN(v) {
				order = append(order, j)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case row[a] < row[b]:
				return -1
			case row[a] > row[b]:
				return 1
			}
			return 0
		})
		if len(order) > 0 {
			places[i] = int64(order[(len(order)-1)/2])
		}
	}
	at := &tensor{Shape: rest, Data: places}
	if len(x.Shape) == 0 {
		return results{x, at}, nil
	}
	if at, err = kernel.Unsqueeze(at, []int{axis}); err != nil {
		return nil, err
	}
	value, err := kernel.GatherElements(x, at, axis)
	if err != nil || keep {
		return results{value, at}, err
	}
	if value, err = kernel.Squeeze(value, []int{axis}, true); err != nil {
		return nil, err
	}
	at, err = kernel.Squeeze(at, []int{axis}, true)
	return results{value, at}, err
}

func broadcastAll(c *call) (results, error) {
	list := c.tensors("tensors")
	shapes := make([][]int, len(list))
	for i, t := range list {
		shapes[i] = t.Shape
	}
	shape, err := kernel.BroadcastShape(shapes...)
	if err != nil {
		return nil, err
	}
	out := make(results, len(list))
	for i, t := range list {
		if out[i], err = kernel.Expand(t, shape); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whereTrue returns the places of the true elements, with a tensor for each axis.
func whereTrue(c *call) (results, error) {
	x := c.tensor("condition")
	if len(x.Shape) == 0 {
		x = &tensor{Shape: []int{1}, Data: x.Data}
	}
	places, err := kernel.NonZero(x)
	if err != nil {
		return nil, err
	}
	out := make(results, len(x.Shape))
	for axis := range out {
		if out[axis], err = kernel.Select(places, 1, axis); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unique returns the different elements, or the different parts along an axis, where each of them went, and how often
// each of them occurs.
func (c *call) unique(sorted bool) (results, error) {
	x := c.tensor("self")
	flat := !c.has("dim")
	if flat {
		x = &tensor{Shape: []int{x.Len()}, Data: x.Data}
	}
	axis := c.int("dim", 0)
	moved, err := kernel.Move(x, []int{axis}, []int{0})
	if err != nil {
		return nil, err
	}
	n := moved.Shape[0]
	width := 0
	if n > 0 {
		width = moved.Len() / n
	}
	parts, _, err := kernel.Rows(&tensor{Shape: []int{n, width}, Data: moved.Data}, 1)
	if err != nil {
		return nil, err
	}
	d := kernel.Unique(parts, sorted)
	values, err := kernel.Gather(x, kernel.Ints(d.First), axis)
	if err != nil {
		return nil, err
	}
	none := &tensor{Shape: []int{0}, Data: []int64{}}
	out := results{values, none, none}
	if c.bool("return_inverse", false) {
		shape := []int{n}
		if flat {
			shape = slices.Clone(c.tensor("self").Shape)
		}
		out[1] = &tensor{Shape: shape, Data: d.Places}
	}
	if c.bool("return_counts", false) {
		out[2] = &tensor{Shape: []int{len(d.Counts)}, Data: d.Counts}
	}
	return out, nil
}

func floatPower(c *call) (results, error) {
	base, exponent := c.operand("self").value, c.operand("exponent").value
	return one(kernel.Arith(kernel.Pow, c.cast(base, "float64"), c.cast(exponent, "float64")))
}
