// Package route mounts the handlers of the REST API. A route ties an endpoint's
// path, its request and response messages, a rule of who may use it and a handler together.
package route

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// Timeout bounds the handling of a JSON request. The Python client gives up after
// 120 seconds.
const Timeout = 110 * time.Second

// HandlerFunc is a handler whose errors the router answers.
type HandlerFunc func(http.ResponseWriter, *http.Request) error

// Router collects routes.
type Router struct {
	// Audit, if not nil, records a request whose rule is audited, with its message, which is
	// nil for requests that are not decoded, and its error.
	Audit func(r *http.Request, pattern string, in any, err error)
	// Redact, if not nil, removes from a response what its user may not know.
	Redact func(ctx context.Context, resp any)
	// RewriteResponse, if not nil, may modify a response before it is encoded.
	RewriteResponse func(r *http.Request, resp any)

	owners permit.Owners
	// auditChanges records the requests of the routes that change something.
	auditChanges bool
	mux          *http.ServeMux
	list         []string        // "GET /path"
	parent       map[string]bool // paths above those that end in {path...}
}

// New returns a router without routes. The rules of the routes find the owners of
// resources with owners.
func New(owners permit.Owners) *Router {
	return &Router{owners: owners, mux: http.NewServeMux(), parent: map[string]bool{}}
}

// AuditChanges records all requests that change something of the routes that mount
// mounts, whatever their rules are.
func (r *Router) AuditChanges(mount func()) {
	r.auditChanges = true
	defer func() { r.auditChanges = false }()
	mount()
}

// On mounts an endpoint under /api/ and /ajax-api/. The endpoint's types are those
// of the handler, so that a mismatch does not compile.
func On[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	OnRequest(r, e, rule, func(ctx context.Context, _ *http.Request, in *Req) (*Resp, error) { return handle(ctx, in) })
}

// OnRequest is On for handlers that need the request, such as for URLs of this server.
func OnRequest[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule,
	handle func(context.Context, *http.Request, *Req) (*Resp, error),
) {
	handler := requestHandler(r, e, rule, handle)
	r.mount(e.Method, "/api/"+e.Path, rule, handler)
	r.mount(e.Method, "/ajax-api/"+e.Path, rule, handler)
}

// OnAPI mounts an endpoint that web pages do not use.
func OnAPI[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	r.mount(e.Method, "/api/"+e.Path, rule, jsonHandler(r, e, rule, handle))
}

// OnAjax mounts an endpoint that only web pages use.
func OnAjax[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	r.mount(e.Method, "/ajax-api/"+e.Path, rule, jsonHandler(r, e, rule, handle))
}

func jsonHandler[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) HandlerFunc {
	return requestHandler(r, e, rule, func(ctx context.Context, _ *http.Request, in *Req) (*Resp, error) {
		return handle(ctx, in)
	})
}

func requestHandler[Req, Resp any](
	r *Router, e mlflow.Endpoint[Req, Resp], rule permit.Rule,
	handle func(context.Context, *http.Request, *Req) (*Resp, error),
) HandlerFunc {
	check := permit.Bind[Req](rule, r.owners)
	recorded := rule.IsAudited() || r.auditChanges && e.Method != http.MethodGet
	return func(w http.ResponseWriter, req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), Timeout)
		defer cancel()
		in := new(Req)
		if err := decode(w, req, e.Method, in); err != nil {
			return err
		}
		err := check(ctx, in)
		var out *Resp
		if err == nil {
			out, err = handle(ctx, req, in)
		}
		if recorded && r.Audit != nil {
			r.Audit(req, e.Path, in, err)
		}
		if err != nil {
			return err
		}
		if r.Redact != nil {
			r.Redact(ctx, out)
		}
		if r.RewriteResponse != nil {
			r.RewriteResponse(req, out)
		}
		return WriteJSON(w, out)
	}
}

