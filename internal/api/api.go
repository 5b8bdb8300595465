// Package api serves MLflow's REST API: one file for each noun, whose
// xxxRoutes function is its table of contents.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// MLflowVersion is the release whose behaviour the API follows.
const MLflowVersion = mlflow.Version

const (
	maxBody        = 8 << 20           // bytes of an ordinary JSON request
	maxInputsBody  = 24 << 20          // log-inputs: a dataset's profile may have 16 million characters
	requestTimeout = 110 * time.Second // The Python client gives up after 120 s.
	answerPause    = time.Minute       // for a part of an answer to be taken
)

// Server answers the API's requests.
type Server struct {
	Store     *store.Store
	Artifacts *Artifacts
	Log       *slog.Logger
	// RewriteResponse, if set, may change a response before it is encoded; the
	// login door spells artifact locations in its own way with it.
	RewriteResponse func(r *http.Request, resp any)
	// StoredURI, if set, turns a client's spelling of an artifact URI into the one
	// under which it is kept: the reverse of what RewriteResponse does.
	StoredURI func(string) string
	// ExperimentTags, if set, returns the tags that an experiment created by
	// this request gets besides the ones sent.
	ExperimentTags func(ctx context.Context, name string) []mlflow.Tag
	// SourcePattern, if set, is what the source of a new model version must match.
	SourcePattern *regexp.Regexp
	// RefuseLongValues says that params and run tags which are too long are refused
	// instead of being cut.
	RefuseLongValues bool

	historyPart int // values of a history in memory, defaultPart if it is 0
}

// Handler returns the API's routes as one handler. It answers everything under
// /api/ and /ajax-api/, and the few routes that MLflow keeps at the root.
func (s *Server) Handler() http.Handler {
	r := s.mounted()
	r.mux.HandleFunc("/", r.notFound)
	return s.recovered(cleanURLsOnly(r.mux))
}

// Routes lists what Handler serves, as "GET /api/2.0/mlflow/runs/get", so that a
// test can hold it against the published list.
func (s *Server) Routes() []string {
	var list []string
	for pattern, methods := range s.mounted().methods {
		for _, method := range methods {
			list = append(list, method+" "+pattern)
		}
	}
	slices.Sort(list)
	return list
}

func (s *Server) mounted() *routes {
	r := &routes{server: s, mux: http.NewServeMux(), methods: map[string][]string{}, tops: map[string]bool{}}
	s.experimentRoutes(r)
	s.runRoutes(r)
	s.metricRoutes(r)
	s.loggedModelRoutes(r)
	s.registryRoutes(r)
	s.artifactRoutes(r)
	s.serverInfoRoutes(r)
	s.graphqlRoutes(r)
	s.stockUIRoutes(r)
	s.millraceRoutes(r)
	refusedRoutes(r)
	return r
}

// atRoot are the API's routes that lie outside /api/ and /ajax-api/.
var atRoot = map[string]bool{
	"/health": true, "/version": true, "/get-artifact": true, "/model-versions/get-artifact": true, "/graphql": true,
}

// Handles reports whether a path belongs to the API rather than to the pages.
func Handles(path string) bool {
	return atRoot[path] || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/ajax-api/") || refusedAtRoot(path)
}

// routes collects what Handler serves.
type routes struct {
	server  *Server
	mux     *http.ServeMux
	methods map[string][]string // pattern -> methods, to tell 405 from 404
	tops    map[string]bool     // paths above those that end in {path...}
}

// on serves an endpoint under both prefixes. Client, route and handler share
// the endpoint's types, so that a mismatch does not compile.
func on[Req, Resp any](r *routes, e mlflow.Endpoint[Req, Resp], perm auth.Permission, handle func(context.Context, *Req) (*Resp, error)) {
	handler := jsonHandler(r.server, e, handle)
	r.mount(e.Method, "/api/"+e.Path, perm, handler)
	r.mount(e.Method, "/ajax-api/"+e.Path, perm, handler)
}

// onAjax serves an endpoint that exists for web pages only.
func onAjax[Req, Resp any](r *routes, e mlflow.Endpoint[Req, Resp], perm auth.Permission, handle func(context.Context, *Req) (*Resp, error)) {
	r.mount(e.Method, "/ajax-api/"+e.Path, perm, jsonHandler(r.server, e, handle))
}

