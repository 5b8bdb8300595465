package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// fakeBucket keeps the checksums of objects and counts the bytes of the parts that it is sent at the same time.
type fakeBucket struct {
	Bucket // nil, for the methods that no test calls

	mu              sync.Mutex
	objects         map[string][sha256.Size]byte
	buffers         map[*byte]bool
	bytes, peak     int
	begins, aborted int
	part            func(ctx context.Context, number int32) error // or nil
}

func newFakeBucket() *fakeBucket {
	return &fakeBucket{objects: map[string][sha256.Size]byte{}, buffers: map[*byte]bool{}}
}

func (b *fakeBucket) Put(_ context.Context, key string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = sha256.Sum256(data)
	return nil
}

func (b *fakeBucket) Upload(_ context.Context, key string) (Upload, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begins++
	return &fakeUpload{bucket: b, key: key, parts: map[int32][]byte{}}, nil
}

type fakeUpload struct {
	bucket *fakeBucket
	key    string
	parts  map[int32][]byte
}

func (u *fakeUpload) Part(ctx context.Context, number int32, data []byte) error {
	b := u.bucket
	b.mu.Lock()
	b.buffers[&data[0]] = true
	b.bytes += cap(data)
	b.peak = max(b.peak, b.bytes)
	u.parts[number] = bytes.Clone(data)
	b.mu.Unlock()
	time.Sleep(time.Millisecond) // so that the parts of several uploads are there at the same time
	b.mu.Lock()
	b.bytes -= cap(data)
	b.mu.Unlock()
	if b.part != nil {
		return b.part(ctx, number)
	}
	return ctx.Err()
}

func (u *fakeUpload) Complete(_ context.Context, n int32) error {
	u.bucket.mu.Lock()
	defer u.bucket.mu.Unlock()
	h := sha256.New()
	for number := range n {
		h.Write(u.parts[number+1])
	}
	u.bucket.objects[u.key] = [sha256.Size]byte(h.Sum(nil))
	return nil
}

func (u *fakeUpload) Abort(context.Context) error {
	u.bucket.mu.Lock()
	defer u.bucket.mu.Unlock()
	u.bucket.aborted++
	return nil
}

// newRepo returns a repository with memory for so many parts, and its bucket.
func newRepo(parts int64) (*Repo, *fakeBucket) {
	b := newFakeBucket()
	r := New(b, "")
	r.memory = newMemory(parts)
	return r, b
}

// wantFree checks that no part is in memory.
func wantFree(t *testing.T, m *memory) {
	t.Helper()
	if !m.slots.TryAcquire(m.parts) {
		t.Error("an upload has kept its memory")
		return
	}
	m.slots.Release(m.parts)
}

func TestMemoryOfUploads(t *testing.T) {
	t.Parallel()
	const parts, uploads, size = 3, 8, 2*partSize + 5
	r, b := newRepo(parts)
	want := map[string][sha256.Size]byte{}
	var wg sync.WaitGroup
	for i := range uploads {
		name := string(rune('a' + i))
		content := bytes.Repeat([]byte(name), size)
		want[name] = sha256.Sum256(content)
		wg.Go(func() {
			if err := r.Put(t.Context(), name, bytes.NewReader(content)); err != nil {
				t.Errorf("put %s: %v", name, err)
			}
		})
	}
	wg.Wait()
	if !maps.Equal(b.objects, want) {
		t.Errorf("%d objects differ from the %d that were put", len(b.objects), len(want))
	}
	if b.peak > parts*partSize || len(b.buffers) > parts {
		t.Errorf("%d bytes in %d buffers at the same time, want at most %d parts", b.peak, len(b.buffers), parts)
	}
	wantFree(t, r.memory)
}

func TestSmallFilesNeedNoMemoryOfParts(t *testing.T) {
	t.Parallel()
	r, b := newRepo(1)
	held, err := r.memory.take(t.Context(), partSize)
	if err != nil {
		t.Fatal(err)
	}
	defer held.release()
	for _, size := range []int{0, 1, headSize - 1} {
		if err := r.Put(t.Context(), "f", strings.NewReader(strings.Repeat("x", size))); err != nil {
			t.Error(err)
		}
		if b.objects["f"] != sha256.Sum256(bytes.Repeat([]byte("x"), size)) {
			t.Errorf("%d bytes: another object", size)
		}
	}
}

