package httplimit

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// largeBody is the size in bytes from which on a body counts.
	largeBody = 1 << 20
	// maxLarge is the size of all large bodies that requests in progress have, in bytes. Each takes a
	// multiple of its size while it is decoded and stored.
	maxLarge = 128 << 20
	// largeWait is how long a request waits for others with large bodies.
	largeWait = 5 * time.Second
	// perByte is the memory that a byte of a body takes while its request is handled.
	perByte = 8
)

// memory limits the large bodies that are in memory at the same time, and tells the garbage
// collector of them: above the target of the heap, it would run all the time.
type memory struct {
	capacity int64
	wait     time.Duration
	slots    *semaphore.Weighted

	mu     sync.Mutex
	target int64 // of the heap without large bodies, in bytes; 0 leaves the collector alone
	used   int64
}

func newMemory(capacity int64, wait time.Duration) *memory {
	return &memory{capacity: capacity, wait: wait, slots: semaphore.NewWeighted(capacity)}
}

// shared is the memory of all requests.
var shared = newMemory(maxLarge, largeWait)

// SetMemoryTarget sets the size of the heap above which the garbage collector runs more often,
// instead of waiting until the heap has doubled. The target is higher while there are large
// request bodies.
func SetMemoryTarget(bytes int64) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.target = bytes
	debug.SetMemoryLimit(bytes + perByte*shared.used)
}

// count adds to the bytes in use.
func (m *memory) count(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used += bytes
	if m.target > 0 {
		debug.SetMemoryLimit(m.target + perByte*m.used)
	}
}

// share is the memory of the body of one request.
type share struct {
	of   *memory
	held int64
}

// hold takes the memory for a body of some bytes, of which the share may have a part. A body of which
// nothing is held yet waits for others. One that grows does not, since others may wait for it.
func (s *share) hold(ctx context.Context, bytes int64) error {
	more := min(bytes, s.of.capacity) - s.held
	if bytes < largeBody || more <= 0 {
		return nil
	}
	if !s.of.slots.TryAcquire(more) {
		if s.held > 0 {
			return errFull(s.of)
		}
		waiting, cancel := context.WithTimeout(ctx, s.of.wait)
		defer cancel()
		if s.of.slots.Acquire(waiting, more) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return errFull(s.of)
		}
	}
	s.held += more
	s.of.count(more)
	return nil
}

func (s *share) release() {
	if s.held > 0 {
		s.of.slots.Release(s.held)
		s.of.count(-s.held)
		s.held = 0
	}
}

func errFull(m *memory) error {
	return &mlflow.Error{
		Code: mlflow.TemporarilyUnavailable, Status: http.StatusServiceUnavailable,
		Message: fmt.Sprintf("The bodies of the requests in progress have %d MiB together, so this one was not read. "+
			"Nothing was stored. Try again later.", m.capacity>>20),
	}
}
