package api

import (
	"strings"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// feature is a part of MLflow that Millrace does not have. Its routes return an error
// that says so, because an empty list would be wrong. Paths are below /api/ and
// /ajax-api/ unless they begin with a slash, and include everything below them.
type feature struct {
	code    mlflow.ErrorCode
	message string
	paths   []string
}

const (
	inMLflow  = " `mlflow server` on the same database serves them."
	noGateway = "The AI gateway is not part of Millrace. `mlflow server` has one."
)

var refusedFeatures = []feature{
	{
		mlflow.NotImplemented,
		"Traces in tables of Databricks are not served by Millrace.",
		[]string{"2.0/mlflow/get-online-trace-details", "2.0/mlflow/unified-traces"},
	},
	{
		mlflow.NotImplemented,
		"Runs of scorers are not served by Millrace. `mlflow.genai.evaluate` runs them in the client." + inMLflow,
		[]string{"3.0/mlflow/scorers/online-config", "3.0/mlflow/scorer", "3.0/mlflow/genai"},
	},
	{mlflow.NotImplemented, "Issues are not served by Millrace." + inMLflow, []string{"3.0/mlflow/issues"}},
	{mlflow.NotImplemented, "Review queues are not served by Millrace." + inMLflow, []string{"3.0/mlflow/review-queues"}},
	{
		mlflow.NotImplemented,
		"Prompt Lab and the optimization of prompts are not served by Millrace." + inMLflow,
		[]string{"2.0/mlflow/runs/create-promptlab-run", "3.0/mlflow/prompt-optimization"},
	},
	{
		mlflow.NotImplemented,
		"Jobs of the server are not served by Millrace." + inMLflow,
		[]string{"3.0/jobs", "3.0/mlflow/jobs"},
	},
	{mlflow.NotImplemented, noGateway, []string{"2.0/mlflow/gateway-proxy", "3.0/mlflow/gateway", "/gateway"}},
	{
		mlflow.NotImplemented,
		"The registry of MCP servers is not part of Millrace. `mlflow server` has one.",
		[]string{"3.0/mlflow/mcp-servers"},
	},
	{
		mlflow.NotImplemented,
		"The registry of skills is not part of Millrace. `mlflow server` has one.",
		[]string{"3.0/mlflow/skills"},
	},
	{
		mlflow.NotImplemented,
		"The assistant is not part of Millrace, which starts no other programs. `mlflow server` has one.",
		[]string{"3.0/mlflow/assistant"},
	},
	{
		mlflow.NotImplemented,
		"Demo data is not part of Millrace. The README's first program logs a run.",
		[]string{"3.0/mlflow/demo"},
	},
	{
		mlflow.NotImplemented,
		"Prompts of Unity Catalog are not served by Millrace. With an http(s) tracking URI, clients use the registry for " +
			"prompts.",
		[]string{"2.0/mlflow/unity-catalog/prompts", "2.0/mlflow/unity-catalog/prompt-versions"},
	},
	{
		mlflow.NotImplemented,
		"Workspaces are not enabled. Everything is in the workspace \"default\".",
		[]string{"3.0/mlflow/workspaces"},
	},
	{
		mlflow.EndpointNotFound,
		"The files of MLflow's own pages are not part of Millrace. Its pages are at /.",
		[]string{"/static-files", "/build"},
	},
	{
		mlflow.EndpointNotFound,
		"This route is a misspelling in MLflow, which answers it with an empty 404. The route is POST " +
			"/ajax-api/2.0/mlflow/experiments/search-datasets.",
		[]string{
			"2.0mlflow/experiments/search-datasets",
		},
	},
}

// withoutUsers is refused by a server without users. Clients and pages detect it by the
// 404.
var withoutUsers = feature{
	mlflow.EndpointNotFound,
	"User accounts, roles and permissions need a server with --app-name basic-auth. This one has none. Access tokens " +
		"say who asks: `millrace tokens create --user you@example.org` makes one.",
	[]string{
		"2.0/mlflow/users", "3.0/mlflow/users", "3.0/mlflow/roles", "/signup", "2.0/mlflow/experiments/permissions",
		"2.0/mlflow/registered-models/permissions", "millrace/tokens", "millrace/access",
		"millrace/experiments/managers",
		"millrace/audit", "millrace/login", "millrace/logout", "millrace/oidc",
	},
}

// refusedRoutes mounts the routes of refused features. Routes that are served take
// precedence.
func (s *Server) refusedRoutes(r *route.Router) {
	features := refusedFeatures
	if s.Users == nil {
		features = append([]feature{withoutUsers}, features...)
	}
	for _, f := range features {
		e := &mlflow.Error{Code: f.code, Message: f.message}
		for _, path := range f.paths {
			if strings.HasPrefix(path, "/") {
				r.Refuse(path, permit.User, e)
			} else {
				r.Refuse("/api/"+path, permit.User, e)
				r.Refuse("/ajax-api/"+path, permit.User, e)
			}
		}
	}
}

// refusedAtRoot reports whether a path outside of /api/ and /ajax-api/ belongs to a
// refused feature.
func refusedAtRoot(path string) bool {
	for _, f := range append([]feature{withoutUsers}, refusedFeatures...) {
		for _, p := range f.paths {
			if strings.HasPrefix(p, "/") && (path == p || strings.HasPrefix(path, p+"/")) {
				return true
			}
		}
	}
	return false
}
