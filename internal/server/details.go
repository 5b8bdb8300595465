package server

import (
	"runtime"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/version"
	"github.com/millrace-ml/millrace/mlflow"
)

// details describes the server to the users of its pages.
func (s *Server) details() mlflow.ServerDetails {
	c := s.config
	d := mlflow.ServerDetails{
		Version: version.Release(), Users: c.Users != nil,
		Limits: mlflow.ServerLimits{Truncates: c.TruncateLongValues},
		Settings: &mlflow.ServerSettings{
			DatabaseURI:         db.RedactURI(c.BackendStoreURI),
			DefaultArtifactRoot: artifact.Redact(c.DefaultArtifactRoot), StaticPrefix: c.StaticPrefix,
			StartedMS: time.Now().UnixMilli(), GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		},
	}
	if c.ReadStoreURI != "" {
		d.Settings.ReadStoreURI = db.RedactURI(c.ReadStoreURI)
	}
	if c.ServeArtifacts {
		d.Settings.ArtifactsDestination = artifact.Redact(c.ArtifactsDestination)
		d.Artifacts = "directory"
		if scheme, _, found := strings.Cut(c.ArtifactsDestination, "://"); found && scheme != "file" {
			d.Artifacts = scheme
		}
	}
	return d
}
