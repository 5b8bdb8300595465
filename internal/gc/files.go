package gc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/mlflow"
)

// files removes the files of entities.
type files struct {
	destination string // the store behind mlflow-artifacts: locations
	stores      map[string]store
	locateURI   func(uri string) (artifact.Repo, string, error) // See Options.Locate.
}

// store is an opened store, or the error why it cannot be used. Each is opened once.
type store struct {
	repo artifact.Repo // nil if it has no files
	err  error
	// tidy is whether the store was opened at a folder in which servers keep no temporary files.
	tidy bool
}

func newFiles(destination string) *files {
	return &files{destination: destination, stores: map[string]store{}}
}

// close closes the stores and removes the empty folders for temporary files that they have made.
func (f *files) close() {
	for _, s := range f.stores {
		if tidier, ok := s.repo.(interface{ RemoveTemporary() }); ok && s.tidy {
			tidier.RemoveTemporary()
		}
		if closer, ok := s.repo.(interface{ Close() error }); ok {
			_ = closer.Close() // Nothing was written.
		}
	}
}

// resolve returns the location in the store behind the proxy for a location that names the proxy.
func (f *files) resolve(uri string) string {
	at, ok := location.Parse(uri)
	if uri == "" || !ok || at.Store != location.Proxied || f.destination == "" {
		return uri
	}
	return location.Append(f.destination, at.Path)
}

// locate returns the store of an entity and the path of its files in it. The repository is nil if the store is there
// and has no files of the experiment.
func (f *files) locate(ctx context.Context, it *item) (artifact.Repo, string, error) {
	if f.locateURI != nil {
		return f.locateURI(it.location)
	}
	uri := f.resolve(it.location)
	if artifact.IsObjectStore(uri) {
		at, ok := location.Parse(uri)
		if !ok {
			return nil, "", fmt.Errorf("its location '%s' is not valid", artifact.Redact(uri))
		}
		repo, err := f.open(ctx, at.Store, func() (artifact.Repo, error) {
			repo, _, err := artifact.OpenBucket(uri)
			return repo, err
		}, false)
		return repo, at.Path, err
	}
	if artifact.Scheme(uri) != "file" {
		return nil, "", fmt.Errorf("the files at '%s' cannot be removed: the scheme is not supported", artifact.Redact(uri))
	}
	return f.locateFile(ctx, it, uri)
}

// locateFile opens the artifact destination, the location of the experiment, or the parent folder.
func (f *files) locateFile(ctx context.Context, it *item, uri string) (artifact.Repo, string, error) {
	at, ok := location.Parse(uri)
	if !ok {
		return nil, "", fmt.Errorf("its location '%s' is not valid", artifact.Redact(uri))
	}
	dir, err := artifact.FilePath(uri)
	if err != nil {
		return nil, "", err
	}
	root, name, own := filepath.Dir(dir), filepath.Base(dir), false
	for _, folder := range []string{f.resolve(it.experiment), f.destination} {
		in, ok := location.Parse(folder)
		if below, found := at.Below(in); folder != "" && ok && found && below != "" {
			if root, err = artifact.FilePath(folder); err != nil {
				return nil, "", err
			}
			name, own = below, folder == f.destination
		}
	}
	repo, err := f.open(ctx, root, func() (artifact.Repo, error) { return openFolder(root, own) }, !own)
	return repo, name, err
}

// openFolder opens a folder. If it is missing and its parent is there, it never had files. Otherwise, the volume may
// not be mounted, or a relative path begins at another working directory.
func openFolder(dir string, destination bool) (artifact.Repo, error) {
	_, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) && !destination {
		if _, above := os.Stat(filepath.Dir(dir)); above == nil {
			return nil, nil //nolint:nilnil // See locate.
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the artifact store is not there: %w", err)
	}
	return artifact.Open(dir)
}

func (f *files) open(
	ctx context.Context,
	name string,
	open func() (artifact.Repo, error),
	tidy bool,
) (artifact.Repo, error) {
	s, found := f.stores[name]
	if !found {
		s.tidy = tidy
		s.repo, s.err = open()
		if s.err == nil {
			s.err = artifact.Check(ctx, s.repo)
		}
		if ctx.Err() == nil {
			f.stores[name] = s
		}
	}
	return s.repo, s.err
}

// remove removes the files of an entity except for the paths in use. In a dry run it only checks that the store is
// there.
func (f *files) remove(ctx context.Context, it *item, used []string, dryRun bool) error {
	if it.location == "" || slices.Contains(used, "") {
		return nil
	}
	repo, at, err := f.locate(ctx, it)
	if err != nil || repo == nil || dryRun {
		return err
	}
	if _, err := artifact.CleanPath(at); err != nil || at == "" {
		return fmt.Errorf("its location '%s' is not a folder in a store", artifact.Redact(it.location))
	}
	if err := removeExcept(ctx, repo, at, used); err != nil {
		return fmt.Errorf("removing its files: %w", err)
	}
	if len(used) == 0 && artifact.Scheme(f.resolve(it.location)) == "file" {
		return removeEmptyParent(ctx, repo, at, it.id)
	}
	return nil
}

// removeExcept removes a folder except for some paths in it.
func removeExcept(ctx context.Context, repo artifact.Repo, folder string, used []string) error {
	if len(used) == 0 {
		return repo.Delete(ctx, folder)
	}
	children, err := repo.List(ctx, folder)
	if err != nil {
		return err
	}
	for _, child := range children {
		name := path.Base(child.Path)
		var inside []string
		whole := false
		for _, u := range used {
			first, rest, _ := strings.Cut(u, "/")
			if first == name {
				inside = append(inside, rest)
				whole = whole || rest == ""
			}
		}
		switch {
		case whole:
			continue
		case child.IsDir || len(inside) == 0:
			err = removeExcept(ctx, repo, child.Path, inside)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstName returns the first element of a path.
func firstName(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// removeEmptyParent removes the folder that has the name of the entity, if it is empty now.
func removeEmptyParent(ctx context.Context, repo artifact.Repo, at, id string) error {
	folder := path.Dir(at)
	if path.Base(folder) != id {
		return nil
	}
	if _, err := repo.Stat(ctx, folder); errors.Is(err, mlflow.ResourceDoesNotExist) {
		return nil
	}
	children, err := repo.List(ctx, folder)
	if err != nil || len(children) > 0 {
		return err
	}
	return repo.Delete(ctx, folder)
}
