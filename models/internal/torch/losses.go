package torch

import (
	"math"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// lossTable has the losses.
func lossTable() map[string]operator {
	loss := func(args string, of func(c *call) func(x, y float64) float64) operator {
		return operator{"self target reduction " + args, 1, func(c *call) (results, error) {
			x, y := c.floats("self", "target")
			return c.lossOf(kernel.Map2(x, y, of(c)))
		}}
	}
	plain := func(f func(x, y float64) float64) operator {
		return loss("", func(*call) func(x, y float64) float64 { return f })
	}
	return map[string]operator{
		"aten.mse_loss.default":         plain(func(x, y float64) float64 { return (x - y) * (x - y) }),
		"aten.l1_loss.default":          plain(func(x, y float64) float64 { return math.Abs(x - y) }),
		"aten.soft_margin_loss.default": plain(func(x, y float64) float64 { return kernel.SoftplusOf(-x * y) }),
		"aten.smooth_l1_loss.default": loss("beta", func(c *call) func(x, y float64) float64 {
			return smooth(c.float("beta", 1), true)
		}),
		"aten.huber_loss.default": loss("delta", func(c *call) func(x, y float64) float64 {
			return smooth(c.float("delta", 1), false)
		}),
		"aten.kl_div.default": loss("log_target", divergence),
		"aten.hinge_embedding_loss.default": loss("margin", func(c *call) func(x, y float64) float64 {
			margin := c.float("margin", 1)
			return func(x, y float64) float64 { return embedded(x, y, margin-x) }
		}),
		"aten.binary_cross_entropy.default":             {"self target weight reduction", 1, crossEntropyOfTwo},
		"aten.binary_cross_entropy_with_logits.default": {"self target weight pos_weight reduction", 1, crossEntropyOfLogits},
		"aten.margin_ranking_loss.default":              {"input1 input2 target margin reduction", 1, rankingLoss},
		"aten.cosine_embedding_loss.default":            {"input1 input2 target margin reduction", 1, cosineLoss},
		"aten.poisson_nll_loss.default":                 {"input target log_input full eps reduction", 1, poissonLoss},
		"aten.triplet_margin_loss.default": {
			"anchor positive negative margin p eps swap reduction", 1, tripletLoss,
		},
		"aten.nll_loss_nd.default": {"self target weight reduction ignore_index", 1, func(c *call) (results, error) {
			return c.classLoss(c.floating("self"), 0)
		}},
		"aten.cross_entropy_loss.default": {
			"self target weight reduction ignore_index label_smoothing", 1, crossEntropy,
		},
	}
}

// The values of reduction, whose default is the mean.
const (
	reduceNone = iota
	reduceMean
	reduceSum
)

// lossOf reduces the losses of all elements.
func (c *call) lossOf(losses *tensor, err error) (results, error) {
	if err != nil {
		return nil, err
	}
	switch kind := c.int("reduction", reduceMean); kind {
	case reduceNone:
		return results{losses}, nil
	case reduceMean:
		return one(kernel.Reduce(kernel.Mean, losses, nil, false))
	case reduceSum:
		return one(kernel.Reduce(kernel.Sum, losses, nil, false))
	default:
		return nil, kernel.Unsupported("the reduction %d", kind)
	}
}

// smooth is quadratic for small differences, and divided by the width if scaled is set.
func smooth(width float64, scaled bool) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		d, factor := math.Abs(x-y), width
		if scaled {
			factor = 1
		}
		if d < width {
			return 0.5 * d * d * factor / width
		}
		return factor * (d - 0.5*width)
	}
}

func divergence(c *call) func(x, y float64) float64 {
	if c.bool("log_target", false) {
		return func(x, y float64) float64 { return math.Exp(y) * (y - x) }
	}
	return func(x, y float64) float64 { return kernel.XLogY(y, y) - y*x }
}

// embedded is near for the target 1, and apart, or 0 if it is negative, for -1.
func embedded(near, target, apart float64) float64 {
	switch target {
	case 1:
		return near
	case -1:
		return max(0, apart)
	}
	return near + max(0, apart)
}

// weighted multiplies losses by an optional weight.
func (c *call) weighted(losses *tensor, err error) (*tensor, error) {
	if weight := c.opt("weight"); weight != nil && err == nil {
		return kernel.Arith(kernel.Mul, losses, weight)
	}
	return losses, err
}

func crossEntropyOfTwo(c *call) (results, error) {
	x, y := c.floats("self", "target")
	const least = -100 // of a logarithm
	return c.lossOf(c.weighted(kernel.Map2(x, y, func(x, y float64) float64 {
		return -y*max(math.Log(x), least) - (1-y)*max(math.Log1p(-x), least)
	})))
}

// crossEntropyOfLogits computes (1-y)*x + (1+(w-1)*y) * softplus(-x), where w is the weight of positive examples.
func crossEntropyOfLogits(c *call) (results, error) {
	x, y := c.floats("self", "target")
	lost, err := kernel.Map2(x, y, func(x, y float64) float64 { return (1 - y) * x })
	if err != nil {
		return nil, err
	}
	soft, err := kernel.Map(x, func(v float64) float64 { return kernel.SoftplusOf(-v) })
	if err != nil {
		return nil, err
	}
	if positive := c.opt("pos_weight"); positive != nil {
		factor, err := kernel.Map2(c.cast(positive, x.DType()), y, func(w, y float64) float64 { return 1 + (w-1)*y })
		if err != nil {
			return nil, err
		}
		if soft, err = kernel.Arith(kernel.Mul, soft, factor); err != nil {
			return nil, err
		}
	}
	return c.lossOf(c.weighted(kernel.Arith(kernel.Add, lost, soft)))
}

