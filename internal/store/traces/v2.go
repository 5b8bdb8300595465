package traces

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// StartTraceV2 begins a trace of a client before MLflow 3, whose spans are a file. The trace
// gets an id.
func (s Traces) StartTraceV2(
	ctx context.Context, experimentID int64, in *tracing.TraceInfo,
) (info *tracing.TraceInfo, err error) {
	in, err = withinLimits(in)
	if err != nil {
		return nil, err
	}
	in.TraceID, in.State = base.NewID(), tracing.StateInProgress
	err = s.Update(ctx, func(t Tx) error {
		e, err := experiments.Tx{Transaction: t.Transaction}.ActiveExperiment(experimentID)
		if err != nil {
			return err
		}
		in.Tags[tracing.TagArtifactLocation] = filesOf(e.ArtifactLocation, in.TraceID)
		return base.FirstError(
			func() error { return t.putInfo(experimentID, in) },
			func() error { return t.queueRollups([]string{in.TraceID}) },
			func() error { return t.setTags(in.TraceID, in.Tags) },
			func() error { return t.setMetadata(in.TraceID, in.TraceMetadata, false) },
			func() error {
				info, err = t.info(in.TraceID)
				return err
			},
		)
	})
	return info, err
}

// EndTraceV2 ends a trace at a time in Unix milliseconds and merges tags and metadata.
func (s Traces) EndTraceV2(
	ctx context.Context, id string, end int64, state tracing.State, metadata, tags map[string]string,
) (info *tracing.TraceInfo, err error) {
	in, err := withinLimits(&tracing.TraceInfo{TraceID: id, TraceMetadata: metadata, Tags: tags})
	if err != nil {
		return nil, err
	}
	err = s.Update(ctx, func(t Tx) error {
		var start int64
		err := t.QueryRow(`SELECT timestamp_ms FROM trace_info WHERE request_id = ?`, id).Scan(&start)
		if errors.Is(err, sql.ErrNoRows) {
			return NoTrace(id)
		}
		if err != nil {
			return err
		}
		var c changes
		c.set("execution_time_ms", end-start)
		c.set("status", string(state))
		if name, given := in.Tags[tracing.TagTraceName]; given {
			c.set("trace_name", name)
		}
		if session, given := in.TraceMetadata[tracing.MetadataSession]; given {
			c.set("session_id", session)
		}
		usage := span.ParseUsage(in.TraceMetadata[tracing.MetadataTokenUsage])
		setTotals(&c, usageColumns, make([]*int64, len(usageColumns)), usage.Values())
		cost := span.ParseCost(in.TraceMetadata[tracing.MetadataCost])
		setTotals(&c, costColumns, make([]*float64, len(costColumns)), cost.Values())
		return base.FirstError(
			func() error { return t.queueRollups([]string{id}) },
			func() error { return t.apply(id, &c) },
			func() error { return t.setTags(id, in.Tags) },
			func() error { return t.setMetadata(id, in.TraceMetadata, false) },
			func() error {
				info, err = t.info(id)
				return err
			},
		)
	})
	return info, err
}

// TraceFiles returns the tags of a trace that say where its spans and files are.
func (s Traces) TraceFiles(ctx context.Context, id string) (spans, files, archive string, err error) {
	err = s.View(ctx, func(t Tx) error {
		spans, files, archive = "", "", ""
		if err := t.checkTrace(id); errors.Is(err, mlflow.ResourceDoesNotExist) {
			return noSpans(id)
		} else if err != nil {
			return err
		}
		return t.Each("SELECT `key`, value FROM trace_tags WHERE request_id = ? AND `key` IN (?...)",
			[]any{id, []string{tracing.TagSpansLocation, tracing.TagArtifactLocation, tracing.TagArchiveLocation}},
			func(rows *sql.Rows) error {
				var key, value string
				if err := rows.Scan(&key, &value); err != nil {
					return err
				}
				switch key {
				case tracing.TagSpansLocation:
					spans = value
				case tracing.TagArtifactLocation:
					files = value
				default:
					archive = value
				}
				return nil
			})
	})
	return spans, files, archive, err
}
