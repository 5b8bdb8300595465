// Package serving serves predictions over HTTP by the protocol of MLflow's scoring
// server: POST /invocations with inputs, instances, dataframe_split, dataframe_records,
// CSV or parquet, and GET /ping, /health and /version. /readyz and /metrics are for
// operators.
package serving

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

const (
	maxBody     = 32 << 20 // bytes of a request; tensors take several times that
	slowRequest = 2 * time.Second

	defaultQueue = 100
	// versionHeader has the version of the model in an answer.
	versionHeader = "Millrace-Model-Version"
	stateOK       = `{"status":"ok"}`
)

// Options are the options of a server.
type Options struct {
	Log *slog.Logger
	// Version is the version of the model, which answers and metrics name, or "".
	Version string
	// Workers is the number of predictions that run at once, by default one for each
	// processor. Queue is the number of requests that may wait for them; further ones are
	// answered with 503. By default they are 100.
	Workers, Queue int
	// BatchRows is the most rows of waiting requests that are predicted together; 1 or less
	// predicts each request alone.
	BatchRows int
	// Source leads to the version to be served, if Every is not 0.
	Source Source
	// ShutdownDelay is the time for which a server that ends still accepts requests, while
	// /readyz answers 503.
	ShutdownDelay time.Duration
	// Trace makes each request to /invocations a trace, if it is not nil.
	Trace *TraceOptions
}

// Server serves predictions of a model.
type Server struct {
	log      *slog.Logger
	options  Options
	current  atomic.Pointer[deployment]
	pool     *pool
	metrics  *metrics
	tracer   *tracer
	stopping atomic.Bool
}

// New returns a server of a model.
func New(m *models.Model, options Options) *Server {
	s := &Server{log: options.Log, options: options, metrics: newMetrics(), tracer: newTracer(options.Trace, options.Log)}
	s.tracer.register(s.metrics.registry)
	s.pool = &pool{
		workers: cmp.Or(options.Workers, runtime.GOMAXPROCS(0)),
		limit:   cmp.Or(options.Queue, defaultQueue), maxRows: options.BatchRows, metrics: s.metrics,
	}
	s.deploy(m, options.Version)
	return s
}

// Handler returns a handler for predictions of one model. Requests may be concurrent.
func Handler(m *models.Model, log *slog.Logger) http.Handler {
	return New(m, Options{Log: log}).Handler()
}

// deploy serves a version of the model to the requests that come from now on.
func (s *Server) deploy(m *models.Model, version string) {
	d := &deployment{
		version: version, model: m, schema: schema{specs: m.Inputs()},
		encoder: encoder{model: m, named: slices.Contains(m.Metadata().Flavors, "onnx")},
	}
	if sig := m.Metadata().Signature; sig != nil {
		d.schema.columns, d.schema.params = sig.Columns(), sig.Params
		d.encoder.tensors = d.schema.columns == nil
		d.schema.named = d.encoder.tensors && len(sig.Inputs) > 0 && sig.Inputs[0].Name != ""
	}
	d.joiner = newJoiner(d, s.log)
	s.current.Store(d)
	s.metrics.model.Reset()
	s.metrics.model.WithLabelValues(version).Set(1)
}

// Handler returns the handler of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			observe.Route(r.Context(), r.URL.Path)
			h(w, r)
		})
	}
	text := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	handle("POST /invocations", s.invocations)
	handle("GET /ping", text("\n"))
	handle("GET /health", text("\n"))
	handle("GET /version", text(mlflow.Version))
	handle("GET /livez", text(stateOK))
	handle("GET /readyz", s.ready)
	handle("GET /metrics", s.metrics.handler().ServeHTTP)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		notFound := "There is nothing for " + r.Method + " here; predictions are at POST /invocations."
		apierror.Write(w, apierror.Unrouted(w, r, mux, notFound))
	})
	o := &observe.Observer{Log: s.log, Slow: slowRequest}
	o.Register(s.metrics.registry)
	return o.Wrap(cleanPathsOnly(mux))
}

// cleanPathsOnly rejects the paths that the mux would redirect.
func cleanPathsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path {
			apierror.Write(w, apierror.NotFound("There is nothing at this path; predictions are at POST /invocations."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ready answers whether requests should be sent to this server.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() {
		apierror.Write(w, &mlflow.Error{
			Code: mlflow.TemporarilyUnavailable, Status: http.StatusServiceUnavailable, Message: "The server is shutting down.",
		})
		return
	}
	_, _ = io.WriteString(w, stateOK)
}

func (s *Server) invocations(w http.ResponseWriter, r *http.Request) {
	d := s.current.Load()
	if d.version != "" {
		w.Header().Set(versionHeader, d.version)
	}
	r, span := s.tracer.start(w, r, d)
	answer, err := s.predict(r.Context(), d, w, r) //nolint:contextcheck // start derives it from the context of r.
	s.tracer.end(span, answer, err)
	if err != nil {
		if e := mlflow.AsError(err); e != nil && e.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		observe.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer)
}

func (s *Server) predict(ctx context.Context, d *deployment, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if s.pool.full() { // The body is not read, so that the answer costs little.
		s.metrics.rejected.Inc()
		return nil, errBusy()
	}
	body, err := httplimit.ReadBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	s.tracer.inputs(ctx, r.Header.Get("Content-Type"), body)
	in, err := d.schema.decode(ctx, r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	outputs, err := s.pool.predict(ctx, d, in.inputs)
	if err != nil {
		return nil, err
	}
	return d.encoder.encode(outputs, in.table)
}
