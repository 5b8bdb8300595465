package torch

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// checks has the checks of arguments that are not tensors, by operator without the overload. A model with an argument
// that an operator does not support is refused when it is opened. rank returns the number of axes of a tensor, as the
// file states it.
var checks = map[string]func(c *call, rank func(argument string) int){
	"grid_sampler":   func(c *call, _ func(string) int) { c.gridModes() },
	"div":            func(c *call, _ func(string) int) { c.oneOf("rounding_mode", "floor", "trunc") },
	"scatter":        func(c *call, _ func(string) int) { c.scatterJoin() },
	"scatter_reduce": func(c *call, _ func(string) int) { c.scatterJoin() },
	"index_reduce":   func(c *call, _ func(string) int) { c.oneOf("reduce", "prod", "mean", "amax", "amin") },
	"pad":            func(c *call, _ func(string) int) { c.oneOf("mode", padModes...) },
	"gelu":           func(c *call, _ func(string) int) { c.oneOf("approximate", "none", "tanh") },
	"meshgrid":       func(c *call, _ func(string) int) { c.oneOf("indexing", "ij", "xy") },
	"linalg_norm": func(c *call, rank func(string) int) {
		axes := c.dim()
		if c.has("ord") && (len(axes) == 2 || axes == nil && rank("self") == 2) {
			c.normKind()
		}
	},
	"linalg_matrix_norm": func(c *call, _ func(string) int) { c.normKind() },
	"linalg_qr":          func(c *call, _ func(string) int) { c.oneOf("mode", "reduced", "complete", "r") },
	"linalg_lu_factor":   pivoted, "linalg_lu_factor_ex": pivoted,
	"linalg_lu_solve": func(c *call, _ func(string) int) {
		if c.bool("adjoint", false) || !c.bool("left", true) {
			c.fail(kernel.Unsupported("solutions of transposed equations by their decomposition"))
		}
	},
	"quantile": interpolated, "nanquantile": interpolated,
	"stft": func(c *call, _ func(string) int) {
		if c.bool("align_to_window", false) {
			c.fail(kernel.Unsupported("frames that are aligned to the window"))
		}
	},
	"istft": func(c *call, _ func(string) int) {
		if c.bool("return_complex", false) {
			c.fail(kernel.Unsupported("the inverse of frames of complex signals"))
		}
	},
	"embedding_bag": func(c *call, _ func(string) int) {
		if mode := c.int("mode", 0); mode < 0 || mode > 2 {
			c.fail(kernel.Unsupported("a bag of mode %d", mode))
		}
	},
	"conv_transpose1d": symmetricPadding, "conv_transpose2d": symmetricPadding, "conv_transpose3d": symmetricPadding,
	"diff": func(c *call, _ func(string) int) { c.diffOrder() },
	"searchsorted": func(c *call, _ func(string) int) {
		c.oneOf("side", "left", "right")
		if c.has("sorter") {
			c.fail(kernel.Unsupported("a search with sorter"))
		}
	},
}

func interpolated(c *call, _ func(string) int) {
	c.oneOf("interpolation", "linear", "lower", "higher", "midpoint", "nearest")
}

func pivoted(c *call, _ func(string) int) {
	if !c.bool("pivot", true) {
		c.fail(kernel.Unsupported("a decomposition without pivots"))
	}
}

// symmetricPadding refuses a padding that is a text.
func symmetricPadding(c *call, _ func(string) int) {
	if c.args["padding"].kind == textKind {
		c.fail(kernel.Unsupported("a transposed convolution with padding '%s'", c.args["padding"].text))
	}
}

// padModes are the modes of a pad, with the default first.
var padModes = []string{"constant", "reflect", "replicate", "circular"}

// oneOf refuses a text other than those given.
func (c *call) oneOf(name string, values ...string) {
	if text := c.text(name, values[0]); !slices.Contains(values, text) {
		c.fail(kernel.Unsupported("%s '%s'", name, text))
	}
}

// check returns an error for a call with an argument that the operator does not support.
func (b *builder) check(base string, c *call, st *graph.Step, n *node) error {
	look := &call{args: c.args, values: b.Known(st.Reads)}
	if v := c.args["dtype"]; v.kind == textKind && !knownDType(v.text) && (v.text != "complex64" || !complexMoves[base]) {
		return kernel.Unsupported("tensors of %s", v.text)
	}
	if v := c.args["padding"]; v.kind == textKind {
		look.window(1)
	}
	if kind := look.int("reduction", reduceMean); kind < reduceNone || kind > reduceSum {
		return kernel.Unsupported("the reduction %d", kind)
	}
	if check := checks[base]; check != nil {
		check(look, func(name string) int {
			for _, in := range n.Inputs {
				if in.Name == name && in.Arg.Tensor != nil {
					return len(b.graph.Values[in.Arg.Tensor.Name].Sizes)
				}
			}
			return -1
		})
	}
	return look.err
}

// knownDType reports whether tensors can be cast to a dtype.
func knownDType(name string) bool {
	return kernel.Known(graph.Widened(name)) && !strings.Contains(name, " ")
}
