package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxAjaxUpload is what a web page may upload at once.
const maxAjaxUpload = 10 << 20

func (s *Server) downloadProxy(w http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err != nil {
		return err
	}
	return sendFile(w, req, repo, p)
}

func (s *Server) uploadProxy(w http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err == nil && strings.HasSuffix(req.URL.Path, "/") {
		err = mlflow.Errorf(mlflow.InvalidParameterValue, "Artifact path must include a filename (cannot end with '/').")
	}
	if err != nil {
		return err
	}
	return artifact.Receive(req, repo, p)
}

func (s *Server) deleteProxy(w http.ResponseWriter, req *http.Request) error {
	repo, p, err := s.proxyTarget(req)
	if err != nil {
		return err
	}
	if err := repo.Delete(req.Context(), p); err != nil {
		return err
	}
	return writeJSON(w, &mlflow.Empty{})
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
	return "None" // as MLflow words the missing run
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

// sendBelow sends a file below the artifact URI that find returns. The store is
// asked with a deadline, the transfer has none.
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
	ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
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
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Request must specify run_uuid.")
	case below == "":
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Request must specify path.")
	case req.ContentLength > maxAjaxUpload:
		return errUploadTooLarge
	}
	if _, err := artifact.CleanPath(below); err != nil { // Said before what else is wrong with the request.
		return err
	}
	if req.ContentLength == 0 {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Request must specify data.")
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

// sendFile answers with one file, as a download.
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
	defer func() { _ = f.Close() }() // opened for reading
	name := path.Base(p)
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Content-Disposition", attachment(name))
	artifact.Serve(w, req, f)
	return nil
}

// attachment says that a file is to be saved under its name. A name that is not
// ASCII is sent twice: without its other characters for old clients, and whole.
func attachment(name string) string {
	isToken := func(r rune) bool {
		return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !isToken(r) }) < 0 {
		return "attachment; filename=" + name
	}
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r >= 0x7f:
			return -1
		case r == '"' || r == '\\':
			return '_'
		}
		return r
	}, name)
	if ascii == name {
		return `attachment; filename="` + ascii + `"`
	}
	encoded := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + encoded
}

// contentTypes lists types by extension. What people read is plain text, pages
// and pictures keep their type, and the rest is bytes. The system's own table
// is not asked: the same file should have the same type everywhere.
var contentTypes = func() map[string]string {
	types := map[string]string{
		"html": "text/html",
		"htm":  "text/html",
		"css":  "text/css",
		"pdf":  "application/pdf",
		"zip":  "application/zip",
		"tar":  "application/x-tar",
		"png":  "image/png",
		"jpg":  "image/jpeg",
		"jpeg": "image/jpeg",
		"gif":  "image/gif",
		"svg":  "image/svg+xml",
		"webp": "image/webp",
		"bmp":  "image/bmp",
		"tif":  "image/tiff",
		"tiff": "image/tiff",
		"ico":  "image/vnd.microsoft.icon",
		"avif": "image/avif",
		"mp3":  "audio/mpeg",
		"wav":  "audio/x-wav",
		"mp4":  "video/mp4",
		"webm": "video/webm",
		"wasm": "application/wasm",
	}
	for ext := range strings.FieldsSeq("txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb MLmodel mlproject MLproject") {
		types[ext] = "text/plain"
	}
	return types
}()

func contentType(name string) string {
	ext := strings.TrimPrefix(path.Ext(name), ".")
	if ext == "" {
		ext = name
	}
	if t, ok := contentTypes[ext]; ok {
		return t
	}
	if t, ok := contentTypes[strings.ToLower(ext)]; ok && t != "text/plain" {
		return t
	}
	return "application/octet-stream"
}
