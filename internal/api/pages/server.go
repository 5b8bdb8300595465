package pages

import (
	"context"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/mlflow"
)

// serverDetails describes the server. Users who do not administer it learn nothing about
// the places of its data.
func (h *Handlers) serverDetails(ctx context.Context, _ *mlflow.Empty) (*mlflow.ServerDetails, error) {
	d, err := h.Store.Database(ctx)
	if err != nil {
		return nil, err
	}
	out := h.Server
	out.MLflowVersion, out.Database = mlflow.Version, d.Kind
	out.Limits = mlflow.ServerLimits{
		RequestBytes: route.MaxBody, BatchMetrics: validate.MaxBatchMetrics, ParamLength: validate.MaxParamValue,
		TagLength: validate.MaxRunTagValue, Truncates: out.Limits.Truncates,
	}
	out.Admin = access.FromContext(ctx).IsAdmin()
	if !out.Admin || out.Settings == nil {
		out.Settings = nil
		return &out, nil
	}
	settings := *out.Settings
	settings.DatabaseVersion, settings.SchemaRevision = d.Version, d.Revision
	out.Settings = &settings
	return &out, nil
}
