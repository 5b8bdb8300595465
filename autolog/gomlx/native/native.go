// Package native is a GoMLX backend for training on the processor, in Go and a
// little assembly: it computes an operation at a time like GoMLX's own Go backend,
// with convolutions, matrix products and the elementwise operations around them
// done by AVX2 kernels for float32. What it has no kernel for it leaves to the Go
// backend, operation by operation.
//
// It is registered as "native". Graphs with functions (loops, branches, sorting)
// and with dynamic shapes are refused; GOMLX_BACKEND=go runs them.
package native

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/notimplemented"
)

// BackendName selects this backend, in GOMLX_BACKEND for instance.
const BackendName = "native"

func init() {
	compute.Register(BackendName, New)
}

// Backend computes on the processor. Its methods are safe for concurrent use.
type Backend struct {
	notimplemented.Backend
	rest      compute.Backend // The Go backend, for what has no kernel here.
	workers   int
	pool      pool
	scratches sync.Pool
}

// New makes a backend. config may be "parallelism=<n>", the number of goroutines
// that compute at a time; otherwise there is one for each processor. Results
// depend on it in no digit.
func New(config string) (compute.Backend, error) {
	workers := runtime.GOMAXPROCS(0)
	if config != "" {
		value, ok := strings.CutPrefix(config, "parallelism=")
		n, err := strconv.Atoi(value)
		if !ok || err != nil || n < 1 {
			return nil, fmt.Errorf("the native backend takes parallelism=<1 or more>, not %q", config)
		}
		workers = n
	}
	rest, err := gobackend.New("")
	if err != nil {
		return nil, err
	}
	b := &Backend{rest: rest, workers: workers}
	b.scratches.New = func() any { return new(scratch) }
	return b, nil
}

// Name returns "native".
func (b *Backend) Name() string { return BackendName }

// String returns the same as Name.
func (b *Backend) String() string { return BackendName }

// Description says what the backend is.
func (b *Backend) Description() string {
	return fmt.Sprintf("float32 kernels for this processor (AVX2: %t), the Go backend for the rest", vectors)
}

// Capabilities are those of the Go backend, without functions and dynamic shapes.
func (b *Backend) Capabilities() compute.Capabilities {
	c := b.rest.Capabilities()
	c.Functions, c.DynamicAxes = false, false
	return c
}

// NumDevices returns 1, the machine's processors together.
func (b *Backend) NumDevices() int { return 1 }

// Builder starts a graph.
func (b *Backend) Builder(name string) compute.Builder {
	r := &builder{backend: b, name: name}
	r.main = &function{Function: notimplemented.Function{ErrFn: refuse}, builder: r}
	return r
}

// Finalize does nothing: there is only memory, which the garbage collector takes.
func (b *Backend) Finalize() {}

// IsFinalized returns false.
func (b *Backend) IsFinalized() bool { return false }

func refuse(op compute.OpType) error {
	return fmt.Errorf("the native backend cannot do %s: %w; GOMLX_BACKEND=go may", op, compute.ErrNotImplemented)
}

// parallel divides the numbers from 0 to n-1 among the workers.
func (b *Backend) parallel(n int, work func(from, to int)) {
	workers := min(b.workers, n)
	if workers <= 1 {
		work(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		from, to := n*w/workers, n*(w+1)/workers
		wg.Go(func() { work(from, to) })
	}
	wg.Wait()
}
