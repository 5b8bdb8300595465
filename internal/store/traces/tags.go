package traces

import (
	"context"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// SetTraceTag sets a tag of a trace. A value that is too long is cut.
func (s Traces) SetTraceTag(ctx context.Context, id, key, value string) error {
	if key == tracing.TagTraceName {
		if err := checkLength("Trace name", value, maxName); err != nil {
			return err
		}
	} else {
		value = span.First(value, maxValue)
	}
	return s.Update(ctx, func(t Tx) error {
		if err := t.checkTrace(id); err != nil {
			return err
		}
		if key != tracing.TagTraceName {
			return t.setTags(id, map[string]string{key: value})
		}
		_, err := t.Exec(`UPDATE trace_info SET trace_name = ? WHERE request_id = ?`, value, id)
		return err
	})
}

// DeleteTraceTag removes a tag of a trace.
func (s Traces) DeleteTraceTag(ctx context.Context, id, key string) error {
	return s.Update(ctx, func(t Tx) error {
		var n int64
		var err error
		if key == tracing.TagTraceName {
			n, err = t.Exec(`UPDATE trace_info SET trace_name = NULL WHERE request_id = ? AND trace_name IS NOT NULL`, id)
		} else {
			n, err = t.Exec("DELETE FROM trace_tags WHERE request_id = ? AND `key` = ?", id, key)
		}
		if err == nil && n == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"No trace tag with key '%s' for trace with ID '%s'", key, id)
		}
		return err
	})
}