func rankingLoss(c *call) (results, error) {
	t := c.promoted("input1", "input2")
	apart, err := kernel.Arith(kernel.Sub, t[0], t[1])
	if err != nil {
		return nil, err
	}
	margin := c.float("margin", 0)
	target := c.cast(c.tensor("target"), apart.DType())
	return c.lossOf(kernel.Map2(apart, target, func(d, y float64) float64 { return max(0, -y*d+margin) }))
}

// cosineLoss compares vectors along the last axis.
func cosineLoss(c *call) (results, error) {
	t := c.promoted("input1", "input2")
	product, err := along(t[0], t[1], -1)
	if err != nil {
		return nil, err
	}
	for _, v := range t {
		square, err := along(v, v, -1)
		if err != nil {
			return nil, err
		}
		const eps = 1e-12
		length, err := kernel.Map(square, func(v float64) float64 { return math.Sqrt(v + eps) })
		if err != nil {
			return nil, err
		}
		if product, err = kernel.Arith(kernel.Div, product, length); err != nil {
			return nil, err
		}
	}
	margin := c.float("margin", 0)
	target := c.cast(c.tensor("target"), product.DType())
	return c.lossOf(kernel.Map2(product, target, func(cos, y float64) float64 {
		return embedded(1-cos, y, cos-margin)
	}))
}

func poissonLoss(c *call) (results, error) {
	x, y := c.floats("input", "target")
	logs, full, eps := c.bool("log_input", true), c.bool("full", false), c.float("eps", 1e-8)
	return c.lossOf(kernel.Map2(x, y, func(x, y float64) float64 {
		loss := x - y*math.Log(x+eps)
		if logs {
			loss = math.Exp(x) - y*x
		}
		if full && y > 1 { // Stirling's approximation of log(y!).
			loss += y*math.Log(y) - y + 0.5*math.Log(2*math.Pi*y)
		}
		return loss
	}))
}

func tripletLoss(c *call) (results, error) {
	t := c.promoted("anchor", "positive", "negative")
	distance := func(a, b *tensor) (*tensor, error) {
		apart, err := kernel.Arith(kernel.Sub, a, b)
		if err == nil {
			apart, err = kernel.Arith(kernel.Add, apart, c.like(c.float("eps", 1e-6), apart))
		}
		if err != nil {
			return nil, err
		}
		return kernel.Norm(apart, c.float("p", 2), []int{-1}, false)
	}
	near, err := distance(t[0], t[1])
	if err != nil {
		return nil, err
	}
	far, err := distance(t[0], t[2])
	if err != nil {
		return nil, err
	}
	if c.bool("swap", false) {
		other, err := distance(t[1], t[2])
		if err != nil {
			return nil, err
		}
		if far, err = kernel.Arith(kernel.Min, far, other); err != nil {
			return nil, err
		}
	}
	margin := c.float("margin", 1)
	return c.lossOf(kernel.Map2(near, far, func(a, b float64) float64 { return max(0, margin+a-b) }))
}

// classAxis is the axis of the classes of a tensor.
func classAxis(x *tensor) int { return min(len(x.Shape)-1, 1) }

// crossEntropy takes classes, or a probability for each class.
func crossEntropy(c *call) (results, error) {
	x, smoothing := c.floating("self"), c.float("label_smoothing", 0)
	if len(x.Shape) == 0 || smoothing < 0 || smoothing > 1 {
		return nil, kernel.Invalid("a cross entropy of shape %v with the smoothing %v", x.Shape, smoothing)
	}
	logs, err := kernel.LogSoftmax(x, classAxis(x))
	if err != nil {
		return nil, err
	}
	target := c.tensor("target")
	if !isFloat(target.DType()) {
		return c.classLoss(logs, smoothing)
	}
	classes := x.Shape[classAxis(x)]
	if !slices.Equal(target.Shape, x.Shape) {
		return nil, kernel.Invalid("a target of shape %v for %v", target.Shape, x.Shape)
	}
	lost, err := kernel.Map2(logs, c.cast(target, logs.DType()), func(l, t float64) float64 {
		return -l * (t*(1-smoothing) + smoothing/float64(classes))
	})
	if err != nil {
		return nil, err
	}
	if weight := c.opt("weight"); weight != nil {
		if weight, err = kernel.PerChannel(weight, len(x.Shape)-1-classAxis(x)); err != nil {
			return nil, err
		}
		if lost, err = kernel.Arith(kernel.Mul, lost, weight); err != nil {
			return nil, err
		}
	}
	return c.lossOf(kernel.Reduce(kernel.Sum, lost, []int{classAxis(x)}, false))
}

// classLoss computes the negative logarithms of the probabilities of the target classes. The mean is weighted.
func (c *call) classLoss(logs *tensor, smoothing float64) (results, error) {
	losses, total, err := kernel.ClassLosses(logs, c.tensor("target"), c.opt("weight"), kernel.ClassTargets{
		Axis: classAxis(logs), Ignored: c.int("ignore_index", -100), Smoothing: smoothing,
	})
	if err != nil {
		return nil, err
	}
	if c.int("reduction", reduceMean) != reduceMean {
		return c.lossOf(losses, nil)
	}
	return one(kernel.WeightedMean(losses, total))
}
