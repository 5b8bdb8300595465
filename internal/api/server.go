// Package api serves MLflow's REST API. Each noun has a file whose function
// xxxRoutes lists its routes; the registry has the package registry.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/millrace-ml/millrace/internal/api/genai"
	"github.com/millrace-ml/millrace/internal/api/pages"
	"github.com/millrace-ml/millrace/internal/api/registry"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/traces"
	"github.com/millrace-ml/millrace/internal/api/users"
	"github.com/millrace-ml/millrace/internal/api/webhooks"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// MLflowVersion is the release whose behavior the API follows.
const MLflowVersion = mlflow.Version

// Server answers the requests of the API.
type Server struct {
	Store *store.Store
	// Owners finds the owners of resources. If it is nil, the server makes one.
	Owners permit.Owners
	// Users has the routes of users, roles and grants. It is nil on a server without users.
	Users *users.Handlers
	// Keeper keeps the grants on resources. If it is nil, there are none.
	Keeper    permit.Keeper
	Artifacts *Artifacts
	Log       *slog.Logger
	// RewriteResponse, if not nil, may modify a response before it is encoded. The
	// login door uses it to translate artifact URIs.
	RewriteResponse func(r *http.Request, resp any)
	// StoredURI, if not nil, translates an artifact URI of a client into the stored
	// form. It is the inverse of RewriteResponse.
	StoredURI func(string) string
	// ExperimentTags, if not nil, returns tags for a new experiment in addition to
	// those of the request.
	ExperimentTags func(ctx context.Context, name string) []mlflow.Tag
	// UsesFilesAPI, if not nil, reports whether the client of a request transfers files
	// through the Files API of the login door.
	UsesFilesAPI func(context.Context) bool
	// SourcePattern, if not nil, must match the source of a new model version.
	SourcePattern *regexp.Regexp
	// RefuseLongValues makes params and run tags that are too long an error. By
	// default they are truncated.
	RefuseLongValues bool

	// Details describes the server to the users of its pages.
	Details mlflow.ServerDetails

	// Webhooks has the routes of webhooks. If it is nil, there are none.
	Webhooks *webhooks.Handlers

	// URLs signs URLs of this server.
	URLs *signedurl.Signer
	// StaticPrefix is the path prefix of all routes, or "".
	StaticPrefix string

	historyPart int // metric values in memory, defaultPart if 0
}

// Handler returns the handler of everything under /api/ and /ajax-api/, and of the
// routes that MLflow has at the root.
func (s *Server) Handler() http.Handler { return s.routes().Handler() }

// Routes lists the routes of Handler as "GET /api/2.0/mlflow/runs/get", for tests
// that compare them with the published list.
func (s *Server) Routes() []string { return s.routes().List() }

// Registry returns the handlers of the model registry.
func (s *Server) Registry() *registry.Handlers {
	s.setDefaults()
	return &registry.Handlers{
		Store: s.Store, Keeper: s.Keeper, Owners: s.Owners, Files: s.Artifacts, Log: s.Log, UsesFilesAPI: s.UsesFilesAPI,
		StoredURI: s.StoredURI, SourcePattern: s.SourcePattern,
	}
}

func (s *Server) setDefaults() {
	if s.Owners == nil {
		s.Owners = rules.NewOwners(s.Store)
	}
	if s.Users != nil && s.Users.Owners == nil {
		s.Users.Owners = s.Owners
	}
	if s.Keeper == nil {
		s.Keeper = permit.NoKeeper{}
	}
}

func (s *Server) routes() *route.Router {
	s.setDefaults()
	r := route.New(s.Owners)
	r.Redact, r.RewriteResponse = rules.Redact, s.RewriteResponse
	s.experimentRoutes(r)
	s.runRoutes(r)
	s.metricRoutes(r)
	s.loggedModelRoutes(r)
	s.Registry().Routes(r)
	s.artifactRoutes(r)
	s.serverInfoRoutes(r)
	s.graphqlRoutes(r)
	s.stockUIRoutes(r)
	(&pages.Handlers{
		Store: s.Store, Owners: s.Owners, Keeper: s.Keeper, Files: s.Artifacts, Server: s.Details,
		VersionURI: s.Registry().VersionURI, Log: s.Log, Truncate: s.truncate,
	}).Routes(r)
	(&genai.Handlers{Store: s.Store, Owners: s.Owners, Keeper: s.Keeper}).Routes(r)
	(&traces.Handlers{Store: s.Store, Owners: s.Owners, Files: s.Artifacts, SendFile: sendFile}).Routes(r)
	if s.Webhooks != nil {
		s.Webhooks.Routes(r)
	}
	if s.Users != nil {
		r.Audit = s.Users.Audit
		s.Users.Routes(r)
	} else {
		users.WithoutUsers(r)
	}
	s.refusedRoutes(r)
	return r
}

// rootPaths lists the API's paths outside of /api/ and /ajax-api/.
var rootPaths = map[string]bool{
	"/health": true, "/version": true, "/get-artifact": true, "/model-versions/get-artifact": true, "/graphql": true,
	traces.ExportPath: true,
}

// Handles reports whether a path belongs to the API rather than to the pages.
func Handles(path string) bool {
	return rootPaths[path] || path == signedPath || refusedAtRoot(path) ||
		strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/ajax-api/")
}
