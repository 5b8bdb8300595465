package object

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// Repo is a tree of artifacts below a prefix of a bucket. A file and a folder can have the same name, because stores
// have no folders.
type Repo struct {
	bucket Bucket
	prefix string // "" or ends with a slash
	memory *memory
}

var (
	_ artifact.Repo    = (*Repo)(nil)
	_ artifact.Checker = (*Repo)(nil)
)

// New returns the artifacts below a prefix.
func New(bucket Bucket, prefix string) *Repo {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &Repo{bucket, prefix, shared}
}

// Signer returns the signer of the bucket, or nil if it has none.
func (r *Repo) Signer() Signer {
	signer, _ := r.bucket.(Signer)
	return signer
}

// CanSign reports whether clients can have signed requests. Otherwise they transfer files through the server.
func (r *Repo) CanSign() bool {
	if limited, ok := r.bucket.(LimitedSigner); ok {
		return limited.CanSign()
	}
	return r.Signer() != nil
}

// Key returns the key of a file.
func (r *Repo) Key(path string) string { return r.prefix + path }

// Check implements artifact.Checker.
func (r *Repo) Check(ctx context.Context) error { return r.bucket.Check(ctx) }

// folder returns the prefix of the keys in a folder.
func (r *Repo) folder(path string) string {
	if path == "" {
		return r.prefix
	}
	return r.prefix + path + "/"
}

// List implements artifact.Repo. It returns only what Open can open, without names that CleanPath rejects.
func (r *Repo) List(ctx context.Context, dir string) ([]mlflow.FileInfo, error) {
	var files []mlflow.FileInfo
	for o, err := range r.bucket.List(ctx, r.folder(dir), true, 0) {
		if err != nil {
			return nil, err
		}
		name, isDir := strings.CutSuffix(strings.TrimPrefix(o.Key, r.prefix), "/")
		if name == dir { // the marker of the folder itself
			continue
		}
		if clean, err := artifact.CleanPath(name); err != nil || clean != name {
			continue
		}
		files = append(files, mlflow.FileInfo{Path: name, IsDir: isDir, FileSize: o.Size})
	}
	// The store's order has the slash of folders in it: "b.txt" before "b/".
	slices.SortStableFunc(files, func(a, b mlflow.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// Stat implements artifact.Repo.
func (r *Repo) Stat(ctx context.Context, path string) (artifact.Info, error) {
	if path == "" {
		return artifact.Info{IsDir: true}, nil
	}
	o, err := r.bucket.Head(ctx, r.Key(path))
	if err == nil {
		return artifact.Info{Size: o.Size, ModTime: o.ModTime}, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return artifact.Info{}, err
	}
	for _, err := range r.bucket.List(ctx, r.folder(path), true, 1) {
		return artifact.Info{IsDir: true}, err
	}
	return artifact.Info{}, artifact.NotFound(path)
}

// Open implements artifact.Repo. If the file is replaced after Open, reading at another position than the next one
// fails, because the store has only the new file.
func (r *Repo) Open(ctx context.Context, path string) (*artifact.File, error) {
	if path == "" {
		return nil, artifact.NotFound(path)
	}
	body, o, err := r.bucket.Get(ctx, r.Key(path), 0, "")
	if errors.Is(err, ErrNotFound) {
		return nil, artifact.NotFound(path)
	}
	if err != nil {
		return nil, err
	}
	o.Key = r.Key(path)
	reader := &reader{ctx: ctx, bucket: r.bucket, object: o, body: body}
	// The times of some stores are in seconds, in which an object can be replaced.
	etag := strings.Trim(strings.TrimPrefix(o.ETag, "W/"), `"`)
	return &artifact.File{ReadSeekCloser: reader, Size: o.Size, ModTime: o.ModTime, ETag: etag}, nil
}

// Delete implements artifact.Repo.
func (r *Repo) Delete(ctx context.Context, path string) error {
	if path == "" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The root of the artifacts cannot be deleted.")
	}
	keys := make([]string, 0, MaxDelete)
	keys = append(keys, r.Key(path))
	for o, err := range r.bucket.List(ctx, r.folder(path), false, 0) {
		if err != nil {
			return err
		}
		if len(keys) == MaxDelete {
			if err := r.bucket.Delete(ctx, keys); err != nil {
				return err
			}
			keys = keys[:0]
		}
		keys = append(keys, o.Key)
	}
	return r.bucket.Delete(ctx, keys)
}
