package api

import (
	"io"
	"net/http"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// stockUIRoutes mounts the routes by which MLflow's own pages detect optional features.
// They answer as MLflow does with those features disabled, so that the pages hide
// them. All other routes of those features are in refused.go.
func (s *Server) stockUIRoutes(r *route.Router) {
	fixed := func(method, path, answer string) {
		r.Root(method, "/ajax-api/"+path, permit.User, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer) // A write error means that the client has disconnected.
			return nil
		})
	}
	// Telemetry is disabled; posted events are discarded.
	fixed(
		http.MethodGet,
		"3.0/mlflow/ui-telemetry",
		`{"disable_ui_telemetry":true,"disable_ui_events":[],"ui_rollout_percentage":0}`,
	)
	fixed(http.MethodPost, "3.0/mlflow/ui-telemetry", `{"status":"disabled"}`)
	fixed(http.MethodGet, "3.0/mlflow/assistant/config", `{"providers":{},"projects":{},"remote_access_allowed":false}`)
	fixed(http.MethodGet, "3.0/mlflow/assistant/providers", `{"providers":[]}`)
	r.Root(http.MethodGet, "/ajax-api/2.0/mlflow/gateway-proxy", permit.User, gatewayEndpoints)
}

// gatewayEndpoints reports to the page of runs that the gateway has no endpoints.
func gatewayEndpoints(w http.ResponseWriter, req *http.Request) error {
	switch req.URL.Query().Get("gateway_path") {
	case "api/2.0/endpoints/":
	case "":
		return apierror.MissingParameter("gateway_path")
	default:
		return mlflow.Errorf(mlflow.NotImplemented, noGateway)
	}
	return route.WriteJSON(w, struct {
		Endpoints []string `json:"endpoints"`
	}{[]string{}})
}
