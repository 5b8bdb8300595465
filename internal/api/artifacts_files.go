package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxAjaxUpload is the largest upload of a web page, in bytes.
const maxAjaxUpload = 10 << 20

func (s *Server) downloadProxy(w http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err != nil {
		return err
	}
	return sendFile(w, req, repo, p)
}

func (s *Server) uploadProxy(_ http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err == nil && strings.HasSuffix(req.URL.Path, "/") {
		err = apierror.Invalid("Artifact path must include a filename (cannot end with '/').")
	}
	if err == nil {
		err = s.Artifacts.Writable(p)
	}
	if err != nil {
		return err
	}
	return artifact.Receive(req, repo, p)
}

func (s *Server) deleteProxy(w http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err == nil {
		err = s.Artifacts.Writable(p)
	}
	if err != nil {
		return err
	}
	if err := repo.Delete(req.Context(), p); err != nil {
		return err
	}
	return route.WriteJSON(w, &mlflow.Empty{})
}

func (s *Server) downloadRunArtifact(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	below := q.Get("path")
	if below == "" {
		return mlflow.Errorf(mlflow.BadRequest, `Request must include the "path" query parameter.`)
	}
	return s.sendBelow(w, req, below, func(ctx context.Context) (string, error) {
		info, err := s.Store.RunInfo(ctx, runIDOf(q))
		if err != nil {
			return "", err
		}
		return info.ArtifactURI, nil
	})
}

func runIDOf(q url.Values) string {
	for _, name := range []string{"run_id", "run_uuid"} {
		if id := q.Get(name); id != "" {
			return id
		}
	}
	return "None" // MLflow formats a missing ID so.
}

func (s *Server) downloadModelArtifact(w http.ResponseWriter, req *http.Request) error {
	below := req.URL.Query().Get("artifact_file_path")
	if below == "" {
		return mlflow.Errorf(mlflow.BadRequest, `Request must include the "artifact_file_path" query parameter.`)
	}
	return s.sendBelow(w, req, below, func(ctx context.Context) (string, error) {
		model, err := s.Store.LoggedModel(ctx, req.PathValue("model_id"), false)
		if err != nil {
			return "", err
		}
		return model.Info.ArtifactURI, nil
	})
}

func (s *Server) downloadVersionArtifact(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	below := q.Get("path")
	if below == "" {
		return mlflow.Errorf(mlflow.BadRequest, `Request must include the "path" query parameter.`)
	}
	return s.sendBelow(w, req, below, func(ctx context.Context) (string, error) {
		return s.Registry().VersionURI(ctx, q.Get("name"), q.Get("version"))
	})
}

// sendBelow sends a file below the artifact URI that find returns. The timeout of JSON
// requests applies to find, but not to the transfer.
func (s *Server) sendBelow(
	w http.ResponseWriter,
	req *http.Request,
	below string,
	find func(context.Context) (string, error),
) error {
	repo, p, err := s.locateBelow(req, below, find)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return sendFile(w, req, repo, p)
}

func (s *Server) locateBelow(
	req *http.Request,
	below string,
	find func(context.Context) (string, error),
) (artifact.Repo, string, error) {
	below, err := artifact.CleanPath(below)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(req.Context(), route.Timeout)
	defer cancel()
	uri, err := find(ctx)
	if err != nil {
		return nil, "", err
	}
	repo, base, err := s.Artifacts.Locate(uri)
	return repo, artifact.Join(base, below), err
}

func (s *Server) uploadRunArtifact(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	runID, below := q.Get("run_uuid"), q.Get("path")
	switch {
	case runID == "":
		return apierror.Invalid("Request must specify run_uuid.")
	case below == "":
		return apierror.Invalid("Request must specify path.")
	case req.ContentLength > maxAjaxUpload:
		return errUploadTooLarge
	}
	if _, err := artifact.CleanPath(below); err != nil { // MLflow reports this error first.
		return err
	}
	if req.ContentLength == 0 {
		return apierror.Invalid("Request must specify data.")
	}
	repo, p, err := s.locateBelow(req, below, func(ctx context.Context) (string, error) {
		info, err := s.Store.RunInfo(ctx, runID)
		if err != nil {
			return "", err
		}
		return info.ArtifactURI, nil
	})
	if err != nil {
		return err
	}
	req.Body = http.MaxBytesReader(w, req.Body, maxAjaxUpload)
	err = artifact.Receive(req, repo, p)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errUploadTooLarge
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return nil
}

var errUploadTooLarge error = &mlflow.Error{
	Code:    mlflow.InvalidParameterValue,
	Message: "Artifact size is too large. Max size is 10MB.",
}

// sendFile sends a file as a download.
func sendFile(w http.ResponseWriter, req *http.Request, repo artifact.Repo, p string) error {
	f, err := repo.Open(req.Context(), p)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		if info, statErr := repo.Stat(req.Context(), p); statErr == nil && info.IsDir {
			err = artifact.IsDirectory(p)
		}
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	name := path.Base(p)
	w.Header().Set("Content-Type", artifact.ContentType(name))
	w.Header().Set("Content-Disposition", artifact.Attachment(name))
	artifact.Serve(w, req, f)
	return nil
}
