package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

const metricsPath = "/metrics"

// operatorRoutes returns the routes for operators and their tools. They accept GET and
// HEAD.
func (s *Server) operatorRoutes(authenticated func(http.Handler) http.Handler) map[string]http.Handler {
	routes := map[string]http.Handler{"/livez": http.HandlerFunc(live), "/readyz": http.HandlerFunc(s.readiness.ready)}
	metrics := promhttp.HandlerFor(
		s.registry,
		promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true},
	)
	switch s.config.Metrics {
	case config.MetricsForUsers:
		routes[metricsPath] = authenticated(forUsers(metrics))
	case config.MetricsForAll:
		routes[metricsPath] = metrics
	}
	return routes
}

// forUsers calls next for requests of users.
func forUsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := auth.RequireUser(r.Context()); err != nil {
			apierror.Write(w, mlflow.AsError(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// operated serves routes at their exact paths and calls next for other paths.
func operated(routes map[string]http.Handler, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := routes[r.URL.Path]
		switch {
		case !ok:
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			readOnly(w, r)
		default:
			observe.Route(r.Context(), r.URL.Path)
			route.ServeHTTP(w, r)
		}
	})
}

// profiler serves CPU and memory profiles at a loopback address.
type profiler struct {
	http     *http.Server
	listener net.Listener
}

// newProfiler starts to listen. It returns nil for an empty address.
func newProfiler(ctx context.Context, address string) (*profiler, error) {
	if address == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for profiles: %w", address, err)
	}
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() { // The name may resolve to another address.
		_ = l.Close()
		return nil, fmt.Errorf("--profile-address %s leads beyond this machine", address)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	guarded := newGuard(&config.Config{XFrameOptions: "DENY"}).wrap(mux) // Pages of other sites do not get here.
	return &profiler{&http.Server{Handler: guarded, ReadHeaderTimeout: httplimit.HeaderTimeout}, l}, nil
}

func (p *profiler) serve() {
	if p != nil {
		_ = p.http.Serve(p.listener) // Serve returns after Close.
	}
}

func (p *profiler) close() error {
	if p == nil {
		return nil
	}
	return p.http.Close()
}

// url returns the URL of the profiles.
func (p *profiler) url() string { return "http://" + p.listener.Addr().String() + "/debug/pprof/" }
