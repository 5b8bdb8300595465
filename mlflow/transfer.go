package mlflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// transfers is the number of concurrent uploads or downloads.
const transfers = 4

// Transfer is the progress of an upload or download.
type Transfer struct {
	Upload            bool
	Path              string // the last file that made progress
	Bytes, TotalBytes int64
	Files, TotalFiles int64
}

// file is a file to transfer: its local path (relative to the target directory for
// downloads), its path in the artifact store, and its size in bytes.
type file struct {
	local, name string
	size        int64
}

// meter counts the bytes of a transfer for the progress function.
type meter struct {
	report func(Transfer)
	mu     sync.Mutex
	at     Transfer
}

func (c *Client) newMeter(upload bool, files []file) *meter {
	m := &meter{report: c.progress, at: Transfer{Upload: upload, TotalFiles: int64(len(files))}}
	for _, f := range files {
		m.at.TotalBytes += f.size
	}
	return m
}

func (m *meter) add(name string, bytes, files int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at.Path = name
	m.at.Bytes += bytes
	m.at.Files += files
	m.report(m.at)
}

// metered counts and reports the bytes that are read from a file.
type metered struct {
	counted
	meter *meter
	name  string
}

func (r *metered) Read(p []byte) (int, error) {
	n, err := r.counted.Read(p)
	r.meter.add(r.name, int64(n), 0)
	return n, err
}

// putAll uploads files concurrently. It stops at the first error.
func (c *Client) putAll(ctx context.Context, store artifactStore, files []file) error {
	m := c.newMeter(true, files)
	return each(ctx, files, func(ctx context.Context, f file) error {
		read := new(atomic.Int64)
		err := store.put(ctx, f.name, f.size, func() (io.ReadCloser, error) {
			in, err := os.Open(f.local)
			if err != nil {
				return nil, err
			}
			m.add(f.name, -read.Load(), 0) // Subtract the bytes of the failed attempt.
			read = new(atomic.Int64)
			return &metered{counted{in, read}, m, f.name}, nil
		})
		if err != nil {
			return fmt.Errorf("uploading %s: %w", f.name, err)
		}
		m.add(f.name, f.size-read.Load(), 1)
		return nil
	})
}

// getAll downloads files of a store to their local paths below dir. It creates dir if
// necessary. No path or symbolic link leads outside of it.
func (c *Client) getAll(ctx context.Context, store artifactStore, dir string, files []file) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The umask applies.
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	m := c.newMeter(false, files)
	return each(ctx, files, func(ctx context.Context, f file) error {
		err := c.retryMoving(ctx, true, func(read *atomic.Int64) error {
			err := writeFile(root, f.local, func() (io.ReadCloser, error) {
				body, err := store.get(ctx, f.name)
				return &metered{counted{body, read}, m, f.name}, err
			})
			if err != nil { // Start again.
				m.add(f.name, -read.Load(), 0)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("downloading %s: %w", f.name, err)
		}
		m.add(f.name, 0, 1)
		return nil
	})
}

// each calls work for all files concurrently and returns the first error.
func each(ctx context.Context, files []file, work func(context.Context, file) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(transfers, len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := work(ctx, files[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// filesBelow lists a file, or all files of a directory, with names below folder.
func filesBelow(local, folder string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(local, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(p) // It follows symbolic links, as opening the file does.
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return Errorf(InvalidParameterValue, "%s is no regular file", p)
		}
		rel, err := filepath.Rel(local, p)
		files = append(files, file{p, path.Join(folder, filepath.ToSlash(rel)), info.Size()})
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Errorf(ResourceDoesNotExist, "there is nothing at %s to upload", local)
	}
	return files, err
}

// tree lists all files of a store below folder, to be downloaded to local. If folder is
// a file, it lists that file.
func tree(ctx context.Context, store artifactStore, folder, local string) ([]file, error) {
	entries, err := store.list(ctx, folder)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		name := path.Base(e.Path)
		if name == "." || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
			return nil, Errorf(InvalidParameterValue, "the server lists a file named %q", e.Path)
		}
		target := filepath.Join(local, name)
		if !e.IsDir {
			files = append(files, file{target, path.Join(folder, name), e.FileSize})
			continue
		}
		below, err := tree(ctx, store, path.Join(folder, name), target)
		if err != nil {
			return nil, err
		}
		files = append(files, below...)
	}
	return files, nil
}
