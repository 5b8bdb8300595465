package permit

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
)

// Checker checks what one request needs. Its methods return ErrDenied if the user lacks
// a permission or if the resource does not exist. An experiment or a model that does not
// exist can be read by those who may read all without a grant, as in MLflow: the response
// tells them that it does not exist, and clients then create it.
type Checker struct {
	Grants *access.Grants

	ctx    context.Context //nolint:containedctx // A Checker lives as long as a request.
	owners Owners
}

// New returns a Checker for the user of a request.
func New(ctx context.Context, owners Owners) *Checker {
	return &Checker{Grants: access.FromContext(ctx), ctx: ctx, owners: owners}
}

// Context returns the context of the request.
func (c *Checker) Context() context.Context { return c.ctx }

func (c *Checker) allow(needs ...access.Need) error {
	if !c.Grants.Allow(needs...) {
		return ErrDenied
	}
	return nil
}

// Admin checks that the user administers the server.
func (c *Checker) Admin() error {
	if !c.Grants.IsAdmin() {
		return ErrDenied
	}
	return nil
}

// Experiment checks an action on an experiment.
func (c *Checker) Experiment(id string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	keys, err := c.experiment(id)
	if err != nil && (a != access.ToRead || !errors.Is(err, ErrDenied)) {
		return err
	}
	return c.allow(access.Need{Action: a, Keys: keys})
}

// experiment returns the key of an experiment, or ErrDenied if it does not exist.
func (c *Checker) experiment(id string) ([]access.Key, error) {
	id = plainID(id)
	key := access.Key{Type: access.Experiment, ID: id}
	var found bool
	var err error
	if c.Grants.NeedsNames(access.Experiment) {
		key.Name, found, err = c.owners.ExperimentName(c.ctx, id)
	} else {
		found, err = c.owners.HasExperiment(c.ctx, id)
	}
	if err == nil && !found {
		err = ErrDenied
	}
	return []access.Key{key}, err
}

// plainID returns the spelling of an experiment's id that grants have. Handlers accept
// others, such as 01 and +1.
func plainID(id string) string {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil {
		return id // There is no such experiment.
	}
	return strconv.FormatInt(n, 10)
}

// ExperimentNamed checks an action on an experiment if there is one with the name. If
// not, it returns nil: clients create an experiment that does not exist.
func (c *Checker) ExperimentNamed(name string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	id, err := c.owners.ExperimentNamed(c.ctx, name)
	if err != nil || id == "" {
		return err
	}
	return c.allow(access.Need{Action: a, Keys: []access.Key{{Type: access.Experiment, ID: id, Name: name}}})
}

// Experiments checks an action on each of some experiments.
func (c *Checker) Experiments(ids []string, a access.Action) error {
	for _, id := range ids {
		if err := c.Experiment(id, a); err != nil {
			return err
		}
	}
	return nil
}

// WholeExperiment checks the deletion or restoration of an experiment, which affects
// what it contains.
func (c *Checker) WholeExperiment(id string) error {
	if c.Grants.Unlimited() {
		return nil
	}
	keys, err := c.experiment(id)
	if err != nil {
		return err
	}
	if err := c.allow(access.Need{Action: access.ToDelete, Keys: keys}); err != nil {
		return err
	}
	for _, part := range []access.Type{
		access.Run, access.Trace, access.LoggedModel, access.Assessment, access.ReviewQueue, access.Scorer,
		access.ScorerVersion,
	} {
		if err := c.allow(access.Need{Action: access.ToDelete, Keys: partOf(part, keys...)}); err != nil {
			return err
		}
	}
	return nil
}

// CreateIn checks the creation of a part of an experiment.
func (c *Checker) CreateIn(experimentID string, part access.Type) error {
	if err := c.Experiment(experimentID, access.ToUpdate); err != nil {
		return err
	}
	return c.Undenied(part)
}

// Undenied checks that no grant denies the user all resources of a type.
func (c *Checker) Undenied(t access.Type) error { return c.UndeniedID(t, access.Any) }

