package torch

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// bagArguments has the arguments of an embedding bag.
const bagArguments = "weight indices offsets scale_grad_by_freq mode sparse per_sample_weights include_last_offset " +
	"padding_idx"

func layerTable() map[string]operator {
	drop := operator{"input self p train", 1, dropout}
	conv := operator{"input weight bias stride padding dilation groups", 1, conv}
	spread := operator{"input weight bias stride padding output_padding groups dilation", 1, convTranspose}
	softmax := operator{"self dim dtype half_to_float", 1, softmaxOf(kernel.Softmax)}
	logSoftmax := operator{"self dim dtype half_to_float", 1, softmaxOf(kernel.LogSoftmax)}
	layerNorm := operator{"input normalized_shape weight bias eps cudnn_enable", 1, layerNorm}
	return map[string]operator{
		"aten.linear.default":            {"input weight bias", 1, linear},
		"aten.embedding_bag.padding_idx": {bagArguments, 1, embeddingBag},
		"aten.embedding_bag.default":     {bagArguments, 1, embeddingBag},
		"aten.embedding.default": {"weight indices padding_idx scale_grad_by_freq sparse", 1, func(c *call) (results, error) {
			return one(kernel.Gather(c.tensor("weight"), c.tensor("indices"), 0))
		}},
		"aten.conv1d.default": conv, "aten.conv2d.default": conv, "aten.conv1d.padding": conv, "aten.conv2d.padding": conv,
		"aten.conv3d.default": conv, "aten.conv3d.padding": conv,
		"aten.convolution.default": {
			"input weight bias stride padding dilation transposed output_padding groups", 1,
			convolution,
		},
		"aten.conv_transpose1d.default": spread, "aten.conv_transpose2d.input": spread, "aten.conv_transpose3d.input": spread,
		"aten.batch_norm.default": {
			"input weight bias running_mean running_var training momentum eps cudnn_enabled", 1, batchNorm,
		},
		"aten._native_batch_norm_legit_no_training.default": {
			"input weight bias running_mean running_var momentum eps", 1,
			batchNorm,
		},
		"aten.instance_norm.default": {
			"input weight bias running_mean running_var use_input_stats momentum eps cudnn_enabled", 1, instanceNorm,
		},
		"aten.group_norm.default":        {"input num_groups weight bias eps cudnn_enabled", 1, groupNorm},
		"aten.native_group_norm.default": {"input weight bias N C HxW group eps", 1, groupNorm},
		"aten.layer_norm.default":        layerNorm, "aten.native_layer_norm.default": layerNorm,
		"aten.rms_norm.default":     {"input normalized_shape weight eps", 1, rmsNorm},
		"aten.softmax.int":          softmax,
		"aten._softmax.default":     softmax,
		"aten.log_softmax.int":      logSoftmax,
		"aten._log_softmax.default": logSoftmax,
		"aten.scaled_dot_product_attention.default": {
			"query key value attn_mask dropout_p is_causal scale enable_gqa", 1,
			attention,
		},
		"aten.dropout.default": drop, "aten.feature_dropout.default": drop,
		"aten.alpha_dropout.default": drop,
	}
}

// poolTable has the pools.
func poolTable() map[string]operator {
	maxPool := func(axes int) operator {
		return operator{
			"self kernel_size stride padding dilation ceil_mode", 1,
			func(c *call) (results, error) { return c.pool(axes, nn.PoolMax) },
		}
	}
	meanPool := func(axes int) operator {
		return operator{
			"self kernel_size stride padding ceil_mode count_include_pad divisor_override", 1,
			func(c *call) (results, error) { return c.pool(axes, nn.PoolMeanPadded) },
		}
	}
	adaptive := func(kind nn.Pooling) operator {
		return operator{"self output_size", 1, func(c *call) (results, error) {
			return one(nn.AdaptivePool(c.tensor("self"), c.ints("output_size"), kind))
		}}
	}
	return map[string]operator{
		"aten.max_pool1d.default": maxPool(1), "aten.max_pool2d.default": maxPool(2),
		"aten.max_pool3d.default": maxPool(3),
		"aten.avg_pool1d.default": meanPool(1), "aten.avg_pool2d.default": meanPool(2),
		"aten.avg_pool3d.default":          meanPool(3),
		"aten.adaptive_avg_pool1d.default": adaptive(nn.PoolMean), "aten.adaptive_avg_pool2d.default": adaptive(nn.PoolMean),
		"aten._adaptive_avg_pool2d.default": adaptive(nn.PoolMean),
		"aten.adaptive_avg_pool3d.default":  adaptive(nn.PoolMean),
	}
}

