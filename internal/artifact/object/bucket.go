// Package object stores artifacts in a bucket of an object store. The stores differ in their [Bucket]; the layout and
// the meaning of paths are the same: a file is an object, and a folder is a common prefix of keys.
package object

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Bucket is a bucket of an object store. All methods are safe for concurrent use. Errors of missing objects wrap
// [ErrNotFound].
type Bucket interface {
	// Name returns the address of the bucket without credentials, such as s3://bucket.
	Name() string
	// Check makes one harmless request. The error says what is wrong with the address or the credentials.
	Check(ctx context.Context) error
	// Head describes an object.
	Head(ctx context.Context, key string) (Object, error)
	// Get opens an object for reading from an offset. If etag is not empty, the error wraps [ErrChanged] if the object
	// has another one.
	Get(ctx context.Context, key string, offset int64, etag string) (io.ReadCloser, Object, error)
	// List returns the objects whose keys begin with prefix, in the order of the bytes of their keys. If it is shallow,
	// keys that contain a slash after the prefix are combined into one entry, whose key ends with that slash. limit is the
	// number of entries that the caller needs, 0 for all.
	List(ctx context.Context, prefix string, shallow bool, limit int) iter.Seq2[Object, error]
	// Put stores an object with one request.
	Put(ctx context.Context, key string, data []byte) error
	// Upload begins an upload in parts.
	Upload(ctx context.Context, key string) (Upload, error)
	// Delete removes objects. Missing objects are not an error. There are at most [MaxDelete] keys.
	Delete(ctx context.Context, keys []string) error
}

// Upload is an upload in parts. Until it is complete, readers see no object, or the earlier one.
type Upload interface {
	// Part stores a part. Numbers begin at 1. Parts can be stored at the same time. Since some stores take the bytes in
	// their order, a call can wait for the parts before its own, so that callers begin the parts in their order. All
	// parts but the last have at least 5 MiB.
	Part(ctx context.Context, number int32, data []byte) error
	// Complete makes the object of the parts 1 to n.
	Complete(ctx context.Context, n int32) error
	// Abort removes the parts.
	Abort(ctx context.Context) error
}

// MaxDelete is the largest number of keys in a call of Bucket.Delete.
const MaxDelete = 1000

// Object describes an object. Objects of List have no ETag and, if they are folders, no times and no sizes.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time
	ETag    string
}

var (
	// ErrNotFound is the error of a missing object.
	ErrNotFound = errors.New("no such object")
	// ErrChanged is the error of an object that was replaced since it was opened.
	ErrChanged = errors.New("the object was replaced while it was read")
)

// Merge yields the objects and the folders of one page of a list, which stores return apart, in the order of their
// keys. It returns false once yield does.
func Merge(objects []Object, folders []string, yield func(Object, error) bool) bool {
	for len(objects)+len(folders) > 0 {
		var next Object
		if len(folders) == 0 || len(objects) > 0 && objects[0].Key < folders[0] {
			next, objects = objects[0], objects[1:]
		} else {
			next.Key, folders = folders[0], folders[1:]
		}
		if !yield(next, nil) {
			return false
		}
	}
	return true
}
