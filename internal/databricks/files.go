package databricks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/mlflow"
)

// place is the place of a request of the Files API. Its path is relative to repo.
type place struct {
	repo artifact.Repo
	path string
	// mayWrite returns an error if the file may not be changed.
	mayWrite func(ctx context.Context) error
	// exists reports whether the version of the file exists, and folder is the path of its
	// files. exists is nil for other files.
	exists func(ctx context.Context) (bool, error)
	folder string
}

// target returns the place of a request of the Files API.
func (d *Door) target(r *http.Request) (place, error) {
	return d.place(r.Context(), r.PathValue("path"))
}

// place returns the place of a path of the Files API.
func (d *Door) place(ctx context.Context, raw string) (place, error) {
	p, ok, err := FilesPath(raw)
	if err != nil {
		return place{}, err
	}
	if !ok {
		return d.versionPlace(ctx, raw)
	}
	repo, err := d.Proxy()
	if err != nil {
		return place{}, err
	}
	return d.proxyPlace(repo, p), nil
}

// proxyPlace returns the place of a path in the proxy.
func (d *Door) proxyPlace(repo artifact.Repo, p string) place {
	return place{repo: repo, path: p, mayWrite: func(context.Context) error { return d.Writable(p) }}
}

// versionPlace returns the place of /Models/<catalog>/<schema>/<model>/<version>/<path>.
func (d *Door) versionPlace(ctx context.Context, raw string) (place, error) {
	name, version, below, err := versionPath(raw)
	if err != nil {
		return place{}, err
	}
	uri, _, err := d.VersionFiles(ctx, name, version)
	if err != nil {
		return place{}, err
	}
	repo, base, err := d.Locate(uri)
	if err != nil {
		return place{}, err
	}
	at := place{repo: repo, path: artifact.Join(base, below), folder: base}
	at.mayWrite = func(ctx context.Context) error {
		if below == "" {
			return artifact.IsDirectory("/" + strings.Trim(raw, "/"))
		}
		now, writable, err := d.VersionFiles(ctx, name, version)
		if err == nil && (!writable || now != uri) {
			err = readOnly(name, version)
		}
		return err
	}
	at.exists = func(ctx context.Context) (bool, error) { return d.HasVersionFiles(ctx, uri) }
	return at, nil
}

func readOnly(name, version string) error {
	return &mlflow.Error{
		Code:   mlflow.PermissionDenied,
		Status: http.StatusForbidden,
		Message: fmt.Sprintf("The files of version %s of the model '%s' are read-only, because the version is finalized. "+
			"Register a new version to change them.", apierror.Shorten(version), apierror.Shorten(name)),
	}
}

// targetToWrite is target for a request that changes files.
func (d *Door) targetToWrite(r *http.Request) (place, error) {
	at, err := d.target(r)
	if err == nil {
		err = at.mayWrite(r.Context())
	}
	return at, err
}

// receive stores the body of a request. It checks that the file may be written when the
// whole body has arrived, because a version may have been finalized in the meantime.
func (at place) receive(r *http.Request) error {
	r.Body = &checkedBody{r.Body, r.Context(), at}
	if err := artifact.Receive(r, at.repo, at.path); err != nil || at.exists == nil {
		return err
	}
	// The version may have been deleted between the check and the end of the upload. Then
	// its folder must not remain.
	ctx := context.WithoutCancel(r.Context())
	if exists, err := at.exists(ctx); err != nil || exists {
		return err
	}
	return errors.Join(artifact.NotFound(at.path), at.repo.Delete(ctx, at.folder))
}

// checkedBody is a body whose end is an error if the place may not be written.
type checkedBody struct {
	io.ReadCloser

	ctx context.Context // of the request, because Read has none
	at  place
}

// Read implements io.Reader.
func (b *checkedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		if refused := b.at.mayWrite(b.ctx); refused != nil {
			err = refused
		}
	}
	return n, err
}

func (d *Door) download(w http.ResponseWriter, r *http.Request) error {
	at, err := d.target(r)
	if err != nil {
		return err
	}
	return sendBytes(w, r, at.repo, at.path)
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
func (d *Door) base(r *http.Request) string { return forwarded.Base(r) + d.Prefix }

func (d *Door) upload(w http.ResponseWriter, r *http.Request) error {
	at, err := d.targetToWrite(r)
	if err == nil && r.URL.Query().Get("overwrite") == "false" {
		err = refuseExisting(r, at)
	}
	if err != nil {
		return err
	}
	if err := at.receive(r); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func refuseExisting(r *http.Request, at place) error {
	_, err := at.repo.Stat(r.Context(), at.path)
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
	_, err := d.targetToWrite(r)
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
	at, err := d.targetToWrite(r)
	if err != nil {
		return err
	}
	info, err := at.repo.Stat(r.Context(), at.path)
	if err != nil {
		return err
	}
	if info.IsDir {
		return artifact.IsDirectory(at.path)
	}
	if err := at.repo.Delete(r.Context(), at.path); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// isFolder returns an error unless a directory is at the place.
func (at place) isFolder(ctx context.Context) error {
	info, err := at.repo.Stat(ctx, at.path)
	if err == nil && !info.IsDir {
		err = mlflow.Errorf(mlflow.ResourceDoesNotExist, "No such directory: '%s'", at.path)
	}
	return err
}

type entry struct {
	Path         string `json:"path"`
	Name         string `json:"name"`
	IsDirectory  bool   `json:"is_directory"`
	FileSize     *int64 `json:"file_size,omitempty"`
	LastModified int64  `json:"last_modified,omitempty"`
}

func (d *Door) directory(w http.ResponseWriter, r *http.Request) error {
	at, err := d.target(r)
	if err == nil {
		err = at.isFolder(r.Context())
	}
	if err != nil || r.Method == http.MethodHead {
		return err
	}
	files, err := at.repo.List(r.Context(), at.path)
	if err != nil {
		return err
	}
	asked := "/" + strings.Trim(r.PathValue("path"), "/")
	entries := make([]entry, 0, len(files))
	for _, f := range files {
		info, err := at.repo.Stat(r.Context(), f.Path)
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
	at, err := d.targetToWrite(r)
	if err != nil {
		return err
	}
	switch info, err := at.repo.Stat(r.Context(), at.path); {
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
	at, err := d.targetToWrite(r)
	if err == nil {
		err = at.isFolder(r.Context())
	}
	if err != nil {
		return err
	}
	files, err := at.repo.List(r.Context(), at.path)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The directory is not empty.")
	}
	if err := at.repo.Delete(r.Context(), at.path); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