func linear(c *call) (results, error) {
	return one(kernel.Linear(c.tensor("input"), c.tensor("weight"), c.opt("bias")))
}

// addMM computes beta*self + alpha*(a@b).
func addMM(a, b string) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		out, err := kernel.MatMul(c.tensor(a), c.tensor(b))
		if err != nil {
			return nil, err
		}
		return c.added(out)
	}
}

// added computes beta*self + alpha*product.
func (c *call) added(product *tensor) (results, error) {
	self := c.tensor("self")
	for _, scale := range []struct {
		name string
		of   **tensor
	}{{"alpha", &product}, {"beta", &self}} {
		if f := c.float(scale.name, 1); f != 1 {
			var err error
			if *scale.of, err = kernel.Arith(kernel.Mul, *scale.of, c.like(f, *scale.of)); err != nil {
				return nil, err
			}
		}
	}
	return one(kernel.Arith(kernel.Add, product, self))
}

// list returns a list with one number for each axis. PyTorch writes a single number if all are equal.
func (c *call) list(name string, axes int) []int {
	v := c.ints(name)
	if len(v) == 1 && axes > 1 {
		return slices.Repeat(v, axes)
	}
	if len(v) == 0 {
		return nil
	}
	return v
}

// window returns the window of a convolution or a pool. The padding is symmetric.
func (c *call) window(axes int) nn.Window {
	w := nn.Window{Strides: c.list("stride", axes), Dilations: c.list("dilation", axes), Ceil: c.bool("ceil_mode", false)}
	if v, ok := c.args["padding"]; ok && v.kind == textKind {
		if v.text == "same" {
			w.Auto = nn.SameUpper
		} else if v.text != "valid" {
			c.fail(kernel.Unsupported("padding '%s'", v.text))
		}
		return w
	}
	if p := c.list("padding", axes); p != nil {
		w.Pads = slices.Concat(p, p)
	}
	return w
}

// axes returns the number of spatial axes of the weight of a convolution.
func (c *call) axes() int { return max(0, min(len(c.tensor("weight").Shape)-2, kernel.MaxRank)) }

func conv(c *call) (results, error) {
	return one(nn.Conv(c.tensor("input"), c.tensor("weight"), c.opt("bias"), c.window(c.axes()), c.int("groups", 1)))
}

func convTranspose(c *call) (results, error) {
	n := c.axes()
	return one(nn.ConvTranspose(c.tensor("input"), c.tensor("weight"), c.opt("bias"), c.window(n), c.int("groups", 1),
		c.list("output_padding", n)))
}

func convolution(c *call) (results, error) {
	if c.bool("transposed", false) {
		return convTranspose(c)
	}
	return conv(c)
}

// pool pools with a stride of the size of the kernel, unless a stride is given.
func (c *call) pool(axes int, kind nn.Pooling) (results, error) {
	w := c.window(axes)
	if w.Kernel = c.list("kernel_size", axes); w.Strides == nil {
		w.Strides = w.Kernel
	}
	if c.has("divisor_override") {
		sum, err := nn.Pool(c.tensor("self"), w, nn.PoolSum)
		if err != nil {
			return nil, err
		}
		return one(kernel.Arith(kernel.Div, sum, c.like(c.float("divisor_override", 1), sum)))
	}
	if kind == nn.PoolMeanPadded && !c.bool("count_include_pad", true) {
		kind = nn.PoolMean
	}
	return one(nn.Pool(c.tensor("self"), w, kind))
}

func batchNorm(c *call) (results, error) {
	if !c.has("running_mean") {
		return c.batchStatistics()
	}
	return one(nn.BatchNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.tensor("running_mean"),
		c.tensor("running_var"), c.float("eps", 1e-5)))
}

