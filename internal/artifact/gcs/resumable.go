package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// upload implements object.Upload with a resumable upload: https://cloud.google.com/storage/docs/resumable-uploads. The
// store has two other ways. Parts that are objects of their own, which compose joins, are visible, cost money if the
// server ends before it removes them, and cannot be removed from a bucket with a retention policy. Parts of the XML API
// stay until a rule of the bucket removes them. A session, in contrast, ends by itself after a week and costs nothing.
// It takes the bytes in their order, so a part waits for the one before.
type upload struct {
	bucket  *bucket
	session string // the address
	want    metadata

	mu      sync.Mutex
	next    int32         // number of the next part
	changed chan struct{} // closed when next or failed changes
	failed  error

	// These belong to the part whose turn it is.
	sent int64 // bytes that the store has
	crc  uint32
	rest []byte // the end of the parts, less than a quantum
}

// Upload begins a session. A session whose answer was lost has no effect.
func (b *bucket) Upload(ctx context.Context, key string) (object.Upload, error) {
	want := metadata{Name: key, ContentType: artifact.ContentType(key)}
	description, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	res, err := b.send(ctx, request{
		method: http.MethodPost, url: b.uploadURL("resumable"), body: [][]byte{description},
		header: map[string]string{"Content-Type": "application/json; charset=UTF-8"},
	})
	if err != nil {
		return nil, b.missing(err)
	}
	_ = res.Body.Close() // The answer is in the header.
	session := res.Header.Get("Location")
	if session == "" {
		return nil, object.Unavailable(b.Name(), errors.New("it has begun an upload without an address"))
	}
	return &upload{bucket: b, session: session, want: want, next: 1, changed: make(chan struct{})}, nil
}

// Part waits for the parts before.
func (u *upload) Part(ctx context.Context, number int32, data []byte) error {
	if err := u.await(ctx, number); err != nil {
		return err
	}
	err := u.append(ctx, data)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.next, u.failed = number+1, err
	close(u.changed)
	u.changed = make(chan struct{})
	return err
}

// await returns when it is the turn of a part.
func (u *upload) await(ctx context.Context, number int32) error {
	for {
		u.mu.Lock()
		next, changed, failed := u.next, u.changed, u.failed
		u.mu.Unlock()
		switch {
		case failed != nil:
			return failed
		case number == next:
			return nil
		case number < next:
			return fmt.Errorf("part %d of an upload to %s is stored already", number, u.bucket.Name())
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// append sends data in chunks, but for the bytes that make no full quantum.
func (u *upload) append(ctx context.Context, data []byte) error {
	u.crc = crc32.Update(u.crc, castagnoli, data)
	if len(u.rest) > 0 {
		data = slices.Concat(u.rest, data)
	}
	full := len(data) / quantum * quantum
	size := full
	if limit := u.bucket.store.uploadChunk; limit > 0 {
		size = int(min(int64(size), limit))
	}
	for at := 0; at < full; at += size {
		if err := u.chunk(ctx, data[at:min(at+size, full)], false); err != nil {
			return err
		}
	}
	u.rest = bytes.Clone(data[full:])
	return nil
}

// Complete sends the rest with the size and the checksum of the object.
func (u *upload) Complete(ctx context.Context, n int32) error {
	if err := u.await(ctx, n+1); err != nil {
		return err
	}
	u.want.CRC32C, u.want.Size = checksum(u.crc), u.sent+int64(len(u.rest))
	return u.chunk(ctx, u.rest, true)
}

// Abort ends the session. The store confirms that with the status 499, and has others for a session that has ended.
func (u *upload) Abort(ctx context.Context) error {
	err := u.bucket.store.retry(ctx, func(int) error {
		res, err := u.bucket.store.once(ctx, request{method: http.MethodDelete, url: u.session})
		var reported *storeError
		if errors.As(err, &reported) && !reported.away() {
			return nil
		}
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
	return u.bucket.failed(err)
}

// errIncomplete is the error of a chunk of which the store has accepted a part.
var errIncomplete = errors.New("the store has accepted a part of the data")

// chunk sends bytes. An attempt that follows a failed one first asks which of them have arrived.
func (u *upload) chunk(ctx context.Context, data []byte, last bool) error {
	err := u.bucket.store.retry(ctx, func(n int) error {
		if n > 0 {
			res, err := u.put(ctx, nil, "bytes */*", last)
			if err != nil {
				return err
			}
			if data, err = u.accepted(ctx, res, data, last); err != nil || res.StatusCode != http.StatusPermanentRedirect {
				return err
			}
			if len(data) == 0 && !last {
				return nil
			}
		}
		total := "*"
		if last {
			total = strconv.FormatInt(u.want.Size, 10)
		}
		contentRange := "bytes */" + total
		if len(data) > 0 {
			contentRange = fmt.Sprintf("bytes %d-%d/%s", u.sent, u.sent+int64(len(data))-1, total)
		}
		res, err := u.put(ctx, data, contentRange, last)
		if err != nil {
			return err
		}
		if data, err = u.accepted(ctx, res, data, last); err != nil || res.StatusCode != http.StatusPermanentRedirect {
			return err
		}
		if len(data) > 0 || last {
			return errIncomplete
		}
		return nil
	})
	return u.ended(u.bucket.failed(err))
}

// ended replaces the error of a session that does not exist, which is not that of a missing object.
func (u *upload) ended(err error) error {
	if errors.Is(err, object.ErrNotFound) {
		return object.Unavailable(u.bucket.Name(), errors.New("the upload has been ended"))
	}
	return err
}

func (u *upload) put(ctx context.Context, data []byte, contentRange string, last bool) (*http.Response, error) {
	r := request{
		method: http.MethodPut, url: u.session, body: [][]byte{data},
		header: map[string]string{"Content-Range": contentRange}, accept: http.StatusPermanentRedirect,
	}
	if last {
		r.header["X-Goog-Hash"] = "crc32c=" + u.want.CRC32C
	}
	return u.bucket.store.once(ctx, r)
}

// accepted reads the answer to a chunk. It returns the bytes that the store lacks.
func (u *upload) accepted(ctx context.Context, res *http.Response, data []byte, last bool) ([]byte, error) {
	if res.StatusCode != http.StatusPermanentRedirect {
		if last {
			return nil, u.bucket.confirm(ctx, res, u.want)
		}
		_ = res.Body.Close() // The object is wrong whatever it says.
		return nil, object.Unavailable(u.bucket.Name(), errors.New("it has ended an upload before its last byte"))
	}
	_ = res.Body.Close() // The answer is in the header.
	end := int64(0)      // There is no header if there are no bytes.
	if text, found := strings.CutPrefix(res.Header.Get("Range"), "bytes=0-"); found {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, object.Unavailable(u.bucket.Name(), err)
		}
		end = n + 1
	}
	if end < u.sent || end > u.sent+int64(len(data)) {
		return nil, object.Unavailable(u.bucket.Name(), fmt.Errorf("it has %d bytes of an upload of which it had %d",
			end, u.sent))
	}
	data = data[end-u.sent:]
	u.sent = end
	return data, nil
}
