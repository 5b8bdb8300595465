package pages

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxSelected is the most runs that a selection names.
const maxSelected = 10_000

// selection checks a selection and returns its experiment.
func selection(in *mlflow.RunSelection) (experimentID int64, err error) {
	err = validate.First(
		atMost("runs.run_ids", len(in.RunIDs), maxSelected), atMost("runs.except", len(in.Except), maxSelected),
	)
	switch {
	case err != nil:
		return 0, err
	case in.All && len(in.RunIDs) > 0:
		return 0, apierror.Invalid("A selection has either run_ids or all.")
	case !in.All && len(in.RunIDs) == 0:
		return 0, apierror.Invalid("A selection names run_ids, or has all set for the runs that its filter finds.")
	case !in.All && (in.Filter != "" || in.RunViewType != "" || len(in.Except) > 0):
		return 0, apierror.Invalid("A selection with run_ids has no filter, run_view_type or except.")
	}
	return validate.ExperimentID(in.ExperimentID)
}

func (h *Handlers) tagRuns(ctx context.Context, in *mlflow.TagRunsRequest) (*mlflow.RunsResponse, error) {
	id, err := selection(&in.Runs)
	if err != nil {
		return nil, err
	}
	if len(in.Set)+len(in.Remove) == 0 {
		return nil, apierror.Invalid("The request neither sets nor removes a tag.")
	}
	err = validate.First(
		atMost("set", len(in.Set), validate.MaxBatchTags), atMost("remove", len(in.Remove), validate.MaxBatchTags),
		validate.UniqueKeys("tag", in.Set, validate.TagKey),
	)
	if err != nil {
		return nil, err
	}
	for i := range in.Set {
		at := "set[" + strconv.Itoa(i) + "]."
		t := &in.Set[i]
		if err := validate.Tag(at+"key", at+"key", t); err != nil {
			return nil, err
		}
		if t.Value, err = h.Truncate(at+"value", t.Value, validate.MaxRunTagValue); err != nil {
			return nil, err
		}
	}
	return changed(h.Store.TagRuns(ctx, id, in))
}

func changed(ids []string, err error) (*mlflow.RunsResponse, error) {
	return &mlflow.RunsResponse{RunIDs: ids}, err
}

func (h *Handlers) renameRuns(ctx context.Context, in *mlflow.RenameRunsRequest) (*mlflow.RunsResponse, error) {
	id, err := selection(&in.Runs)
	if err != nil {
		return nil, err
	}
	return changed(h.Store.RenameRuns(ctx, id, in))
}

func (h *Handlers) deleteRuns(ctx context.Context, in *mlflow.RunsRequest) (*mlflow.RunsResponse, error) {
	id, err := selection(&in.Runs)
	if err != nil {
		return nil, err
	}
	return changed(h.Store.DeleteRuns(ctx, id, &in.Runs))
}

func (h *Handlers) restoreRuns(ctx context.Context, in *mlflow.RunsRequest) (*mlflow.RunsResponse, error) {
	id, err := selection(&in.Runs)
	if err != nil {
		return nil, err
	}
	return changed(h.Store.RestoreRuns(ctx, id, &in.Runs))
}

func (h *Handlers) moveRuns(ctx context.Context, in *mlflow.MoveRunsRequest) (*mlflow.RunsResponse, error) {
	id, err := selection(&in.Runs)
	if err != nil {
		return nil, err
	}
	target, err := validate.ExperimentID(in.TargetID)
	if err != nil {
		return nil, err
	}
	if target == id {
		return nil, apierror.Invalid("The runs are in experiment %d already.", id)
	}
	runs, models, err := h.Store.MoveRuns(ctx, id, target, &in.Runs)
	if err == nil {
		h.Owners.Moved(runs, models)
	}
	return changed(runs, err)
}