// batchStatistics normalizes by the mean and the variance of each channel in the batch.
func (c *call) batchStatistics() (results, error) {
	x := c.tensor("input")
	if len(x.Shape) < 2 {
		return nil, kernel.Invalid("batch normalization of shape %v", x.Shape)
	}
	axes := []int{0}
	for i := range x.Shape[2:] {
		axes = append(axes, i+2)
	}
	mean, err := kernel.Reduce(kernel.Mean, x, axes, false)
	if err != nil {
		return nil, err
	}
	list, err := kernel.PerChannel(mean, len(x.Shape)-2)
	if err != nil {
		return nil, err
	}
	apart, err := kernel.Arith(kernel.Sub, x, list)
	if err != nil {
		return nil, err
	}
	square, err := kernel.Arith(kernel.Mul, apart, apart)
	if err != nil {
		return nil, err
	}
	variance, err := kernel.Reduce(kernel.Mean, square, axes, false)
	if err != nil {
		return nil, err
	}
	return one(nn.BatchNorm(x, c.opt("weight"), c.opt("bias"), mean, variance, c.float("eps", 1e-5)))
}

func instanceNorm(c *call) (results, error) {
	x := c.tensor("input")
	if !c.bool("use_input_stats", true) {
		return one(nn.BatchNorm(x, c.opt("weight"), c.opt("bias"), c.tensor("running_mean"), c.tensor("running_var"),
			c.float("eps", 1e-5)))
	}
	if len(x.Shape) < 2 {
		return nil, kernel.Invalid("instance normalization of shape %v", x.Shape)
	}
	return one(nn.GroupNorm(x, c.opt("weight"), c.opt("bias"), x.Shape[1], c.float("eps", 1e-5)))
}

func groupNorm(c *call) (results, error) {
	return one(nn.GroupNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.int("num_groups", c.int("group", 1)),
		c.float("eps", 1e-5)))
}

func layerNorm(c *call) (results, error) {
	return one(nn.LayerNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.ints("normalized_shape"),
		c.float("eps", 1e-5)))
}

// rmsNorm uses the machine epsilon as the default of eps.
func rmsNorm(c *call) (results, error) {
	return one(nn.RMSNorm(c.tensor("input"), c.opt("weight"), c.ints("normalized_shape"), c.float("eps", 0x1p-23)))
}

func softmaxOf(f func(x *tensor, axis int) (*tensor, error)) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x := c.tensor("self")
		return one(f(c.cast(x, c.text("dtype", x.DType())), c.int("dim", -1)))
	}
}

func attention(c *call) (results, error) {
	q, k, v := c.tensor("query"), c.tensor("key"), c.tensor("value")
	if c.bool("enable_gqa", false) {
		var err error
		if k, err = nn.ShareHeads(k, q); err != nil {
			return nil, err
		}
		if v, err = nn.ShareHeads(v, q); err != nil {
			return nil, err
		}
	}
	return one(nn.Attention(q, k, v, c.opt("attn_mask"), c.bool("is_causal", false), c.float("scale", 0)))
}

// dropout returns its input, because graphs in training mode are rejected.
func dropout(c *call) (results, error) {
	if c.has("self") {
		return results{c.tensor("self")}, nil
	}
	return results{c.tensor("input")}, nil
}

// embeddingBag reduces the rows of a weight that each bag of indices selects. The bags are concatenated; offsets has
// their first elements.
func embeddingBag(c *call) (results, error) {
	offsets, err := kernel.AsInts(c.tensor("offsets"))
	if err != nil {
		return nil, err
	}
	indices := c.tensor("indices")
	if !c.bool("include_last_offset", false) {
		offsets = append(offsets, indices.Len())
	}
	mode := c.int("mode", 0)
	if mode < 0 || mode > 2 {
		return nil, kernel.Invalid("a bag of mode %d", mode)
	}
	return one(kernel.Bags(c.tensor("weight"), indices, c.opt("per_sample_weights"), offsets,
		[]kernel.Reduction{kernel.Sum, kernel.Mean, kernel.Maximum}[mode], c.int("padding_idx", -1)))
}
