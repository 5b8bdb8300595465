package pages

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of tables of runs.
const (
	maxTableRows     = 1000
	defaultTableRows = 100
	maxTableColumns  = 100
	maxTableText     = 65_535
	defaultTableText = 500
	maxTreeRuns      = 10_000 // runs that a request opens or folds
	maxRunKeys       = 20_000 // keys of each kind
	defaultRunKeys   = 1000
	maxRunValues     = 1000
	defaultRunValues = 50
)

// runTableRoutes mounts the routes of the table of runs.
func (h *Handlers) runTableRoutes(r *route.Router) {
	route.OnAjax(r, mlflow.Endpoints.RunTable, permit.Filtered, h.runTable)
	route.OnAjax(r, mlflow.Endpoints.RunColumns, permit.Filtered, h.runColumns)
	route.OnAjax(r, mlflow.Endpoints.RunValues, permit.Filtered, h.runValues)
	route.OnAjax(r, mlflow.Endpoints.TagRuns, rules.TagRuns, h.tagRuns)
	route.OnAjax(r, mlflow.Endpoints.RenameRuns, rules.RenameRuns, h.renameRuns)
	route.OnAjax(r, mlflow.Endpoints.DeleteRuns, rules.DeleteRuns.Audited(), h.deleteRuns)
	route.OnAjax(r, mlflow.Endpoints.RestoreRuns, rules.DeleteRuns.Audited(), h.restoreRuns)
	route.OnAjax(r, mlflow.Endpoints.MoveRuns, rules.MoveRuns.Audited(), h.moveRuns)
}

func (h *Handlers) runTable(ctx context.Context, in *mlflow.RunTableRequest) (*mlflow.RunTableResponse, error) {
	limit, err := countOf("max_results", in.MaxResults, defaultTableRows, maxTableRows)
	if err != nil {
		return nil, err
	}
	maxText, err := countOf("max_text", in.MaxText, defaultTableText, maxTableText)
	if err != nil {
		return nil, err
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	if err := validTable(in); err != nil {
		return nil, err
	}
	return h.Store.RunTable(ctx, ids, limit, maxText, in)
}

func validTable(in *mlflow.RunTableRequest) error {
	if in.Offset < 0 {
		return apierror.Invalid("offset must not be negative. Got %d.", in.Offset)
	}
	err := validate.First(
		atMost("columns", len(in.Columns), maxTableColumns), atMost("run_ids", len(in.RunIDs), maxTableRows),
	)
	if err != nil {
		return err
	}
	if len(in.RunIDs) > 0 {
		if in.Filter != "" || len(in.OrderBy) > 0 || len(in.Sort) > 0 || in.Tree != nil || in.Groups != nil ||
			in.Offset > 0 || in.RunViewType != "" || in.MaxResults != nil {
			return apierror.Invalid("A request with run_ids has nothing else than experiment_ids, columns and max_text.")
		}
		return nil
	}
	switch {
	case in.Tree != nil && in.Groups != nil:
		return apierror.Invalid("Runs are either nested or grouped: give tree or groups.")
	case in.Tree != nil:
		return validate.First(
			atMost("tree.open", len(in.Tree.Open), maxTreeRuns), atMost("tree.folded", len(in.Tree.Folded), maxTreeRuns),
		)
	case in.Groups != nil:
		return validate.First(
			atMost("groups.open", len(in.Groups.Open), maxTreeRuns),
			atMost("groups.folded", len(in.Groups.Folded), maxTreeRuns),
			atMost("groups.but", len(in.Groups.But), maxTreeRuns),
		)
	}
	return nil
}

func atMost(name string, n, limit int) error {
	if n > limit {
		return apierror.Invalid("%s can have at most %d items. Got %d.", name, limit, n)
	}
	return nil
}

// countOf returns the value of a field that is 1 to limit.
func countOf(name string, value *int32, ifAbsent, limit int) (int, error) {
	if value == nil {
		return ifAbsent, nil
	}
	if n := int(*value); n >= 1 && n <= limit {
		return n, nil
	}
	return 0, apierror.Invalid("%s must be between 1 and %d. Got %d.", name, limit, *value)
}

func (h *Handlers) runColumns(ctx context.Context, in *mlflow.RunColumnsRequest) (*mlflow.RunColumnsResponse, error) {
	limit, err := countOf("max_results", in.MaxResults, defaultRunKeys, maxRunKeys)
	if err != nil {
		return nil, err
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	return h.Store.RunColumns(ctx, ids, limit, in)
}

func (h *Handlers) runValues(ctx context.Context, in *mlflow.RunValuesRequest) (*mlflow.RunValuesResponse, error) {
	limit, err := countOf("max_results", in.MaxResults, defaultRunValues, maxRunValues)
	if err != nil {
		return nil, err
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := h.Store.RunValues(ctx, ids, limit, in)
	return &mlflow.RunValuesResponse{Values: list}, err
}