func jsonHandler[Req, Resp any](s *Server, e mlflow.Endpoint[Req, Resp], handle func(context.Context, *Req) (*Resp, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
		defer cancel()
		in := new(Req)
		if err := decode(w, req, e.Method, in); err != nil {
			return err
		}
		out, err := handle(ctx, in)
		if err != nil {
			return err
		}
		if s.RewriteResponse != nil {
			s.RewriteResponse(req, out)
		}
		return writeJSON(w, out)
	}
}

// raw serves a route whose body or answer is not JSON, under both prefixes.
func (r *routes) raw(method, apiPath string, perm auth.Permission, handle func(http.ResponseWriter, *http.Request) error) {
	r.root(method, "/api/"+apiPath, perm, handle)
	r.root(method, "/ajax-api/"+apiPath, perm, handle)
}

// root serves a route whose body or answer is not JSON at exactly the given
// pattern. A GET has its parameters in the URL alone, or none if it is public.
func (r *routes) root(method, pattern string, perm auth.Permission, handle func(http.ResponseWriter, *http.Request) error) {
	if method != http.MethodGet || perm == auth.Public {
		r.mount(method, pattern, perm, handle)
		return
	}
	r.mount(method, pattern, perm, func(w http.ResponseWriter, req *http.Request) error {
		if err := httplimit.RefuseBody(w, req); err != nil {
			return err
		}
		return handle(w, req)
	})
}

// mount serves a route at exactly the given pattern.
func (r *routes) mount(method, pattern string, perm auth.Permission, handle func(http.ResponseWriter, *http.Request) error) {
	r.methods[pattern] = append(r.methods[pattern], method)
	if top, below := strings.CutSuffix(pattern, "/{path...}"); below && !r.tops[top] {
		r.tops[top] = true
		r.mux.HandleFunc(top, r.notFound) // The mux would redirect to the path with a slash.
	}
	r.mux.HandleFunc(method+" "+pattern, func(w http.ResponseWriter, req *http.Request) {
		observe.Route(req.Context(), pattern)
		err := auth.Allow(req.Context(), perm)
		if err == nil {
			err = handle(w, req)
		}
		if err != nil {
			r.server.fail(w, req, err)
		}
	})
}

// notFound answers what no route took, in JSON.
func (r *routes) notFound(w http.ResponseWriter, req *http.Request) {
	if err := httplimit.WrongMethod(w, req, r.mux); err != nil {
		r.server.fail(w, req, err)
		return
	}
	r.server.fail(w, req, mlflow.Errorf(mlflow.EndpointNotFound, "No API endpoint for %s %s.", req.Method, shorten(req.URL.Path)))
}

// cleanURLsOnly refuses paths that net/http would otherwise redirect to a cleaned
// form, and queries of which it would silently drop a part: no client sends them
// in good faith.
func cleanURLsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		p := req.URL.Path
		if clean := path.Clean(p); clean != p && clean+"/" != p {
			writeError(w, &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "Invalid path"})
			return
		}
		if _, err := url.ParseQuery(req.URL.RawQuery); err != nil {
			writeError(w, &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "The query of the URL cannot be read: " + err.Error()})
			return
		}
		next.ServeHTTP(w, req)
	})
}

// recovered turns a panic into an answer without internals, logged once.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so.
					panic(p)
				}
				s.fail(w, req, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, req)
	})
}

// appender is a message that writes its own JSON, piecewise one that does so in
// pieces; see mlflow/encode.go.
type (
	appender  interface{ AppendJSON(b []byte) []byte }
	piecewise interface {
		WriteJSON(b []byte, flush func([]byte) []byte) []byte
	}
)

