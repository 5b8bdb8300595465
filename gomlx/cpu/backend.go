// Package cpu is a backend for GoMLX that trains on the CPU with AVX2 kernels.
//
// It extends GoMLX's own Go backend. Kernels in Go assembly replace the operations that take most of a training step:
// convolutions and their gradients, matrix products, elementwise arithmetic, sums and maxima, pooling and
// transpositions of float32. All other operations and data types run on the Go backend, so every model that works
// there works here. The gradient of max pooling and batch normalization, which the Go backend lacks, are implemented
// here. The backend needs neither cgo nor GOEXPERIMENT and runs on all machines: without AVX2 and FMA the same
// algorithms run in Go.
//
// Import the package for its side effect and select the backend by name:
//
//	import _ "github.com/millrace-ml/millrace/gomlx/cpu"
//
//	backend, err := compute.NewWithConfig("cpu:parallelism=4")
//
// The backend has no fused quantized products and no fused attention; GoMLX builds them of plain operations. The Go
// backend runs graphs with dynamic axes or with top-level functions as a whole.
package cpu

import (
	"fmt"
	"maps"
	"runtime"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"

	"github.com/millrace-ml/millrace/internal/simd"
)

// BackendName is the name of the backend for GOMLX_BACKEND and compute.NewWithConfig.
const BackendName = "cpu"

func init() { compute.Register(BackendName, New) }

// Backend runs computations on the CPU. Its methods are safe for concurrent use.
type Backend struct {
	// inner is the Go backend. It runs the operations that have no kernel.
	inner   compute.Backend
	workers simd.Workers
}

// New returns a backend. config is empty or "parallelism=N", which limits an operation to N threads; the default is
// GOMAXPROCS. Results are reproducible for the same parallelism.
func New(config string) (compute.Backend, error) {
	parallelism := runtime.GOMAXPROCS(0)
	if config != "" {
		value, ok := strings.CutPrefix(config, "parallelism=")
		n, err := strconv.Atoi(value)
		if !ok || err != nil || n < 1 {
			return nil, fmt.Errorf("backend %q: configuration %q must be parallelism=N with N >= 1", BackendName, config)
		}
		parallelism = n
	}
	inner, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, fmt.Errorf("backend %q: %w", BackendName, err)
	}
	return &Backend{inner: inner, workers: simd.Workers(parallelism)}, nil
}

// Name returns BackendName.
func (b *Backend) Name() string { return BackendName }

// String returns BackendName.
func (b *Backend) String() string { return BackendName }

// Description returns the implementation of the kernels and the number of threads.
func (b *Backend) Description() string {
	return fmt.Sprintf("CPU with %s kernels (parallelism=%d)", simd.Kernels(), int(b.workers))
}

// NumDevices returns 1.
func (b *Backend) NumDevices() int { return 1 }

// DeviceDescription describes the only device.
func (b *Backend) DeviceDescription(compute.DeviceNum) string { return b.Description() }

// Capabilities returns the capabilities of the Go backend extended by the gradients of pooling and batch
// normalization.
func (b *Backend) Capabilities() compute.Capabilities {
	c := b.inner.Capabilities()
	c.Operations = maps.Clone(c.Operations)
	for _, op := range []compute.OpType{
		compute.OpTypeSelectAndScatterMax, compute.OpTypeSelectAndScatterMin,
		compute.OpTypeBatchNormForInference, compute.OpTypeBatchNormForTraining, compute.OpTypeBatchNormGradient,
	} {
		c.Operations[op] = true
	}
	return c
}

// Builder returns a builder of a new computation.
func (b *Backend) Builder(name string) compute.Builder { return newBuilder(b, name) }

// Finalize releases the backend, which must not be used afterwards.
func (b *Backend) Finalize() { b.inner.Finalize() }

// IsFinalized reports whether Finalize was called.
func (b *Backend) IsFinalized() bool { return b.inner.IsFinalized() }

// HasSharedBuffers returns true because programs can access buffers directly.
func (b *Backend) HasSharedBuffers() bool { return true }

// BufferFromFlatData returns a buffer with a copy of flat.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	values, ok := flat.([]float32)
	if !ok || shape.DType != dtypes.Float32 || device != 0 || b.IsFinalized() {
		inner, err := b.inner.BufferFromFlatData(device, flat, shape)
		if err != nil {
			return nil, err
		}
		return &Buffer{b, shape.Clone(), &storage{inner: inner, shape: shape}}, nil
	}
	if len(values) != shape.Size() {
		return nil, fmt.Errorf("backend %q: %d values for shape %s", BackendName, len(values), shape)
	}
	s := newStorage(len(values))
	copy(s.floats, values)
	return &Buffer{b, shape.Clone(), s}, nil
}

// NewSharedBuffer returns a buffer and the slice of its values.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	if shape.DType == dtypes.Float32 && device == 0 && !b.IsFinalized() {
		s := newStorage(shape.Size())
		return &Buffer{b, shape.Clone(), s}, s.floats, nil
	}
	inner, flat, err := b.inner.NewSharedBuffer(device, shape)
	if err != nil {
		return nil, nil, err
	}
	return &Buffer{b, shape.Clone(), &storage{inner: inner, shape: shape}}, flat, nil
}
