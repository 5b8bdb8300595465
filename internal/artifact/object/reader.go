package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxSkip is the distance up to which it is faster to read and discard bytes than to send another request.
const maxSkip = 256 << 10

// retries is how often a read whose connection breaks off is continued.
const retries = 3

// reader reads an object. Seeking costs nothing until the next read, which opens the object at the new offset.
type reader struct {
	ctx    context.Context //nolint:containedctx // io.Reader has no context.
	bucket Bucket
	object Object
	body   io.ReadCloser // nil if there is none
	at     int64         // offset of body
	offset int64         // offset of the next read
}

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.object.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to negative offset %d", offset)
	}
	r.offset = offset
	return offset, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.offset >= r.object.Size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	for attempt := 0; ; attempt++ {
		n, err := r.readOnce(p)
		r.offset += int64(n)
		r.at = r.offset
		if n > 0 {
			return n, nil
		}
		_ = r.Close() // The body has failed.
		if attempt == retries || errors.Is(err, ErrChanged) || errors.Is(err, ErrNotFound) || r.ctx.Err() != nil {
			return 0, err
		}
		select {
		case <-time.After(100 * time.Millisecond << attempt):
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
}

// readOnce reads at the current offset. A body that ends before the object does is an error.
func (r *reader) readOnce(p []byte) (int, error) {
	if err := r.position(); err != nil {
		return 0, err
	}
	n, err := r.body.Read(p)
	if errors.Is(err, io.EOF) && r.offset+int64(n) < r.object.Size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// position makes body begin at the current offset.
func (r *reader) position() error {
	if r.body != nil && r.offset > r.at && r.offset-r.at <= maxSkip {
		if _, err := io.CopyN(io.Discard, r.body, r.offset-r.at); err == nil {
			r.at = r.offset
		}
	}
	if r.body != nil && r.at == r.offset {
		return nil
	}
	if err := r.Close(); err != nil {
		return err
	}
	body, _, err := r.bucket.Get(r.ctx, r.object.Key, r.offset, r.object.ETag)
	if err != nil {
		return err
	}
	r.body, r.at = body, r.offset
	return nil
}

func (r *reader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
