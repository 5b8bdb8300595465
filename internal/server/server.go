// Package server assembles the tracking server: store, artifacts, API, workspace routes
// and web pages. It listens, serves, and shuts down gracefully.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	_ "github.com/millrace-ml/millrace/internal/artifact/all" // The places that can hold files.
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/webhook"
)

// shutdownTimeout is the time that current requests have to complete after SIGTERM.
const shutdownTimeout = 25 * time.Second

// Server is a running tracking server.
type Server struct {
	store    *store.Store
	users    *users // nil on a server without users
	http     *http.Server
	listener net.Listener
	config   *config.Config
	log      *slog.Logger

	registry    *prometheus.Registry // A program may run several servers.
	readiness   *readiness
	profiler    *profiler
	deliverer   *webhook.Deliverer
	certificate *certificate // nil for plain HTTP
}

// New opens the database and the artifacts and starts to listen. Serve serves requests.
func New(ctx context.Context, c *config.Config, log *slog.Logger) (*Server, error) {
	s := &Server{config: c, log: log, registry: prometheus.NewRegistry(), readiness: &readiness{log: log}}
	var err error
	options := storeOptions(c, log)
	options.Registerer = s.registry
	if s.store, err = store.Open(ctx, options); err != nil {
		return nil, err
	}
	if s.users, err = s.openUsers(ctx); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	if err := s.listen(ctx); err != nil {
		return nil, errors.Join(err, s.profiler.close(), s.users.close(), s.store.Close())
	}
	return s, nil
}

// listen creates the handler and opens the listeners.
func (s *Server) listen(ctx context.Context) error {
	handler, err := s.handler(ctx)
	if err != nil {
		return err
	}
	s.http = &http.Server{ //nolint:gosec // Configure sets the timeouts.
		Handler:  handler,
		ErrorLog: httpErrors(s.log),
	}
	httplimit.Configure(s.http)
	if s.certificate, err = newCertificate(s.config, s.log); err != nil {
		return err
	}
	s.http.TLSConfig = s.certificate.tlsConfig()
	if s.profiler, err = newProfiler(ctx, s.config.ProfileAddress); err != nil {
		return err
	}
	s.listener, err = new(
		net.ListenConfig,
	).Listen(ctx, "tcp", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
	if err != nil {
		return fmt.Errorf("cannot listen on %s:%d: %w", s.config.Host, s.config.Port, err)
	}
	return nil
}

// OpenStore opens the configured database.
func OpenStore(ctx context.Context, c *config.Config, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, storeOptions(c, log))
}

func storeOptions(c *config.Config, log *slog.Logger) store.Options {
	return store.Options{
		URI: c.BackendStoreURI, ReadURI: c.ReadStoreURI, ArtifactRoot: c.DefaultArtifactRoot,
		Synchronous: c.SQLiteSynchronous, PoolSize: c.DBPoolSize, Log: log, SlowStatement: c.Log.SlowStatement,
	}
}

// URL returns the base URL of the server on this machine.
func (s *Server) URL() string {
	addr := s.listener.Addr().(*net.TCPAddr)
	return s.config.LocalURL(addr.IP.String(), addr.Port)
}

// Announce prints the address of the server and who may use it.
func (s *Server) Announce(ctx context.Context, out io.Writer) error {
	tokens, err := s.store.Tokens(ctx)
	if err != nil {
		return err
	}
	s.users.announce(out)
	fmt.Fprintf(out, "Millrace is ready at %s (database %s)\n", s.URL(), db.RedactURI(s.config.BackendStoreURI))
	beyond := !s.listener.Addr().(*net.TCPAddr).IP.IsLoopback()
	switch {
	case s.config.Users != nil:
		fmt.Fprintln(out, "Every request needs the name and password of a user, or an access token.")
		s.announceSSO(out)
	case len(tokens) > 0:
		fmt.Fprintln(out, "Every request needs an access token. `millrace tokens list` shows the tokens.")
	case beyond:
		fmt.Fprintf(
			out,
			"WARNING: other machines can reach the server, and it accepts every request, as user %s. "+
				"To require tokens, run `millrace tokens create --user you@example.org`.\n",
			auth.MachineUser().Email,
		)
	default:
		fmt.Fprintf(
			out,
			"No access token is defined: the server accepts every request, as user %s. "+
				"To require tokens, run `millrace tokens create --user you@example.org`.\n",
			auth.MachineUser().Email,
		)
	}
	secrets := s.config.Users != nil || len(tokens) > 0
	if secrets && beyond && s.certificate == nil && !s.config.TrustedProxies.OnOtherMachines() {
		fmt.Fprintln(
			out,
			"WARNING: passwords and tokens of other machines arrive unencrypted. Set --ssl-certfile and --ssl-keyfile, "+
				"or listen on 127.0.0.1 behind a reverse proxy; name one on another machine with --forwarded-allow-ips.",
		)
	}
	if s.config.Users != nil {
		if len(tokens) > 0 {
			fmt.Fprintln(out, "The tokens of `millrace tokens` are not valid here: each user has access tokens of its own.")
		}
		if s.config.Users.ReadDatabaseURI != "" {
			fmt.Fprintln(out, "read_database_uri has no effect: the server reads users from database_uri, once a second.")
		}
	}
	if s.config.Workers != "" {
		fmt.Fprintln(out, "--workers has no effect: one process uses all cores.")
	}
	if s.profiler != nil {
		fmt.Fprintf(out, "This machine can read profiles at %s.\n", s.profiler.url())
	}
	if s.config.DisableSecurity {
		fmt.Fprintln(out, "WARNING: requests for any host and from any page are accepted (--disable-security-middleware).")
	}
	return nil
}

// serveHTTP serves requests of the listener, with TLS if the server has a certificate.
func (s *Server) serveHTTP() error {
	if s.certificate == nil {
		return s.http.Serve(s.listener)
	}
	return s.http.ServeTLS(s.listener, "", "")
}

// Serve serves requests until ctx ends, and then completes the current ones.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.serveHTTP() }()
	go s.profiler.serve()
	go s.users.prune(ctx, s.config.AuditLogRetention, s.log)
	delivering, stopDelivering := context.WithCancel(ctx)
	defer stopDelivering()
	delivered := make(chan struct{})
	go func() {
		s.deliverer.Run(delivering)
		close(delivered)
	}()
	select {
	case err := <-failed:
		stopDelivering()
		return errors.Join(err, s.profiler.close(), s.users.close(), s.store.Close())
	case <-ctx.Done():
	}
	s.readiness.stopping.Store(true)
	if delay := s.config.ShutdownDelay; delay > 0 { // Load balancers notice it by /readyz.
		s.log.InfoContext(ctx, "the server ends soon", "after", delay)
		time.Sleep(delay)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // For example, stalled uploads. They were not acknowledged.
		s.log.WarnContext(ctx, "requests were ended that were still under way", "after", shutdownTimeout)
		err = s.http.Close()
	}
	select {
	case <-delivered:
	case <-ctx.Done(): // Deliveries without a result are sent again by the next start.
	}
	return errors.Join(err, s.profiler.close(), s.users.close(), s.store.Close())
}

// LogHandler returns the handler of the server's log.
func LogHandler(out io.Writer, c config.Log) slog.Handler {
	return observe.LogHandler(out, c.JSON, c.Level)
}
