package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// Builder records a computation. It also builds the computation with the Go backend, which checks the arguments and
// determines the shapes.
type Builder struct {
	backend *Backend
	inner   compute.Builder
	main    *Function
	// delegate is set if the Go backend must run the whole computation.
	delegate bool
}

func newBuilder(b *Backend, name string) *Builder {
	builder := &Builder{backend: b, inner: b.inner.Builder(name)}
	builder.main = newFunction(builder, nil, builder.inner.Main())
	return builder
}

// Name returns the name of the computation.
func (b *Builder) Name() string { return b.inner.Name() }

// Main returns the function to compile.
func (b *Builder) Main() compute.Function { return b.main }

// NewFunction returns a function that the main function can call. The Go backend then runs the whole computation.
func (b *Builder) NewFunction(name string) (compute.Function, error) {
	inner, err := b.inner.NewFunction(name)
	if err != nil {
		return nil, err
	}
	b.delegate = true
	return newFunction(b, nil, inner), nil
}

// OpShape returns the shape of a value.
func (b *Builder) OpShape(v compute.Value) (shapes.Shape, error) { return b.main.Shape(v) }

// DistributedSPMD returns an error because there is only one device.
func (b *Builder) DistributedSPMD(n int) error { return b.inner.DistributedSPMD(n) }

// DistributedAutoSharding returns an error because there is only one device.
func (b *Builder) DistributedAutoSharding(meshes ...compute.Mesh) error {
	return b.inner.DistributedAutoSharding(meshes...)
}

// DeviceAssignment accepts only device 0.
func (b *Builder) DeviceAssignment(devices ...compute.DeviceNum) error {
	for _, d := range devices {
		if d != 0 {
			return fmt.Errorf("backend %q has no device %d", BackendName, d)
		}
	}
	return nil
}

// Compile returns an executable of the computation.
func (b *Builder) Compile() (compute.Executable, error) {
	if !b.main.returned {
		return nil,
			fmt.Errorf("backend %q: computation %q is compiled before its main function returns", BackendName, b.Name())
	}
	if b.delegate {
		inner, err := b.inner.Compile()
		if err != nil {
			return nil, err
		}
		return &delegated{b.backend, inner}, nil
	}
	return compile(b)
}
