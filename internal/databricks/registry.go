package databricks

import (
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/signedurl"
)

// After mlflow.set_registry_uri("databricks"), clients use the routes of the registry,
// and these two for the files of a version.
const (
	versionFilesPath = "/api/2.0/mlflow/model-versions/list-artifacts"
	versionURLPath   = "/api/2.0/mlflow/model-versions/get-signed-download-uri"
)

// versionFolder returns the repository and the path of the files of a version.
func (d *Door) versionFolder(r *http.Request) (artifact.Repo, string, error) {
	q := r.URL.Query()
	uri, err := d.VersionURI(r.Context(), q.Get("name"), q.Get("version"))
	if err != nil {
		return nil, "", err
	}
	return d.Locate(uri)
}

// versionFiles lists a directory of a version, with paths relative to the version.
func (d *Door) versionFiles(w http.ResponseWriter, r *http.Request) error {
	below, err := artifact.CleanFolder(r.URL.Query().Get("path"))
	if err != nil {
		return err
	}
	repo, base, err := d.versionFolder(r)
	if err != nil {
		return err
	}
	list, err := repo.List(r.Context(), artifact.Join(base, below))
	if err != nil {
		return err
	}
	type file struct {
		Path  string `json:"path"`
		IsDir bool   `json:"is_dir"`
		Size  int64  `json:"file_size"` // The client wants it of an empty file too.
	}
	out := make([]file, len(list))
	for i, f := range list {
		out[i] = file{strings.TrimPrefix(strings.TrimPrefix(f.Path, base), "/"), f.IsDir, f.FileSize}
	}
	return writeJSON(w, struct {
		Files []file `json:"files"`
	}{out})
}

// versionURL returns a signed URL for a file of a version.
func (d *Door) versionURL(s *signedurl.Signer) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := r.URL.Query()
		uri, err := d.VersionURI(r.Context(), q.Get("name"), q.Get("version"))
		if err != nil {
			return err
		}
		signed, err := d.sign(r, s, false, uri, []string{q.Get("path")})
		if err != nil {
			return err
		}
		return writeJSON(w, struct {
			SignedURI string   `json:"signed_uri"`
			Headers   []string `json:"headers"`
		}{signed[0].SignedURI, signed[0].Headers})
	}
}
