// Package traces has the routes of traces, their assessments and their spans. Each noun has
// a file.
package traces

import (
	"context"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Handlers answers the requests.
type Handlers struct {
	Store *store.Store
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	route.On(r, tracing.Endpoints.GetTraceInfo, permit.Trace(access.ToRead), h.traceInfo)
	h.searchRoutes(r)
}

func (h *Handlers) traceInfo(ctx context.Context, in *tracing.TraceIDRequest) (*tracing.TraceResponse, error) {
	info, err := h.Store.TraceInfo(ctx, in.TraceID)
	return &tracing.TraceResponse{Trace: &tracing.Trace{TraceInfo: info}}, err
}
