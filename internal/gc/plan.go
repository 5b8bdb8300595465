package gc

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/db"
)

// plan has the entities to remove.
type plan struct {
	runs, models []string
	experiments  []int64
	isRun        map[string]bool
	isModel      map[string]bool
	isExperiment map[int64]bool
}

func set[T comparable](list []T) map[T]bool {
	m := make(map[T]bool, len(list))
	for _, v := range list {
		m[v] = true
	}
	return m
}

// unseen returns the items that the plan does not list by themselves.
func (p *plan) unseen(items []item) []item {
	return slices.DeleteFunc(items, func(it item) bool {
		return it.kind == Run && p.isRun[it.id] || it.kind == Model && p.isModel[it.id]
	})
}

// candidate is a row that may be removed. Its columns are the id, the stage, and the time of the deletion.
type candidate[T any] struct {
	id    T
	stage string
	time  sql.NullInt64
}

func scanCandidate[T any](rows *sql.Rows, c *candidate[T]) error {
	return rows.Scan(&c.id, &c.stage, &c.time)
}

const deleted = "deleted"

// selectAll finds the entities to remove and checks those that the user has named, before anything is removed.
func (c *collector) selectAll(ctx context.Context) (*plan, error) {
	p := &plan{}
	err := c.db.Read(ctx, func(t db.Tx) error {
		runs, err := chosen(t, c, Run, c.RunIDs, runSelect)
		if err != nil {
			return err
		}
		models, err := chosen(t, c, Model, c.ModelIDs, modelSelect)
		if err != nil {
			return err
		}
		experiments, err := chosen(t, c, Experiment, c.ExperimentIDs, experimentSelect)
		if err != nil {
			return err
		}
		p.runs, p.models, p.experiments = runs, models, experiments
		return c.addRuns(t, p)
	})
	p.isRun, p.isModel, p.isExperiment = set(p.runs), set(p.models), set(p.experiments)
	return p, err
}

// sweep has the conditions for all deleted entities.
var sweep = map[Kind]string{
	Run:        ` IS NOT NULL AND r.lifecycle_stage = 'deleted'`,
	Model:      ` IS NOT NULL AND m.lifecycle_stage = 'deleted'`,
	Experiment: ` IS NOT NULL AND e.lifecycle_stage = 'deleted'`,
}

// The queries return the columns of candidate. They are followed by a condition.
const (
	runSelect = `SELECT r.run_uuid, r.lifecycle_stage, r.deleted_time FROM runs r
		JOIN experiments e ON e.experiment_id = r.experiment_id WHERE (? = '' OR e.workspace = ?) AND r.run_uuid`
	modelSelect = `SELECT m.model_id, m.lifecycle_stage, m.last_updated_timestamp_ms FROM logged_models m
		JOIN experiments e ON e.experiment_id = m.experiment_id WHERE (? = '' OR e.workspace = ?) AND m.model_id`
	experimentSelect = `SELECT e.experiment_id, e.lifecycle_stage, e.last_update_time FROM experiments e
		WHERE (? = '' OR e.workspace = ?) AND e.experiment_id`
)

// old reports whether an entity was deleted long enough ago. As in MLflow, the limit itself belongs to runs and logged
// models and not to experiments, whose age counts only if the user has set one.
func (c *collector) old(time sql.NullInt64, experiment bool) bool {
	limit := c.now.Add(-c.OlderThan).UnixMilli()
	if experiment {
		return c.OlderThan == 0 || time.Valid && time.Int64 < limit
	}
	return time.Valid && time.Int64 <= limit
}

// chosen returns the deleted entities that are old enough, or those with the given ids, which must be such ones.
func chosen[T comparable](t db.Tx, c *collector, kind Kind, ids []T, query string) ([]T, error) {
	experiment := kind == Experiment
	var picked []T
	if ids == nil {
		all, err := db.Collect(t, query+sweep[kind], []any{c.Workspace, c.Workspace}, scanCandidate[T])
		for _, found := range all {
			if c.old(found.time, experiment) {
				picked = append(picked, found.id)
			}
		}
		return picked, err
	}
	for _, id := range ids {
		found, err := db.Collect(t, query+` = ?`, []any{c.Workspace, c.Workspace, id}, scanCandidate[T])
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, &SelectionError{Kind: kind, ID: fmt.Sprint(id), Reason: "does not exist", Missing: true}
		case found[0].stage != deleted:
			return nil, &SelectionError{Kind: kind, ID: fmt.Sprint(id), Reason: "is not in the deleted lifecycle stage"}
		case c.OlderThan > 0 && !c.old(found[0].time, experiment):
			return nil, &SelectionError{Kind: kind, ID: fmt.Sprint(id), Reason: "is not older than " + c.OlderThan.String()}
		}
		if !slices.Contains(picked, id) {
			picked = append(picked, id)
		}
	}
	return picked, nil
}

// SelectionError reports an entity that was named and cannot be removed.
type SelectionError struct {
	Kind   Kind
	ID     string
	Reason string // such as "is not in the deleted lifecycle stage"
	// Missing reports that there is no such entity.
	Missing bool
}

func (e *SelectionError) Error() string { return string(e.Kind) + " " + e.ID + " " + e.Reason }

// addRuns adds the deleted runs of the experiments. As in MLflow, they must be old enough as well.
func (c *collector) addRuns(t db.Tx, p *plan) error {
	known := set(p.runs)
	kept := p.experiments[:0:0]
	for _, id := range p.experiments {
		runs, err := db.Collect(t, `SELECT run_uuid, lifecycle_stage, deleted_time FROM runs
			WHERE experiment_id = ? AND lifecycle_stage = 'deleted'`, []any{id}, scanCandidate[string])
		if err != nil {
			return err
		}
		young := slices.IndexFunc(runs, func(r candidate[string]) bool { return c.OlderThan > 0 && !c.old(r.time, false) })
		if young >= 0 {
			err := fmt.Errorf("its run %s is not older than %s", runs[young].id, c.OlderThan)
			if c.ExperimentIDs != nil {
				return fmt.Errorf("experiment %d: %w", id, err)
			}
			c.keep(Experiment, strconv.FormatInt(id, 10), err)
			continue
		}
		kept = append(kept, id)
		for _, r := range runs {
			if !known[r.id] {
				known[r.id] = true
				p.runs = append(p.runs, r.id)
			}
		}
	}
	p.experiments = kept
	return nil
}
