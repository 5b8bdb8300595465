package onnx

import (
	"slices"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

// checks has the checks of the attributes of operators. A model with an attribute that an operator does not support is
// refused when it is opened. Inputs that are known then can be checked, too.
var checks = map[string]func(c *call){
	"Conv": func(c *call) { c.window() }, "MaxPool": maxPoolCheck,
	"AveragePool": func(c *call) { c.window() },
	"ConvTranspose": func(c *call) {
		if w := c.window(); w.Auto == nn.SameUpper || w.Auto == nn.SameLower {
			c.fail(kernel.Unsupported("a transposed convolution with auto_pad"))
		}
	},
	"Resize":          func(c *call) { c.resizing() },
	"ScatterElements": func(c *call) { c.join() }, "ScatterND": func(c *call) { c.join() },
	"GridSample": func(c *call) {
		c.oneOf("mode", "linear", "bilinear", "nearest", "cubic", "bicubic")
		c.oneOf("padding_mode", "zeros", "border", "reflection")
	},
	"RoiAlign": func(c *call) {
		c.oneOf("mode", "avg", "max")
		c.oneOf("coordinate_transformation_mode", "half_pixel", "output_half_pixel")
	},
	"NegativeLogLikelihoodLoss": reductionCheck, "SoftmaxCrossEntropyLoss": reductionCheck,
	"SequenceEmpty": func(c *call) { c.dtype("dtype") },
	"HannWindow":    windowCheck, "HammingWindow": windowCheck, "BlackmanWindow": windowCheck,
	"RandomUniform": randomCheck, "RandomUniformLike": randomCheck, "RandomNormal": randomCheck,
	"RandomNormalLike": randomCheck, "Bernoulli": randomCheck, "Multinomial": randomCheck,
	"DepthToSpace": func(c *call) { c.oneOf("mode", "DCR", "CRD") },
	"Gelu":         func(c *call) { c.oneOf("approximate", "none", "tanh") },
	"BitShift":     func(c *call) { c.oneOf("direction", "LEFT", "RIGHT") },
	"Pad":          func(c *call) { c.oneOf("mode", "constant", "reflect", "edge", "wrap") },
	"CumSum":       func(c *call) { c.zero("exclusive", "reverse") },
	"Attention": func(c *call) {
		c.zero("qk_matmul_output_mode")
		if c.float("softcap", 0) != 0 {
			c.fail(kernel.Unsupported("softcap"))
		}
	},
	"BatchNormalization": func(c *call) {
		c.zero("training_mode")
		if c.int("spatial", 1) == 0 {
			c.fail(kernel.Unsupported("batch normalization without channels"))
		}
	},
	// Before version 21 there is one weight for each group instead of each channel.
	"GroupNormalization": func(c *call) {
		if c.opset < 21 {
			c.fail(kernel.Unsupported("group normalization of operator set %d; Millrace supports that of 21", c.opset))
		}
	},
	"Cast":    func(c *call) { c.dtype("to") },
	"EyeLike": func(c *call) { c.dtype("dtype") },
	"LSTM":    recurrentCheck("LSTM"), "GRU": recurrentCheck("GRU"), "RNN": recurrentCheck("RNN"),

	"ai.onnx.ml.LinearClassifier": func(c *call) {
		if len(c.floats("intercepts")) == 1 && c.node.labels("classlabels_ints").Len() == 2 {
			c.oneOf("post_transform", "NONE", "LOGISTIC")
		}
		c.oneOf("post_transform", "NONE", "LOGISTIC", "SOFTMAX")
	},
	"ai.onnx.ml.LinearRegressor": func(c *call) { c.oneOf("post_transform", "NONE") },
	"ai.onnx.ml.SVMClassifier":   func(c *call) { c.oneOf("post_transform", "NONE") },
	"ai.onnx.ml.SVMRegressor":    func(c *call) { c.oneOf("post_transform", "NONE") },
	"ai.onnx.ml.Normalizer":      func(c *call) { c.oneOf("norm", "MAX", "L1", "L2") },
	"ai.onnx.ml.TreeEnsembleRegressor": func(c *call) {
		c.oneOf("aggregate_function", "SUM", "AVERAGE", "MIN", "MAX")
		c.oneOf("post_transform", "NONE")
	},
	"ai.onnx.ml.TreeEnsembleClassifier": func(c *call) {
		c.oneOf("aggregate_function", "SUM")
		c.oneOf("post_transform", "NONE", "LOGISTIC", "SOFTMAX")
	},
	"ai.onnx.ml.LabelEncoder": func(c *call) {
		if c.has("classes_strings") {
			c.fail(kernel.Unsupported("an encoder of version 1"))
		}
	},
}

// maxPoolCheck refuses places of pools whose padding is computed, and places in the order of columns.
func maxPoolCheck(c *call) {
	c.window()
	if len(c.node.outputs) < 2 || c.node.outputs[1] == "" {
		return
	}
	c.oneOf("auto_pad", "NOTSET", "VALID")
	c.zero("storage_order")
}

func windowCheck(c *call) { c.dtype("output_datatype") }

// randomCheck refuses a node that draws numbers without a seed.
func randomCheck(c *call) {
	c.dtype("dtype")
	if !c.has("seed") {
		c.fail(kernel.Unsupported("random numbers without the attribute seed"))
	}
}

func recurrentCheck(name string) func(c *call) {
	return func(c *call) {
		if _, err := c.recurrence(recurrences[name], activationsOf[name]); err != nil {
			c.fail(err)
		}
		c.oneOf("direction", "forward", "reverse", "bidirectional")
	}
}

// oneOf refuses a text other than those given, of which the first is the default.
func (c *call) oneOf(name string, values ...string) {
	if text := c.str(name, values[0]); !slices.Contains(values, text) {
		c.fail(kernel.Unsupported("%s '%s'", name, text))
	}
}

// zero refuses attributes other than 0.
func (c *call) zero(names ...string) {
	for _, name := range names {
		if c.int(name, 0) != 0 {
			c.fail(kernel.Unsupported("the attribute '%s'", name))
		}
	}
}

// dtype refuses an element type that tensors cannot have.
func (c *call) dtype(name string) {
	if dtype := dtypeName(int64(c.int(name, 1))); !kernel.Known(graph.Widened(dtype)) {
		c.fail(kernel.Unsupported("tensors of %s", dtype))
	}
}