// UndeniedID checks that no grant denies the user a resource, which need not exist.
func (c *Checker) UndeniedID(t access.Type, id string) error {
	return c.allow(access.Need{Action: access.Undenied, Keys: []access.Key{{Type: t, ID: id}}})
}

// Run checks an action on a run.
func (c *Checker) Run(id string, a access.Action) error {
	return c.part(access.Run, id, a, Owners.ExperimentOfRun)
}

// Runs checks an action on each of some runs.
func (c *Checker) Runs(ids []string, a access.Action) error {
	for _, id := range ids {
		if err := c.Run(id, a); err != nil {
			return err
		}
	}
	return nil
}

// LoggedModel checks an action on a logged model.
func (c *Checker) LoggedModel(id string, a access.Action) error {
	return c.part(access.LoggedModel, id, a, Owners.ExperimentOfModel)
}

// Trace checks an action on a trace.
func (c *Checker) Trace(id string, a access.Action) error {
	return c.part(access.Trace, id, a, Owners.ExperimentOfTrace)
}

// Dataset checks an action on an evaluation dataset, which the user needs on each of its
// experiments.
func (c *Checker) Dataset(id string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	experiments, err := c.owners.ExperimentsOfDataset(c.ctx, id)
	if err != nil {
		return err
	}
	return c.SomeExperiments(experiments, a)
}

// SomeExperiments checks an action on each of some experiments, of which there must be one.
func (c *Checker) SomeExperiments(ids []string, a access.Action) error {
	if len(ids) == 0 && !c.Grants.Unlimited() {
		return ErrDenied
	}
	return c.Experiments(ids, a)
}

// LabelSchema checks an action on the experiment of a schema of labels.
func (c *Checker) LabelSchema(id string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	experiment, err := c.owners.ExperimentOfSchema(c.ctx, id)
	if err != nil {
		return err
	}
	if experiment == "" {
		return ErrDenied
	}
	return c.Experiment(experiment, a)
}

