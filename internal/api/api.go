// Package api serves MLflow's REST API: one file for each noun, whose
// xxxRoutes function is its table of contents.
package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
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
	return cleanURLsOnly(r.mux)
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
func on[Req, Resp any](
	r *routes,
	e mlflow.Endpoint[Req, Resp],
	perm auth.Permission,
	handle func(context.Context, *Req) (*Resp, error),
) {
	handler := jsonHandler(r.server, e, handle)
	r.mount(e.Method, "/api/"+e.Path, perm, handler)
	r.mount(e.Method, "/ajax-api/"+e.Path, perm, handler)
}

// onAjax serves an endpoint that exists for web pages only.
func onAjax[Req, Resp any](
	r *routes,
	e mlflow.Endpoint[Req, Resp],
	perm auth.Permission,
	handle func(context.Context, *Req) (*Resp, error),
) {
	r.mount(e.Method, "/ajax-api/"+e.Path, perm, jsonHandler(r.server, e, handle))
}

func jsonHandler[Req, Resp any](
	s *Server,
	e mlflow.Endpoint[Req, Resp],
	handle func(context.Context, *Req) (*Resp, error),
) func(http.ResponseWriter, *http.Request) error {
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
func (r *routes) raw(
	method, apiPath string,
	perm auth.Permission,
	handle func(http.ResponseWriter, *http.Request) error,
) {
	r.root(method, "/api/"+apiPath, perm, handle)
	r.root(method, "/ajax-api/"+apiPath, perm, handle)
}

// root serves a route whose body or answer is not JSON at exactly the given
// pattern. A GET has its parameters in the URL alone, or none if it is public.
func (r *routes) root(
	method, pattern string,
	perm auth.Permission,
	handle func(http.ResponseWriter, *http.Request) error,
) {
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
func (r *routes) mount(
	method, pattern string,
	perm auth.Permission,
	handle func(http.ResponseWriter, *http.Request) error,
) {
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
			observe.Fail(w, req, err)
		}
	})
}

// notFound answers requests that no route takes.
func (r *routes) notFound(w http.ResponseWriter, req *http.Request) {
	message := fmt.Sprintf("No API endpoint for %s %s.", req.Method, shorten(req.URL.Path))
	apierror.Write(w, apierror.Unrouted(w, req, r.mux, message))
}

// cleanURLsOnly refuses paths that net/http would otherwise redirect to a cleaned
// form, and queries of which it would silently drop a part: no client sends them
// in good faith.
func cleanURLsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		p := req.URL.Path
		if clean := path.Clean(p); clean != p && clean+"/" != p {
			apierror.Write(w, &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "Invalid path"})
			return
		}
		if _, err := url.ParseQuery(req.URL.RawQuery); err != nil {
			apierror.Write(
				w,
				&mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "The query of the URL cannot be read: " + err.Error()},
			)
			return
		}
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
			_, _ = w.Write(b) // As below.
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
	_, _ = w.Write(body) // A write error means that the client has disconnected.
	return nil
}
