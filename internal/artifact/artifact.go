// Package artifact stores the files of runs and models. [Open] returns the [Repo] of a
// URI. All paths of clients must pass [CleanPath].
package artifact

import (
	"context"
	"io"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// Repo stores files below a root. Paths have the form that [CleanPath] returns:
// relative, with slashes, "" for the root. All methods are safe for concurrent use and
// never access files outside of the root.
type Repo interface {
	// List returns the direct children of a directory, sorted by name, with paths
	// relative to the root. It returns no children for a file or a missing path.
	List(ctx context.Context, path string) ([]mlflow.FileInfo, error)
	// Stat describes a file or directory. The error is ResourceDoesNotExist if there is
	// none.
	Stat(ctx context.Context, path string) (Info, error)
	// Open opens a file for reading. The error is ResourceDoesNotExist if the path is
	// missing or a directory.
	Open(ctx context.Context, path string) (*File, error)
	// Put stores the contents of r and replaces an existing file. Readers see either the
	// old or the new file. If r or the storage fails, nothing changes. The file is
	// durable when Put returns.
	Put(ctx context.Context, path string, r io.Reader) error
	// Delete removes a file or a directory with its contents. A missing path is not an
	// error; the root is.
	Delete(ctx context.Context, path string) error
}

// Checker is a [Repo] with a health check.
type Checker interface {
	// Check returns an error if the files are not accessible.
	Check(ctx context.Context) error
}

// Check returns an error if the files of a repository are not accessible, as far as it has a health check. It accepts
// nil for no repository.
func Check(ctx context.Context, r Repo) error {
	if checker, ok := r.(Checker); ok {
		return checker.Check(ctx)
	}
	return nil
}

// Info describes a file or directory. Size is in bytes, 0 for directories.
type Info struct {
	Size    int64
	ModTime time.Time
	IsDir   bool
}

// File is an open artifact. Its contents do not change if the artifact is replaced.
type File struct {
	io.ReadSeekCloser
	Size    int64
	ModTime time.Time
	// ETag changes with the contents. It is empty if the time and the size tell contents apart.
	ETag string
}

// NotFound returns the error for a path without a file.
func NotFound(path string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No such artifact: '%s'", path)
}

// IsDirectory returns the error for a directory in place of a file.
func IsDirectory(path string) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, "Artifact path refers to a directory, not a file: '%s'", path)
}

// UnderFile returns the error for a path below a file.
func UnderFile(path string) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue,
		"A file is where a folder of this artifact path should be: '%s'", path)
}

// PartStore is a [Repo] that stores files in parts, which clients can send in any order, at
// the same time, and more than once.
type PartStore interface {
	// BeginParts begins the upload of a file and returns its id.
	BeginParts(ctx context.Context, path string) (id string, err error)
	// PutPart stores a part and returns its entity tag. The error is ResourceDoesNotExist if
	// there is no such upload.
	PutPart(ctx context.Context, id string, number int32, r io.Reader) (etag string, err error)
	// CompleteParts makes the file of parts in the order of their numbers and ends the
	// upload. If it fails, the upload can be continued.
	CompleteParts(ctx context.Context, path, id string, parts []Part) error
	// AbortParts ends an upload and removes its parts.
	AbortParts(ctx context.Context, path, id string) error
}

// Part is a part of a file with the entity tag that PutPart returned.
type Part struct {
	Number int32
	ETag   string
}
