package traces

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// infoColumns are the columns of trace_info under the alias ti that scanInfo reads.
const infoColumns = "ti.request_id, ti.experiment_id, ti.timestamp_ms, ti.execution_time_ms, ti.status, " +
	"ti.client_request_id, ti.request_preview, ti.response_preview, ti.trace_name, ti.session_id, " +
	"ti.input_tokens, ti.output_tokens, ti.total_tokens, ti.cache_read_input_tokens, ti.cache_creation_input_tokens, " +
	"ti.cache_creation_input_tokens_above_1hr, ti.input_cost, ti.output_cost, ti.total_cost"

// infoSize is the approximate size of a trace without its texts.
const infoSize = 1200

// scanInfo reads a row of infoColumns. Tags and metadata have what is in columns.
func scanInfo(row base.Scanner) (*tracing.TraceInfo, error) {
	var info tracing.TraceInfo
	var experiment int64
	var duration *int64
	var clientID, name, session *string
	var usage span.Usage
	var cost span.Cost
	var state string
	err := row.Scan(
		&info.TraceID, &experiment, &info.RequestTime, &duration, &state, &clientID, &info.RequestPreview,
		&info.ResponsePreview, &name, &session, &usage.Input, &usage.Output, &usage.Total, &usage.CacheRead,
		&usage.CacheCreation, &usage.CacheCreationAbove1h, &cost.Input, &cost.Output, &cost.Total,
	)
	if err != nil {
		return nil, err
	}
	info.TraceLocation = tracing.InExperiment(strconv.FormatInt(experiment, 10))
	info.State = tracing.State(state)
	if duration != nil {
		d := tracing.Duration(*duration)
		info.ExecutionDuration = &d
	}
	if clientID != nil {
		info.ClientRequestID = *clientID
	}
	info.Tags, info.TraceMetadata = map[string]string{}, map[string]string{}
	put(info.Tags, tracing.TagTraceName, name)
	put(info.TraceMetadata, tracing.MetadataSession, session)
	put(info.TraceMetadata, tracing.MetadataTokenUsage, usage.JSON())
	put(info.TraceMetadata, tracing.MetadataCost, cost.JSON())
	return &info, nil
}

func put(m map[string]string, key string, value *string) {
	if value != nil {
		m[key] = *value
	}
}

// TraceInfo returns a trace without its spans.
func (s Traces) TraceInfo(ctx context.Context, id string) (info *tracing.TraceInfo, err error) {
	err = s.View(ctx, func(t Tx) error {
		info, err = t.info(id)
		return err
	})
	return info, err
}

// info returns a trace without its spans.
func (t Tx) info(id string) (*tracing.TraceInfo, error) {
	info, err := scanInfo(t.QueryRow(`SELECT `+infoColumns+` FROM trace_info ti WHERE ti.request_id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NoTrace(id)
	}
	if err != nil {
		return nil, err
	}
	list := []tracing.TraceInfo{*info}
	err = t.loadInfos(list, base.Unlimited())
	return &list[0], err
}

// NoTrace returns the error for a trace that does not exist.
func NoTrace(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Trace with ID '%s' not found.", id)
}

// loadInfos fills in the tags, metadata and assessments of traces that scanInfo has read. It
// may be called again for the same traces.
func (t Tx) loadInfos(list []tracing.TraceInfo, b *base.Budget) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[string]*tracing.TraceInfo, len(list))
	ids := make([]string, len(list))
	for i := range list {
		info := &list[i]
		at[info.TraceID], ids[i] = info, info.TraceID
		info.Assessments = nil
		if err := b.Charge(infoSize, deref(info.RequestPreview), deref(info.ResponsePreview)); err != nil {
			return err
		}
	}
	return base.FirstError(
		func() error {
			return t.Each("SELECT request_id, `key`, coalesce(value, '') FROM trace_tags WHERE request_id IN (?...)",
				[]any{ids}, base.ScanPair(func(id, key, value string) error {
					if key != tracing.TagTraceName {
						at[id].Tags[key] = value
					}
					return b.Charge(base.PairSize, key, value)
				}))
		},
		func() error {
			return t.Each("SELECT request_id, `key`, coalesce(value, '') FROM trace_request_metadata"+
				" WHERE request_id IN (?...)",
				[]any{ids}, base.ScanPair(func(id, key, value string) error {
					if !promotedMetadata(key) {
						at[id].TraceMetadata[key] = value
					}
					return b.Charge(base.PairSize, key, value)
				}))
		},
		func() error {
			return t.assessments(ids, func(a *tracing.Assessment, size int) error {
				info := at[a.TraceID]
				info.Assessments = append(info.Assessments, *a)
				return b.Charge(size)
			})
		},
	)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
