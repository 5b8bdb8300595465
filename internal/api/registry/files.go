package registry

import (
	"context"
	"log/slog"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// Files locates the files of versions.
type Files interface {
	// Locate returns the repository that contains an artifact URI and the path in it.
	Locate(uri string) (artifact.Repo, string, error)
	// MayReach returns an error if a URI of an object store names a host that the server
	// does not send its credentials to.
	MayReach(uri string) error
	// VersionRoot returns the URI below which the server stores the files of versions.
	VersionRoot() (string, error)
	// ClientURI returns the file: URI of an artifact URI in a local folder of the server,
	// and other URIs unchanged.
	ClientURI(uri string) string
}

// VersionFiles returns the artifact URI of a version whose name has three levels, and
// whether its files may be changed. They may until the version is finalized.
func (h *Handlers) VersionFiles(ctx context.Context, name, version string) (uri string, writable bool, err error) {
	number, err := catalogVersionNumber(name, version)
	if err != nil {
		return "", false, err
	}
	v, err := h.Store.CatalogVersion(ctx, name, number)
	if err != nil {
		return "", false, err
	}
	uri, err = h.resolveRun(ctx, v.Location)
	return uri, v.Status == mlflow.VersionPending, err
}

// deleteTimeout is the time for the deletion of a version's files.
const deleteTimeout = 10 * time.Minute

// deleteFiles deletes the files of deleted versions. The deletion of the versions has
// been committed, so an error leaves files that nothing refers to, and is only logged.
func (h *Handlers) deleteFiles(ctx context.Context, locations []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	for _, location := range locations {
		repo, path, err := h.Files.Locate(location)
		if err == nil {
			err = repo.Delete(ctx, path)
		}
		if err != nil {
			h.Log.WarnContext(ctx, "the files of a deleted model version remain",
				slog.String("location", location), slog.Any("error", err))
		}
	}
}