// ScorerID returns the id that grants have for a scorer of an experiment.
func ScorerID(experimentID, name string) string {
	return plainID(experimentID) + "/" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// Scorer checks an action on a scorer of an experiment. A grant on the scorer decides before
// one on the experiment, which the user must be able to read. versions is whether the action
// concerns the versions, whose grants decide first.
func (c *Checker) Scorer(experimentID, name string, a access.Action, versions bool) error {
	if c.Grants.Unlimited() {
		return nil
	}
	experiment, err := c.experiment(experimentID)
	if err != nil {
		return err
	}
	keys := append([]access.Key{{Type: access.Scorer, ID: ScorerID(experimentID, name)}}, experiment...)
	if versions {
		keys = partOf(access.ScorerVersion, keys...)
	}
	return c.allow(
		access.Need{Action: access.ToRead, Keys: experiment},
		access.Need{Action: a, Keys: keys},
		access.Need{Action: access.Undenied, Keys: partOf(access.ScorerVersion)},
	)
}

// RegisterScorer checks the registration of a version of a scorer.
func (c *Checker) RegisterScorer(experimentID, name string) error {
	if err := c.CreateIn(experimentID, access.ScorerVersion); err != nil {
		return err
	}
	return c.UndeniedID(access.Scorer, ScorerID(experimentID, name))
}

// ExistingTraces checks an action on each of some traces, of those that exist.
func (c *Checker) ExistingTraces(ids []string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	checked := map[string]bool{}
	for _, id := range ids {
		owner, err := c.owners.ExperimentOfTrace(c.ctx, id)
		if err != nil {
			return err
		}
		if owner == "" || checked[owner] {
			continue
		}
		if err := c.PartOf(owner, access.Trace, a); err != nil {
			return err
		}
		checked[owner] = true
	}
	return nil
}

// part checks an action on a part of an experiment. The user must be able to read the
// experiment, whatever the grants on its parts are.
func (c *Checker) part(
	t access.Type, id string, a access.Action, ownerOf func(Owners, context.Context, string) (string, error),
) error {
	if c.Grants.Unlimited() {
		return nil
	}
	owner, err := ownerOf(c.owners, c.ctx, id)
	if err != nil {
		return err
	}
	if owner == "" {
		return ErrDenied
	}
	return c.PartOf(owner, t, a)
}

// PartOf checks an action on a part of an experiment that exists.
func (c *Checker) PartOf(experimentID string, t access.Type, a access.Action) error {
	experimentID = plainID(experimentID)
	keys := []access.Key{{Type: access.Experiment, ID: experimentID}}
	if c.Grants.NeedsNames(access.Experiment) {
		var err error
		if keys, err = c.experiment(experimentID); err != nil {
			return err
		}
	}
	return c.allow(
		access.Need{Action: access.ToRead, Keys: keys},
		access.Need{Action: a, Keys: partOf(t, keys...)},
	)
}

// Model checks an action on a registered model or prompt.
func (c *Checker) Model(name string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	kind, err := c.owners.KindOfModel(c.ctx, name)
	switch {
	case err != nil:
		return err
	case kind == "" && a == access.ToRead:
		kind = access.RegisteredModel
	case kind == "":
		return ErrDenied
	}
	return c.allow(access.Need{Action: a, Keys: []access.Key{{Type: kind, ID: name}}})
}

// WholeModel checks the deletion of a registered model or prompt with its versions.
func (c *Checker) WholeModel(name string) error {
	return c.model(name, func(model access.Key, version access.Type) []access.Need {
		return []access.Need{
			{Action: access.ToDelete, Keys: []access.Key{model}},
			{Action: access.ToDelete, Keys: partOf(version, model)},
		}
	})
}

// Alias checks an action on the aliases of a model, which name its versions.
func (c *Checker) Alias(name string, a access.Action) error {
	return c.model(name, func(model access.Key, version access.Type) []access.Need {
		return []access.Need{
			{Action: a, Keys: []access.Key{model}},
			{Action: access.ToRead, Keys: partOf(version, model)},
		}
	})
}

// Version checks an action on a version of a registered model or prompt.
func (c *Checker) Version(name string, a access.Action) error {
	return c.model(name, func(model access.Key, version access.Type) []access.Need {
		second := access.Need{Action: a, Keys: partOf(version, model)}
		if a == access.ToRead {
			second = access.Need{Action: access.Undenied, Keys: partOf(version)}
		}
		return []access.Need{{Action: access.ToRead, Keys: []access.Key{model}}, second}
	})
}

// CreateVersion checks the creation of a version of a registered model or prompt.
func (c *Checker) CreateVersion(name string) error {
	return c.model(name, func(model access.Key, version access.Type) []access.Need {
		return []access.Need{
			{Action: access.ToUpdate, Keys: []access.Key{model}},
			{Action: access.Undenied, Keys: partOf(version)},
		}
	})
}

// model checks what needs returns for a model and the type of its versions.
func (c *Checker) model(name string, needs func(model access.Key, version access.Type) []access.Need) error {
	if c.Grants.Unlimited() {
		return nil
	}
	kind, err := c.owners.KindOfModel(c.ctx, name)
	if err != nil {
		return err
	}
	if kind == "" {
		return ErrDenied
	}
	version := access.RegisteredModelVersion
	if kind == access.Prompt {
		version = access.PromptVersion
	}
	return c.allow(needs(access.Key{Type: kind, ID: name}, version)...)
}

// Resource checks an action on a resource that is named by its type. Of types that
// Millrace does not have, such as those of the gateway, it need not exist.
func (c *Checker) Resource(t access.Type, id string, a access.Action) error {
	switch t {
	case access.Experiment:
		return c.Experiment(id, a)
	case access.RegisteredModel, access.Prompt:
		if c.Grants.Unlimited() {
			return nil
		}
		if kind, err := c.owners.KindOfModel(c.ctx, id); err != nil {
			return err
		} else if kind != t {
			return ErrDenied
		}
		return c.Model(id, a)
	default:
		return c.allow(access.Need{Action: a, Keys: []access.Key{{Type: t, ID: id}}})
	}
}

// partOf returns the keys of a part, which end with those of what contains it.
func partOf(t access.Type, whole ...access.Key) []access.Key {
	return append([]access.Key{{Type: t, ID: access.Any}}, whole...)
}
