package cpu

import (
	"errors"
	"fmt"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// storage has the values of a tensor. float32 values are in floats. Other types, and results of the Go backend, are
// in a buffer of that backend.
type storage struct {
	floats []float32
	inner  compute.Buffer
	// shape is the shape of inner. The tensor can have another shape of the same size.
	shape shapes.Shape
}

// pools maps a number of values to the *sync.Pool of storages of that size. Training requests the same sizes in each
// step.
var pools sync.Map

// pool returns the pool of storages with n float32 values.
func pool(n int) *sync.Pool {
	if p, ok := pools.Load(n); ok {
		return p.(*sync.Pool)
	}
	p, _ := pools.LoadOrStore(n, &sync.Pool{New: func() any { return &storage{floats: make([]float32, n)} }})
	return p.(*sync.Pool)
}

// newStorage returns a storage with n unspecified float32 values.
func newStorage(n int) *storage { return pool(n).Get().(*storage) }

// release releases a storage that is no longer referenced.
func (s *storage) release() error {
	if s.floats == nil {
		return s.inner.Finalize()
	}
	s.inner = nil
	pool(len(s.floats)).Put(s)
	return nil
}

// flat returns the slice of the values.
func (s *storage) flat() (any, error) {
	if s.floats != nil {
		return s.floats, nil
	}
	return s.inner.Data()
}

// buffer returns the values as a buffer of the Go backend. If copied is true, the caller must finalize the buffer.
func (s *storage) buffer(b *Backend, shape shapes.Shape) (buffer compute.Buffer, copied bool, err error) {
	if s.inner != nil && s.shape.EqualDimensions(shape) {
		return s.inner, false, nil
	}
	flat, err := s.flat()
	if err != nil {
		return nil, false, err
	}
	buffer, err = b.inner.BufferFromFlatData(0, flat, shape)
	return buffer, true, err
}

// adopt returns a storage for a buffer of the Go backend.
func adopt(inner compute.Buffer) (*storage, error) {
	shape, err := inner.Shape()
	if err != nil {
		return nil, err
	}
	data, err := inner.Data()
	if err != nil {
		return nil, err
	}
	s := &storage{inner: inner, shape: shape.Clone()}
	s.floats, _ = data.([]float32)
	return s, nil
}

// Buffer is a tensor of the backend.
type Buffer struct {
	backend *Backend
	shape   shapes.Shape
	// storage is nil after the buffer was finalized or donated.
	storage *storage
}

var errFinalized = errors.New("backend \"" + BackendName + "\": the buffer has been finalized or donated")

// Backend returns the backend of the buffer.
func (b *Buffer) Backend() compute.Backend { return b.backend }

// Finalize releases the values. The buffer must not be used afterwards.
func (b *Buffer) Finalize() error {
	s := b.storage
	if s == nil {
		return errFinalized
	}
	b.storage = nil
	return s.release()
}

// Shape returns the shape.
func (b *Buffer) Shape() (shapes.Shape, error) { return b.shape, nil }

// DeviceNum returns 0.
func (b *Buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

// ToFlatData copies the values to flat, which must be a slice of the same type and length.
func (b *Buffer) ToFlatData(flat any) error {
	if b.storage == nil {
		return errFinalized
	}
	if b.storage.floats == nil {
		return b.storage.inner.ToFlatData(flat)
	}
	to, ok := flat.([]float32)
	if !ok || len(to) != len(b.storage.floats) {
		return fmt.Errorf("backend %q: %T cannot hold the values of %s", BackendName, flat, b.shape)
	}
	copy(to, b.storage.floats)
	return nil
}

// Data returns the slice of the values, which is not a copy.
func (b *Buffer) Data() (any, error) {
	if b.storage == nil {
		return nil, errFinalized
	}
	return b.storage.flat()
}

// CopyToDevice returns an error because there is only one device.
func (b *Buffer) CopyToDevice(compute.DeviceNum) (compute.Buffer, error) {
	return nil, fmt.Errorf("backend %q has one device", BackendName)
}
