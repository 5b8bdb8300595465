package traces

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Types of assessments, in the column assessment_type.
const (
	typeFeedback    = "feedback"
	typeExpectation = "expectation"
	typeIssue       = "issue"
)

const assessmentColumns = "a.assessment_id, a.trace_id, a.name, a.assessment_type, a.value, a.error, " +
	"a.created_timestamp, a.last_updated_timestamp, a.source_type, a.source_id, a.span_id, a.rationale, a.overrides, " +
	"a.valid, a.assessment_metadata"

// assessmentSize is the approximate size of an assessment without its texts.
const assessmentSize = 400

// scanAssessment reads a row of assessmentColumns. size is that of its texts.
func scanAssessment(row base.Scanner) (a *tracing.Assessment, size int, err error) {
	var kind, value, source string
	var failure, sourceID, spanID, overrides, metadata sql.NullString
	var created, updated tracing.Time
	var valid bool
	a = &tracing.Assessment{CreateTime: &created, LastUpdateTime: &updated, Valid: &valid}
	err = row.Scan(
		&a.AssessmentID, &a.TraceID, &a.AssessmentName, &kind, &value, &failure, &created, &updated, &source, &sourceID,
		&spanID, &a.Rationale, &overrides, &valid, &metadata,
	)
	if err != nil {
		return nil, 0, err
	}
	a.Source = &tracing.Source{SourceType: tracing.SourceType(source), SourceID: sourceID.String}
	a.SpanID, a.Overrides = spanID.String, overrides.String
	if metadata.String != "" {
		_ = json.Unmarshal([]byte(metadata.String), &a.Metadata) // What is no object of texts is not shown.
	}
	setValue(a, kind, value, failure.String)
	size = assessmentSize + len(value) + len(metadata.String) + len(failure.String) + len(deref(a.Rationale))
	return a, size, nil
}

// setValue sets the value of an assessment from its columns.
func setValue(a *tracing.Assessment, kind, value, failure string) {
	raw := json.RawMessage(value)
	if !json.Valid(raw) { // Python writes NaN and Infinity, which JSON does not have.
		raw, _ = json.Marshal(value)
	}
	switch kind {
	case typeExpectation:
		a.Expectation = &tracing.Expectation{}
		if raw[0] == '{' || raw[0] == '[' {
			a.Expectation.SerializedValue = &tracing.SerializedValue{
				SerializationFormat: tracing.JSONFormat, Value: python.JSON(raw),
			}
		} else {
			a.Expectation.Value = raw
		}
	case typeIssue:
		a.Issue = &tracing.Issue{}
		_ = json.Unmarshal(raw, a.Issue) // What is no object has no name.
	default:
		a.Feedback = &tracing.Feedback{Value: raw}
		if failure != "" {
			a.Feedback.Error = &tracing.AssessmentError{}
			_ = json.Unmarshal([]byte(failure), a.Feedback.Error) // What is no object has no message.
		}
	}
}

// assessments calls add for each assessment of some traces, in the order of their creation,
// and with the approximate memory that it needs.
func (t Tx) assessments(traceIDs []string, add func(a *tracing.Assessment, size int) error) error {
	return t.Each(`SELECT `+assessmentColumns+` FROM assessments a WHERE a.trace_id IN (?...)
		ORDER BY a.trace_id, a.created_timestamp, a.assessment_id`, []any{traceIDs}, func(rows *sql.Rows) error {
		a, size, err := scanAssessment(rows)
		if err != nil {
			return err
		}
		return add(a, size)
	})
}

// Assessment returns an assessment of a trace.
func (s Traces) Assessment(ctx context.Context, traceID, id string) (a *tracing.Assessment, err error) {
	err = s.View(ctx, func(t Tx) error {
		a, err = t.assessment(traceID, id)
		return err
	})
	return a, err
}

func (t Tx) assessment(traceID, id string) (*tracing.Assessment, error) {
	if err := t.checkTrace(traceID); errors.Is(err, mlflow.ResourceDoesNotExist) {
		return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist, "Trace with request_id '%s' not found", traceID)
	} else if err != nil {
		return nil, err
	}
	a, _, err := scanAssessment(t.QueryRow(
		`SELECT `+assessmentColumns+` FROM assessments a WHERE a.trace_id = ? AND a.assessment_id = ?`, traceID, id,
	))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAssessment(traceID, id)
	}
	return a, err
}

func noAssessment(traceID, id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Assessment with ID '%s' not found for trace '%s'", id, traceID)
}

// checkTrace returns an error if a trace does not exist.
func (t Tx) checkTrace(id string) error {
	var found bool
	err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM trace_info WHERE request_id = ?)`, id).Scan(&found)
	if err == nil && !found {
		return NoTrace(id)
	}
	return err
}
