package databricks

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// target returns the proxy and the path in it for a request of the Files API.
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
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	w.Header().Set("Content-Type", "application/octet-stream")
	artifact.Serve(w, r, f)
	return nil
}

// base returns the base URL by which the client reached the server.
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

// largeUpload starts the upload of a large file. It returns a session without part URLs,
// so that the SDK sends the whole file in one PUT. That is atomic and writes the file
// once.
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

// abortURL returns the URL by which the SDK ends a session without parts. A DELETE there
// does nothing.
func (d *Door) abortURL(w http.ResponseWriter, r *http.Request) error {
	type target struct {
		URL     string   `json:"url"`
		Headers []string `json:"headers"`
	}
	return writeJSON(w, struct {
		Abort target `json:"abort_upload_url"`
	}{target{d.base(r) + abortPath, []string{}}})
}

// deleteFile deletes a file. A directory is an error.
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

// folder returns the proxy and the path in it, which must be a directory.
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
			continue // deleted in the meantime
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

// makeDirectory does nothing, because uploads create directories.
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

// deleteDirectory deletes a directory if it is empty.
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
