package artifactcmd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// openSource opens a store that must exist.
func openSource(ctx context.Context, uri string) (artifact.Repo, error) {
	if artifact.Scheme(uri) == "file" {
		dir, err := artifact.FilePath(uri)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("there is no folder to copy: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is not a folder", dir)
		}
	}
	return open(ctx, uri)
}

// openTarget opens a store. A folder is created unless it is a dry run.
func openTarget(ctx context.Context, uri string, dryRun bool) (artifact.Repo, error) {
	if dryRun && artifact.Scheme(uri) == "file" {
		dir, err := artifact.FilePath(uri)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return nothing{}, nil
		}
	}
	return open(ctx, uri)
}

func open(ctx context.Context, uri string) (artifact.Repo, error) {
	repo, err := artifact.Open(uri)
	if err != nil {
		return nil, err
	}
	if err := artifact.Check(ctx, repo); err != nil {
		return nil, err
	}
	return repo, nil
}

// nothing is a store that does not exist yet. Only Walk can be called.
type nothing struct{ artifact.Repo }

// Walk implements artifact.Walker.
func (nothing) Walk(context.Context, string) iter.Seq2[artifact.Entry, error] {
	return func(func(artifact.Entry, error) bool) {}
}

// realPath resolves the symbolic links of a local folder, as far as it exists. It returns other URIs unchanged.
func realPath(uri string) string {
	if artifact.Scheme(uri) != "file" {
		return uri
	}
	dir, err := artifact.FilePath(uri)
	if err != nil {
		return uri
	}
	for rest := ""; ; dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest) {
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(found, rest)
		}
		if dir == filepath.Dir(dir) {
			return uri
		}
	}
}