func TestSizesOfParts(t *testing.T) {
	t.Parallel()
	total := 0
	for number := range int32(10_000) {
		total += sizeOf(number + 1)
	}
	if sizeOf(4600) != partSize || sizeOf(4601) != 2*partSize || total < 5<<40 || sizeOf(10_000) > 5<<30 {
		t.Errorf("parts of %d, %d and %d bytes; 10,000 have %d bytes", sizeOf(4600), sizeOf(4601), sizeOf(10_000), total)
	}
	// A part that is larger than all memory waits for all of it.
	m := newMemory(4)
	part, err := m.take(t.Context(), 8*partSize)
	if err != nil || len(part.data) != 8*partSize || m.slots.TryAcquire(1) {
		t.Fatalf("%d bytes, %v", len(part.data), err)
	}
	part.release()
	wantFree(t, m)
}

func TestUploadsWaitForMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, b := newRepo(1)
		defer r.memory.clear.Stop()
		held, err := r.memory.take(t.Context(), partSize)
		if err != nil {
			t.Fatal(err)
		}
		large := func() io.Reader { return bytes.NewReader(make([]byte, headSize+1)) }
		begun := time.Now()
		err = r.Put(t.Context(), "f", large())
		if took := time.Since(begun); !errors.Is(err, mlflow.TemporarilyUnavailable) || took != memoryWait {
			t.Errorf("%v after %s", err, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := r.Put(ctx, "f", large()); !errors.Is(err, context.Canceled) {
			t.Errorf("a client hung up: %v", err)
		}
		time.AfterFunc(time.Second, held.release)
		if err := r.Put(t.Context(), "f", large()); err != nil || len(b.objects) != 1 {
			t.Errorf("%v, %d objects", err, len(b.objects))
		}
		wantFree(t, r.memory)
	})
}

// slowReader returns a byte every 50 seconds.
type slowReader struct{ first io.Reader }

func (r *slowReader) Read(p []byte) (int, error) {
	if n, err := r.first.Read(p); err == nil {
		return n, nil
	}
	time.Sleep(50 * time.Second)
	p[0] = 'x'
	return 1, nil
}

func TestSlowUploadsMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, b := newRepo(1)
		defer r.memory.clear.Stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		slow := make(chan error)
		go func() { slow <- r.Put(ctx, "slow", &slowReader{bytes.NewReader(make([]byte, headSize))}) }()
		time.Sleep(30 * time.Minute)
		select {
		case err := <-slow:
			t.Fatalf("a slow upload failed although nobody waited: %v", err)
		default:
		}
		if err := r.Put(t.Context(), "fast", bytes.NewReader(make([]byte, headSize+1))); err != nil {
			t.Error(err)
		}
		var refused *mlflow.Error
		if err := <-slow; !errors.As(err, &refused) || refused.Status != 408 {
			t.Errorf("the slow upload: %v", err)
		}
		if names := slices.Collect(maps.Keys(b.objects)); !slices.Equal(names, []string{"fast"}) {
			t.Errorf("stored: %q", names)
		}
		wantFree(t, r.memory)
	})
}

func TestFailedUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		src  io.Reader
		part func(context.Context, int32) error
		want error
	}{
		{"the source fails", t.Context(), iotest.ErrReader(broken), nil, broken},
		{
			"a part fails", t.Context(), bytes.NewReader(make([]byte, 4*partSize)),
			func(_ context.Context, number int32) error {
				if number == 2 {
					return broken
				}
				return nil
			}, broken,
		},
		{
			"the client hangs up after the last byte", ctx, bytes.NewReader(nil),
			func(context.Context, int32) error { cancel(); return nil }, context.Canceled,
		},
	} {
		r, b := newRepo(3)
		b.part = c.part
		src := io.MultiReader(bytes.NewReader(make([]byte, partSize)), c.src)
		err := r.Put(c.ctx, "f", src)
		if c.ctx == ctx {
			cancel()
		}
		if !errors.Is(err, c.want) || len(b.objects) != 0 || b.aborted != b.begins || b.begins != 1 {
			t.Errorf("%s: %v, %d objects, %d of %d uploads removed", c.name, err, len(b.objects), b.aborted, b.begins)
		}
		wantFree(t, r.memory)
	}
}
