// Package server puts the parts together: it opens the store and the artifact
// folder, mounts the API, the login door and the web pages behind their guards,
// listens, and leaves without losing a request.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/api"
	_ "github.com/millrace-ml/millrace/internal/artifact/all" // The places that can hold files.
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/conns"
	"github.com/millrace-ml/millrace/internal/databricks"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/webui"
	"github.com/millrace-ml/millrace/mlflow"
)

// shutdownTimeout is how long requests under way may take to end after SIGTERM.
const shutdownTimeout = 25 * time.Second

// Server is a running tracking server.
type Server struct {
	store    *store.Store
	http     *http.Server
	listener net.Listener
	config   *config.Config
	log      *slog.Logger
}

// New opens everything and starts to listen; Serve then answers.
func New(ctx context.Context, c *config.Config, log *slog.Logger) (*Server, error) {
	st, err := OpenStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	s := &Server{store: st, config: c, log: log}
	handler, err := s.handler(ctx)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: conns.HeaderTime,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot listen on %s:%d: %w", c.Host, c.Port, err), st.Close())
	}
	return s, nil
}

// OpenStore opens the database that the configuration names.
func OpenStore(ctx context.Context, c *config.Config, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Options{
		URI: c.BackendStoreURI, ReadURI: c.ReadStoreURI, ArtifactRoot: c.DefaultArtifactRoot,
		Synchronous: c.SQLiteSynchronous, PoolSize: c.DBPoolSize, Log: log,
	})
}

// URL is where the server can be reached from this machine.
func (s *Server) URL() string {
	addr := s.listener.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port)) + s.config.StaticPrefix
}

// Announce says where the server is and who may use it.
func (s *Server) Announce(ctx context.Context, out io.Writer) error {
	tokens, err := s.store.Tokens(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Millrace is ready at %s (database %s)\n", s.URL(), store.RedactURI(s.config.BackendStoreURI))
	switch beyond := !s.listener.Addr().(*net.TCPAddr).IP.IsLoopback(); {
	case len(tokens) > 0:
		fmt.Fprintln(out, "Requests need an access token; `millrace tokens list` shows them.")
	case beyond:
		fmt.Fprintf(out, "WARNING: the server listens beyond this machine and takes requests from everybody who reaches it, as %s. `millrace tokens create --user you@example.org` closes it.\n", auth.MachineUser().Email)
	default:
		fmt.Fprintf(out, "No access token is defined, so every request is taken, as %s. `millrace tokens create --user you@example.org` changes that.\n", auth.MachineUser().Email)
	}
	if s.config.Workers != "" {
		fmt.Fprintln(out, "--workers has no effect: one process uses all cores.")
	}
	if s.config.DisableSecurity {
		fmt.Fprintln(out, "WARNING: requests for any host and from any web page are taken (--disable-security-middleware).")
	}
	return nil
}

// Serve answers requests until ctx ends, then lets those under way finish.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	guarded := conns.Guard(s.http, s.listener, func(message string) []byte {
		return api.ErrorJSON(&mlflow.Error{Code: mlflow.BadRequest, Message: message})
	})
	go func() { failed <- s.http.Serve(guarded) }()
	select {
	case err := <-failed:
		return errors.Join(err, s.store.Close())
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // Uploads that stand still, say: nothing of them was acknowledged.
		s.log.WarnContext(ctx, "requests were ended that were still under way", "after", shutdownTimeout)
		err = s.http.Close()
	}
	return errors.Join(err, s.store.Close())
}

// handler mounts everything: guard, static prefix, then API and login door
// behind authentication, and the web pages for the rest.
func (s *Server) handler(ctx context.Context) (http.Handler, error) {
	destination := s.config.ArtifactsDestination
	if !s.config.ServeArtifacts {
		destination = ""
	}
	artifacts, err := api.NewArtifacts(destination, s.config.DefaultArtifactRoot)
	if err != nil {
		return nil, err
	}
	switch first, err := s.store.Experiment(ctx, 0); {
	case err == nil:
		artifacts.AddEarlierRoot(first.ArtifactLocation)
	case !errors.Is(err, mlflow.ResourceDoesNotExist):
		return nil, err
	}
	key, err := s.store.Secret(ctx, "url-signing-key")
	if err != nil {
		return nil, err
	}
	routes := &api.Server{
		Store: s.store, Artifacts: artifacts, Log: s.log,
		RewriteResponse: databricks.Respell,
		StoredURI:       databricks.Stored,
		SourcePattern:   s.config.ModelVersionSourcePattern,
		ExperimentTags:  databricks.ExperimentTags,
	}
	door := &databricks.Door{
		Proxy: artifacts.Proxy, Locate: artifacts.Locate, RunURI: s.runURI, ModelURI: s.modelURI, VersionURI: routes.VersionURI,
		Key:        key,
		WriteError: api.WriteError, Log: s.log,
	}
	private := auth.Middleware(s.store)(databricks.Mark(door.Handler(routes.Handler())))
	pages := webui.Handler(noPage)
	root := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch page, workspace := strings.CutPrefix(r.URL.Path, "/ml/"); {
		case api.Handles(path.Clean(r.URL.Path)) || databricks.Handles(r.URL.Path):
			private.ServeHTTP(w, r)
		case workspace: // After mlflow.login() the client prints links of a workspace.
			http.Redirect(w, r, s.config.StaticPrefix+"/#/"+(&url.URL{Path: page}).EscapedPath(), http.StatusFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			api.WriteError(w, &mlflow.Error{Code: mlflow.EndpointNotFound, Message: "No API endpoint for " + r.Method + " here; they are under /api/ and /ajax-api/."})
		default:
			pages.ServeHTTP(w, r)
		}
	})
	return newGuard(s.config).wrap(underPrefix(s.config.StaticPrefix, root)), nil
}

func noPage(w http.ResponseWriter, _ *http.Request) {
	api.WriteError(w, &mlflow.Error{Code: mlflow.EndpointNotFound, Message: "There is no such page. The API is under /api/ and /ajax-api/."})
}

// runURI and modelURI tell the door where the files of a run or model are.

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

// underPrefix serves next below a path prefix. The artifact proxy is reached
// without it as well, as clients that build its URL themselves expect.
func underPrefix(prefix string, next http.Handler) http.Handler {
	if prefix == "" {
		return next
	}
	stripped := http.StripPrefix(prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case p == prefix:
			http.Redirect(w, r, prefix+"/", http.StatusMovedPermanently)
		case strings.HasPrefix(p, prefix+"/"):
			stripped.ServeHTTP(w, r)
		case strings.HasPrefix(p, "/api/2.0/mlflow-artifacts/") || strings.HasPrefix(p, "/ajax-api/2.0/mlflow-artifacts/"):
			next.ServeHTTP(w, r)
		default:
			api.WriteError(w, &mlflow.Error{Code: mlflow.EndpointNotFound, Message: "Everything is served under " + prefix + "/ here."})
		}
	})
}

// LogHandler returns the handler of the server's own log, text on out.
func LogHandler(out io.Writer) slog.Handler {
	level := slog.LevelInfo
	if os.Getenv("MILLRACE_LOG_LEVEL") == "debug" {
		level = slog.LevelDebug
	}
	return slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})
}
