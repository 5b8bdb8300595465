package gc

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/db"
)

// largeHistory is the number of metric values from which on those of each metric are removed in a transaction of their
// own, so that the transactions of a server do not wait for long.
const largeHistory = 20_000

// removeRows removes the rows of an entity in one transaction, after the metric values of a large history.
func (c *collector) removeRows(ctx context.Context, it *item) error {
	if it.kind == Run {
		if err := c.removeHistory(ctx, it); err != nil {
			return err
		}
	}
	return c.db.Write(ctx, func(t db.Tx) error {
		deleted, err := c.inDeleted(t, it)
		if err != nil {
			return err
		}
		if !deleted {
			return errRestored
		}
		return execAll(t, it.id, rowsOf[it.kind])
	})
}

// rowsOf has the statements that remove an entity, as MLflow does. The database removes other rows by its foreign keys.
// Inputs and their datasets remain.
var rowsOf = map[Kind][]string{
	Run: {
		`DELETE FROM metrics WHERE run_uuid = ?`, `DELETE FROM latest_metrics WHERE run_uuid = ?`,
		`DELETE FROM params WHERE run_uuid = ?`, `DELETE FROM tags WHERE run_uuid = ?`,
		`DELETE FROM runs WHERE run_uuid = ?`,
	},
	Model: {
		`DELETE FROM logged_model_metrics WHERE model_id = ?`, `DELETE FROM logged_model_params WHERE model_id = ?`,
		`DELETE FROM logged_model_tags WHERE model_id = ?`, `DELETE FROM logged_models WHERE model_id = ?`,
	},
	Trace: {`DELETE FROM trace_info WHERE request_id = ?`},
}

func execAll[T any](t db.Tx, id T, statements []string) error {
	for _, statement := range statements {
		if _, err := t.Exec(statement, id); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) removeHistory(ctx context.Context, it *item) error {
	var keys []string
	err := c.db.Read(ctx, func(t db.Tx) error {
		var values int64
		keys = nil
		err := t.QueryRow(`SELECT COUNT(*) FROM metrics WHERE run_uuid = ?`, it.id).Scan(&values)
		if err != nil || values < largeHistory {
			return err
		}
		keys, err = db.Collect(t, "SELECT DISTINCT `key` FROM metrics WHERE run_uuid = ?", []any{it.id},
			func(rows *sql.Rows, key *string) error { return rows.Scan(key) })
		return err
	})
	for _, key := range keys {
		if err != nil {
			break
		}
		err = c.db.Write(ctx, func(t db.Tx) error {
			_, err := t.Exec("DELETE FROM metrics WHERE run_uuid = ? AND `key` = ?", it.id, key)
			return err
		})
	}
	return err
}

// experimentRows removes an experiment whose runs, logged models and traces are removed. The summaries of traces have
// no foreign keys, and a scorer has settings that refer to the experiment, too.
var experimentRows = []string{
	`DELETE FROM sql_trace_rollup_rebuild_queue WHERE experiment_id = ?`,
	`DELETE FROM sql_trace_metric_daily_rollups WHERE experiment_id = ?`,
	`DELETE FROM sql_span_cost_daily_rollups WHERE experiment_id = ?`,
	`DELETE FROM sql_assessment_daily_rollups WHERE experiment_id = ?`,
	`DELETE FROM scorers WHERE experiment_id = ?`,
	`DELETE FROM experiment_tags WHERE experiment_id = ?`,
	`DELETE FROM experiments WHERE experiment_id = ?`,
}

var errFilled = errors.New("runs, logged models or traces were added to it")

func (c *collector) removeExperiment(ctx context.Context, id int64) error {
	return c.db.Write(ctx, func(t db.Tx) error {
		var deleted, filled bool
		err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM experiments WHERE experiment_id = ? AND lifecycle_stage = 'deleted')`,
			id).Scan(&deleted)
		if err == nil {
			err = t.QueryRow(`SELECT EXISTS (SELECT 1 FROM runs WHERE experiment_id = ?) OR
				EXISTS (SELECT 1 FROM logged_models WHERE experiment_id = ?) OR
				EXISTS (SELECT 1 FROM trace_info WHERE experiment_id = ?)`, id, id, id).Scan(&filled)
		}
		switch {
		case err != nil:
			return err
		case !deleted:
			return errRestored
		case filled:
			return errFilled
		}
		return execAll(t, id, experimentRows)
	})
}

// jobs removes jobs that have ended.
func (c *collector) jobs(ctx context.Context) error {
	limit := c.now.Add(-c.OlderThan).UnixMilli()
	if c.OlderThan == 0 {
		limit = 1<<63 - 1
	}
	var ids []string
	run := func(t db.Tx) error {
		// The status is 2 for SUCCEEDED, 3 for FAILED, 4 for TIMEOUT, 5 for CANCELED.
		all, err := db.Collect(t, `SELECT id FROM jobs WHERE status IN (2, 3, 4, 5) AND creation_time < ?
			AND (? = '' OR workspace = ?) ORDER BY id`, []any{limit, c.Workspace, c.Workspace},
			func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
		if err != nil {
			return err
		}
		ids = nil
		wanted := set(c.JobIDs)
		for _, id := range all {
			if c.JobIDs != nil && !wanted[id] {
				continue
			}
			ids = append(ids, id)
			if !c.DryRun {
				if _, err := t.Exec(`DELETE FROM jobs WHERE id = ?`, id); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := c.db.Write(ctx, run); err != nil {
		return err
	}
	c.report.Jobs = int64(len(ids))
	for _, id := range ids {
		c.Removed(Job, id)
	}
	return nil
}
