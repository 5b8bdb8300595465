package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// tempDir contains incomplete uploads and trees that are being deleted. It is below the
// root, so that files can be renamed into place, and no request can name it.
const tempDir = ".millrace-tmp"

func reserved(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return strings.EqualFold(first, tempDir) || strings.EqualFold(first, partsDir) // Some file systems fold case.
}

// Put implements artifact.Repo. It writes a temporary file, syncs it, renames it, and
// syncs the directory.
func (r *Repo) Put(ctx context.Context, p string, src io.Reader) (err error) {
	// Check early to avoid reading an upload that cannot succeed.
	if err := r.mayPut(p); err != nil {
		return err
	}
	f, temp, err := r.createTemp()
	if err != nil {
		return putError(p, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(r.root.Remove(temp)))
		}
	}()
	written := &writeErrors{f: f}
	if _, err := io.Copy(written, &contextReader{ctx, src}); err != nil {
		closeErr := f.Close()
		if written.err != nil {
			return putError(p, written.err)
		}
		return errors.Join(fmt.Errorf("read the upload of artifact %q: %w", p, err), closeErr)
	}
	if err := f.Sync(); err != nil {
		return errors.Join(putError(p, err), f.Close())
	}
	if runtime.GOOS == "windows" { // where an open file cannot be renamed
		if err := f.Close(); err != nil {
			return putError(p, err)
		}
		if err := r.moveInto(temp, p); err != nil {
			return putError(p, err)
		}
		return nil
	}
	// Rename the file while it is open. Its lock keeps another process from removing it
	// as incomplete.
	if err := r.moveInto(temp, p); err != nil {
		return errors.Join(putError(p, err), f.Close())
	}
	return f.Close()
}

// mayPut returns an error if no file can be at p.
func (r *Repo) mayPut(p string) error {
	if p == "" {
		return artifact.IsDirectory(p)
	}
	if reserved(p) {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid path")
	}
	info, err := r.root.Stat(p)
	if err == nil && info.IsDir() {
		return artifact.IsDirectory(p)
	}
	if err != nil {
		if err := putError(p, err); errors.Is(err, mlflow.InvalidParameterValue) {
			return err
		}
	}
	return nil
}

// moveInto creates the directories of p and renames temp to p. It tries again if a
// directory is deleted in the meantime.
func (r *Repo) moveInto(temp, p string) error {
	dir := path.Dir(p)
	for attempt := 0; ; attempt++ {
		err := r.makeDirs(dir)
		if err == nil {
			err = r.root.Rename(temp, p)
		}
		if err == nil {
			err = r.syncDir(dir)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // A concurrent Delete removed the file after the rename.
			}
			return err
		}
		if !errors.Is(err, fs.ErrNotExist) || attempt == 10 {
			return err
		}
	}
}

// makeDirs creates directories like MkdirAll and makes them durable.
func (r *Repo) makeDirs(dir string) error {
	if info, err := r.root.Stat(dir); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	parent := path.Dir(dir)
	if parent != dir {
		if err := r.makeDirs(parent); err != nil {
			return err
		}
	}
	if err := r.root.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return r.syncDir(parent)
}

// syncDir makes the entries of a directory durable.
func (r *Repo) syncDir(dir string) error {
	if runtime.GOOS == "windows" { // there is no such call, nor need of it
		return nil
	}
	d, err := r.root.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) { // some network file systems
		err = nil
	}
	return errors.Join(err, d.Close())
}

// createTemp creates a locked temporary file.
func (r *Repo) createTemp() (*os.File, string, error) {
	for attempt := 0; ; attempt++ {
		if err := r.root.Mkdir(tempDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, "", err
		}
		temp := tempDir + "/" + rand.Text()
		f, err := r.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		if err == nil {
			err = r.keep(f, temp)
			if err == nil {
				return f, temp, nil
			}
			err = errors.Join(err, f.Close(), ignoreMissing(r.root.Remove(temp)))
		}
		// A process that starts may remove the file between its creation and its lock.
		if attempt == 10 || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errLocked) {
			return nil, "", err
		}
	}
}

// keep locks a new temporary file and checks that it still exists under its name.
func (r *Repo) keep(f *os.File, temp string) error {
	if err := lock(f); err != nil {
		return err
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := r.root.Stat(temp)
	if err != nil {
		return err
	}
	if !os.SameFile(mine, named) {
		return fs.ErrNotExist
	}
	return nil
}

// removeStray removes incomplete uploads and deletions of processes that have ended.
// Uploads of running processes are locked.
func (r *Repo) removeStray() error {
	d, err := r.root.Open(tempDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", tempDir, err)
	}
	names, err := d.Readdirnames(-1)
	if err := errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("read %s: %w", tempDir, err)
	}
	for _, n := range names {
		temp := tempDir + "/" + n
		info, err := r.root.Lstat(temp)
		if err != nil {
			continue
		}
		if !info.Mode().IsRegular() { // an incomplete deletion
			if err := r.root.RemoveAll(temp); err != nil {
				return fmt.Errorf("remove what is left of a deletion, %s: %w", temp, err)
			}
			continue
		}
		f, err := r.root.OpenFile(temp, os.O_WRONLY, 0)
		if err != nil {
			continue // removed in the meantime, or owned by another user
		}
		if lock(f) == nil {
			err = ignoreMissing(r.root.Remove(temp))
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("remove unfinished upload %s: %w", temp, err)
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// putError maps an error of storing p to an API error.
func putError(p string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &mlflow.Error{
			Code:    mlflow.TemporarilyUnavailable,
			Message: fmt.Sprintf("The artifact store is full: '%s' was not stored", p),
			Status:  http.StatusInsufficientStorage,
		}
	case errors.Is(err, syscall.EXDEV):
		return mlflow.Errorf(mlflow.InternalError, "A file system is mounted inside of the artifact folder, "+
			"so '%s' cannot be put in place in one step; "+
			"the folder has to be on one file system", p)
	case errors.Is(err, syscall.ENOTDIR):
		return artifact.UnderFile(p)
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOTEMPTY):
		return artifact.IsDirectory(p)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP), leadsOut(err):
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid path")
	}
	return fmt.Errorf("put artifact %q: %w", p, err)
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx context.Context // the context of Put
	r   io.Reader
}

func (c *contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// writeErrors records write errors, to distinguish them from read errors.
type writeErrors struct {
	f   *os.File
	err error
}

func (w *writeErrors) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	if err != nil {
		w.err = err
	}
	return n, err
}