// Raw mounts a handler that reads or writes something other than JSON under /api/
// and /ajax-api/.
func (r *Router) Raw(method, apiPath string, rule permit.Rule, handle HandlerFunc) {
	r.Root(method, "/api/"+apiPath, rule, handle)
	r.Root(method, "/ajax-api/"+apiPath, rule, handle)
}

// Root mounts a handler that reads or writes something other than JSON at exactly
// the given pattern. A GET that is not public may have no body.
func (r *Router) Root(method, pattern string, rule permit.Rule, handle HandlerFunc) {
	if method == http.MethodGet && !rule.Public() {
		handle = refuseBody(handle)
	}
	handle = permitted(permit.BindPlain(rule, r.owners), handle)
	if rule.IsAudited() {
		handle = r.recorded(pattern, handle)
	}
	r.mount(method, pattern, rule, handle)
}

// refuseBody refuses requests with parameters in the body, which handle would ignore.
func refuseBody(handle HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) error {
		if err := httplimit.RefuseBody(w, req); err != nil {
			return err
		}
		return handle(w, req)
	}
}

// recorded calls handle and records the request in the audit log.
func (r *Router) recorded(pattern string, handle HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) error {
		err := handle(w, req)
		if r.Audit != nil {
			r.Audit(req, pattern, nil, err)
		}
		return err
	}
}

// permitted calls handle for requests that pass check.
func permitted(check func(*http.Request) error, handle HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) error {
		if err := check(req); err != nil {
			return err
		}
		return handle(w, req)
	}
}

func (r *Router) mount(method, pattern string, rule permit.Rule, handle HandlerFunc) {
	r.list = append(r.list, method+" "+pattern)
	if parent, below := strings.CutSuffix(pattern, "/{path...}"); below && !r.parent[parent] {
		r.parent[parent] = true
		r.mux.HandleFunc(parent, r.notFound) // The mux would redirect to the path with a slash.
	}
	r.mux.HandleFunc(method+" "+pattern, serve(pattern, rule, handle))
}

// Refuse answers every request at path or below it with e, unless a route is
// mounted there. All refused routes have the same label in the metrics.
func (r *Router) Refuse(path string, rule permit.Rule, e *mlflow.Error) {
	refuse := serve("refused", rule, func(http.ResponseWriter, *http.Request) error { return e })
	r.mux.HandleFunc(path, refuse)
	r.mux.HandleFunc(path+"/", refuse)
}

func serve(label string, rule permit.Rule, handle HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		observe.Route(req.Context(), label)
		var err error
		if !rule.Public() {
			err = auth.RequireUser(req.Context())
		}
		if err == nil {
			err = handle(w, req)
		}
		if err != nil {
			observe.Fail(w, req, err)
		}
	}
}

// List returns the mounted routes as "GET /api/2.0/mlflow/runs/get", sorted.
func (r *Router) List() []string {
	return slices.Sorted(slices.Values(r.list))
}

// Handler returns the handler of all routes.
func (r *Router) Handler() http.Handler {
	r.mux.HandleFunc("/", r.notFound)
	return cleanURLsOnly(r.mux)
}

func (r *Router) notFound(w http.ResponseWriter, req *http.Request) {
	message := fmt.Sprintf("No API endpoint for %s %s.", req.Method, apierror.Shorten(req.URL.Path))
	apierror.Write(w, apierror.Unrouted(w, req, r.mux, message))
}

// cleanURLsOnly refuses paths that net/http would redirect to a cleaned form, and
// queries of which net/url would drop a part.
func cleanURLsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		p := req.URL.Path
		if clean := path.Clean(p); clean != p && clean+"/" != p {
			observe.Fail(w, req, apierror.Invalid("Invalid path"))
			return
		}
		if _, err := url.ParseQuery(req.URL.RawQuery); err != nil {
			observe.Fail(w, req, apierror.Invalid("The query of the URL cannot be read: %v", err))
			return
		}
		next.ServeHTTP(w, req)
	})
}
