package rules

import (
	"context"
	"errors"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// owners finds the resources that contain others in the store. It remembers the owners
// of runs and logged models for a moment, since another server may move them.
type owners struct {
	store       *store.Store
	runs        *permit.Recent
	models      *permit.Recent
	traces      *permit.Recent
	experiments *permit.Recent
}

// maxOwners is the number of runs and of logged models whose owners are remembered.
const maxOwners = 50_000

// ownersAge is how long the owner of a run or logged model is remembered: so long may a
// server check the permissions on the experiment that a run has left by another server.
const ownersAge = 5 * time.Second

// NewOwners returns the owners of the resources in a store.
func NewOwners(s *store.Store) permit.Owners {
	return &owners{
		store: s, runs: permit.NewRecent(maxOwners, ownersAge), models: permit.NewRecent(maxOwners, ownersAge),
		traces: permit.NewRecent(maxOwners, ownersAge), experiments: permit.NewRecent(maxOwners, 0),
	}
}

// HasExperiment implements [permit.Owners].
func (o *owners) HasExperiment(ctx context.Context, text string) (bool, error) {
	id, err := validate.ExperimentID(text)
	if err != nil {
		return false, err
	}
	owner, err := o.experiments.Get(text, func() (string, error) {
		found, err := o.store.HasExperiment(ctx, id)
		if err != nil || !found {
			return "", err
		}
		return text, nil
	})
	return owner != "", err
}

// ExperimentName implements [permit.Owners].
func (o *owners) ExperimentName(ctx context.Context, text string) (name string, found bool, err error) {
	id, err := validate.ExperimentID(text)
	if err != nil {
		return "", false, err
	}
	return o.store.ExperimentName(ctx, id)
}

// ExperimentNamed implements [permit.Owners].
func (o *owners) ExperimentNamed(ctx context.Context, name string) (string, error) {
	e, err := o.store.ExperimentByName(ctx, name)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return e.ExperimentID, nil
}

// ExperimentOfRun implements [permit.Owners].
func (o *owners) ExperimentOfRun(ctx context.Context, id string) (string, error) {
	return o.runs.Get(id, func() (string, error) { return o.store.ExperimentOfRun(ctx, id) })
}

// ExperimentOfModel implements [permit.Owners].
func (o *owners) ExperimentOfModel(ctx context.Context, id string) (string, error) {
	return o.models.Get(id, func() (string, error) { return o.store.ExperimentOfModel(ctx, id) })
}

// ExperimentOfTrace implements [permit.Owners].
func (o *owners) ExperimentOfTrace(ctx context.Context, id string) (string, error) {
	return o.traces.Get(id, func() (string, error) { return o.store.ExperimentOfTrace(ctx, id) })
}

// ExperimentsOfDataset implements [permit.Owners].
func (o *owners) ExperimentsOfDataset(ctx context.Context, id string) ([]string, error) {
	ids, err := o.store.ExperimentsOfDataset(ctx, id)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return nil, nil
	}
	return ids, err
}

// ExperimentOfSchema implements [permit.Owners].
func (o *owners) ExperimentOfSchema(ctx context.Context, id string) (string, error) {
	return o.store.ExperimentOfSchema(ctx, id)
}

// Moved implements [permit.Owners].
func (o *owners) Moved(runs, models []string) {
	o.runs.Forget(runs)
	o.models.Forget(models)
}

// KindOfModel implements [permit.Owners].
func (o *owners) KindOfModel(ctx context.Context, name string) (access.Type, error) {
	stored, prompt, err := o.store.ModelNamed(ctx, name)
	switch {
	case err != nil || stored == "":
		return "", err
	case stored != name: // There are no grants on other spellings of a name.
		return "", permit.ErrDenied
	case prompt:
		return access.Prompt, nil
	}
	return access.RegisteredModel, nil
}
