package api

import (
	"context"
	"io"
	"net/http"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

func (s *Server) serverInfoRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.ServerInfo, permit.Public, s.serverInfo)
	r.Root(http.MethodGet, "/health", permit.Public, s.health)
	r.Root(http.MethodGet, "/version", permit.Public, version)
}

// serverInfo reports which optional features clients may use.
func (s *Server) serverInfo(context.Context, *mlflow.Empty) (*mlflow.ServerInfo, error) {
	// Clients fetch every file by a signed URL if the server offers it, which is faster for
	// object stores only.
	signer, objects := signerOf(s.Artifacts.proxy)
	direct := signer != nil && objects.CanSign()
	return &mlflow.ServerInfo{
		StoreType: "SqlStore", FeaturesEnabled: map[string]bool{},
		MultipartUploadsEnabled: direct, MultipartDownloadsEnabled: direct,
	}, nil
}

func (s *Server) health(w http.ResponseWriter, req *http.Request) error {
	if err := s.Store.Ping(req.Context()); err != nil {
		return err
	}
	return writeText(w, "OK")
}

func version(w http.ResponseWriter, _ *http.Request) error {
	return writeText(w, MLflowVersion)
}

func writeText(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text) // A write error means that the client has disconnected.
	return nil
}
