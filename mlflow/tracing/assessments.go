package tracing

import "encoding/json"

// SourceType says who made an assessment.
type SourceType string

// Types of sources.
const (
	SourceUnspecified SourceType = "SOURCE_TYPE_UNSPECIFIED"
	SourceHuman       SourceType = "HUMAN"
	SourceLLMJudge    SourceType = "LLM_JUDGE"
	SourceCode        SourceType = "CODE"
)

// EnumNames returns the names by protobuf number.
func (SourceType) EnumNames() []string {
	return []string{string(SourceUnspecified), string(SourceHuman), string(SourceLLMJudge), string(SourceCode)}
}

// Assessment is what a person, a program or a model says about a trace or one of its spans.
// One of Feedback, Expectation and Issue is set. Overrides is the id of the assessment that
// this one replaces; Valid is false for one that was replaced.
type Assessment struct {
	AssessmentID   string            `json:"assessment_id,omitempty"`
	AssessmentName string            `json:"assessment_name"`
	TraceID        string            `json:"trace_id,omitempty"`
	SpanID         string            `json:"span_id,omitempty"`
	Source         *Source           `json:"source,omitempty"`
	CreateTime     *Time             `json:"create_time,omitempty"`
	LastUpdateTime *Time             `json:"last_update_time,omitempty"`
	Feedback       *Feedback         `json:"feedback,omitempty"`
	Expectation    *Expectation      `json:"expectation,omitempty"`
	Issue          *Issue            `json:"issue,omitempty"`
	Rationale      *string           `json:"rationale,omitempty"`
	Error          *AssessmentError  `json:"error,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	Overrides      string            `json:"overrides,omitempty"`
	Valid          *bool             `json:"valid,omitempty"`
}

// Source says who made an assessment.
type Source struct {
	SourceType SourceType `json:"source_type"`
	SourceID   string     `json:"source_id,omitempty"`
}

// Feedback is a judgement: a JSON value, an error instead of it, or both.
type Feedback struct {
	Value json.RawMessage  `json:"value,omitempty"`
	Error *AssessmentError `json:"error,omitempty"`
}

// AssessmentError says why a judge has no value.
type AssessmentError struct {
	ErrorCode    string `json:"error_code,omitempty"`
	ErrorMessage string `json:"error_message,omitempty"`
	StackTrace   string `json:"stack_trace,omitempty"`
}

// Expectation is what the trace should have answered. Lists and objects are serialized.
type Expectation struct {
	Value           json.RawMessage  `json:"value,omitempty"`
	SerializedValue *SerializedValue `json:"serialized_value,omitempty"`
}

// JSONFormat is the format of a [SerializedValue].
const JSONFormat = "JSON_FORMAT"

// SerializedValue is a value as text.
type SerializedValue struct {
	SerializationFormat string `json:"serialization_format"`
	Value               string `json:"value"`
}

// Issue names a problem that the trace shows.
type Issue struct {
	IssueName string `json:"issue_name" required:"true"`
}

// CreateAssessmentRequest adds an assessment to a trace. The server generates the id if there is none.
type CreateAssessmentRequest struct {
	TraceID    string      `json:"trace_id" path:"trace_id"`
	Assessment *Assessment `json:"assessment" required:"true"`
}

// AssessmentRequest identifies an assessment.
type AssessmentRequest struct {
	TraceID      string `json:"trace_id" path:"trace_id"`
	AssessmentID string `json:"assessment_id" path:"assessment_id"`
}

// UpdateAssessmentRequest changes the fields of an assessment that UpdateMask names,
// separated by commas: assessmentName, feedback, expectation, rationale and metadata, whose
// keys are merged.
type UpdateAssessmentRequest struct {
	TraceID      string      `json:"trace_id" path:"trace_id"`
	AssessmentID string      `json:"assessment_id" path:"assessment_id"`
	Assessment   *Assessment `json:"assessment" required:"true"`
	UpdateMask   string      `json:"update_mask" required:"true"`
}

// AssessmentResponse has an assessment.
type AssessmentResponse struct {
	Assessment *Assessment `json:"assessment"`
}
