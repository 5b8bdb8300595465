package traces

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// stored is what the database has of a trace that a batch writes to.
type stored struct {
	experiment                  int64
	start                       int64
	duration                    *int64
	state                       tracing.State
	noRequest, noResponse       bool
	noSession                   bool
	usage                       span.Usage
	cost                        span.Cost
	finalized, archived, isUser bool
}

// LogSpans writes spans. It creates the traces that do not exist, in an experiment, and links
// the traces whose root is in the batch to a run unless runID is "". It writes nothing if
// allow returns an error for the experiment of a trace that exists.
func (s Traces) LogSpans(
	ctx context.Context, experimentID int64, b *Batch, runID string, allow func(experimentID string) error,
) error {
	if len(b.rows) == 0 {
		return nil
	}
	return s.Update(ctx, func(t Tx) error {
		if err := t.createTraces(experimentID, b); err != nil {
			return err
		}
		found, err := t.storedTraces(b)
		if err != nil {
			return err
		}
		if err := allowed(b, found, experimentID, allow); err != nil {
			return err
		}
		nodes, err := t.storedNodes(b, needNodes(b))
		if err != nil {
			return err
		}
		return t.changing(summarized(b, found), func() error {
			return base.FirstError(
				func() error { return t.insertSpans(b, found) },
				func() error {
					for _, p := range b.parts {
						if err := t.updateTrace(p, found[p.id], nodes[p.id]); err != nil {
							return err
						}
					}
					return nil
				},
				func() error { return t.insertTags(b) },
				func() error { return t.insertUsers(b, found) },
				func() error { return t.linkRoots(b, runID) },
			)
		})
	})
}

