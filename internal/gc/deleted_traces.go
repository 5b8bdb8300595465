package gc

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// deletedTraces removes the files of the traces that were deleted by themselves. Their rows are gone, and
// millrace_deleted_traces, which the same transaction has written, names their experiments. Files are removed before
// the names, so that an interrupted run is continued by the next one.
func (c *collector) deletedTraces(ctx context.Context) error {
	limit := c.now.Add(-c.OlderThan).UnixMilli()
	for after := ""; ; {
		var items []item
		err := c.db.Read(ctx, func(t db.Tx) (err error) {
			items, err = db.Collect(t, `SELECT request_id, experiment_location, experiment_id FROM millrace_deleted_traces
				WHERE request_id > ? AND deleted_ms <= ? ORDER BY request_id LIMIT 200`, []any{after, limit}, scanDeletedTrace)
			return err
		})
		if err != nil || len(items) == 0 {
			return err
		}
		after = items[len(items)-1].id
		used, err := c.references(ctx, items)
		if err != nil {
			return err
		}
		for i := range items {
			err := c.deletedTrace(ctx, &items[i], used[i])
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				c.keep(TraceFiles, items[i].id, err)
			}
		}
	}
}

func scanDeletedTrace(rows *sql.Rows, it *item) error {
	it.kind = TraceFiles
	err := rows.Scan(&it.id, &it.experiment, &it.experimentID)
	if isFolderName(it.id) {
		it.location = location.Append(it.experiment, "traces/"+it.id+"/artifacts")
	}
	return err
}

// deletedTrace removes the files of a trace unless a client has sent the trace again.
func (c *collector) deletedTrace(ctx context.Context, it *item, used []string) error {
	var again bool
	err := c.db.Read(ctx, func(t db.Tx) error {
		return t.QueryRow(`SELECT EXISTS (SELECT 1 FROM trace_info WHERE request_id = ?)`, it.id).Scan(&again)
	})
	if err != nil {
		return err
	}
	if !again {
		if err := c.files.remove(ctx, it, used, c.DryRun); err != nil {
			return err
		}
		c.report.DeletedTraces++
	}
	if c.DryRun {
		return nil
	}
	return c.db.Write(ctx, func(t db.Tx) error {
		_, err := t.Exec(`DELETE FROM millrace_deleted_traces WHERE request_id = ?`, it.id)
		return err
	})
}
