package object

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// partSize is the size of the first parts. Objects up to this size are stored with one request.
	partSize = 8 << 20
	// parallelParts is the number of parts that one upload sends at the same time. Together with the part that is being
	// received they are the memory of an upload.
	parallelParts = 2
	// partsPerSize is the number of parts after which the size doubles, so that 10,000 parts, the limit of the stores,
	// suffice for their largest objects.
	partsPerSize = 1000
	// abortTimeout limits the removal of the parts of an upload that failed.
	abortTimeout = 10 * time.Second
)

// buffers has byte slices of partSize.
var buffers = sync.Pool{New: func() any { b := make([]byte, partSize); return &b }}

// Put implements artifact.Repo.
func (r *Repo) Put(ctx context.Context, path string, src io.Reader) error {
	if path == "" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Artifact path must include a filename.")
	}
	src = &contextReader{ctx, src}
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, end, err := fill(src, *buffer)
	if err != nil {
		return err
	}
	if end {
		return r.bucket.Put(ctx, r.Key(path), (*buffer)[:n])
	}
	return r.putParts(ctx, r.Key(path), *buffer, src)
}

// putParts stores an object whose first part has been read.
func (r *Repo) putParts(ctx context.Context, key string, first []byte, src io.Reader) (err error) {
	upload, err := r.bucket.Upload(ctx, key)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			abort, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
			defer cancel()
			err = errors.Join(err, upload.Abort(abort))
		}
	}()
	n, err := sendParts(ctx, upload, first, src)
	if err != nil {
		return err
	}
	return upload.Complete(ctx, n)
}

// sendParts sends all parts and returns their number.
func sendParts(ctx context.Context, upload Upload, first []byte, src io.Reader) (int32, error) {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(parallelParts)
	group.Go(func() error { return upload.Part(sending, 1, first) })
	number, end := int32(1), false
	var readErr error
	for !end && readErr == nil && sending.Err() == nil {
		part, release := partBuffer(number + 1)
		var n int
		n, end, readErr = fill(src, part)
		if n == 0 || readErr != nil {
			release()
			break
		}
		number++
		this := number
		group.Go(func() error {
			defer release()
			return upload.Part(sending, this, part[:n])
		})
	}
	if err := group.Wait(); readErr == nil {
		return number, err
	}
	return 0, readErr
}

// fill reads until the buffer is full or the source ends. Unlike io.ReadFull it tells the end of the source from
// io.ErrUnexpectedEOF, the error of a request whose body breaks off.
func fill(src io.Reader, buffer []byte) (n int, end bool, err error) {
	for n < len(buffer) && err == nil {
		var read int
		read, err = src.Read(buffer[n:])
		n += read
	}
	if errors.Is(err, io.EOF) {
		return n, true, nil
	}
	return n, false, err
}

// partBuffer returns a buffer for a part and a function that ends its use.
func partBuffer(number int32) (part []byte, release func()) {
	if doublings := (number - 1) / partsPerSize; doublings > 0 {
		return make([]byte, partSize<<doublings), func() {}
	}
	buffer, _ := buffers.Get().(*[]byte)
	return *buffer, func() { buffers.Put(buffer) }
}

// contextReader is a reader that fails once its context has ended.
type contextReader struct {
	ctx context.Context //nolint:containedctx // io.Reader has no context.
	io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
