package httplimit

import (
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// methods are those that routes are mounted for, in the order in which they are
// listed.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// WrongMethod returns the refusal of a request that a route of mux would take if
// it had another method, wildcards included, and sets the header Allow; nil if no
// route would. A pattern that names no method takes the rest of the paths and is no
// route.
func WrongMethod(w http.ResponseWriter, req *http.Request, mux *http.ServeMux) *mlflow.Error {
	var allowed []string
	for _, method := range methods {
		other := *req
		other.Method = method
		if _, pattern := mux.Handler(&other); strings.Contains(pattern, " ") {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		return nil
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &mlflow.Error{
		Code: mlflow.BadRequest, Status: http.StatusMethodNotAllowed,
		Message: "Method " + req.Method + " is not allowed here; use " + strings.Join(allowed, " or ") + ".",
	}
}
