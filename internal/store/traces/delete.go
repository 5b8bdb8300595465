package traces

import (
	"context"
	"database/sql"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
)

// DeleteTraces deletes those of some traces that belong to an experiment, for good and with
// everything that belongs to them. It returns how many there were.
func (s Traces) DeleteTraces(ctx context.Context, experimentID int64, ids []string) (deleted int, err error) {
	err = s.Update(ctx, func(t Tx) error {
		deleted = 0
		for part := range slices.Chunk(ids, base.LoadChunk) {
			n, err := t.deleteTraces(`SELECT request_id FROM trace_info WHERE experiment_id = ? AND request_id IN (?...)`,
				experimentID, part)
			if err != nil {
				return err
			}
			deleted += n
		}
		return nil
	})
	return deleted, err
}

// DeleteTracesUntil deletes the traces of an experiment that began at a time in Unix
// milliseconds or before, the oldest first, as [Traces.DeleteTraces] does. limit is the most
// traces to delete. It deletes some hundred traces at a time, so that others can write
// meanwhile. Therefore, some of the traces are deleted if it returns an error.
func (s Traces) DeleteTracesUntil(
	ctx context.Context, experimentID, timestamp int64, limit int,
) (deleted int, err error) {
	for deleted < limit {
		want := min(base.LoadChunk, limit-deleted)
		n := 0
		err := s.Update(ctx, func(t Tx) (err error) {
			n, err = t.deleteTraces(`SELECT request_id FROM trace_info WHERE experiment_id = ? AND timestamp_ms <= ?
				ORDER BY timestamp_ms, request_id LIMIT ?`, experimentID, timestamp, want)
			return err
		})
		if deleted += n; err != nil || n < want {
			return deleted, err
		}
	}
	return deleted, nil
}

// deleteTraces deletes the traces whose ids a query returns. Foreign keys delete what belongs
// to them, except for associations and the items of review queues. Files are removed by gc: a store of
// files cannot take part in the transaction.
func (t Tx) deleteTraces(query string, args ...any) (int, error) {
	ids, err := t.texts(query, args)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := base.FirstError(
		func() error { return t.recordDeleted(ids) },
		func() error { return t.queueRollups(ids) },
	); err != nil {
		return 0, err
	}
	for _, statement := range []string{
		`DELETE FROM entity_associations WHERE source_type = 'trace' AND source_id IN (?...)`,
		`DELETE FROM review_queue_items WHERE item_type = 'trace' AND item_id IN (?...)`,
		`DELETE FROM trace_info WHERE request_id IN (?...)`,
	} {
		if _, err := t.Exec(statement, ids); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// recordDeleted records where the files of traces are.
func (t Tx) recordDeleted(ids []string) error {
	type owner struct {
		id, location string
		experiment   int64
	}
	list, err := db.Collect(t.Tx, `SELECT ti.request_id, ti.experiment_id, e.artifact_location FROM trace_info ti
		JOIN experiments e ON e.experiment_id = ti.experiment_id
		WHERE ti.request_id IN (?...) AND e.artifact_location IS NOT NULL`, []any{ids},
		func(rows *sql.Rows, o *owner) error { return rows.Scan(&o.id, &o.experiment, &o.location) })
	if err != nil {
		return err
	}
	now := base.NowMS()
	_, err = t.InsertRows(
		`INSERT INTO millrace_deleted_traces (request_id, experiment_id, experiment_location, deleted_ms)`,
		` ON CONFLICT (request_id) DO UPDATE SET experiment_id = excluded.experiment_id,
			experiment_location = excluded.experiment_location, deleted_ms = excluded.deleted_ms`,
		4, len(list), func(args []any, i int) []any {
			return append(args, list[i].id, list[i].experiment, list[i].location, now)
		},
	)
	return err
}