// summarized returns the traces of a batch that MLflow may have summarized.
func summarized(b *Batch, found map[string]*stored) (ids []string) {
	until := base.SummarizedUntil()
	for _, p := range b.parts {
		if p.start <= until || found[p.id].start <= until {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// allowed checks that the batch may be written to the traces that exist.
func allowed(b *Batch, found map[string]*stored, experimentID int64, allow func(string) error) error {
	for _, p := range b.parts {
		trace := found[p.id]
		if trace.archived {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "Cannot log spans to archived traces: '%s'.", p.id)
		}
		if trace.experiment == experimentID {
			continue
		}
		if err := allow(strconv.FormatInt(trace.experiment, 10)); err != nil {
			return err
		}
	}
	return nil
}

// needNodes returns the traces of a batch whose usage or cost may depend on stored spans.
func needNodes(b *Batch) (ids []string) {
	for _, p := range b.parts {
		if !p.usage.IsZero() || !p.cost.IsZero() {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// createTraces creates the traces that do not exist and counts the change of the others,
// which locks their rows until the transaction ends.
func (t Tx) createTraces(experimentID int64, b *Batch) error {
	ids := b.traceIDs()
	created := base.SetOf(ids) // or by another server, in this moment
	err := t.Each(`SELECT request_id FROM trace_info WHERE request_id IN (?...)`, []any{ids}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		delete(created, id)
		return err
	})
	if err != nil {
		return err
	}
	location := ""
	if len(created) > 0 {
		e, err := experiments.Tx{Transaction: t.Transaction}.Experiment(experimentID)
		if err != nil {
			return err
		}
		location = e.ArtifactLocation
	}
	_, err = t.InsertRows(
		`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms, status, request_preview,
			response_preview, db_payload_generation, trace_name, session_id, input_tokens, output_tokens, total_tokens,
			cache_read_input_tokens, cache_creation_input_tokens, cache_creation_input_tokens_above_1hr, input_cost,
			output_cost, total_cost)`,
		` ON CONFLICT (request_id) DO UPDATE SET db_payload_generation = trace_info.db_payload_generation + 1`,
		19, len(b.parts), func(args []any, i int) []any {
			p := b.parts[i]
			state := p.state
			if state == "" {
				state = tracing.StateInProgress
			}
			args = append(args, p.id, experimentID, p.start, p.duration(), string(state), p.request, p.response, int64(1),
				p.name, optional(p.session))
			return appendTotals(args, p.usage, p.cost)
		},
	)
	if err != nil {
		return err
	}
	return t.locateFiles(created, location)
}

// appendTotals appends the values of the columns of a usage and a cost.
func appendTotals(args []any, u span.Usage, c span.Cost) []any {
	for _, v := range u.Values() {
		args = append(args, v)
	}
	for _, v := range c.Values() {
		args = append(args, v)
	}
	return args
}

// duration returns the milliseconds from the start to the end, or nil if no span has ended.
func (p *part) duration() *int64 {
	if p.end == nil {
		return nil
	}
	d := *p.end - p.start
	return &d
}

// locateFiles sets the tag with the location of the files of new traces.
func (t Tx) locateFiles(created map[string]bool, location string) error {
	ids := slices.Sorted(maps.Keys(created))
	_, err := t.InsertRows(insertTags,
		" ON CONFLICT (`key`, request_id) DO NOTHING", 3, len(ids), func(args []any, i int) []any {
			return append(args, tracing.TagArtifactLocation, filesOf(location, ids[i]), ids[i])
		})
	return err
}

// filesOf returns the location of the files of a trace of an experiment.
func filesOf(location, traceID string) string {
	return base.JoinURI(location, "traces", traceID, "artifacts")
}

// storedTraces reads the traces of a batch, which exist.
func (t Tx) storedTraces(b *Batch) (map[string]*stored, error) {
	ids := b.traceIDs()
	found := make(map[string]*stored, len(ids))
	err := t.Each(
		"SELECT ti.request_id, ti.experiment_id, ti.timestamp_ms, ti.execution_time_ms, ti.status,"+
			" ti.request_preview IS NULL, ti.response_preview IS NULL, ti.session_id IS NULL,"+
			" ti.input_tokens, ti.output_tokens, ti.total_tokens, ti.cache_read_input_tokens,"+
			" ti.cache_creation_input_tokens, ti.cache_creation_input_tokens_above_1hr,"+
			" ti.input_cost, ti.output_cost, ti.total_cost,"+
			" EXISTS (SELECT 1 FROM trace_request_metadata m WHERE m.request_id = ti.request_id AND m.`key` = ?),"+
			" EXISTS (SELECT 1 FROM trace_request_metadata m WHERE m.request_id = ti.request_id AND m.`key` = ?),"+
			" EXISTS (SELECT 1 FROM trace_tags g WHERE g.request_id = ti.request_id AND g.`key` = ? AND g.value = ?)"+
			" FROM trace_info ti WHERE ti.request_id IN (?...)",
		[]any{
			tracing.MetadataInfoFinalized, tracing.MetadataUser, tracing.TagSpansLocation, tracing.SpansArchived, ids,
		},
		func(rows *sql.Rows) error {
			var id string
			var s stored
			err := rows.Scan(&id, &s.experiment, &s.start, &s.duration, &s.state, &s.noRequest, &s.noResponse, &s.noSession,
				&s.usage.Input, &s.usage.Output, &s.usage.Total, &s.usage.CacheRead, &s.usage.CacheCreation,
				&s.usage.CacheCreationAbove1h, &s.cost.Input, &s.cost.Output, &s.cost.Total, &s.finalized, &s.isUser, &s.archived)
			found[id] = &s
			return err
		},
	)
	if err == nil && len(found) < len(ids) {
		err = errors.New("a trace that was written is not found")
	}
	return found, err
}

// insertSpans writes the rows of spans.
func (t Tx) insertSpans(b *Batch, found map[string]*stored) error {
	_, err := t.InsertRows(
		`INSERT INTO spans (trace_id, experiment_id, span_id, parent_span_id, name, type, status, start_time_unix_nano,
			end_time_unix_nano, content, input_cost, output_cost, total_cost, model_name, model_provider)`,
		` ON CONFLICT (trace_id, span_id) DO UPDATE SET experiment_id = excluded.experiment_id,
			parent_span_id = excluded.parent_span_id, name = excluded.name, type = excluded.type,
			status = excluded.status, start_time_unix_nano = excluded.start_time_unix_nano,
			end_time_unix_nano = excluded.end_time_unix_nano, content = excluded.content,
			input_cost = excluded.input_cost, output_cost = excluded.output_cost, total_cost = excluded.total_cost,
			model_name = excluded.model_name, model_provider = excluded.model_provider`,
		15, len(b.rows), func(args []any, i int) []any {
			r := &b.rows[i]
			return append(args, r.traceID, found[r.traceID].experiment, r.id, r.parent, r.name, r.kind, r.status, r.start,
				r.end, r.content, r.cost.Input, r.cost.Output, r.cost.Total, r.model, r.provider)
		},
	)
	return err
}

// insertTags sets the tags of the traces of a batch.
func (t Tx) insertTags(b *Batch) error {
	var list []keyed
	for _, p := range b.parts {
		list = appendKeyed(list, p.id, p.tags())
	}
	return t.setKeyed(insertTags, list)
}

// insertUsers sets the users of the traces that have none.
func (t Tx) insertUsers(b *Batch, found map[string]*stored) error {
	var list []keyed
	for _, p := range b.parts {
		if p.user != "" && !found[p.id].isUser {
			list = append(list, keyed{p.id, tracing.MetadataUser, p.user})
		}
	}
	return t.setKeyed(insertMetadata, list)
}

// linkRoots links the traces whose root is in a batch to a run.
func (t Tx) linkRoots(b *Batch, runID string) error {
	if runID == "" {
		return nil
	}
	var ids []string
	for _, p := range b.parts {
		if p.state != "" {
			ids = append(ids, p.id)
		}
	}
	return t.linkToRun(ids, runID)
}
