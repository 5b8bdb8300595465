package databricks

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// target returns the proxy and the path in it that a Files API request names.
func (d *Door) target(r *http.Request) (artifact.Repo, string, error) {
	repo, err := d.Proxy()
	if err != nil {
		return nil, "", err
	}
	raw := r.PathValue("path")
	p, ok, err := FilesPath(raw)
	if err != nil {
		return nil, "", err
	}
	if !ok {
		return nil, "", artifact.NotFound("/" + strings.TrimPrefix(raw, "/"))
	}
	return repo, p, nil
}

func (d *Door) download(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.target(r)
	if err != nil {
		return err
	}
	return sendBytes(w, r, repo, p)
}

func sendBytes(w http.ResponseWriter, r *http.Request, repo artifact.Repo, p string) error {
	f, err := repo.Open(r.Context(), p)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	w.Header().Set("Content-Type", "application/octet-stream")
	artifact.Serve(w, r, f)
	return nil
}

// base is how the client reached this server.
func (d *Door) base(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host + d.Prefix
	}
	return "http://" + r.Host + d.Prefix
}

func (d *Door) upload(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.target(r)
	if err == nil && r.URL.Query().Get("overwrite") == "false" {
		err = refuseExisting(r, repo, p)
	}
	if err != nil {
		return err
	}
	if err := artifact.Receive(r, repo, p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func refuseExisting(r *http.Request, repo artifact.Repo, p string) error {
	_, err := repo.Stat(r.Context(), p)
	switch {
	case err == nil:
		return &mlflow.Error{
			Code:    mlflow.ResourceAlreadyExists,
			Status:  http.StatusConflict,
			Message: "The file being created already exists.",
		}
	case errors.Is(err, mlflow.ResourceDoesNotExist):
		return nil
	}
	return err
}

// largeUpload answers the SDK's question how it should send a large file. It is
// given a session that has no part URLs, upon which it sends the whole file in
// one PUT: one pass over the disk, all or nothing.
func (d *Door) largeUpload(w http.ResponseWriter, r *http.Request) error {
	_, _, err := d.target(r)
	if r.URL.Query().Get("action") != "initiate-upload" && !errors.Is(err, mlflow.InvalidParameterValue) {
		err = mlflow.Errorf(mlflow.NotImplemented, "Files are uploaded here in one PUT; there are no parts to put together.")
	}
	if err != nil {
		return err
	}
	type session struct {
		Token string `json:"session_token"`
	}
	return writeJSON(w, struct {
		Multipart session `json:"multipart_upload"`
	}{session{"one-put"}})
}

// abortURL lets the SDK end a session without parts: it sends a DELETE to a
// place that answers and holds nothing.
func (d *Door) abortURL(w http.ResponseWriter, r *http.Request) error {
	type target struct {
		URL     string   `json:"url"`
		Headers []string `json:"headers"`
	}
	return writeJSON(w, struct {
		Abort target `json:"abort_upload_url"`
	}{target{d.base(r) + abortPath, []string{}}})
}

// deleteFile removes one file; a folder is not one.
func (d *Door) deleteFile(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.target(r)
	if err != nil {
		return err
	}
	info, err := repo.Stat(r.Context(), p)
	if err != nil {
		return err
	}
	if info.IsDir {
		return artifact.IsDirectory(p)
	}
	if err := repo.Delete(r.Context(), p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// folder is target for a path that has to be a folder.
func (d *Door) folder(r *http.Request) (artifact.Repo, string, error) {
	repo, p, err := d.target(r)
	if err != nil {
		return nil, "", err
	}
	info, err := repo.Stat(r.Context(), p)
	if err == nil && !info.IsDir {
		err = mlflow.Errorf(mlflow.ResourceDoesNotExist, "No such directory: '%s'", p)
	}
	return repo, p, err
}

type entry struct {
	Path         string `json:"path"`
	Name         string `json:"name"`
	IsDirectory  bool   `json:"is_directory"`
	FileSize     *int64 `json:"file_size,omitempty"`
	LastModified int64  `json:"last_modified,omitempty"`
}

func (d *Door) directory(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.folder(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return nil
	}
	files, err := repo.List(r.Context(), p)
	if err != nil {
		return err
	}
	asked := "/" + strings.Trim(r.PathValue("path"), "/")
	entries := make([]entry, 0, len(files))
	for _, f := range files {
		info, err := repo.Stat(r.Context(), f.Path)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		name := path.Base(f.Path)
		e := entry{Path: asked + "/" + name, Name: name, IsDirectory: info.IsDir, LastModified: info.ModTime.UnixMilli()}
		if !info.IsDir {
			e.FileSize = &info.Size
		}
		entries = append(entries, e)
	}
	return writeJSON(w, struct {
		Contents []entry `json:"contents"`
	}{entries})
}

// makeDirectory has nothing to do: folders come with their first file.
func (d *Door) makeDirectory(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.target(r)
	if err != nil {
		return err
	}
	switch info, err := repo.Stat(r.Context(), p); {
	case err == nil && !info.IsDir:
		return &mlflow.Error{
			Code:    mlflow.ResourceAlreadyExists,
			Status:  http.StatusConflict,
			Message: "A file is where the directory should be.",
		}
	case err != nil && !errors.Is(err, mlflow.ResourceDoesNotExist):
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteDirectory removes a folder if nothing is in it.
func (d *Door) deleteDirectory(w http.ResponseWriter, r *http.Request) error {
	repo, p, err := d.folder(r)
	if err != nil {
		return err
	}
	files, err := repo.List(r.Context(), p)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The directory is not empty.")
	}
	if err := repo.Delete(r.Context(), p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
