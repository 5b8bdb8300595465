package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/compress"
	"github.com/millrace-ml/millrace/internal/databricks"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/internal/webui"
	"github.com/millrace-ml/millrace/mlflow"
)

// signingKey is the setting with the key of signed URLs.
const signingKey = "url-signing-key"

// startCheckTime is the time that an object store has to answer when the server starts.
const startCheckTime = 20 * time.Second

// checkArtifacts checks the places of artifacts, so that a wrong name or wrong credentials stop the start and not the
// first upload. The default root may be accessible to clients only, so that its error is a warning.
func (s *Server) checkArtifacts(ctx context.Context, artifacts *api.Artifacts) error {
	ctx, cancel := context.WithTimeout(ctx, startCheckTime)
	defer cancel()
	if err := artifacts.CheckDefaultRoot(ctx); err != nil {
		s.log.Warn("the server cannot access the default artifact root; clients need their own access", "error", err)
	}
	return artifacts.Check(ctx)
}

// handler returns the handler of the server: the path prefix, the guard, the API and the
// workspace routes behind authentication, and the web pages.
func (s *Server) handler(ctx context.Context) (http.Handler, error) {
	destination := s.config.ArtifactsDestination
	if !s.config.ServeArtifacts {
		destination = ""
	}
	artifacts, err := api.NewArtifacts(destination, s.config.DefaultArtifactRoot)
	if err != nil {
		return nil, err
	}
	artifacts.AllowHosts(s.config.ArtifactSchemes)
	if err := s.checkArtifacts(ctx, artifacts); err != nil {
		return nil, err
	}
	switch first, err := s.store.Experiment(ctx, 0); {
	case err == nil:
		artifacts.AddEarlierRoot(first.ArtifactLocation)
	case !errors.Is(err, mlflow.ResourceDoesNotExist):
		return nil, err
	}
	key, err := s.store.Secret(ctx, signingKey)
	if err != nil {
		return nil, err
	}
	hooks, err := s.openWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	owners := rules.NewOwners(s.store)
	routes := &api.Server{
		Store: s.store, Owners: owners, Artifacts: artifacts, Log: s.log,
		Keeper: s.users.keeper(), Users: s.users.handlers(s.config.StaticPrefix, s.log),
		RewriteResponse: databricks.Respell,
		StoredURI:       databricks.Stored,
		SourcePattern:   s.config.ModelVersionSourcePattern,
		ExperimentTags:  databricks.ExperimentTags,
		UsesFilesAPI:    databricks.Marked,

		RefuseLongValues: !s.config.TruncateLongValues, Details: s.details(), Webhooks: hooks,

		URLs: signedurl.New(key, "artifacts"), StaticPrefix: s.config.StaticPrefix,
	}
	door := &databricks.Door{
		Proxy:       artifacts.Proxy,
		Writable:    artifacts.Writable,
		Locate:      artifacts.Locate,
		RunURI:      s.runURI,
		ModelURI:    s.modelURI,
		VersionURI:  routes.Registry().VersionURI,
		Key:         key,
		Owners:      owners,
		ProxyAccess: routes.ProxyRules().Check,
		Prefix:      s.config.StaticPrefix,

		VersionFiles:    routes.Registry().VersionFiles,
		HasVersionFiles: s.store.HasVersionFiles,
	}
	authenticated := s.authenticated()
	//nolint:contextcheck // The rules of routes have the context of the request.
	private := authenticated(databricks.Mark(door.Handler(routes.Handler())))
	pages := webui.Handler(noPage, readOnly)
	root := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch page, workspace := strings.CutPrefix(r.URL.Path, "/ml/"); {
		case api.Handles(path.Clean(r.URL.Path)) || databricks.Handles(r.URL.Path):
			private.ServeHTTP(w, r)
		case workspace: // After mlflow.login(), clients print links to a workspace.
			to := forwarded.Prefix(r) + s.config.StaticPrefix + "/#/" + (&url.URL{Path: page}).EscapedPath()
			if r.URL.RawQuery != "" {
				to += "?" + r.URL.RawQuery
			}
			http.Redirect(w, r, to, http.StatusFound) //nolint:gosec // Package forwarded checks the prefix.
		default:
			observe.Route(r.Context(), observe.RoutePages)
			pages.ServeHTTP(w, r)
		}
	})
	s.readiness.parts = append(s.readiness.parts, &part{name: "database", check: s.store.Ping})
	if s.users != nil {
		s.readiness.parts = append(s.readiness.parts, &part{name: "users", check: s.users.accounts.Ping})
	}
	if files := folder(artifacts.Proxy()); files != nil {
		s.readiness.parts = append(s.readiness.parts, files)
	}
	guard := newGuard(s.config)
	seen := &observe.Observer{Log: s.log, Slow: s.config.Log.SlowRequest}
	seen.Register(s.registry)
	served := compressed(guard.wrap(operated(s.operatorRoutes(authenticated), root)))
	return s.config.TrustedProxies.Handler(underPrefix(
		s.config.StaticPrefix,
		seen.Wrap(served),
		seen.Wrap(guard.wrap(outside(s.config.StaticPrefix))),
	)), nil
}

