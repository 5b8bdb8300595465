package mlflow

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// StartChild starts a run that is nested under this one. It is in the same experiment
// unless o says otherwise, and strict if this run is.
func (r *ActiveRun) StartChild(ctx context.Context, o RunOptions) (*ActiveRun, error) {
	return r.client.StartRun(ctx, r.child(o))
}

// WithChild starts a run that is nested under this one, calls f with it and ends it, as
// [Client.WithRun] does.
func (r *ActiveRun) WithChild(
	ctx context.Context, o RunOptions, f func(ctx context.Context, run *ActiveRun) error,
) error {
	return r.client.WithRun(ctx, r.child(o), f)
}

func (r *ActiveRun) child(o RunOptions) RunOptions {
	o.ParentRunID = r.Info.RunID
	o.ExperimentID = cmp.Or(o.ExperimentID, r.Info.ExperimentID)
	o.Strict = o.Strict || r.strict
	return o
}

// ParentRun returns the run that a run is nested under. The error is
// ResourceDoesNotExist if there is none.
func (c *Client) ParentRun(ctx context.Context, runID string) (*Run, error) {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	parent, ok := run.tag(tagParent)
	if !ok {
		return nil, Errorf(ResourceDoesNotExist, "the run %s has no parent", runID)
	}
	return c.Run(ctx, parent)
}

// SetActiveModel links the metrics that the run logs from now on to a logged model, as
// mlflow.set_active_model of the Python client does. It chooses the latest logged model
// with that name in the run's experiment, and creates one without files if there is
// none. Metrics with a ModelID of their own are not affected.
func (r *ActiveRun) SetActiveModel(ctx context.Context, name string) (*LoggedModel, error) {
	found, err := r.client.SearchLoggedModels(ctx, &SearchLoggedModelsRequest{
		ExperimentIDs: []string{r.Info.ExperimentID},
		Filter:        fmt.Sprintf("name = '%s'", strings.ReplaceAll(name, "'", `\'`)),
	})
	if err != nil {
		return nil, err
	}
	var model *LoggedModel
	if len(found.Models) > 0 { // The latest is first.
		model = &found.Models[0]
	} else if model, err = r.createActiveModel(ctx, name); err != nil {
		return nil, err
	}
	r.activeModel.Store(&model.Info.ModelID)
	return model, nil
}

func (r *ActiveRun) createActiveModel(ctx context.Context, name string) (*LoggedModel, error) {
	model, err := r.client.CreateLoggedModel(ctx, &CreateLoggedModelRequest{
		ExperimentID: r.Info.ExperimentID, Name: name, SourceRunID: r.Info.RunID,
	})
	if err != nil {
		return nil, err
	}
	return r.client.FinalizeLoggedModel(ctx, model.Info.ModelID, ModelReady)
}

// ActiveModelID returns the ID of the logged model that [ActiveRun.SetActiveModel] has
// chosen, or "".
func (r *ActiveRun) ActiveModelID() string {
	if id := r.activeModel.Load(); id != nil {
		return *id
	}
	return ""
}
