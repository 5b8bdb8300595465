package models

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

func torchLayerTable() map[string]torchOp {
	drop := torchOp{"input self p train", 1, torchDropout}
	conv := torchOp{"input weight bias stride padding dilation groups", 1, torchConv}
	spread := torchOp{"input weight bias stride padding output_padding groups dilation", 1, torchConvTranspose}
	maxPool := func(axes int) torchOp {
		return torchOp{"self kernel_size stride padding dilation ceil_mode", 1, func(c *torchCall) (results, error) { return c.pool(axes, kernel.PoolMax) }}
	}
	meanPool := func(axes int) torchOp {
		return torchOp{"self kernel_size stride padding ceil_mode count_include_pad divisor_override", 1, func(c *torchCall) (results, error) { return c.pool(axes, kernel.PoolMeanPadded) }}
	}
	adaptive := func(kind kernel.Pooling) torchOp {
		return torchOp{"self output_size", 1, func(c *torchCall) (results, error) {
			return one(kernel.AdaptivePool(c.tensor("self"), c.ints("output_size"), kind))
		}}
	}
	softmax := torchOp{"self dim dtype half_to_float", 1, torchSoftmax(kernel.Softmax)}
	logSoftmax := torchOp{"self dim dtype half_to_float", 1, torchSoftmax(kernel.LogSoftmax)}
	layerNorm := torchOp{"input normalized_shape weight bias eps cudnn_enable", 1, torchLayerNorm}
	return map[string]torchOp{
		"aten.linear.default":            {"input weight bias", 1, torchLinear},
		"aten.embedding_bag.padding_idx": {"weight indices offsets scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx", 1, torchEmbeddingBag},
		"aten.embedding_bag.default":     {"weight indices offsets scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx", 1, torchEmbeddingBag},
		"aten.embedding.default": {"weight indices padding_idx scale_grad_by_freq sparse", 1, func(c *torchCall) (results, error) {
			return one(kernel.Gather(c.tensor("weight"), c.tensor("indices"), 0))
		}},
		"aten.conv1d.default": conv, "aten.conv2d.default": conv, "aten.conv1d.padding": conv, "aten.conv2d.padding": conv, "aten.conv3d.default": conv, "aten.conv3d.padding": conv,
		"aten.convolution.default":      {"input weight bias stride padding dilation transposed output_padding groups", 1, torchConvolution},
		"aten.conv_transpose1d.default": spread, "aten.conv_transpose2d.input": spread, "aten.conv_transpose3d.input": spread,
		"aten.max_pool1d.default": maxPool(1), "aten.max_pool2d.default": maxPool(2), "aten.max_pool2d_with_indices.default": maxPool(2), "aten.max_pool3d.default": maxPool(3),
		"aten.avg_pool1d.default": meanPool(1), "aten.avg_pool2d.default": meanPool(2), "aten.avg_pool3d.default": meanPool(3),
		"aten.adaptive_avg_pool1d.default": adaptive(kernel.PoolMean), "aten.adaptive_avg_pool2d.default": adaptive(kernel.PoolMean),
		"aten._adaptive_avg_pool2d.default": adaptive(kernel.PoolMean), "aten.adaptive_avg_pool3d.default": adaptive(kernel.PoolMean), "aten.adaptive_max_pool3d.default": adaptive(kernel.PoolMax),
		"aten.adaptive_max_pool1d.default": adaptive(kernel.PoolMax), "aten.adaptive_max_pool2d.default": adaptive(kernel.PoolMax),
		"aten.batch_norm.default":                           {"input weight bias running_mean running_var training momentum eps cudnn_enabled", 1, torchBatchNorm},
		"aten._native_batch_norm_legit_no_training.default": {"input weight bias running_mean running_var momentum eps", 1, torchBatchNorm},
		"aten.instance_norm.default":                        {"input weight bias running_mean running_var use_input_stats momentum eps cudnn_enabled", 1, torchInstanceNorm},
		"aten.group_norm.default":                           {"input num_groups weight bias eps cudnn_enabled", 1, torchGroupNorm},
		"aten.native_group_norm.default":                    {"input weight bias N C HxW group eps", 1, torchGroupNorm},
		"aten.layer_norm.default":                           layerNorm, "aten.native_layer_norm.default": layerNorm,
		"aten.rms_norm.default":                     {"input normalized_shape weight eps", 1, torchRMSNorm},
		"aten.softmax.int":                          softmax,
		"aten._softmax.default":                     softmax,
		"aten.log_softmax.int":                      logSoftmax,
		"aten._log_softmax.default":                 logSoftmax,
		"aten.scaled_dot_product_attention.default": {"query key value attn_mask dropout_p is_causal scale enable_gqa", 1, torchAttention},
		"aten.dropout.default":                      drop, "aten.feature_dropout.default": drop, "aten.alpha_dropout.default": drop,
	}
}

func torchLinear(c *torchCall) (results, error) {
	return one(kernel.Linear(c.tensor("input"), c.tensor("weight"), c.opt("bias")))
}

// torchAddMM is beta*self+alpha*(a@b).
func torchAddMM(a, b string) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		out, err := kernel.MatMul(c.tensor(a), c.tensor(b))
		if err != nil {
			return nil, err
		}
		self := c.tensor("self")
		for _, scale := range []struct {
			name string
			of   **tensor
		}{{"alpha", &out}, {"beta", &self}} {
			if f := c.float(scale.name, 1); f != 1 {
				if *scale.of, err = kernel.Arith(kernel.Mul, *scale.of, c.like(f, *scale.of)); err != nil {
					return nil, err
				}
			}
		}
		return one(kernel.Arith(kernel.Add, out, self))
	}
}

