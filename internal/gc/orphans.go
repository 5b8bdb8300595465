package gc

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// OrphanOptions select folders with the files of model versions.
type OrphanOptions struct {
	// Roots are the artifact roots, and ArtifactsDestination is the store behind mlflow-artifacts: locations.
	Roots                []string
	ArtifactsDestination string
	// OlderThan is the time since the last change in a folder.
	OlderThan time.Duration
	// Delete deletes the folders.
	Delete bool
}

// Orphan is a folder with the files of a model version that does not exist.
type Orphan struct {
	Location string `json:"location"`
	Usage
}

// Usage is what the files below a folder amount to.
type Usage struct {
	Files  int64     `json:"files"`
	Bytes  int64     `json:"bytes"`
	Newest time.Time `json:"newest"`
}

// Orphans returns the folders with files of model versions to which no version refers. A version is recorded before its
// files are uploaded. Therefore, the folders are listed first and the versions are read afterwards, so that a version
// whose files are being uploaded is always found.
func Orphans(ctx context.Context, d *db.DB, o OrphanOptions) (orphans []Orphan, err error) {
	f := newFiles(o.ArtifactsDestination)
	defer f.close()
	for _, root := range o.Roots {
		found, err := f.orphans(ctx, d, f.resolve(root), &o)
		orphans = append(orphans, found...)
		if err != nil {
			return orphans, err
		}
	}
	return orphans, nil
}

func (f *files) orphans(ctx context.Context, d *db.DB, root string, o *OrphanOptions) (orphans []Orphan, err error) {
	at, ok := location.Parse(root)
	if !ok || at.Store == location.Proxied {
		return nil, fmt.Errorf("'%s' is not a store of artifacts", artifact.Redact(root))
	}
	repo, base, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	folder := artifact.Join(base, artifact.VersionsFolder)
	children, err := repo.List(ctx, folder)
	if err != nil {
		return nil, err
	}
	used, err := f.usedNames(ctx, d, at.Join(artifact.VersionsFolder))
	if err != nil {
		return nil, err
	}
	for _, child := range children {
		name := child.Path[len(folder)+1:]
		if !child.IsDir || used[name] {
			continue
		}
		usage, err := Measure(ctx, repo, child.Path)
		if err != nil {
			return orphans, err
		}
		if time.Since(usage.Newest) < o.OlderThan {
			continue
		}
		if o.Delete {
			if err := repo.Delete(ctx, child.Path); err != nil {
				return orphans, err
			}
		}
		at := location.Append(root, artifact.VersionsFolder+"/"+name)
		orphans = append(orphans, Orphan{Location: at, Usage: usage})
	}
	return orphans, nil
}

// openRoot opens a root that exists, and returns the path of the root in the repository.
func openRoot(root string) (repo artifact.Repo, base string, err error) {
	if artifact.IsObjectStore(root) {
		return artifact.OpenBucket(root)
	}
	dir, err := artifact.FilePath(root)
	if err != nil {
		return nil, "", err
	}
	repo, err = openFolder(dir, true)
	return repo, "", err
}

// usedNames returns the names of the folders to which versions refer.
func (f *files) usedNames(ctx context.Context, d *db.DB, folder location.Location) (used map[string]bool, err error) {
	err = d.Scan(ctx, func(t db.Tx) error {
		used = map[string]bool{}
		return t.Each(`SELECT location FROM millrace_version_files UNION SELECT storage_location FROM model_versions
			WHERE storage_location IS NOT NULL UNION SELECT source FROM model_versions WHERE source IS NOT NULL`, nil,
			func(rows *sql.Rows) error {
				var uri string
				err := rows.Scan(&uri)
				if at, ok := location.Parse(f.resolve(uri)); ok {
					if below, found := at.Below(folder); found {
						used[firstName(below)] = true
					}
				}
				return err
			})
	})
	return used, err
}

// Measure lists the files below a folder.
func Measure(ctx context.Context, repo artifact.Repo, folder string) (o Usage, err error) {
	walker, ok := repo.(artifact.Walker)
	if !ok {
		return o, fmt.Errorf("the store of %s cannot list all of its files", folder)
	}
	if info, err := repo.Stat(ctx, folder); err == nil {
		o.Newest = info.ModTime
	}
	for e, err := range walker.Walk(ctx, folder) {
		if err != nil {
			return o, err
		}
		o.Files++
		o.Bytes += e.Size
		if e.ModTime.After(o.Newest) {
			o.Newest = e.ModTime
		}
	}
	return o, nil
}
