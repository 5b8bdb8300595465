// Package artifact keeps the files of runs and models. A [Repo] is one place
// that holds files (a folder, a bucket); [Open] finds it by URI, and
// [CleanPath] is the only door through which a path reaches it.
package artifact

import (
	"context"
	"io"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// Repo keeps files below one root. Paths are as [CleanPath] returns them:
// relative, with slashes; "" is the root. Every method is safe for concurrent
// use, and none reaches outside the root.
type Repo interface {
	// List returns the direct children of a folder, sorted by name, with paths
	// relative to the root. A file and a missing path have none.
	List(ctx context.Context, path string) ([]mlflow.FileInfo, error)
	// Stat describes a file or folder; ResourceDoesNotExist if there is none.
	Stat(ctx context.Context, path string) (Info, error)
	// Open opens a file for reading; ResourceDoesNotExist if the path is missing
	// or a folder.
	Open(ctx context.Context, path string) (*File, error)
	// Put stores everything that r yields, replacing a file that is there.
	// Readers see the old file or the new one, never a part: if r or the storage
	// fails, nothing changes. On return the file survives a power cut.
	Put(ctx context.Context, path string, r io.Reader) error
	// Delete removes a file or a folder with all it holds. A missing path is no
	// error; the root itself is refused.
	Delete(ctx context.Context, path string) error
}

// Checker is a [Repo] that can say whether it would answer now.
type Checker interface {
	// Check returns an error if the files cannot be reached.
	Check(ctx context.Context) error
}

// Info describes a file or folder. Size is in bytes, 0 for folders.
type Info struct {
	Size    int64
	ModTime time.Time
	IsDir   bool
}

// File is an open artifact. It shows the bytes that the artifact had when it
// was opened, whatever is put in its place meanwhile.
type File struct {
	io.ReadSeekCloser
	Size    int64
	ModTime time.Time
}

// NotFound is the error for a path that holds no file.
func NotFound(path string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No such artifact: '%s'", path)
}

// IsDirectory is the error for a path that should be a file and is a folder.
func IsDirectory(path string) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, "Artifact path refers to a directory, not a file: '%s'", path)
}

// UnderFile is the error for a path that goes on below a file.
func UnderFile(path string) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, "A file is where a folder of this artifact path should be: '%s'", path)
}
