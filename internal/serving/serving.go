// Package serving serves predictions over HTTP by the protocol of MLflow's scoring
// server: POST /invocations with inputs, instances, dataframe_split, dataframe_records
// or CSV, and GET /ping, /health and /version.
package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
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
	s := &server{model: m, log: log, named: slices.Contains(m.Metadata().Flavors, "onnx")}
	if sig := m.Metadata().Signature; sig != nil {
		s.columns = sig.Columns()
		s.tensors = s.columns == nil
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
	model *models.Model
	log   *slog.Logger
	// named reports whether predictions are objects by output name, as in MLflow for
	// ONNX.
	named bool
	// columns are the columns of the signature, or nil. tensors reports whether the
	// signature consists of tensors.
	columns []string
	tensors bool
}

func (s *server) invocations(w http.ResponseWriter, r *http.Request) {
	predictions, err := s.predict(r.Context(), w, r)
	if err != nil {
		observe.Fail(w, r, err)
		return
	}
	text, err := json.Marshal(map[string]any{"predictions": predictions})
	if err != nil { // JSON cannot represent NaN and infinities.
		observe.Fail(w, r, mlflow.Errorf(mlflow.InvalidParameterValue, "The predictions cannot be written as JSON: %v", err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

func (s *server) predict(ctx context.Context, w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := httplimit.ReadBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	inputs, table, err := s.decode(r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	outputs, err := s.model.Run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	if table && s.named && !s.tensors {
		return s.records(outputs)
	}
	return s.encode(outputs)
}

// decode decodes the inputs. table reports whether they are a table.
func (s *server) decode(contentType string, body []byte) (inputs map[string]*mlflow.Tensor, table bool, err error) {
	kind := "application/json"
	if contentType != "" {
		if kind, _, err = mime.ParseMediaType(contentType); err != nil {
			return nil, false, mlflow.Errorf(mlflow.BadRequest, "The Content-Type %q cannot be read.", contentType)
		}
	}
	specs := s.model.Inputs()
	switch kind {
	case "application/json":
		return decodeJSON(body, specs, s.columns)
	case "text/csv":
		inputs, err = decodeCSV(body, specs, s.columns)
		return inputs, true, err
	}
	return nil, false, &mlflow.Error{
		Code:    mlflow.BadRequest,
		Status:  http.StatusUnsupportedMediaType,
		Message: "Send application/json or text/csv, not " + kind + ".",
	}
}

// encode returns the predictions in the form of MLflow's scoring server: an object by
// output name for ONNX, and otherwise the only output.
func (s *server) encode(outputs map[string]*mlflow.Tensor) (any, error) {
	all := make(map[string]any, len(outputs))
	for name, t := range outputs {
		var err error
		if classes := s.model.Classes(name); classes != nil {
			all[name], err = maps(t, classes)
		} else {
			var text []byte
			text, err = t.MarshalNested()
			all[name] = json.RawMessage(text)
		}
		if err != nil {
			return nil, err
		}
	}
	if specs := s.model.Outputs(); len(specs) == 1 && !s.named {
		return all[specs[0].Name], nil
	}
	return all, nil
}

// records returns the predictions for a table as one object per row, as in MLflow for
// ONNX.
func (s *server) records(outputs map[string]*mlflow.Tensor) (any, error) {
	all, err := s.encode(outputs)
	if err != nil {
		return nil, err
	}
	var rows []map[string]any
	for name, column := range all.(map[string]any) {
		cells, err := cellsOf(column)
		if err != nil {
			return nil, err
		}
		for i, cell := range cells {
			if i == len(rows) {
				rows = append(rows, map[string]any{})
			}
			rows[i][name] = cell
		}
	}
	return rows, nil
}

// cellsOf splits a column into cells. A list with one item is that item.
func cellsOf(column any) ([]any, error) {
	text, err := json.Marshal(column)
	if err != nil { // JSON cannot represent NaN and infinities.
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "The predictions cannot be written as JSON: %v", err)
	}
	if !bytes.HasPrefix(text, []byte("[")) { // One number, for all rows together.
		return []any{json.RawMessage(text)}, nil
	}
	var cells []json.RawMessage
	if err := json.Unmarshal(text, &cells); err != nil {
		return nil, err
	}
	out := make([]any, len(cells))
	for i, cell := range cells {
		var inner []json.RawMessage
		if out[i] = cell; json.Unmarshal(cell, &inner) == nil && len(inner) == 1 {
			out[i] = inner[0]
		}
	}
	return out, nil
}

// maps converts each row of a matrix to an object of numbers by class.
func maps(t *mlflow.Tensor, classes []string) (any, error) {
	values, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	var out []map[string]float32
	for ; len(values) >= len(classes) && len(classes) > 0; values = values[len(classes):] {
		row := map[string]float32{}
		for i, class := range classes {
			row[class] = values[i]
		}
		out = append(out, row)
	}
	return out, nil
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
