package rules

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// Proxy has the rules of the routes of the artifact proxy. The files of experiment 7 are
// below 7/ in the proxy; those of no experiment need the default permission.
type Proxy struct {
	// Reserved reports whether a path belongs to the files of model versions, which only
	// the routes of the registry give access to.
	Reserved func(path string) bool
}

// List is the rule of a list of the files in a folder.
func (p Proxy) List() permit.Rule {
	return permit.For("proxy:read", func(c *permit.Checker, in *mlflow.ListProxyRequest) error {
		folder, err := artifact.CleanFolder(in.Path)
		if err != nil {
			return err
		}
		return p.Check(c, folder, access.ToRead)
	})
}

// Download is the rule of a download.
func (p Proxy) Download() permit.Rule { return p.byPath("proxy:read", access.ToRead) }

// Upload is the rule of an upload.
func (p Proxy) Upload() permit.Rule { return p.byPath("proxy:update", access.ToUpdate) }

// Delete is the rule of the deletion of a file or of a folder with its files.
func (p Proxy) Delete() permit.Rule { return p.byPath("proxy:delete", access.ToManage) }

func (p Proxy) byPath(name string, a access.Action) permit.Rule {
	return permit.ForRequest(name, func(c *permit.Checker, req *http.Request) error {
		return p.Check(c, req.PathValue("path"), a)
	})
}

// Presign is the rule of a signed URL for a download.
func (p Proxy) Presign() permit.Rule {
	return permit.For("proxy:read", func(c *permit.Checker, in *mlflow.PresignedProxyRequest) error {
		return p.Check(c, in.ArtifactPath, access.ToRead)
	})
}

// CreateParts is the rule of the start of an upload in parts.
func (p Proxy) CreateParts() permit.Rule {
	return permit.For("proxy:update", func(c *permit.Checker, in *mlflow.CreateMultipartRequest) error {
		return p.Check(c, in.ArtifactPath, access.ToUpdate)
	})
}

// CompleteParts is the rule of the end of an upload in parts.
func (p Proxy) CompleteParts() permit.Rule {
	return permit.For("proxy:update", func(c *permit.Checker, in *mlflow.CompleteMultipartRequest) error {
		return p.Check(c, in.ArtifactPath, access.ToUpdate)
	})
}

// AbortParts is the rule of the cancellation of an upload in parts.
func (p Proxy) AbortParts() permit.Rule {
	return permit.For("proxy:update", func(c *permit.Checker, in *mlflow.AbortMultipartRequest) error {
		return p.Check(c, in.ArtifactPath, access.ToUpdate)
	})
}

// Check checks an action on a path of the proxy.
func (p Proxy) Check(c *permit.Checker, path string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	path, err := artifact.CleanPath(path)
	if err != nil {
		return err
	}
	if path != "" && p.Reserved(path) {
		return permit.ErrDenied
	}
	experiment, below := experimentOf(path)
	if experiment == "" {
		if !c.Grants.AllowUnowned(a) {
			return permit.ErrDenied
		}
		return nil
	}
	parts := partsAt(below, a == access.ToManage)
	if len(parts) == 0 {
		return c.Experiment(experiment, a)
	}
	if err := c.Experiment(experiment, access.ToRead); err != nil {
		return err
	}
	for _, part := range parts {
		if err := c.PartOf(experiment, part, a); err != nil {
			return err
		}
	}
	return nil
}

var experimentFolder = regexp.MustCompile(`^(?:workspaces/[^/]+/)?(\d+)/`)

// experimentOf returns the id of the experiment that a path of the proxy belongs to, or
// "", and the rest of the path.
func experimentOf(path string) (id, below string) {
	m := experimentFolder.FindStringSubmatch(path + "/")
	if m == nil {
		return "", ""
	}
	return m[1], strings.Trim((path + "/")[len(m[0]):], "/")
}

var runFolder = regexp.MustCompile(`^[0-9a-f]{32}$`)

// partsAt returns the types of parts of an experiment that a path below its folder may
// belong to. A deletion includes everything below the path.
func partsAt(below string, deletion bool) []access.Type {
	names := strings.Split(below, "/")
	switch {
	case below == "" && deletion:
		return []access.Type{access.Run, access.LoggedModel, access.Trace}
	case below == "":
		return nil
	case names[0] == "models":
		return []access.Type{access.LoggedModel}
	case names[0] == "traces":
		return []access.Type{access.Trace}
	case len(names) > 1 && names[1] == "artifacts", runFolder.MatchString(names[0]), deletion:
		return []access.Type{access.Run}
	}
	return nil
}

// ReadRunFile is the rule of a download of a file of the run in the query.
var ReadRunFile = permit.ForRequest("run:read", func(c *permit.Checker, req *http.Request) error {
	return c.Run(RunIDOf(req), access.ToRead)
})

// RunIDOf returns the run that the query of a download names. MLflow formats a missing ID
// as None.
func RunIDOf(req *http.Request) string {
	q := req.URL.Query()
	for _, name := range []string{"run_id", "run_uuid"} {
		if id := q.Get(name); id != "" {
			return id
		}
	}
	return "None"
}

// WriteRunFile is the rule of an upload of a file of the run in the query.
var WriteRunFile = permit.ForRequest("run:update", func(c *permit.Checker, req *http.Request) error {
	return c.Run(req.URL.Query().Get("run_uuid"), access.ToUpdate)
})

// ReadModelFile is the rule of a download of a file of the logged model in the path.
var ReadModelFile = permit.ForRequest("logged_model:read", func(c *permit.Checker, req *http.Request) error {
	return c.LoggedModel(req.PathValue("model_id"), access.ToRead)
})

// ReadVersionFile is the rule of a file or a list of files of the model version in the
// query.
var ReadVersionFile = permit.ForRequest("version:read", func(c *permit.Checker, req *http.Request) error {
	return c.Version(req.URL.Query().Get("name"), access.ToRead)
})