func writeJSON(w http.ResponseWriter, v any) error {
	var body []byte
	switch v := v.(type) {
	case piecewise:
		w.Header().Set("Content-Type", "application/json")
		body = v.WriteJSON(nil, func(b []byte) []byte {
			writeBody(w, b)
			return b[:0]
		})
	case appender:
		body = v.AppendJSON(nil)
	default:
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json")
	writeBody(w, body)
	return nil
}

// writeBody writes an answer in parts and gives its reader a minute for each: one
// who does not read on shall not make the server keep it.
func writeBody(w http.ResponseWriter, body []byte) {
	control := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(len(body), 256<<10)
		_ = control.SetWriteDeadline(time.Now().Add(answerPause)) // Where it cannot be set, there is none.
		if _, err := w.Write(body[:n]); err != nil {              //nolint:gosec // It is JSON and says so.
			return // A client that has gone away needs no answer.
		}
		body = body[n:]
	}
}

// fail answers err.
func (s *Server) fail(w http.ResponseWriter, req *http.Request, err error) {
	writeError(w, s.presentable(req, err))
}

// presentable returns err as the caller may see it. What is not meant for the
// caller becomes INTERNAL_ERROR with a fixed text and is logged here, once.
func (s *Server) presentable(req *http.Request, err error) *mlflow.Error {
	e := mlflow.AsError(err)
	switch {
	case e != nil:
		if status := e.HTTPStatus(); status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
			observe.Failed(req.Context(), err)
		}
	case errors.Is(err, context.Canceled):
		e = &mlflow.Error{Code: mlflow.Canceled, Message: "The request was given up by its sender."}
	case errors.Is(err, context.DeadlineExceeded):
		e = &mlflow.Error{Code: mlflow.DeadlineExceeded, Message: "The request took longer than " + requestTimeout.String() + "; ask for less at once."}
	default:
		if !observe.Failed(req.Context(), err) {
			s.Log.ErrorContext(req.Context(), "request failed", "method", req.Method, "path", req.URL.Path, "error", err)
		}
		e = internalError()
	}
	return e
}

// WriteFailure answers a request that failed for a reason that is the server's.
func WriteFailure(w http.ResponseWriter) { writeError(w, internalError()) }

func internalError() *mlflow.Error {
	return &mlflow.Error{Code: mlflow.InternalError, Message: "The server failed to handle the request. Its log says why."}
}

// sqlStates holds the two fields that MLflow adds for Databricks' drivers.
var sqlStates = map[mlflow.ErrorCode][2]string{
	mlflow.BadRequest:            {"KAM00", "INVALID_PARAMETER_VALUE"},
	mlflow.InvalidParameterValue: {"KAM00", "INVALID_PARAMETER_VALUE"},
	mlflow.ResourceAlreadyExists: {"KAM00", "RESOURCE_ALREADY_EXISTS"},
	mlflow.ResourceDoesNotExist:  {"KAM00", "RESOURCE_NOT_FOUND"},
	mlflow.InvalidState:          {"XXM00", "CLIENT_INTERNAL_ERROR"},
}

// WriteError answers e as the API words errors.
func WriteError(w http.ResponseWriter, e *mlflow.Error) { writeError(w, e) }

func writeError(w http.ResponseWriter, e *mlflow.Error) {
	h := w.Header()
	b := ErrorJSON(e, h.Get(observe.IDHeader))
	for _, name := range [...]string{"Content-Disposition", "Content-Length", "ETag", "Last-Modified", "Cache-Control"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(e.HTTPStatus())
	_, _ = w.Write(b) //nolint:gosec // As above.
}

// maxMessage is how many bytes of a message are shown: some repeat what was sent.
const maxMessage = 8 << 10

// ErrorJSON returns the body of the answer that tells of e, with the id of the
// request unless it is empty.
func ErrorJSON(e *mlflow.Error, requestID string) []byte {
	message := e.Message
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
	}
	body := struct {
		Code       mlflow.ErrorCode `json:"error_code"`
		Message    string           `json:"message"`
		SQLState   string           `json:"sqlstate,omitempty"`
		ErrorClass string           `json:"error_class,omitempty"`
		Position   *int             `json:"position,omitempty"`
		RequestID  string           `json:"request_id,omitempty"`
	}{Code: e.Code, Message: strings.ToValidUTF8(message, "\uFFFD"), Position: e.Position, RequestID: requestID}
	if s, ok := sqlStates[e.Code]; ok {
		body.SQLState, body.ErrorClass = s[0], s[1]
	}
	b, _ := json.Marshal(body) // Strings always marshal.
	return b
}
