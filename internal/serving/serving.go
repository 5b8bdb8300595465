// Package serving serves predictions over HTTP by the protocol of MLflow's scoring
// server: POST /invocations with inputs, instances, dataframe_split, dataframe_records
// or CSV, and GET /ping, /health and /version.
package serving

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"slices"
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
)

// Handler returns a handler for predictions of one model. Requests may be concurrent.
func Handler(m *models.Model, log *slog.Logger) http.Handler {
	s := &server{
		model: m, log: log, schema: schema{specs: m.Inputs()},
		encoder: encoder{model: m, named: slices.Contains(m.Metadata().Flavors, "onnx")},
	}
	if sig := m.Metadata().Signature; sig != nil {
		s.schema.columns, s.schema.params = sig.Columns(), sig.Params
		s.encoder.tensors = s.schema.columns == nil
		s.schema.named = s.encoder.tensors && len(sig.Inputs) > 0 && sig.Inputs[0].Name != ""
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /invocations", s.invocations)
	for _, path := range []string{"GET /ping", "GET /health"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\n") })
	}
	mux.HandleFunc(
		"GET /version",
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, mlflow.Version) },
	)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		notFound := "There is nothing for " + r.Method + " here; predictions are at POST /invocations."
		apierror.Write(w, apierror.Unrouted(w, r, mux, notFound))
	})
	o := &observe.Observer{Log: log, Slow: slowRequest}
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

type server struct {
	model   *models.Model
	log     *slog.Logger
	schema  schema
	encoder encoder
}

func (s *server) invocations(w http.ResponseWriter, r *http.Request) {
	answer, err := s.predict(r.Context(), w, r)
	if err != nil {
		observe.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) //nolint:gosec // It is JSON.
}

func (s *server) predict(ctx context.Context, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := httplimit.ReadBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	in, err := s.schema.decode(ctx, r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	outputs, err := s.model.Run(ctx, in.inputs)
	if err != nil {
		return nil, err
	}
	return s.encoder.encode(outputs, in.table)
}

// lastRequests is the time that current predictions have to complete.
const lastRequests = 25 * time.Second

// Serve serves predictions on address until ctx ends, and then completes the current
// ones. It calls ready with its URL when it listens.
func Serve(ctx context.Context, address string, m *models.Model, log *slog.Logger, ready func(url string)) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{ //nolint:gosec // Configure sets the timeouts.
		Handler:  Handler(m, log),
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	httplimit.Configure(s)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	ready("http://" + listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRequests)
	defer cancel()
	return s.Shutdown(ctx)
}
