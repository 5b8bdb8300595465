package api

import (
	"io"
	"net/http"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

// stockUIRoutes answer what MLflow's own pages ask on every page about features
// that are off here, as MLflow does where they are off: its pages then leave them
// out instead of showing an error. Everything else about those features is
// refused, see refused.go.
func (s *Server) stockUIRoutes(r *routes) {
	fixed := func(method, path, answer string) {
		r.root(method, "/ajax-api/"+path, auth.ReadServer, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer) // A client that has gone away needs no answer.
			return nil
		})
	}
	// No telemetry, ever: what is posted is not read.
	fixed(
		http.MethodGet,
		"3.0/mlflow/ui-telemetry",
		`{"disable_ui_telemetry":true,"disable_ui_events":[],"ui_rollout_percentage":0}`,
	)
	fixed(http.MethodPost, "3.0/mlflow/ui-telemetry", `{"status":"disabled"}`)
	fixed(http.MethodGet, "3.0/mlflow/assistant/config", `{"providers":{},"projects":{},"remote_access_allowed":false}`)
	fixed(http.MethodGet, "3.0/mlflow/assistant/providers", `{"providers":[]}`)
	r.root(http.MethodGet, "/ajax-api/2.0/mlflow/gateway-proxy", auth.ReadServer, gatewayEndpoints)
}

// gatewayEndpoints tells the page of runs that no gateway offers any model.
func gatewayEndpoints(w http.ResponseWriter, req *http.Request) error {
	switch req.URL.Query().Get("gateway_path") {
	case "api/2.0/endpoints/":
	case "":
		return missingParameter("gateway_path")
	default:
		return mlflow.Errorf(mlflow.NotImplemented, noGateway)
	}
	return writeJSON(w, struct {
		Endpoints []string `json:"endpoints"`
	}{[]string{}})
}
