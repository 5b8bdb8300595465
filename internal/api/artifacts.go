package api

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

const proxyPattern = "2.0/mlflow-artifacts/artifacts/{path...}"

func (s *Server) artifactRoutes(r *route.Router) {
	// The proxy, which clients use for mlflow-artifacts: URIs.
	route.On(r, mlflow.Endpoints.ListProxy, auth.ReadArtifact, s.listProxy)
	r.Raw("GET", proxyPattern, auth.ReadArtifact, s.downloadProxy)
	r.Raw("PUT", proxyPattern, auth.EditArtifact, s.uploadProxy)
	r.Raw("DELETE", proxyPattern, auth.EditArtifact, s.deleteProxy)
	route.On(r, mlflow.Endpoints.CreateMultipart, auth.EditArtifact, noMultipartUpload)
	route.On(r, mlflow.Endpoints.CompleteMultipart, auth.EditArtifact, noMultipartUpload)
	route.On(r, mlflow.Endpoints.AbortMultipart, auth.EditArtifact, noMultipartUpload)
	route.On(r, mlflow.Endpoints.PresignedProxy, auth.ReadArtifact, noMultipartDownload)

	// Artifacts by run or model.
	route.On(r, mlflow.Endpoints.ListArtifacts, auth.ReadArtifact, s.listArtifacts)
	route.On(r, mlflow.Endpoints.ListModelArtifacts, auth.ReadArtifact, s.listModelArtifacts)
	route.On(r, mlflow.Endpoints.PresignUpload, auth.EditArtifact, s.presignUpload)
	route.On(r, mlflow.Endpoints.PresignDown, auth.ReadArtifact, s.presignDownload)
	r.Root("GET", "/model-versions/get-artifact", auth.ReadRegistry, s.downloadVersionArtifact)
	r.Root("GET", "/get-artifact", auth.ReadArtifact, s.downloadRunArtifact)
	r.Root("POST", "/ajax-api/2.0/mlflow/upload-artifact", auth.EditArtifact, s.uploadRunArtifact)
	r.Root(
		"GET",
		"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
		auth.ReadArtifact,
		s.downloadModelArtifact,
	)
}

func (s *Server) listProxy(ctx context.Context, in *mlflow.ListProxyRequest) (*mlflow.ListProxyResponse, error) {
	repo, err := s.Artifacts.Proxy()
	if err != nil {
		return nil, err
	}
	dir, err := artifact.CleanFolder(in.Path)
	if err != nil {
		return nil, err
	}
	files, err := repo.List(ctx, dir)
	for i := range files {
		files[i].Path = path.Base(files[i].Path)
	}
	return &mlflow.ListProxyResponse{Files: files}, err
}

func (s *Server) listArtifacts(
	ctx context.Context,
	in *mlflow.ListArtifactsRequest,
) (*mlflow.ListArtifactsResponse, error) {
	run, err := s.Store.RunInfo(ctx, in.RunID)
	if err != nil {
		return nil, err
	}
	return s.listAt(ctx, run.ArtifactURI, in.Path)
}

func (s *Server) listModelArtifacts(
	ctx context.Context,
	in *mlflow.ListModelArtifactsRequest,
) (*mlflow.ListArtifactsResponse, error) {
	model, err := s.Store.LoggedModel(ctx, in.ModelID, false)
	if err != nil {
		return nil, err
	}
	return s.listAt(ctx, model.Info.ArtifactURI, in.Path)
}

// listAt lists a folder below uri, with paths relative to uri.
func (s *Server) listAt(ctx context.Context, uri, below string) (*mlflow.ListArtifactsResponse, error) {
	below, err := artifact.CleanFolder(below)
	if err != nil {
		return nil, err
	}
	repo, base, err := s.Artifacts.Locate(uri)
	if err != nil {
		return nil, err
	}
	files, err := repo.List(ctx, artifact.Join(base, below))
	if base != "" {
		for i := range files {
			files[i].Path = strings.TrimPrefix(files[i].Path, base+"/")
		}
	}
	return &mlflow.ListArtifactsResponse{RootURI: uri, Files: files}, err
}

// Multipart uploads exist for object stores, which clients write to directly. The
// proxy accepts files of any size in one PUT.

func noMultipartUpload(_ context.Context, in *mlflow.MultipartRequest) (*mlflow.Empty, error) {
	if _, err := artifact.CleanPath(in.ArtifactPath); err != nil {
		return nil, err
	}
	return nil, mlflow.Errorf(
		mlflow.NotImplemented,
		"Multipart upload is not supported for the current artifact repository",
	)
}

func noMultipartDownload(_ context.Context, in *mlflow.MultipartRequest) (*mlflow.Empty, error) {
	if _, err := artifact.CleanPath(in.ArtifactPath); err != nil {
		return nil, err
	}
	return nil, mlflow.Errorf(
		mlflow.NotImplemented,
		"Multipart download is not supported for the current artifact repository",
	)
}

func (s *Server) presignUpload(ctx context.Context, in *mlflow.PresignRequest) (*mlflow.PresignResponse, error) {
	if (in.RunID == "") == (in.ModelID == "") {
		return nil, apierror.Invalid("Exactly one of run_id and model_id must be provided.")
	}
	scheme, err := s.presignScheme(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, apierror.Invalid(
		"Presigned upload is not supported for proxied artifact storage (artifact URI scheme: %s). "+
			"This endpoint requires a direct cloud storage artifact URI.",
		scheme,
	)
}

func (s *Server) presignDownload(ctx context.Context, in *mlflow.PresignRequest) (*mlflow.PresignResponse, error) {
	if in.RunID == "" {
		return nil, apierror.MissingParameter("run_id")
	}
	in.ModelID = ""
	scheme, err := s.presignScheme(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, apierror.Invalid(
		"Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: %s). "+
			"This endpoint requires a run with a direct cloud storage artifact URI.",
		scheme,
	)
}

// presignScheme checks the common parameters of the presign routes and returns the
// scheme of the artifact URI. The server cannot sign URLs of any scheme.
func (s *Server) presignScheme(ctx context.Context, in *mlflow.PresignRequest) (string, error) {
	if in.Path == "" {
		return "", apierror.MissingParameter("path")
	}
	if _, err := artifact.CleanPath(in.Path); err != nil {
		return "", err
	}
	if in.Expiration != nil && (*in.Expiration < 1 || *in.Expiration > 604800) {
		return "", apierror.Invalid("expiration must be between 1 and 604800 seconds (got %d).", *in.Expiration)
	}
	if in.ModelID != "" {
		model, err := s.Store.LoggedModel(ctx, in.ModelID, false)
		if err != nil {
			return "", err
		}
		return artifact.Scheme(model.Info.ArtifactURI), nil
	}
	run, err := s.Store.RunInfo(ctx, in.RunID)
	if err != nil {
		return "", err
	}
	return artifact.Scheme(run.ArtifactURI), nil
}

// proxyTarget returns the proxy and the path in it. PathValue has decoded the path
// once; it must not be decoded again.
func (s *Server) proxyTarget(req *http.Request) (artifact.Repo, string, error) {
	repo, err := s.Artifacts.Proxy()
	if err != nil {
		return nil, "", err
	}
	p, err := artifact.CleanPath(req.PathValue("path"))
	return repo, p, err
}
