package torch

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func reduceTable() map[string]operator {
	return map[string]operator{
		"aten.mean.default": reduce(kernel.Mean), "aten.mean.dim": reduce(kernel.Mean),
		"aten.sum.default": reduce(kernel.Sum), "aten.sum.dim_IntList": reduce(kernel.Sum),
		"aten.prod.default": reduce(kernel.Prod), "aten.prod.dim_int": reduce(kernel.Prod),
		"aten.amax.default": reduce(kernel.Maximum), "aten.amin.default": reduce(kernel.Minimum),
		"aten.max.default": reduce(kernel.Maximum), "aten.min.default": reduce(kernel.Minimum),
		"aten.logsumexp.default": reduce(kernel.LogSumExp),
		"aten.any.default":       reduceBool(kernel.Maximum), "aten.any.dim": reduceBool(kernel.Maximum),
		"aten.all.default": reduceBool(kernel.Minimum), "aten.all.dim": reduceBool(kernel.Minimum),
		"aten.max.dim": {"self dim keepdim", 2, best(false)}, "aten.min.dim": {"self dim keepdim", 2, best(true)},
		"aten.argmax.default":      {"self dim keepdim", 1, argBest(false)},
		"aten.argmin.default":      {"self dim keepdim", 1, argBest(true)},
		"aten.var.correction":      {"self dim correction keepdim", 1, variance(false)},
		"aten.std.correction":      {"self dim correction keepdim", 1, variance(true)},
		"aten.var.dim":             {"self dim unbiased keepdim", 1, variance(false)},
		"aten.std.dim":             {"self dim unbiased keepdim", 1, variance(true)},
		"aten.var.default":         {"self unbiased", 1, variance(false)},
		"aten.std.default":         {"self unbiased", 1, variance(true)},
		"aten.var_mean.correction": {"self dim correction keepdim", 2, varMean(false)},
		"aten.std_mean.correction": {"self dim correction keepdim", 2, varMean(true)},
		"aten.var_mean.dim":        {"self dim unbiased keepdim", 2, varMean(false)},
		"aten.std_mean.dim":        {"self dim unbiased keepdim", 2, varMean(true)},
		"aten.var_mean.default":    {"self unbiased", 2, varMean(false)},
		"aten.std_mean.default":    {"self unbiased", 2, varMean(true)},
		"aten.norm.Scalar":         {"self p", 1, norm("p")}, "aten.norm.ScalarOpt_dim": {"self p dim keepdim", 1, norm("p")},
		"aten.linalg_norm.default":        {"self ord dim keepdim dtype", 1, linalgNorm},
		"aten.frobenius_norm.dim":         {"self dim keepdim", 1, norm("p")},
		"aten.linalg_vector_norm.default": {"self ord dim keepdim dtype", 1, norm("ord")},
		"aten.aminmax.default":            {"self dim keepdim", 2, minMax},
		"aten.count_nonzero.default":      {"self dim", 1, countNonzero},
		"aten.count_nonzero.dim_IntList":  {"self dim", 1, countNonzero},
		"aten.nansum.default":             {"self dim keepdim dtype", 1, nanSum},
		"aten.cumsum.default":             cumulative(kernel.CumSum), "aten.cumprod.default": cumulative(kernel.CumProd),
		"aten.logcumsumexp.default": cumulative(kernel.LogCumSumExp),
		"aten.topk.default":         {"self k dim largest sorted", 2, topK},
		"aten.sort.default":         {"self dim descending", 2, sortAlong},
		"aten.sort.stable":          {"self stable dim descending", 2, sortAlong},
		"aten.msort.default":        {"self", 1, msort},
		"aten.argsort.default":      {"self dim descending", 1, argsort},
		"aten.argsort.stable":       {"self stable dim descending", 1, argsort},
		"aten.median.dim":           {"self dim keepdim", 2, median}, "aten.median.default": {"self", 1, median},
		"aten.kthvalue.default": {"self k dim keepdim", 2, func(c *call) (results, error) {
			value, place, err := kernel.Nth(c.tensor("self"), c.int("k", 1)-1, c.int("dim", -1), c.bool("keepdim", false))
			return results{value, place}, err
		}},
	}
}

// dim returns the axes to reduce. It returns nil, which stands for all axes, if none are given.
func (c *call) dim() []int {
	if list := c.ints("dim"); len(list) > 0 {
		return list
	}
	return nil
}

// reduce sums small integers and bools as int64, as PyTorch does.
func reduce(kind kernel.Reduction) operator {
	return operator{"self dim keepdim dtype", 1, func(c *call) (results, error) {
		x := c.tensor("self")
		if dtype := c.text("dtype", ""); dtype != "" {
			x = c.cast(x, dtype)
		} else if (kind == kernel.Sum || kind == kernel.Prod) && !isFloat(x.DType()) {
			x = c.cast(x, "int64")
		}
		return one(kernel.Reduce(kind, x, c.dim(), c.bool("keepdim", false)))
	}}
}

func reduceBool(kind kernel.Reduction) operator {
	return operator{"self dim keepdim", 1, func(c *call) (results, error) {
		out, err := kernel.Reduce(kind, c.cast(c.cast(c.tensor("self"), "bool"), "int64"), c.dim(), c.bool("keepdim", false))
		if err != nil {
			return nil, err
		}
		return results{c.cast(out, "bool")}, nil
	}}
}

