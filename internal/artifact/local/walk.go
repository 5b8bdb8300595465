package local

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
)

var _ artifact.Walker = (*Repo)(nil)

// Walk implements artifact.Walker. It has the entries of one folder of each level in memory.
func (r *Repo) Walk(ctx context.Context, dir string) iter.Seq2[artifact.Entry, error] {
	return func(yield func(artifact.Entry, error) bool) {
		if reserved(dir) {
			return
		}
		info, err := r.root.Stat(name(dir))
		if err == nil && info.IsDir() {
			w := &walk{ctx: ctx, repo: r, yield: yield}
			w.folder(dir, info)
		} else if err != nil {
			if err = r.unlessMissing("walk", dir, err); err != nil {
				yield(artifact.Entry{}, err)
			}
		}
	}
}

type walk struct {
	ctx   context.Context //nolint:containedctx // It does not outlive the call of Walk.
	repo  *Repo
	yield func(artifact.Entry, error) bool
	above []os.FileInfo // the folders that contain the current one
}

// folder walks through a folder and reports whether to go on.
func (w *walk) folder(dir string, info os.FileInfo) bool {
	if slices.ContainsFunc(w.above, func(f os.FileInfo) bool { return os.SameFile(f, info) }) {
		return w.yield(artifact.Entry{Path: dir, LeftOut: artifact.LeftOutLink}, nil)
	}
	entries, err := w.entries(dir)
	if err == nil {
		err = w.ctx.Err()
	}
	if err != nil {
		w.yield(artifact.Entry{}, err)
		return false
	}
	w.above = append(w.above, info)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	for _, e := range entries {
		// A folder in the store can have been a store of its own, with unfinished uploads.
		if !reserved(e.Name()) && !w.entry(artifact.Join(dir, e.Name()), e) {
			return false
		}
	}
	return true
}

// entries returns the entries of a folder in the order of the paths of the files below them. The path of a file in a
// folder has a slash after the name of the folder.
func (w *walk) entries(dir string) ([]fs.DirEntry, error) {
	f, err := w.repo.root.Open(name(dir))
	if err != nil {
		return nil, w.repo.unlessMissing("walk", dir, err)
	}
	defer func() { _ = f.Close() }() // Closing a directory that was read cannot lose data.
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, w.repo.unlessMissing("walk", dir, err)
	}
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(key(a), key(b)) })
	return entries, nil
}

func (w *walk) entry(p string, e fs.DirEntry) bool {
	leftOut := func(why string) bool { return w.yield(artifact.Entry{Path: p, LeftOut: why}, nil) }
	if clean, err := artifact.CleanPath(p); err != nil || clean != p {
		return leftOut(artifact.LeftOutName)
	}
	info, err := w.repo.root.Stat(p)
	switch {
	case err != nil && e.Type()&fs.ModeSymlink != 0:
		return leftOut(artifact.LeftOutLink)
	case err != nil:
		if err = w.repo.unlessMissing("walk", p, err); err != nil {
			w.yield(artifact.Entry{}, err)
		}
		return err == nil // The file was removed in the meantime.
	case info.IsDir():
		return w.folder(p, info)
	case !info.Mode().IsRegular():
		return leftOut(artifact.LeftOutKind)
	}
	return w.yield(artifact.Entry{Path: p, Size: info.Size(), ModTime: info.ModTime()}, nil)
}

// RemoveTemporary removes the folder for temporary files if it is empty. It is for programs that open a folder in a
// store, where it would remain.
func (r *Repo) RemoveTemporary() { _ = r.root.Remove(tempDir) } // It is not empty, or does not exist.
