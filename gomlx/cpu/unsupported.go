package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
)

// unsupported returns the error that makes GoMLX build a fused operation of plain operations.
func unsupported(name string) error {
	return fmt.Errorf("backend %q: %s: %w", BackendName, name, compute.ErrNotImplemented)
}

// FusedDense returns an error because there are kernels for its parts.
func (f *Function) FusedDense(compute.Value, compute.Value, compute.Value, compute.DenseConfig) (compute.Value, error) {
	return nil, unsupported("FusedDense")
}

// FusedQuantizedDense returns an error.
func (f *Function) FusedQuantizedDense(
	compute.Value, compute.Value, compute.Value, *compute.Quantization, compute.ActivationType,
) (compute.Value, error) {
	return nil, unsupported("FusedQuantizedDense")
}

// QuantizedEmbeddingLookup returns an error.
func (f *Function) QuantizedEmbeddingLookup(
	compute.Value, compute.Value, *compute.Quantization,
) (compute.Value, error) {
	return nil, unsupported("QuantizedEmbeddingLookup")
}

// FusedScaledDotProductAttention returns an error.
func (f *Function) FusedScaledDotProductAttention(compute.Value, compute.Value, compute.Value,
	compute.AttentionAxesLayout,
	*compute.ScaledDotProductAttentionConfig,
) (compute.Value, []compute.Value, error) {
	return nil, nil, unsupported("FusedScaledDotProductAttention")
}

// FusedScaledDotProductAttentionVJP returns an error.
func (f *Function) FusedScaledDotProductAttentionVJP(compute.Value, compute.Value, compute.Value,
	compute.AttentionAxesLayout,
	*compute.ScaledDotProductAttentionConfig, compute.Value, []compute.Value, compute.Value,
) (compute.Value, compute.Value, compute.Value, error) {
	return nil, nil, nil, unsupported("FusedScaledDotProductAttentionVJP")
}

// AllReduce returns an error because there is only one device.
func (f *Function) AllReduce([]compute.Value, compute.ReduceOpType, [][]int) ([]compute.Value, error) {
	return nil, unsupported("AllReduce")
}

// DynamicReshape is recorded for the Go backend, which runs computations with dynamic axes.
func (f *Function) DynamicReshape(x compute.Value, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	f.builder.delegate = true
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
