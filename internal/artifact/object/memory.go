package object

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// partMemory is the number of parts that all uploads together have in memory, 120 MiB.
	partMemory = 24
	// memoryWait is how long an upload waits for the memory of a part. Clients that cannot send for longer give up.
	memoryWait = time.Minute
	// partTime is the time in which a client has to send a part while other uploads wait for memory.
	partTime = time.Minute
	// collectAfter is the number of parts after which garbage is collected. By itself, the collector would let garbage
	// grow until there is as much of it as there are buffers.
	collectAfter = 32
	// keepBuffers is how long buffers are kept for the next upload.
	keepBuffers = 10 * time.Second
)

// memory limits the parts that are in memory, and keeps their buffers for the next ones: collecting garbage of this
// size takes longer than anything else in an upload. Uploads get it in the order in which they have asked for it.
type memory struct {
	parts   int64
	slots   *semaphore.Weighted
	waiting atomic.Int32
	mu      sync.Mutex
	free    [][]byte // of partSize
	used    int      // parts that have been released
	clear   *time.Timer
}

func newMemory(parts int64) *memory {
	m := &memory{parts: parts, slots: semaphore.NewWeighted(parts)}
	m.clear = time.AfterFunc(keepBuffers, func() {
		m.mu.Lock()
		m.free = nil
		m.mu.Unlock()
		debug.FreeOSMemory()
	})
	return m
}

// shared is the memory of all buckets.
var shared = newMemory(partMemory)

// buffer is the memory of a part. It must be released.
type buffer struct {
	data   []byte
	memory *memory
	weight int64
	begun  time.Time
}

// take returns the memory of a part, a multiple of partSize. One that is larger than the limit waits for all of it. It
// waits while the caller's other parts are sent, but these do not wait for it.
func (m *memory) take(ctx context.Context, size int) (*buffer, error) {
	b := &buffer{memory: m, weight: min(int64(size/partSize), m.parts)}
	if !m.slots.TryAcquire(b.weight) {
		m.waiting.Add(1)
		defer m.waiting.Add(-1)
		limited, cancel := context.WithTimeout(ctx, memoryWait)
		defer cancel()
		if err := m.slots.Acquire(limited, b.weight); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, mlflow.Errorf(mlflow.TemporarilyUnavailable,
				"The server receives too many large files at the same time; nothing was stored. Try again later.")
		}
	}
	b.begun = time.Now()
	b.data = m.get(size)
	return b, nil
}

func (m *memory) get(size int) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size != partSize {
		m.free = nil // Their memory is the limit's, too.
		return make([]byte, size)
	}
	if last := len(m.free) - 1; last >= 0 {
		data := m.free[last]
		m.free = m.free[:last]
		return data
	}
	return make([]byte, size)
}

// release ends the use of the buffer.
func (b *buffer) release() {
	m := b.memory
	m.mu.Lock()
	m.used++
	collect := m.used%collectAfter == 0
	if len(b.data) == partSize {
		m.free = append(m.free, b.data)
		m.clear.Reset(keepBuffers)
	}
	m.mu.Unlock()
	b.data = nil
	m.slots.Release(b.weight)
	if collect {
		runtime.GC()
	}
}

// use sends the part and releases the buffer. The request of a part that failed may still read the bytes, so that no
// other part can have them.
func (b *buffer) use(send func(data []byte) error) error {
	defer b.release()
	err := send(b.data)
	if err != nil {
		b.data = nil
	}
	return err
}

// late returns an error if the client sends a part so slowly that other uploads cannot proceed.
func (b *buffer) late() error {
	if b.memory.waiting.Load() == 0 || time.Since(b.begun) < partTime {
		return nil
	}
	return &mlflow.Error{
		Code: mlflow.BadRequest, Status: http.StatusRequestTimeout,
		Message: fmt.Sprintf("Other uploads wait, and %d MiB of this one took more than %s to arrive; nothing was stored.",
			len(b.data)>>20, partTime),
	}
}
