package native

import (
	"fmt"
	"math/bits"
	"reflect"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// buffer is a tensor in memory.
type buffer struct {
	backend *Backend
	shape   shapes.Shape
	flat    any
}

func (b *buffer) Backend() compute.Backend { return b.backend }

func (b *buffer) Shape() (shapes.Shape, error) { return b.shape, nil }

func (b *buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

func (b *buffer) Data() (any, error) { return b.flat, nil }

// Finalize forgets the memory. It is not used again, since a caller may still
// look at what Data gave.
func (b *buffer) Finalize() error {
	b.flat = nil
	return nil
}

func (b *buffer) ToFlatData(flat any) error {
	if b.flat == nil {
		return fmt.Errorf("the buffer of %s is finalized", b.shape)
	}
	reflect.Copy(reflect.ValueOf(flat), reflect.ValueOf(b.flat))
	return nil
}

func (b *buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	return nil, fmt.Errorf("there is no device %d to copy to", device)
}

// BufferFromFlatData copies data into a buffer.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	out, own, err := b.NewSharedBuffer(device, shape)
	if err != nil {
		return nil, err
	}
	if reflect.TypeOf(own) != reflect.TypeOf(flat) || reflect.ValueOf(flat).Len() != shape.Size() {
		return nil, fmt.Errorf("%T of %d elements is no data for %s", flat, reflect.ValueOf(flat).Len(), shape)
	}
	reflect.Copy(reflect.ValueOf(own), reflect.ValueOf(flat))
	return out, nil
}

// HasSharedBuffers says that the memory of buffers is Go's.
func (b *Backend) HasSharedBuffers() bool { return true }

// NewSharedBuffer returns a buffer of zeros and its memory.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	if device != 0 {
		return nil, nil, fmt.Errorf("there is no device %d, only 0", device)
	}
	if shape.DType.IsPacked() {
		return nil, nil, fmt.Errorf("tensors of %s: %w; use GOMLX_BACKEND=go", shape.DType, compute.ErrNotImplemented)
	}
	flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
	return &buffer{b, shape, flat}, flat, nil
}

// pool keeps the float32 memory that lies between two operations, by the
// logarithm of its size.
type pool struct {
	mu   sync.Mutex
	free [bits.UintSize][][]float32
}

// get returns memory for shape, with what was in it before.
func (p *pool) get(shape shapes.Shape) any {
	n := shape.Size()
	if shape.DType != dtypes.Float32 || n == 0 {
		return dtypes.MakeAnySlice(shape.DType, n)
	}
	class := bits.Len(uint(n - 1))
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.free[class]; len(list) > 0 {
		p.free[class] = list[:len(list)-1]
		return list[len(list)-1][:n]
	}
	return make([]float32, n, 1<<class)
}

// put takes memory back that get gave.
func (p *pool) put(flat any) {
	list, ok := flat.([]float32)
	if !ok || cap(list) == 0 || cap(list)&(cap(list)-1) != 0 {
		return
	}
	class := bits.Len(uint(cap(list) - 1))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[class] = append(p.free[class], list)
}
