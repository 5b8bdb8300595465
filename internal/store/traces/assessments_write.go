package traces

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// sourceRunKey is the metadata of an assessment with the run that made it.
const sourceRunKey = "mlflow.assessment.sourceRunId"

// Limits of the columns of assessments, in characters.
const (
	maxAssessmentName = 250
	maxSourceID       = 250
	maxRunID          = 32
	maxID             = 50
)

// CreateAssessment adds an assessment to a trace and returns it. The times and the id are
// generated if they are missing. It marks the assessment that this one overrides as not valid.
func (s Traces) CreateAssessment(ctx context.Context, in *tracing.Assessment) (a *tracing.Assessment, err error) {
	err = s.Update(ctx, func(t Tx) error {
		var experimentID, timestamp int64
		err := t.QueryRow(`SELECT experiment_id, timestamp_ms FROM trace_info WHERE request_id = ?`, in.TraceID).
			Scan(&experimentID, &timestamp)
		if errors.Is(err, sql.ErrNoRows) {
			return NoTrace(in.TraceID)
		}
		if err != nil {
			return err
		}
		if in.Overrides != "" {
			if _, err := t.assessment(in.TraceID, in.Overrides); err != nil {
				return err
			}
			if err := t.setValid(in.TraceID, in.Overrides, false); err != nil {
				return err
			}
		}
		if err := t.queueAssessments(in.TraceID); err != nil {
			return err
		}
		id := cmp.Or(in.AssessmentID, "a-"+base.NewID())
		if err := t.insertAssessment(in, id, experimentID, timestamp); err != nil {
			return err
		}
		a, err = t.assessment(in.TraceID, id)
		return err
	})
	return a, err
}

// putAssessments adds the assessments of a trace that is started. One that exists is replaced.
func (t Tx) putAssessments(in *tracing.TraceInfo, experimentID int64) error {
	for i := range in.Assessments {
		a := in.Assessments[i]
		a.TraceID = in.TraceID
		id := cmp.Or(a.AssessmentID, "a-"+base.NewID())
		if _, err := t.Exec(`DELETE FROM assessments WHERE assessment_id = ? AND trace_id = ?`, id, a.TraceID); err != nil {
			return err
		}
		if err := t.insertAssessment(&a, id, experimentID, int64(in.RequestTime)); err != nil {
			return err
		}
	}
	return nil
}

