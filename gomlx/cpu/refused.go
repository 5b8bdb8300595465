package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
)

// refuse makes GoMLX build a fused operation out of plain ones.
func refuse(name string) error {
	return fmt.Errorf("backend %q: %s: %w", BackendName, name, compute.ErrNotImplemented)
}

// FusedDense is refused: the kernels are for its parts.
func (f *Function) FusedDense(compute.Value, compute.Value, compute.Value, compute.DenseConfig) (compute.Value, error) {
	return nil, refuse("FusedDense")
}

// FusedQuantizedDense is refused.
func (f *Function) FusedQuantizedDense(compute.Value, compute.Value, compute.Value, *compute.Quantization, compute.ActivationType) (compute.Value, error) {
	return nil, refuse("FusedQuantizedDense")
}

// QuantizedEmbeddingLookup is refused.
func (f *Function) QuantizedEmbeddingLookup(compute.Value, compute.Value, *compute.Quantization) (compute.Value, error) {
	return nil, refuse("QuantizedEmbeddingLookup")
}

// FusedScaledDotProductAttention is refused.
func (f *Function) FusedScaledDotProductAttention(compute.Value, compute.Value, compute.Value, compute.AttentionAxesLayout,
	*compute.ScaledDotProductAttentionConfig,
) (compute.Value, []compute.Value, error) {
	return nil, nil, refuse("FusedScaledDotProductAttention")
}

// FusedScaledDotProductAttentionVJP is refused.
func (f *Function) FusedScaledDotProductAttentionVJP(compute.Value, compute.Value, compute.Value, compute.AttentionAxesLayout,
	*compute.ScaledDotProductAttentionConfig, compute.Value, []compute.Value, compute.Value,
) (compute.Value, compute.Value, compute.Value, error) {
	return nil, nil, nil, refuse("FusedScaledDotProductAttentionVJP")
}

// AllReduce is refused: there is one device.
func (f *Function) AllReduce([]compute.Value, compute.ReduceOpType, [][]int) ([]compute.Value, error) {
	return nil, refuse("AllReduce")
}

// DynamicReshape is recorded for the Go backend, which runs all of a computation with
// dynamic axes.
func (f *Function) DynamicReshape(x compute.Value, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	f.builder.plain = true
	in := []compute.Value{x}
	for _, d := range dims {
		in = append(in, d.Value)
	}
	return f.record1("DynamicReshape", in, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		inner := make([]compute.DynamicDimensionSpec, len(dims))
		for i, d := range dims {
			d.Value = in[i+1]
			inner[i] = d
		}
		return g.DynamicReshape(in[0], inner...)
	})
}
