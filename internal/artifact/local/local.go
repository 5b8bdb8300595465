// Package local stores artifacts in a local directory. It accesses files through an
// os.Root, so that neither paths nor symbolic links lead outside of it.
package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

func init() {
	artifact.Register("file", func(uri string) (artifact.Repo, error) {
		dir, err := artifact.FilePath(uri)
		if err != nil {
			return nil, err
		}
		return Open(dir)
	})
}

// The umask applies to these modes.
const (
	dirMode  = 0o777
	fileMode = 0o666
)

// Repo is a directory of artifacts.
type Repo struct {
	dir  string
	root *os.Root
}

var (
	_ artifact.Repo    = (*Repo)(nil)
	_ artifact.Checker = (*Repo)(nil)
)

// Open opens or creates a directory. It removes incomplete uploads of processes that
// have ended.
func Open(dir string) (*Repo, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("make artifact folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open artifact folder: %w", err)
	}
	r := &Repo{dir: dir, root: root}
	if err := errors.Join(r.removeStray(), r.removeOldParts()); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return r, nil
}

// Check implements artifact.Checker. It returns an error if the directory is missing, or
// is not the one that was opened because a volume was unmounted.
func (r *Repo) Check(context.Context) error {
	opened, err := r.root.Stat(".")
	if err != nil {
		return err
	}
	found, err := os.Stat(r.dir)
	if err != nil {
		return err
	}
	if !os.SameFile(opened, found) {
		return fmt.Errorf("%s is not the folder any more that was there when it was opened", r.dir)
	}
	return nil
}

// Close closes the directory.
func (r *Repo) Close() error { return r.root.Close() }

// List implements artifact.Repo. It returns only what Open can open, without devices,
// links to the outside, broken links, and names that CleanPath rejects.
func (r *Repo) List(ctx context.Context, dir string) ([]mlflow.FileInfo, error) {
	if reserved(dir) {
		return nil, nil
	}
	info, err := r.root.Stat(name(dir))
	if err != nil {
		return nil, r.unlessMissing("list", dir, err)
	}
	if !info.IsDir() {
		return nil, nil
	}
	f, err := r.root.Open(name(dir))
	if err != nil {
		return nil, r.unlessMissing("list", dir, err)
	}
	defer func() { _ = f.Close() }() // Closing a directory that was read cannot lose data.
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, r.unlessMissing("list", dir, err)
	}
	files := make([]mlflow.FileInfo, 0, len(entries))
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := artifact.Join(dir, e.Name())
		if clean, err := artifact.CleanPath(p); err != nil || clean != p || reserved(p) {
			continue
		}
		info, err := e.Info()
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			info, err = r.root.Stat(p)
		}
		switch {
		case err != nil: // removed in the meantime, or a link to the outside
		case info.IsDir():
			files = append(files, mlflow.FileInfo{Path: p, IsDir: true})
		case info.Mode().IsRegular():
			files = append(files, mlflow.FileInfo{Path: p, FileSize: info.Size()})
		}
	}
	slices.SortFunc(files, func(a, b mlflow.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// Stat implements artifact.Repo.
func (r *Repo) Stat(_ context.Context, p string) (artifact.Info, error) {
	if reserved(p) {
		return artifact.Info{}, artifact.NotFound(p)
	}
	info, err := r.root.Stat(name(p))
	switch {
	case err != nil:
		if err := r.unlessMissing("stat", p, err); err != nil {
			return artifact.Info{}, err
		}
		return artifact.Info{}, artifact.NotFound(p)
	case info.IsDir():
		return artifact.Info{ModTime: info.ModTime(), IsDir: true}, nil
	case !info.Mode().IsRegular():
		return artifact.Info{}, artifact.NotFound(p)
	}
	return artifact.Info{Size: info.Size(), ModTime: info.ModTime()}, nil
}

// Open implements artifact.Repo.
func (r *Repo) Open(ctx context.Context, p string) (*artifact.File, error) {
	// Check first, because opening a named pipe would wait for a writer.
	if info, err := r.Stat(ctx, p); err != nil {
		return nil, err
	} else if info.IsDir {
		return nil, artifact.NotFound(p)
	}
	f, err := r.root.Open(p)
	if err != nil {
		if err := r.unlessMissing("open", p, err); err != nil {
			return nil, err
		}
		return nil, artifact.NotFound(p)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open artifact %q: %w", p, err), f.Close())
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(artifact.NotFound(p), f.Close())
	}
	return &artifact.File{ReadSeekCloser: f, Size: info.Size(), ModTime: info.ModTime()}, nil
}

// Delete implements artifact.Repo.
func (r *Repo) Delete(_ context.Context, p string) error {
	if p == "" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The root of the artifact store cannot be deleted")
	}
	if reserved(p) {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid path")
	}
	if err := r.removeTree(p); err != nil {
		return r.unlessMissing("delete", p, err)
	}
	if err := r.syncDir(path.Dir(p)); err != nil {
		return r.unlessMissing("delete", p, err)
	}
	return nil
}

// removeTree moves p away before it removes the tree, so that no request sees a part of
// the tree or adds files to it.
func (r *Repo) removeTree(p string) error {
	if _, err := r.root.Lstat(p); err != nil {
		return err
	}
	if err := r.root.Mkdir(tempDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	trash := tempDir + "/" + rand.Text()
	if err := r.root.Rename(p, trash); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return err
		}
		trash = p // p is a mount point.
	}
	err := r.root.RemoveAll(trash)
	for attempt := 0; errors.Is(err, syscall.ENOTEMPTY) && attempt < 100; attempt++ {
		err = r.root.RemoveAll(trash) // A concurrent Put may have added a file.
	}
	return err
}

// name returns a clean path in the form of os.Root.
func name(p string) string {
	if p == "" {
		return "."
	}
	return p
}

// unlessMissing returns nil if err means that nothing exists at p. This includes paths
// below a file and paths through a link to the outside.
func (r *Repo) unlessMissing(verb, p string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP),
		errors.Is(err, syscall.ENAMETOOLONG), leadsOut(err):
		return nil
	}
	return fmt.Errorf("%s artifact %q: %w", verb, p, err)
}

// leadsOut reports whether os.Root rejected a path. Such errors wrap no system error.
func leadsOut(err error) bool {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	var number syscall.Errno
	return (errors.As(err, &pathErr) || errors.As(err, &linkErr)) && !errors.As(err, &number) &&
		!errors.Is(err, fs.ErrClosed)
}