// list returns a list of one number an axis, of which PyTorch may write only one.
func (c *torchCall) list(name string, axes int) []int {
	v := c.ints(name)
	if len(v) == 1 && axes > 1 {
		return slices.Repeat(v, axes)
	}
	if len(v) == 0 {
		return nil
	}
	return v
}

// window reads the arguments of convolutions and pools; padding is the same before
// and after.
func (c *torchCall) window(axes int) kernel.Window {
	w := kernel.Window{Strides: c.list("stride", axes), Dilations: c.list("dilation", axes), Ceil: c.bool("ceil_mode", false)}
	if v, ok := c.args["padding"]; ok && v.kind == torchText {
		if v.text == "same" {
			w.Auto = kernel.SameUpper
		} else if v.text != "valid" {
			c.fail(mlflow.NotImplemented, "padding '%s'", v.text)
		}
		return w
	}
	if p := c.list("padding", axes); p != nil {
		w.Pads = slices.Concat(p, p)
	}
	return w
}

// axes returns how many axes the weight of a convolution slides over.
func (c *torchCall) axes() int { return max(0, min(len(c.tensor("weight").Shape)-2, kernel.MaxRank)) }

func torchConv(c *torchCall) (results, error) {
	return one(kernel.Conv(c.tensor("input"), c.tensor("weight"), c.opt("bias"), c.window(c.axes()), c.int("groups", 1)))
}

func torchConvTranspose(c *torchCall) (results, error) {
	n := c.axes()
	return one(kernel.ConvTranspose(c.tensor("input"), c.tensor("weight"), c.opt("bias"), c.window(n), c.int("groups", 1), c.list("output_padding", n)))
}

func torchConvolution(c *torchCall) (results, error) {
	if c.bool("transposed", false) {
		return torchConvTranspose(c)
	}
	return torchConv(c)
}

// pool slides as far as its kernel is large unless a stride is given.
func (c *torchCall) pool(axes int, kind kernel.Pooling) (results, error) {
	w := c.window(axes)
	if w.Kernel = c.list("kernel_size", axes); w.Strides == nil {
		w.Strides = w.Kernel
	}
	if c.has("divisor_override") {
		sum, err := kernel.Pool(c.tensor("self"), w, kernel.PoolSum)
		if err != nil {
			return nil, err
		}
		return one(kernel.Arith(kernel.Div, sum, c.like(c.float("divisor_override", 1), sum)))
	}
	if kind == kernel.PoolMeanPadded && !c.bool("count_include_pad", true) {
		kind = kernel.PoolMean
	}
	return one(kernel.Pool(c.tensor("self"), w, kind))
}

func torchBatchNorm(c *torchCall) (results, error) {
	return one(kernel.BatchNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.tensor("running_mean"), c.tensor("running_var"), c.float("eps", 1e-5)))
}

func torchInstanceNorm(c *torchCall) (results, error) {
	x := c.tensor("input")
	if !c.bool("use_input_stats", true) {
		return one(kernel.BatchNorm(x, c.opt("weight"), c.opt("bias"), c.tensor("running_mean"), c.tensor("running_var"), c.float("eps", 1e-5)))
	}
	if len(x.Shape) < 2 {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "instance normalization of shape %v", x.Shape)
	}
	return one(kernel.GroupNorm(x, c.opt("weight"), c.opt("bias"), x.Shape[1], c.float("eps", 1e-5)))
}

func torchGroupNorm(c *torchCall) (results, error) {
	return one(kernel.GroupNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.int("num_groups", c.int("group", 1)), c.float("eps", 1e-5)))
}

func torchLayerNorm(c *torchCall) (results, error) {
	return one(kernel.LayerNorm(c.tensor("input"), c.opt("weight"), c.opt("bias"), c.ints("normalized_shape"), c.float("eps", 1e-5)))
}

// torchRMSNorm has the machine's epsilon for a default.
func torchRMSNorm(c *torchCall) (results, error) {
	return one(kernel.RMSNorm(c.tensor("input"), c.opt("weight"), c.ints("normalized_shape"), c.float("eps", 0x1p-23)))
}

func torchSoftmax(f func(x *tensor, axis int) (*tensor, error)) func(c *torchCall) (results, error) {
	return func(c *torchCall) (results, error) {
		x := c.tensor("self")
		return one(f(c.cast(x, c.text("dtype", x.DType())), c.int("dim", -1)))
	}
}

func torchAttention(c *torchCall) (results, error) {
	q, k, v := c.tensor("query"), c.tensor("key"), c.tensor("value")
	if c.bool("enable_gqa", false) {
		var err error
		if k, err = kernel.ShareHeads(k, q); err != nil {
			return nil, err
		}
		if v, err = kernel.ShareHeads(v, q); err != nil {
			return nil, err
		}
	}
	return one(kernel.Attention(q, k, v, c.opt("attn_mask"), c.bool("is_causal", false), c.float("scale", 0)))
}

// torchDropout does nothing; a graph in training mode was refused.
func torchDropout(c *torchCall) (results, error) {
	if c.has("self") {
		return results{c.tensor("self")}, nil
	}
	return results{c.tensor("input")}, nil
}

// torchEmbeddingBag joins the rows of a weight that each bag of indices names. The
// bags lie one after the other in a list, from their offsets on.
func torchEmbeddingBag(c *torchCall) (results, error) {
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
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "a bag of mode %d", mode)
	}
	return one(kernel.Bags(c.tensor("weight"), indices, c.opt("per_sample_weights"), offsets, []kernel.Reduction{kernel.Sum, kernel.Mean, kernel.Maximum}[mode], c.int("padding_idx", -1)))
}
