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
	// partSize is the size of the first parts, the smallest one that S3 accepts. Objects up to this size are stored with
	// one request.
	partSize = 5 << 20
	// headSize is the size up to which an object needs no memory of a part.
	headSize = 64 << 10
	// parallelParts is the number of parts that one upload sends at the same time. Together with the part that is being
	// received they are the memory of an upload.
	parallelParts = 2
	// equalParts is the number of parts before the size begins to double, 22.5 GiB, and partsPerSize the number after
	// which it doubles again. With 10,000 parts, the limit of S3, there are 5 TiB, and the last ones have 5 GiB.
	equalParts   = 4600
	partsPerSize = 540
	// abortTimeout limits the removal of the parts of an upload that failed.
	abortTimeout = 10 * time.Second
)

// heads has byte slices of headSize.
var heads = sync.Pool{New: func() any { b := make([]byte, headSize); return &b }}

// Put implements artifact.Repo.
func (r *Repo) Put(ctx context.Context, path string, src io.Reader) error {
	if path == "" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Artifact path must include a filename.")
	}
	src = &contextReader{ctx, src}
	head, _ := heads.Get().(*[]byte)
	n, end, err := fill(src, *head)
	if err == nil && end {
		if err := r.bucket.Put(ctx, r.Key(path), (*head)[:n]); err != nil {
			return err // As in buffer.use, the request may still read the bytes.
		}
	}
	defer heads.Put(head)
	if err != nil || end {
		return err
	}
	first, err := r.memory.take(ctx, partSize)
	if err != nil {
		return err
	}
	n = copy(first.data, *head)
	more, end, err := fill(&partReader{src, first}, first.data[n:])
	if err == nil && end {
		return first.use(func(data []byte) error { return r.bucket.Put(ctx, r.Key(path), data[:n+more]) })
	}
	if err != nil {
		first.release()
		return err
	}
	return r.putParts(ctx, r.Key(path), first, src)
}

// putParts stores an object whose first part has been read. It releases that part.
func (r *Repo) putParts(ctx context.Context, key string, first *buffer, src io.Reader) (err error) {
	upload, err := r.bucket.Upload(ctx, key)
	if err != nil {
		first.release()
		return err
	}
	defer func() {
		if err != nil {
			abort, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
			defer cancel()
			err = errors.Join(err, upload.Abort(abort))
		}
	}()
	n, err := r.sendParts(ctx, upload, first, src)
	if err != nil {
		return err
	}
	return upload.Complete(ctx, n)
}

// sendParts sends all parts and returns their number.
func (r *Repo) sendParts(ctx context.Context, upload Upload, first *buffer, src io.Reader) (int32, error) {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(parallelParts)
	send := func(number int32, part *buffer, n int) {
		group.Go(func() error {
			return part.use(func(data []byte) error { return upload.Part(sending, number, data[:n]) })
		})
	}
	send(1, first, partSize)
	number, end := int32(1), false
	var readErr error
	for !end && readErr == nil && sending.Err() == nil {
		part, err := r.memory.take(sending, sizeOf(number+1))
		if err != nil {
			if sending.Err() == nil {
				readErr = err
			}
			break
		}
		var n int
		n, end, readErr = fill(&partReader{src, part}, part.data)
		if n == 0 || readErr != nil {
			part.release()
			break
		}
		number++
		send(number, part, n)
	}
	if err := group.Wait(); readErr == nil {
		if err == nil {
			err = ctx.Err()
		}
		return number, err
	}
	return 0, readErr
}

// sizeOf returns the size of a part.
func sizeOf(number int32) int {
	if number <= equalParts {
		return partSize
	}
	return partSize << ((number-1-equalParts)/partsPerSize + 1)
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

// partReader is the source of a part. It fails if the client holds the memory of the part for too long.
type partReader struct {
	io.Reader
	part *buffer
}

func (r *partReader) Read(p []byte) (int, error) {
	if err := r.part.late(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
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
