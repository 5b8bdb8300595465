package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"path"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/conns"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

const metricsPath = "/metrics"

// operatorRoutes are for those who run the server, and for what they run it with.
func (s *Server) operatorRoutes(authenticated func(http.Handler) http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	route := func(at string, next http.Handler) {
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) {
			observe.Route(r.Context(), at)
			next.ServeHTTP(w, r)
		})
	}
	route("/livez", http.HandlerFunc(live))
	route("/readyz", http.HandlerFunc(s.readiness.ready))
	metrics := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true})
	switch s.config.Metrics {
	case config.MetricsForUsers:
		route(metricsPath, authenticated(onlyFor(auth.ReadServer, metrics)))
	case config.MetricsForAll:
		route(metricsPath, metrics)
	}
	return mux
}

// onlyFor serves next to those who have a permission.
func onlyFor(p auth.Permission, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := auth.Allow(r.Context(), p); err != nil {
			api.WriteError(w, mlflow.AsError(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// operated serves what mux has, and the rest by next.
func operated(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path { // The mux would redirect it.
			next.ServeHTTP(w, r)
			return
		}
		if _, pattern := mux.Handler(r); conns.NamesMethod(pattern) {
			mux.ServeHTTP(w, r)
			return
		}
		if err := conns.WrongMethod(w, r, mux, conns.NamesMethod); err != nil {
			api.WriteError(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// profiler serves CPU and memory profiles at an address of this machine alone.
type profiler struct {
	http     *http.Server
	listener net.Listener
}

// newProfiler starts to listen; nil without an address.
func newProfiler(ctx context.Context, address string) (*profiler, error) {
	if address == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for profiles: %w", address, err)
	}
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() { // A name may be resolved to anything.
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
	return &profiler{&http.Server{Handler: guarded, ReadHeaderTimeout: conns.HeaderTime}, l}, nil
}

func (p *profiler) serve() {
	if p != nil {
		_ = p.http.Serve(p.listener) // It ends with Close.
	}
}

func (p *profiler) close() error {
	if p == nil {
		return nil
	}
	return p.http.Close()
}

// url is where the profiles are.
func (p *profiler) url() string { return "http://" + p.listener.Addr().String() + "/debug/pprof/" }
