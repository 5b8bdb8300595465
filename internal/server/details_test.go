package server

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
)

// TestServerDetails checks who learns where the data of a server is.
func TestServerDetails(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.Manage)
	s.addUser(t, "ana")
	const path = "/ajax-api/millrace/server"
	for user, c := range map[string]struct{ has, lacks []string }{
		"admin": {[]string{`"admin":true`, "mlflow.db", `"schema_revision":"`, `"go_version":"go1.`, `"users":true`}, nil},
		"ana": {
			[]string{`"admin":false`, `"database":"SQLite"`, `"artifacts":"directory"`, `"param_length":6000`, `"version":"`},
			[]string{"mlflow.db", "settings", "files", "go1."},
		},
	} {
		status, answer := s.send(t, user, "GET", path, "")
		if status != 200 {
			t.Errorf("%s: %d %s", user, status, answer)
		}
		for _, text := range c.has {
			if !strings.Contains(answer, text) {
				t.Errorf("%s: no %s in %s", user, text, answer)
			}
		}
		for _, text := range c.lacks {
			if strings.Contains(answer, text) {
				t.Errorf("%s: %s in %s", user, text, answer)
			}
		}
	}
	if status, answer := s.send(t, "", "GET", path, ""); status != 401 {
		t.Errorf("nobody: %d %s", status, answer)
	}
}

func TestDetailsHaveNoPasswords(t *testing.T) {
	t.Parallel()
	s := &Server{config: &config.Config{
		BackendStoreURI: "postgresql://u:secret@db/mlflow", ReadStoreURI: "mysql://u:secret@db/mlflow",
		ServeArtifacts: true, ArtifactsDestination: "s3://key:secret@bucket/x", DefaultArtifactRoot: "s3://key:secret@bucket",
	}}
	d := s.details()
	all := d.Settings.DatabaseURI + d.Settings.ReadStoreURI + d.Settings.ArtifactsDestination + d.Settings.DefaultArtifactRoot
	if strings.Contains(all, "secret") || d.Artifacts != "s3" {
		t.Errorf("%q %q", all, d.Artifacts)
	}
}
