package apierror

import (
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// methods lists the methods that routes may have, in the order of the Allow header.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// MethodNotAllowed returns a 405 for a request to a path that allows other
// methods only, and sets the header Allow.
func MethodNotAllowed(w http.ResponseWriter, req *http.Request, allowed ...string) *mlflow.Error {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &mlflow.Error{
		Code: mlflow.BadRequest, Status: http.StatusMethodNotAllowed,
		Message: "Method " + req.Method + " is not allowed here; use " + strings.Join(allowed, " or ") + ".",
	}
}

// Unrouted returns the error for a request that no route of mux takes: a 405 if a
// route with another method matches the path, and otherwise a 404 with the given
// message. Only patterns with a method count as routes.
func Unrouted(w http.ResponseWriter, req *http.Request, mux *http.ServeMux, notFound string) *mlflow.Error {
	var allowed []string
	for _, method := range methods {
		other := *req
		other.Method = method
		if _, pattern := mux.Handler(&other); strings.Contains(pattern, " ") {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		return NotFound(notFound)
	}
	return MethodNotAllowed(w, req, allowed...)
}
