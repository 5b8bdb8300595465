// Package gc removes what is in the deleted lifecycle stage, with its files.
//
// Files are removed before rows. If the command is killed in between, the row is still in the deleted stage and has the
// location of the files, so that the next run continues; removing files that do not exist is no error. In the other
// order, the files would remain without anything that refers to them. If the files of an entity cannot be removed, its
// rows stay.
package gc

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/db"
)

// Options select what is removed. They have the meaning of the options of `mlflow gc`. The files of traces that were
// deleted by themselves are removed, too, unless runs, experiments and logged models are selected by their ids.
type Options struct {
	// OlderThan is the time since the deletion. 0 stands for any.
	OlderThan time.Duration
	// RunIDs, ExperimentIDs, ModelIDs and JobIDs select entities; nil selects all deleted ones. Jobs are removed only if
	// Jobs is set or JobIDs is not nil.
	RunIDs, ModelIDs, JobIDs []string
	ExperimentIDs            []int64
	Jobs                     bool
	// Workspace selects the entities of a workspace, "" those of all.
	Workspace string
	// ArtifactsDestination is the store behind mlflow-artifacts: locations.
	ArtifactsDestination string
	// Locate, if not nil, returns the store with the files at a location and their path in it. A server sets it, so that
	// it removes files only where it also writes them.
	Locate func(uri string) (artifact.Repo, string, error)
	DryRun bool
	// Removed, if not nil, is called for each entity after it was removed, or would be in a dry run.
	Removed func(kind Kind, id string)
}

// Database runs transactions. It is a [db.DB] or the store of a server.
type Database interface {
	Write(ctx context.Context, fn func(db.Tx) error) error
	Read(ctx context.Context, fn func(db.Tx) error) error
	Scan(ctx context.Context, fn func(db.Tx) error) error
}

// Kind is a kind of entity.
type Kind string

// The kinds of entities.
const (
	Run        Kind = "Run"
	Model      Kind = "Logged model"
	Trace      Kind = "Trace"
	Experiment Kind = "Experiment"
	Job        Kind = "Job"
	// TraceFiles are the files of a trace that was deleted by itself.
	TraceFiles Kind = "Files of the deleted trace"
)

// Report is the result.
type Report struct {
	Runs         int64 `json:"runs"`
	LoggedModels int64 `json:"logged_models"`
	Traces       int64 `json:"traces"`
	Experiments  int64 `json:"experiments"`
	Jobs         int64 `json:"jobs"`
	// DeletedTraces is the number of traces that were deleted by themselves, and whose files were removed now.
	DeletedTraces int64 `json:"deleted_traces"`
	// InUse is the number of entities that were removed without those files that a registered model or another entity
	// refers to.
	InUse int64 `json:"in_use"`
	// Kept is the number of entities that could not be removed, KeptFirst has the first of them.
	Kept      int64  `json:"kept"`
	KeptFirst []Kept `json:"kept_first,omitempty"`
}

// Kept is an entity that could not be removed.
type Kept struct {
	Kind   Kind   `json:"kind"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

const (
	// batchSize is the number of entities whose references are looked for at once. A version that is registered later,
	// while the batch is removed, is not found.
	batchSize = 200
	maxKept   = 100
)

// item is a run, a logged model or a trace that is to be removed.
type item struct {
	kind         Kind
	id           string
	location     string // "" if it has no files
	experiment   string // location of its experiment
	experimentID int64
}

type collector struct {
	Options
	db     Database
	now    time.Time
	plan   *plan
	files  *files
	report Report
	keptIn map[int64]bool // experiments with entities that were kept
}

// Collect removes the selected entities. The error is nil if some could not be removed; the report has their number.
// It is a [*SelectionError], and nothing was removed, if Options name an entity that cannot be selected.
func Collect(ctx context.Context, d Database, o Options) (*Report, error) {
	c := &collector{Options: o, db: d, now: time.Now(), files: newFiles(o.ArtifactsDestination), keptIn: map[int64]bool{}}
	if c.Removed == nil {
		c.Removed = func(Kind, string) {}
	}
	c.files.locateURI = o.Locate
	defer c.files.close()
	var err error
	if c.plan, err = c.selectAll(ctx); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		kind Kind
		ids  []string
	}{{Run, c.plan.runs}, {Model, c.plan.models}} {
		for first := 0; first < len(part.ids); first += batchSize {
			ids := part.ids[first:min(first+batchSize, len(part.ids))]
			items, err := c.items(ctx, part.kind, ids)
			if err == nil {
				err = c.batch(ctx, items)
			}
			if err != nil {
				return &c.report, err
			}
		}
	}
	for _, id := range c.plan.experiments {
		if err := c.experiment(ctx, id); err != nil {
			return &c.report, err
		}
	}
	if o.RunIDs == nil || o.ModelIDs == nil || o.ExperimentIDs == nil {
		if err := c.deletedTraces(ctx); err != nil {
			return &c.report, err
		}
	}
	if o.Jobs || o.JobIDs != nil {
		err = c.jobs(ctx)
	}
	return &c.report, err
}

// batch removes entities. The error is not nil if the database fails or the context ends.
func (c *collector) batch(ctx context.Context, items []item) error {
	if len(items) == 0 {
		return nil
	}
	used, err := c.references(ctx, items)
	if err != nil {
		return err
	}
	for i := range items {
		err := c.remove(ctx, &items[i], used[i])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.keptIn[items[i].experimentID] = true
			c.keep(items[i].kind, items[i].id, err)
		}
	}
	return nil
}

var errRestored = errors.New("it is not in the deleted stage any more")

// remove removes the files of an entity except for those in use, and then its rows.
func (c *collector) remove(ctx context.Context, it *item, used []string) error {
	if !c.DryRun {
		// Entities can be restored until their files are removed.
		deleted, err := c.stillDeleted(ctx, it)
		if err != nil {
			return err
		}
		if !deleted {
			return errRestored
		}
	}
	if err := c.files.remove(ctx, it, used, c.DryRun); err != nil {
		return err
	}
	if !c.DryRun {
		if err := c.removeRows(ctx, it); err != nil {
			return err
		}
	}
	if len(used) > 0 {
		c.report.InUse++
	}
	switch it.kind {
	case Run:
		c.report.Runs++
	case Model:
		c.report.LoggedModels++
	case Trace:
		c.report.Traces++
		return nil
	}
	c.Removed(it.kind, it.id)
	return nil
}

func (c *collector) keep(kind Kind, id string, err error) {
	c.report.Kept++
	if len(c.report.KeptFirst) < maxKept {
		c.report.KeptFirst = append(c.report.KeptFirst, Kept{kind, id, artifact.Message(err)})
	}
}

// experiment removes an experiment with all of its runs, logged models and traces.
func (c *collector) experiment(ctx context.Context, id int64) error {
	for _, kind := range []Kind{Run, Model, Trace} {
		for after := ""; ; {
			items, err := c.itemsOf(ctx, kind, id, after)
			if err != nil {
				return err
			}
			if len(items) == 0 {
				break
			}
			after = items[len(items)-1].id
			if err := c.batch(ctx, c.plan.unseen(items)); err != nil {
				return err
			}
		}
	}
	name := strconv.FormatInt(id, 10)
	err := errors.New("some of its runs, logged models or traces were kept")
	if !c.keptIn[id] {
		err = nil
		if !c.DryRun {
			err = c.removeExperiment(ctx, id)
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.keep(Experiment, name, err)
		return nil
	}
	c.report.Experiments++
	c.Removed(Experiment, name)
	return nil
}
