package pages

import (
	"context"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultTrash = 100
	maxTrash     = 1000
	// maxTrashSelection bounds the time of a request. The pages send several for more items.
	maxTrashSelection = 200
)

// trashRoutes mounts the routes of what is in the deleted lifecycle stage: they list it,
// count its files, and remove it for ever as `millrace gc` does.
func (h *Handlers) trashRoutes(r *route.Router) {
	route.OnAjax(r, mlflow.Endpoints.SearchTrash, permit.Filtered, h.searchTrash)
	route.OnAjax(r, mlflow.Endpoints.TrashSize, readAll, h.trashSize)
	route.OnAjax(r, mlflow.Endpoints.PurgeTrash, deleteAll.Audited(), h.purge)
	route.OnAjax(r, mlflow.Endpoints.RestoreModel, permit.LoggedModel(access.ToDelete).Audited(), h.restoreModel)
}

// readAll and deleteAll are the rules of requests about selected items. Who may delete an
// item may also remove it for ever.
var (
	readAll = permit.For("trash:read", func(c *permit.Checker, in *mlflow.TrashSelection) error {
		if err := c.Experiments(in.ExperimentIDs, access.ToRead); err != nil {
			return err
		}
		return parts(c, in, access.ToRead)
	})
	deleteAll = permit.For("trash:purge", func(c *permit.Checker, in *mlflow.TrashSelection) error {
		for _, id := range in.ExperimentIDs {
			if err := c.WholeExperiment(id); err != nil {
				return err
			}
		}
		return parts(c, in, access.ToDelete)
	})
)

func parts(c *permit.Checker, in *mlflow.TrashSelection, a access.Action) error {
	if err := c.Runs(in.RunIDs, a); err != nil {
		return err
	}
	for _, id := range in.ModelIDs {
		if err := c.LoggedModel(id, a); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handlers) searchTrash(
	ctx context.Context, in *mlflow.SearchTrashRequest,
) (*mlflow.SearchTrashResponse, error) {
	switch in.Kind {
	case mlflow.TrashedRun, mlflow.TrashedLoggedModel, mlflow.TrashedExperiment:
	default:
		return nil, validate.BadValue("kind", in.Kind, "It must be run, logged_model or experiment.")
	}
	switch {
	case in.MaxResults == 0:
		in.MaxResults = defaultTrash
	case in.MaxResults < 0 || in.MaxResults > maxTrash:
		return nil, validate.BadLimit(in.MaxResults, "between 1 and "+strconv.Itoa(maxTrash)+".")
	}
	list, next, err := h.Store.SearchTrash(ctx, in)
	return &mlflow.SearchTrashResponse{Items: list, NextPageToken: next}, err
}

func (h *Handlers) restoreModel(ctx context.Context, in *mlflow.RestoreModelRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.RestoreLoggedModel(ctx, in.ModelID)
}

// checkTrash returns the experiments of a selection that is not empty and not too large.
func checkTrash(in *mlflow.TrashSelection) (experiments []int64, err error) {
	switch n := len(in.RunIDs) + len(in.ModelIDs) + len(in.ExperimentIDs); {
	case n == 0:
		return nil, apierror.Invalid("The request names no item. Name some in run_ids, model_ids or experiment_ids.")
	case n > maxTrashSelection:
		return nil, apierror.Invalid("One request can name at most %d items. Got %d.", maxTrashSelection, n)
	}
	for _, id := range in.ExperimentIDs {
		number, err := validate.ExperimentID(id)
		if err != nil {
			return nil, err
		}
		experiments = append(experiments, number)
	}
	return experiments, nil
}

// purge removes items with their files. It is not all or nothing: an item whose files
// cannot be removed remains, and the response says why.
func (h *Handlers) purge(ctx context.Context, in *mlflow.TrashSelection) (*mlflow.PurgeResponse, error) {
	experiments, err := checkTrash(in)
	if err != nil {
		return nil, err
	}
	var removed []string
	report, err := gc.Collect(ctx, h.Store, gc.Options{
		// In these options, nil stands for everything that is deleted.
		RunIDs: append([]string{}, in.RunIDs...), ModelIDs: append([]string{}, in.ModelIDs...),
		ExperimentIDs: append([]int64{}, experiments...),
		Locate:        h.Files.Locate,
		Removed: func(kind gc.Kind, id string) {
			if kind == gc.Experiment {
				removed = append(removed, id)
			}
		},
	})
	for _, id := range removed {
		// A database may give the number to another experiment.
		if err := h.Keeper.Deleted(context.WithoutCancel(ctx), access.Experiment, id); err != nil {
			return nil, err
		}
	}
	var wrong *gc.SelectionError
	if errors.As(err, &wrong) {
		code := mlflow.InvalidParameterValue
		if wrong.Missing {
			code = mlflow.ResourceDoesNotExist
		}
		return nil, mlflow.Errorf(code, "%s. Nothing was removed.", wrong)
	}
	if err != nil {
		return nil, err
	}
	out := &mlflow.PurgeResponse{
		Runs: report.Runs, LoggedModels: report.LoggedModels, Experiments: report.Experiments, InUse: report.InUse,
	}
	for _, kept := range report.KeptFirst {
		out.Kept = append(out.Kept, mlflow.PurgeKept{Kind: kindNames[kept.Kind], ID: kept.ID, Reason: kept.Reason})
	}
	return out, nil
}

// kindNames has the kinds of package gc as the API spells them.
var kindNames = map[gc.Kind]string{
	gc.Run: mlflow.TrashedRun, gc.Model: mlflow.TrashedLoggedModel, gc.Experiment: mlflow.TrashedExperiment,
	gc.Trace: "trace",
}
