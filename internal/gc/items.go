package gc

import (
	"context"
	"database/sql"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// The queries return the columns of item. They are followed by a condition.
const (
	runItems = `SELECT r.run_uuid, r.artifact_uri, e.artifact_location, r.experiment_id FROM runs r
		JOIN experiments e ON e.experiment_id = r.experiment_id WHERE `
	modelItems = `SELECT m.model_id, m.artifact_location, e.artifact_location, m.experiment_id FROM logged_models m
		JOIN experiments e ON e.experiment_id = m.experiment_id WHERE `
	// Clients can set the tag with the location of a trace, so that ownTrace checks it.
	traceItems = `SELECT i.request_id, g.value, e.artifact_location, i.experiment_id FROM trace_info i
		JOIN experiments e ON e.experiment_id = i.experiment_id
		LEFT JOIN trace_tags g ON g.request_id = i.request_id AND g.` + "`key`" + ` = 'mlflow.artifactLocation' WHERE `
)

func scanItem(kind Kind) func(*sql.Rows, *item) error {
	return func(rows *sql.Rows, it *item) error {
		var at, experiment sql.NullString
		err := rows.Scan(&it.id, &at, &experiment, &it.experimentID)
		it.kind, it.location, it.experiment = kind, at.String, experiment.String
		if kind == Trace && !ownTrace(it) {
			it.location = ""
		}
		return err
	}
}

// ownTrace reports whether the location of a trace is the one that MLflow gives it.
func ownTrace(it *item) bool {
	if !isFolderName(it.id) {
		return false
	}
	at, ok1 := location.Parse(it.location)
	experiment, ok2 := location.Parse(it.experiment)
	return ok1 && ok2 && at == experiment.Join("traces/"+it.id+"/artifacts")
}

// isFolderName reports whether the id of a trace, which clients can choose, names one folder.
func isFolderName(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, `/\%?#`)
}

// items returns the runs or logged models with the given ids.
func (c *collector) items(ctx context.Context, kind Kind, ids []string) (items []item, err error) {
	query := runItems + `r.run_uuid IN (?...)`
	if kind == Model {
		query = modelItems + `m.model_id IN (?...)`
	}
	err = c.db.Read(ctx, func(t db.Tx) error {
		items, err = db.Collect(t, query, []any{ids}, scanItem(kind))
		return err
	})
	return items, err
}

// itemsOf returns the next entities of an experiment.
func (c *collector) itemsOf(ctx context.Context, kind Kind, experiment int64, after string) (items []item, err error) {
	query := map[Kind]string{
		Run:   runItems + `r.experiment_id = ? AND r.run_uuid > ? ORDER BY r.run_uuid LIMIT 200`,
		Model: modelItems + `m.experiment_id = ? AND m.model_id > ? ORDER BY m.model_id LIMIT 200`,
		Trace: traceItems + `i.experiment_id = ? AND i.request_id > ? ORDER BY i.request_id LIMIT 200`,
	}[kind]
	err = c.db.Read(ctx, func(t db.Tx) error {
		items, err = db.Collect(t, query, []any{experiment, after}, scanItem(kind))
		return err
	})
	return items, err
}

// stillDeleted reports whether an entity, or the experiment that is removed with it, is in the deleted stage.
func (c *collector) stillDeleted(ctx context.Context, it *item) (found bool, err error) {
	err = c.db.Read(ctx, func(t db.Tx) error {
		found, err = c.inDeleted(t, it)
		return err
	})
	return found, err
}

func (c *collector) inDeleted(t db.Tx, it *item) (found bool, err error) {
	query, id := `SELECT EXISTS (SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'deleted')`, any(it.id)
	switch {
	case it.kind == Trace, it.kind == Run && !c.plan.isRun[it.id], it.kind == Model && !c.plan.isModel[it.id]:
		query = `SELECT EXISTS (SELECT 1 FROM experiments WHERE experiment_id = ? AND lifecycle_stage = 'deleted')`
		id = it.experimentID
	case it.kind == Model:
		query = `SELECT EXISTS (SELECT 1 FROM logged_models WHERE model_id = ? AND lifecycle_stage = 'deleted')`
	}
	err = t.QueryRow(query, id).Scan(&found)
	return found, err
}
