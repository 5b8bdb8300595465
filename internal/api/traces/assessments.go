package traces

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

func (h *Handlers) assessmentRoutes(r *route.Router) {
	e := tracing.Endpoints
	route.On(r, e.CreateAssessment, permit.Trace(access.ToUpdate), h.createAssessment)
	route.On(r, e.GetAssessment, permit.Trace(access.ToRead), h.assessment)
	route.On(r, e.UpdateAssessment, permit.Trace(access.ToUpdate), h.updateAssessment)
	route.On(r, e.DeleteAssessment, permit.Trace(access.ToUpdate), h.deleteAssessment)
}

func (h *Handlers) createAssessment(
	ctx context.Context, in *tracing.CreateAssessmentRequest,
) (*tracing.AssessmentResponse, error) {
	if err := checkAssessment(in.Assessment); err != nil {
		return nil, err
	}
	in.Assessment.TraceID = in.TraceID
	a, err := h.Store.CreateAssessment(ctx, in.Assessment)
	return &tracing.AssessmentResponse{Assessment: a}, err
}

func (h *Handlers) assessment(ctx context.Context, in *tracing.AssessmentRequest) (*tracing.AssessmentResponse, error) {
	a, err := h.Store.Assessment(ctx, in.TraceID, in.AssessmentID)
	return &tracing.AssessmentResponse{Assessment: a}, err
}

// maskNames are the fields that a mask can name, in both of their spellings.
var maskNames = map[string]string{
	"assessmentName": "assessment_name", "assessment_name": "assessment_name", "feedback": "feedback",
	"expectation": "expectation", "rationale": "rationale", "metadata": "metadata",
}

func (h *Handlers) updateAssessment(
	ctx context.Context, in *tracing.UpdateAssessmentRequest,
) (*tracing.AssessmentResponse, error) {
	mask := map[string]bool{}
	for name := range strings.SplitSeq(in.UpdateMask, ",") {
		field, known := maskNames[name]
		if !known {
			return nil, apierror.Invalid("Invalid value %q for parameter 'update_mask' supplied: the fields are "+
				"assessmentName, feedback, expectation, rationale and metadata.", apierror.Shorten(name))
		}
		mask[field] = true
	}
	if mask["assessment_name"] && in.Assessment.AssessmentName == "" {
		return nil, apierror.MissingParameter("assessment.assessment_name")
	}
	if err := checkValue(in.Assessment, mask["expectation"]); err != nil {
		return nil, err
	}
	a, err := h.Store.UpdateAssessment(ctx, in.TraceID, in.AssessmentID, in.Assessment, mask)
	return &tracing.AssessmentResponse{Assessment: a}, err
}

func (h *Handlers) deleteAssessment(ctx context.Context, in *tracing.AssessmentRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.DeleteAssessment(ctx, in.TraceID, in.AssessmentID)
}

// checkAssessment checks a new assessment and gives its numbers the form in which they are stored.
func checkAssessment(a *tracing.Assessment) error {
	if a.AssessmentName == "" {
		return apierror.MissingParameter("assessment.assessment_name")
	}
	if a.Source == nil || a.Source.SourceType == "" {
		return apierror.MissingParameter("assessment.source")
	}
	n := 0
	for _, given := range []bool{a.Feedback != nil, a.Expectation != nil, a.Issue != nil} {
		if given {
			n++
		}
	}
	switch {
	case n == 0:
		return apierror.Invalid("Unknown assessment type: None")
	case n > 1:
		return apierror.Invalid("An assessment has one of feedback, expectation and issue.")
	}
	return checkValue(a, a.Expectation != nil)
}

// checkValue checks the value of an assessment, which an expectation must have.
func checkValue(a *tracing.Assessment, expectation bool) (err error) {
	if a.Feedback != nil && a.Feedback.Value != nil {
		if a.Feedback.Value, err = doubles(a.Feedback.Value); err != nil {
			return err
		}
	}
	if !expectation {
		return nil
	}
	if a.Expectation == nil || a.Expectation.Value == nil && a.Expectation.SerializedValue == nil {
		return apierror.Invalid("The `value` field must be specified.")
	}
	if s := a.Expectation.SerializedValue; s != nil {
		if s.SerializationFormat != tracing.JSONFormat {
			return apierror.Invalid("Unknown serialization format: %s. Only %s is supported.",
				apierror.Shorten(s.SerializationFormat), tracing.JSONFormat)
		}
		if !json.Valid([]byte(s.Value)) {
			return apierror.Invalid("The value of the expectation is not valid JSON.")
		}
		return nil
	}
	a.Expectation.Value, err = doubles(a.Expectation.Value)
	return err
}

// doubles writes the numbers of a JSON value as Python writes floats, because protobuf's
// Value has no integers.
func doubles(raw json.RawMessage) (json.RawMessage, error) {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)), jsontext.AllowDuplicateNames(true))
	var out strings.Builder
	enc := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	for dec.PeekKind() != 0 {
		if dec.PeekKind() != '0' {
			token, err := dec.ReadToken()
			if err == nil {
				err = enc.WriteToken(token)
			}
			if err != nil {
				return nil, apierror.Invalid("A value of the assessment cannot be read: %v", err)
			}
			continue
		}
		digits, err := dec.ReadValue()
		if err != nil {
			return nil, apierror.Invalid("A value of the assessment cannot be read: %v", err)
		}
		f, err := strconv.ParseFloat(string(digits), 64)
		if err != nil {
			return nil, apierror.Invalid("The number %s of the assessment is too large.", apierror.Shorten(string(digits)))
		}
		if err := enc.WriteValue(jsontext.Value(python.ReprFloat(f))); err != nil {
			return nil, apierror.Invalid("A value of the assessment cannot be read: %v", err)
		}
	}
	return json.RawMessage(strings.TrimSpace(out.String())), nil
}
