package traces

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/experiments"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// StartTrace writes the information of a trace to an active experiment, and returns the trace.
// If the trace exists, because its spans came first, the times, the state and the id of the
// client are replaced, the other columns if the request has them, and tags, metadata and
// assessments are merged. It writes nothing if allow returns an error for the experiment of a
// trace that exists.
func (s Traces) StartTrace(
	ctx context.Context, experimentID int64, in *tracing.TraceInfo, allow func(experimentID string) error,
) (info *tracing.TraceInfo, err error) {
	in, err = withinLimits(in)
	if err != nil {
		return nil, err
	}
	err = s.Update(ctx, func(t Tx) error {
		e, err := experiments.Tx{Transaction: t.Transaction}.ActiveExperiment(experimentID)
		if err != nil {
			return err
		}
		if err := t.mayReplace(in.TraceID, experimentID, allow); err != nil {
			return err
		}
		tags := maps.Clone(in.Tags)
		delete(tags, tracing.TagSpansLocation)
		delete(tags, tracing.TagArchiveLocation)
		tags[tracing.TagArtifactLocation] = filesOf(e.ArtifactLocation, in.TraceID)
		err = t.changing([]string{in.TraceID}, func() error {
			return base.FirstError(
				func() error { return t.putInfo(experimentID, in) },
				func() error { return t.adopt(in.TraceID, experimentID, int64(in.RequestTime)) },
				func() error { return t.setTags(in.TraceID, tags) },
				func() error { return t.setMetadata(in.TraceID, in.TraceMetadata, true) },
				func() error { return t.putAssessments(in, experimentID) },
			)
		})
		if err != nil {
			return err
		}
		info, err = t.info(in.TraceID)
		return err
	})
	return info, err
}

// withinLimits returns the trace with values of tags and metadata, and previews, that fit into their
// columns. It returns an error for other texts that do not.
func withinLimits(in *tracing.TraceInfo) (*tracing.TraceInfo, error) {
	out := *in
	err := base.FirstError(
		func() error { return checkLength("trace_id", in.TraceID, maxTraceID) },
		func() error { return checkLength("client_request_id", in.ClientRequestID, maxClientID) },
		func() error { return checkLength("Trace name", in.Tags[tracing.TagTraceName], maxName) },
		func() error { return checkLength("Session ID", in.TraceMetadata[tracing.MetadataSession], maxSession) },
		func() (err error) {
			out.Tags, err = cutValues(in.Tags, tracing.TagTraceName)
			return err
		},
		func() (err error) {
			out.TraceMetadata, err = cutValues(in.TraceMetadata, "")
			return err
		},
	)
	out.RequestPreview, out.ResponsePreview = cut(in.RequestPreview), cut(in.ResponsePreview)
	return &out, err
}

func cut(preview *string) *string {
	if preview == nil {
		return nil
	}
	short := span.First(*preview, maxPreview)
	return &short
}

// cutValues returns the values with as many characters as a column has, except for one key.
func cutValues(values map[string]string, except string) (map[string]string, error) {
	short := make(map[string]string, len(values))
	for key, value := range values {
		if err := checkLength("key", key, maxKey); err != nil {
			return nil, err
		}
		if key != except {
			value = span.First(value, maxValue)
		}
		short[key] = value
	}
	return short, nil
}

// mayReplace checks that a trace does not exist, or may be written to.
func (t Tx) mayReplace(id string, experimentID int64, allow func(string) error) error {
	var owner int64
	var archived bool
	err := t.QueryRow(
		"SELECT ti.experiment_id, EXISTS (SELECT 1 FROM trace_tags g WHERE g.request_id = ti.request_id AND g.`key` = ?"+
			" AND g.value = ?) FROM trace_info ti WHERE ti.request_id = ?",
		tracing.TagSpansLocation, tracing.SpansArchived, id,
	).Scan(&owner, &archived)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case archived:
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Cannot update traces that are archived: '%s'.", id)
	case owner != experimentID:
		return allow(strconv.FormatInt(owner, 10))
	}
	return nil
}

// putInfo writes the row of a trace.
func (t Tx) putInfo(experimentID int64, in *tracing.TraceInfo) error {
	var duration *int64
	if in.ExecutionDuration != nil {
		d := int64(*in.ExecutionDuration)
		duration = &d
	}
	state := in.State
	if state == "" {
		state = tracing.StateUnspecified
	}
	var name, session *string
	if text, given := in.Tags[tracing.TagTraceName]; given {
		name = &text
	}
	if text, given := in.TraceMetadata[tracing.MetadataSession]; given {
		session = &text
	}
	usage := span.ParseUsage(in.TraceMetadata[tracing.MetadataTokenUsage])
	cost := span.ParseCost(in.TraceMetadata[tracing.MetadataCost])
	replaced := []string{"experiment_id", "timestamp_ms", "execution_time_ms", "status", "client_request_id"}
	if name != nil {
		replaced = append(replaced, "trace_name")
	}
	if session != nil {
		replaced = append(replaced, "session_id")
	}
	if in.RequestPreview != nil {
		replaced = append(replaced, "request_preview")
	}
	if in.ResponsePreview != nil {
		replaced = append(replaced, "response_preview")
	}
	if !usage.IsZero() {
		replaced = append(replaced, usageColumns...)
	}
	if !cost.IsZero() {
		replaced = append(replaced, costColumns...)
	}
	for i, column := range replaced {
		replaced[i] = column + " = excluded." + column
	}
	args := []any{
		in.TraceID, experimentID, int64(in.RequestTime), duration, string(state), optional(in.ClientRequestID),
		in.RequestPreview, in.ResponsePreview, 0, name, session,
	}
	_, err := t.Exec(
		`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms, status, client_request_id,
			request_preview, response_preview, db_payload_generation, trace_name, session_id, input_tokens, output_tokens,
			total_tokens, cache_read_input_tokens, cache_creation_input_tokens, cache_creation_input_tokens_above_1hr,
			input_cost, output_cost, total_cost)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`+
			` ON CONFLICT (request_id) DO UPDATE SET db_payload_generation = trace_info.db_payload_generation + 1, `+
			strings.Join(replaced, ", "),
		appendTotals(args, usage, cost)...,
	)
	return err
}

// adopt moves the spans and assessments of a trace to its experiment.
func (t Tx) adopt(id string, experimentID, timestamp int64) error {
	if _, err := t.Exec(`UPDATE spans SET experiment_id = ? WHERE trace_id = ? AND experiment_id <> ?`,
		experimentID, id, experimentID); err != nil {
		return err
	}
	_, err := t.Exec(`UPDATE assessments SET experiment_id = ?, trace_timestamp_ms = ? WHERE trace_id = ?`,
		experimentID, timestamp, id)
	return err
}

// setTags sets the tags of a trace that are no columns.
func (t Tx) setTags(id string, tags map[string]string) error {
	kept := maps.Clone(tags)
	delete(kept, tracing.TagTraceName)
	return t.setKeyed(insertTags, appendKeyed(nil, id, kept))
}

// setMetadata sets the metadata of a trace that are no columns. finalized says that spans do
// not change the trace any more.
func (t Tx) setMetadata(id string, metadata map[string]string, finalized bool) error {
	kept := map[string]string{}
	for key, value := range metadata {
		if !promotedMetadata(key) {
			kept[key] = value
		}
	}
	if finalized {
		kept[tracing.MetadataInfoFinalized] = "true"
	}
	return t.setKeyed(insertMetadata, appendKeyed(nil, id, kept))
}
