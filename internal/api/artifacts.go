package api

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const proxyPattern = "2.0/mlflow-artifacts/artifacts/{path...}"

// ProxyRules returns the rules of paths in the artifact proxy.
func (s *Server) ProxyRules() rules.Proxy {
	return rules.Proxy{Reserved: func(path string) bool { return s.Artifacts.Writable(path) != nil }}
}

func (s *Server) artifactRoutes(r *route.Router) {
	// The proxy, which clients use for mlflow-artifacts: URIs.
	proxy := s.ProxyRules()
	route.On(r, mlflow.Endpoints.ListProxy, proxy.List(), s.listProxy)
	r.Raw("GET", proxyPattern, proxy.Download(), s.downloadProxy)
	r.Raw("PUT", proxyPattern, proxy.Upload(), s.uploadProxy)
	r.Raw("DELETE", proxyPattern, proxy.Delete().Audited(), s.deleteProxy)
	route.OnRequest(r, mlflow.Endpoints.CreateMultipart, proxy.CreateParts(), s.createMultipart)
	route.On(r, mlflow.Endpoints.CompleteMultipart, proxy.CompleteParts(), s.completeMultipart)
	route.On(r, mlflow.Endpoints.AbortMultipart, proxy.AbortParts(), s.abortMultipart)
	route.OnRequest(r, mlflow.Endpoints.PresignedProxy, proxy.Presign(), s.presignProxy)
	// The signature replaces the authentication.
	r.Root("GET", signedPath, permit.Public, s.downloadSigned)
	r.Root("PUT", signedPath, permit.Public, s.uploadSigned)

	// Artifacts by run or model.
	route.On(r, mlflow.Endpoints.ListArtifacts, permit.Run(access.ToRead), s.listArtifacts)
	route.On(r, mlflow.Endpoints.ListModelArtifacts, permit.LoggedModel(access.ToRead), s.listModelArtifacts)
	route.On(r, mlflow.Endpoints.PresignUpload, rules.Presign(access.ToUpdate), s.presignUpload)
	route.On(r, mlflow.Endpoints.PresignDown, rules.Presign(access.ToRead), s.presignDownload)
	r.Root("GET", "/model-versions/get-artifact", rules.ReadVersionFile, s.downloadVersionArtifact)
	r.Root("GET", "/get-artifact", rules.ReadRunFile, s.downloadRunArtifact)
	r.Root("POST", "/ajax-api/2.0/mlflow/upload-artifact", rules.WriteRunFile, s.uploadRunArtifact)
	r.Root(
		"GET",
		"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
		rules.ReadModelFile,
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