func (t Tx) insertAssessment(a *tracing.Assessment, id string, experimentID, timestamp int64) error {
	v, err := valueOf(a)
	if err != nil {
		return err
	}
	metadata, err := metadataColumn(a.Metadata)
	if err != nil {
		return err
	}
	err = base.FirstError(
		func() error { return checkLength("assessment_id", id, maxID) },
		func() error { return checkLength("assessment_name", a.AssessmentName, maxAssessmentName) },
		func() error { return checkLength("source_id", a.Source.SourceID, maxSourceID) },
		func() error { return checkLength("span_id", a.SpanID, maxID) },
		func() error { return checkLength(sourceRunKey, a.Metadata[sourceRunKey], maxRunID) },
	)
	if err != nil {
		return err
	}
	now := tracing.Time(base.NowMS())
	created, updated := now, now
	if a.CreateTime != nil {
		created = *a.CreateTime
	}
	if a.LastUpdateTime != nil {
		updated = *a.LastUpdateTime
	}
	_, err = t.Exec(
		`INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value, error, created_timestamp,
			last_updated_timestamp, source_type, source_id, run_id, span_id, rationale, overrides, valid,
			assessment_metadata, experiment_id, trace_timestamp_ms, aggregate_value, is_numeric_value)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, a.TraceID, a.AssessmentName, v.kind, v.value, v.failure, int64(created), int64(updated),
		string(a.Source.SourceType), optional(a.Source.SourceID), optional(a.Metadata[sourceRunKey]), optional(a.SpanID),
		a.Rationale, optional(a.Overrides), true, metadata, experimentID, timestamp, v.aggregate, v.numeric,
	)
	if db.IsUniqueViolation(err) {
		return mlflow.Errorf(mlflow.ResourceAlreadyExists, "There is an assessment with ID '%s' already.", id)
	}
	return err
}

// UpdateAssessment changes the fields of an assessment that mask names, and returns it.
func (s Traces) UpdateAssessment(
	ctx context.Context, traceID, id string, in *tracing.Assessment, mask map[string]bool,
) (a *tracing.Assessment, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if a, err = t.assessment(traceID, id); err != nil {
			return err
		}
		if err := merge(a, in, mask); err != nil {
			return err
		}
		v, err := valueOf(a)
		if err != nil {
			return err
		}
		metadata, err := metadataColumn(a.Metadata)
		if err != nil {
			return err
		}
		if err := checkLength("assessment_name", a.AssessmentName, maxAssessmentName); err != nil {
			return err
		}
		if err := t.queueAssessments(traceID); err != nil {
			return err
		}
		now := tracing.Time(base.NowMS())
		a.LastUpdateTime = &now
		_, err = t.Exec(
			`UPDATE assessments SET name = ?, value = ?, error = ?, rationale = ?, assessment_metadata = ?, run_id = ?,
				aggregate_value = ?, is_numeric_value = ?, last_updated_timestamp = ?
			WHERE trace_id = ? AND assessment_id = ?`,
			a.AssessmentName, v.value, v.failure, a.Rationale, metadata, optional(a.Metadata[sourceRunKey]), v.aggregate,
			v.numeric, int64(now), traceID, id,
		)
		if err != nil {
			return err
		}
		a, err = t.assessment(traceID, id)
		return err
	})
	return a, err
}

// merge changes the fields of an assessment that mask names.
func merge(a, in *tracing.Assessment, mask map[string]bool) error {
	wrong := func(given, kind string) error {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Cannot update %s value on %s assessment.", given, kind)
	}
	if mask["feedback"] {
		switch {
		case a.Feedback == nil && a.Expectation != nil:
			return wrong("feedback", "an Expectation")
		case a.Feedback == nil:
			return wrong("feedback", "an Issue")
		}
		a.Feedback = in.Feedback
		if in.Feedback == nil {
			a.Feedback = &tracing.Feedback{}
		}
	}
	if mask["expectation"] {
		switch {
		case a.Expectation == nil && a.Feedback != nil:
			return wrong("expectation", "a Feedback")
		case a.Expectation == nil:
			return wrong("expectation", "an Issue")
		}
		a.Expectation = in.Expectation
	}
	if mask["assessment_name"] {
		a.AssessmentName = in.AssessmentName
	}
	if mask["rationale"] {
		a.Rationale = in.Rationale
	}
	if mask["metadata"] && a.Metadata == nil {
		a.Metadata = map[string]string{}
	}
	if mask["metadata"] {
		for key, value := range in.Metadata {
			a.Metadata[key] = value
		}
	}
	return nil
}

// DeleteAssessment deletes an assessment, unless there is none. One that it overrides is valid again.
func (s Traces) DeleteAssessment(ctx context.Context, traceID, id string) error {
	return s.Update(ctx, func(t Tx) error {
		var overrides *string
		err := t.QueryRow(`SELECT overrides FROM assessments WHERE trace_id = ? AND assessment_id = ?`, traceID, id).
			Scan(&overrides)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.queueAssessments(traceID); err != nil {
			return err
		}
		if _, err := t.Exec(`DELETE FROM assessments WHERE trace_id = ? AND assessment_id = ?`, traceID, id); err != nil {
			return err
		}
		if overrides == nil {
			return nil
		}
		return t.setValid(traceID, *overrides, true)
	})
}

// setValid marks an assessment as valid or not, if there is one.
func (t Tx) setValid(traceID, id string, valid bool) error {
	_, err := t.Exec(`UPDATE assessments SET valid = ? WHERE trace_id = ? AND assessment_id = ?`, valid, traceID, id)
	return err
}

// columns are the columns with the value of an assessment.
type columns struct {
	kind, value string
	failure     *string
	aggregate   *float64
	numeric     bool
}

// valueOf returns the columns for the value of an assessment.
func valueOf(a *tracing.Assessment) (columns, error) {
	switch {
	case a.Feedback != nil:
		c := valueColumns(typeFeedback, a.Feedback.Value)
		if e := a.Feedback.Error; e != nil {
			text := `{"error_code": ` + jsonOrNull(e.ErrorCode) + `, "error_message": ` + jsonOrNull(e.ErrorMessage) +
				`, "stack_trace": ` + jsonOrNull(e.StackTrace) + `}`
			c.failure = &text
		}
		return c, nil
	case a.Expectation != nil:
		value := a.Expectation.Value
		if s := a.Expectation.SerializedValue; s != nil {
			value = json.RawMessage(s.Value)
		}
		return valueColumns(typeExpectation, value), nil
	case a.Issue != nil:
		return columns{kind: typeIssue, value: `{"issue_name": ` + python.JSONString(a.Issue.IssueName) + `}`}, nil
	default:
		return columns{}, mlflow.Errorf(mlflow.InvalidParameterValue, "Unknown assessment type: None")
	}
}

func jsonOrNull(s string) string {
	if s == "" {
		return "null"
	}
	return python.JSONString(s)
}

// valueColumns returns the columns for a JSON value. Numbers, booleans, yes and no have an
// aggregate, which metrics are made of.
func valueColumns(kind string, raw json.RawMessage) columns {
	if raw == nil {
		raw = json.RawMessage("null")
	}
	c := columns{kind: kind, value: python.JSON(raw)}
	one, zero := 1.0, 0.0
	switch text := strings.TrimSpace(string(raw)); {
	case text == "true":
		c.aggregate = &one
	case text == "false":
		c.aggregate = &zero
	case strings.HasPrefix(text, `"`):
		var s string
		if json.Unmarshal(raw, &s) != nil {
			break
		}
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "yes":
			c.aggregate = &one
		case "no":
			c.aggregate = &zero
		}
	default:
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) {
			c.aggregate, c.numeric = &f, true
		}
	}
	return c
}

func metadataColumn(metadata map[string]string) (*string, error) {
	if len(metadata) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(metadata)
	text := python.JSON(raw)
	return &text, err
}
