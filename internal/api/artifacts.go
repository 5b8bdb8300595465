package api

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/api/route"
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
	route.OnRequest(r, mlflow.Endpoints.CreateMultipart, auth.EditArtifact, s.createMultipart)
	route.On(r, mlflow.Endpoints.CompleteMultipart, auth.EditArtifact, s.completeMultipart)
	route.On(r, mlflow.Endpoints.AbortMultipart, auth.EditArtifact, s.abortMultipart)
	route.OnRequest(r, mlflow.Endpoints.PresignedProxy, auth.ReadArtifact, s.presignProxy)
	// The signature replaces the authentication.
	r.Root("GET", signedPath, auth.Public, s.downloadSigned)
	r.Root("PUT", signedPath, auth.Public, s.uploadSigned)

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