// compressed compresses the JSON of pages. Programs use /api/, mostly from a network that
// is faster than gzip: BenchmarkCompression shows what it would cost them on loopback.
func compressed(next http.Handler) http.Handler {
	zipped := compress.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ajax-api/") {
			zipped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func readOnly(w http.ResponseWriter, r *http.Request) {
	apierror.Write(w, apierror.MethodNotAllowed(w, r, http.MethodGet, http.MethodHead))
}

func noPage(w http.ResponseWriter, _ *http.Request) {
	apierror.Write(w, apierror.NotFound("There is no such page. The API is under /api/ and /ajax-api/."))
}

// runURI and modelURI return artifact URIs for the workspace routes.

func (s *Server) runURI(ctx context.Context, id string) (string, error) {
	info, err := s.store.RunInfo(ctx, id)
	if err != nil {
		return "", err
	}
	return info.ArtifactURI, nil
}

func (s *Server) modelURI(ctx context.Context, id string) (string, error) {
	m, err := s.store.LoggedModel(ctx, id, false)
	if err != nil {
		return "", err
	}
	return m.Info.ArtifactURI, nil
}

// underPrefix removes the path prefix and calls next, or outside for other paths. No
// other handler knows the prefix, so that all rules about paths apply to paths without
// one. The artifact proxy is also served without the prefix, because some clients build
// its URL themselves.
func underPrefix(prefix string, next, outside http.Handler) http.Handler {
	if prefix == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		below, ok := strings.CutPrefix(p, prefix+"/")
		raw, rawOK := strings.CutPrefix(r.URL.RawPath, prefix+"/")
		switch {
		case ok && (rawOK || r.URL.RawPath == ""):
			inner, u := *r, *r.URL
			u.Path, u.RawPath = "/"+below, ""
			if rawOK {
				u.RawPath = "/" + raw
			}
			inner.URL = &u
			next.ServeHTTP(w, &inner)
		case strings.HasPrefix(p, "/api/2.0/mlflow-artifacts/") || strings.HasPrefix(p, "/ajax-api/2.0/mlflow-artifacts/"):
			next.ServeHTTP(w, r)
		default:
			outside.ServeHTTP(w, r)
		}
	})
}

// outside responds to requests to paths without the prefix.
func outside(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == prefix {
			to := forwarded.Prefix(r) + prefix + "/"
			http.Redirect(w, r, to, http.StatusMovedPermanently) //nolint:gosec // Package forwarded checks the prefix.
			return
		}
		apierror.Write(w, apierror.NotFound("Everything is served under "+prefix+"/ here."))
	})
}