func argBest(smallest bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("self")
		if !c.has("dim") {
			var err error
			if x, err = kernel.Reshape(x, []int{-1}); err != nil {
				return nil, err
			}
		}
		return one(kernel.ArgBest(x, c.int("dim", 0), c.bool("keepdim", false), smallest, false))
	}
}

// best returns the largest or smallest elements of an axis and their indices.
func best(smallest bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x, axis := c.tensor("self"), c.int("dim", 0)
		places, err := kernel.ArgBest(x, axis, true, smallest, false)
		if err != nil {
			return nil, err
		}
		values, err := kernel.GatherElements(x, places, axis)
		if err != nil || c.bool("keepdim", false) {
			return results{values, places}, err
		}
		if values, err = kernel.Squeeze(values, []int{axis}, true); err != nil {
			return nil, err
		}
		places, err = kernel.Squeeze(places, []int{axis}, true)
		return results{values, places}, err
	}
}

// variance computes the sum of squared deviations from the mean, divided by the number of elements minus the
// correction.
func variance(root bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x, axes := c.floating("self"), c.dim()
		mean, err := kernel.Reduce(kernel.Mean, x, axes, true)
		if err != nil {
			return nil, err
		}
		apart, err := kernel.Arith(kernel.Sub, x, mean)
		if err != nil {
			return nil, err
		}
		sum, err := kernel.Reduce(kernel.SumSquare, apart, axes, c.bool("keepdim", false))
		if err != nil {
			return nil, err
		}
		n := float64(x.Len())/float64(max(mean.Len(), 1)) - c.float("correction", 1)
		if !c.bool("unbiased", true) {
			n++
		}
		return one(kernel.Map(sum, func(v float64) float64 {
			if v /= math.Max(n, 0); root {
				return math.Sqrt(v)
			}
			return v
		}))
	}
}

// varMean also returns the mean.
func varMean(root bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		out, err := variance(root)(c)
		if err != nil {
			return nil, err
		}
		mean, err := kernel.Reduce(kernel.Mean, c.floating("self"), c.dim(), c.bool("keepdim", false))
		return append(out, mean), err
	}
}

// linalgNorm supports only the default norm of matrices, the Frobenius norm.
func linalgNorm(c *call) (results, error) {
	if axes := c.dim(); c.has("ord") && (len(axes) == 2 || axes == nil && len(c.tensor("self").Shape) == 2) {
		return matrixNorm(c)
	}
	return norm("ord")(c)
}

// norm reads the order from the argument with the given name.
func norm(order string) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x, axes := c.floating("self"), c.dim()
		x = c.cast(x, c.text("dtype", x.DType()))
		return one(kernel.Norm(x, c.float(order, 2), axes, c.bool("keepdim", false)))
	}
}

func minMax(c *call) (results, error) {
	x, axes, keep := c.tensor("self"), c.dim(), c.bool("keepdim", false)
	low, err := kernel.Reduce(kernel.Minimum, x, axes, keep)
	if err != nil {
		return nil, err
	}
	high, err := kernel.Reduce(kernel.Maximum, x, axes, keep)
	return results{low, high}, err
}

func countNonzero(c *call) (results, error) {
	return one(kernel.Reduce(kernel.Sum, c.cast(c.cast(c.tensor("self"), "bool"), "int64"), c.dim(), false))
}

func nanSum(c *call) (results, error) {
	x := c.floating("self")
	x, err := kernel.Map(c.cast(x, c.text("dtype", x.DType())), func(v float64) float64 {
		if math.IsNaN(v) {
			return 0
		}
		return v
	})
	if err != nil {
		return nil, err
	}
	return one(kernel.Reduce(kernel.Sum, x, c.dim(), c.bool("keepdim", false)))
}

func topK(c *call) (results, error) {
	values, places, err := kernel.TopK(c.tensor("self"), c.int("k", 0), c.int("dim", -1), c.bool("largest", true))
	return results{values, places}, err
}

// sorted sorts along an axis; the sort is stable.
func (c *call) sorted(axis int) (results, error) {
	x := c.tensor("self")
	if len(x.Shape) == 0 {
		return results{x, kernel.Scalar(int64(0))}, nil
	}
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	values, places, err := kernel.TopK(x, n, axis, c.bool("descending", false))
	return results{values, places}, err
}

func sortAlong(c *call) (results, error) { return c.sorted(c.int("dim", -1)) }

func msort(c *call) (results, error) {
	out, err := c.sorted(0)
	if err != nil {
		return nil, err
	}
	return out[:1], nil
}

func argsort(c *call) (results, error) {
	out, err := sortAlong(c)
	if err != nil {
		return nil, err
	}
	return out[1:], nil
}

// median returns the lower one of two middle elements.
func median(c *call) (results, error) {
	x, axis := c.tensor("self"), c.int("dim", 0)
	if !c.has("dim") {
		var err error
		if x, err = kernel.Reshape(x, []int{-1}); err != nil {
			return nil, err
		}
	}
	n, err := sizeOf(x, axis)
	if err != nil {
		return nil, err
	}
	value, place, err := kernel.Nth(x, max(n-1, 0)/2, axis, c.bool("keepdim", false))
	return results{value, place}, err
}

// cumulative computes a cumulative operation along an axis. Small integers become int64, as in PyTorch.
func cumulative(f func(x *tensor, axis int) (*tensor, error)) operator {
	return operator{"self dim dtype", 1, func(c *call) (results, error) {
		x := c.tensor("self")
		dtype := x.DType()
		if !isFloat(dtype) {
			dtype = "int64"
		}
		return one(f(c.cast(x, c.text("dtype", dtype)), c.int("dim", 0)))
	}}
}
