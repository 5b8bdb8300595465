package pages

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

func (h *Handlers) lineage(ctx context.Context, in *mlflow.LineageRequest) (*mlflow.LineageResponse, error) {
	named := 0
	for _, id := range []string{in.RunID, in.ModelID, in.Name} {
		if id != "" {
			named++
		}
	}
	if named != 1 || (in.Name == "") != (in.Version == "") {
		return nil, apierror.Invalid("The request needs one of run_id, model_id, and name with version.")
	}
	if in.Version != "" {
		n, err := strconv.ParseInt(in.Version, 10, 32)
		if err != nil {
			return nil, validate.BadValue("version", in.Version, "It must be the number of a version.")
		}
		in.Version = strconv.FormatInt(n, 10)
	}
	return h.Store.Lineage(ctx, in)
}
