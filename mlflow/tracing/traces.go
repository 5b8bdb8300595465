package tracing

// State says whether a trace is complete and how it ended.
type State string

// States of traces.
const (
	StateUnspecified State = "STATE_UNSPECIFIED"
	StateOK          State = "OK"
	StateError       State = "ERROR"
	StateInProgress  State = "IN_PROGRESS"
)

// EnumNames returns the names by protobuf number.
func (State) EnumNames() []string {
	return []string{string(StateUnspecified), string(StateOK), string(StateError), string(StateInProgress)}
}

// Tags and metadata with a meaning for MLflow. The values of TagTraceName, MetadataSession,
// MetadataTokenUsage and MetadataCost are columns of the database.
const (
	TagTraceName        = "mlflow.traceName"
	TagArtifactLocation = "mlflow.artifactLocation"
	TagSpansLocation    = "mlflow.trace.spansLocation"
	TagArchiveLocation  = "mlflow.trace.archiveLocation"
	TagArchivalFailure  = "mlflow.trace.archivalFailure"
	TagLinkedPrompts    = "mlflow.linkedPrompts"

	MetadataSession       = "mlflow.trace.session"
	MetadataUser          = "mlflow.trace.user"
	MetadataTokenUsage    = "mlflow.trace.tokenUsage" //nolint:gosec // It counts tokens of text.
	MetadataCost          = "mlflow.trace.cost"
	MetadataInfoFinalized = "mlflow.trace.infoFinalized"
	MetadataSizeStats     = "mlflow.trace.sizeStats"
	MetadataSourceRun     = "mlflow.sourceRun"
	MetadataModelID       = "mlflow.modelId"
	MetadataSchema        = "mlflow.trace_schema.version"
)

// SpansInDatabase and SpansArchived are values of [TagSpansLocation]. Without the tag, the
// spans are in the file traces.json of the trace.
const (
	SpansInDatabase = "TRACKING_STORE"
	SpansArchived   = "ARCHIVE_REPO"
)

// LocationType says what a trace belongs to.
type LocationType string

// Types of locations.
const (
	LocationUnspecified    LocationType = "TRACE_LOCATION_TYPE_UNSPECIFIED"
	LocationExperiment     LocationType = "MLFLOW_EXPERIMENT"
	LocationInferenceTable LocationType = "INFERENCE_TABLE"
)

// EnumNames returns the names by protobuf number.
func (LocationType) EnumNames() []string {
	return []string{string(LocationUnspecified), string(LocationExperiment), string(LocationInferenceTable)}
}

// Location is what a trace belongs to. Tables of Databricks are ignored.
type Location struct {
	Type             LocationType        `json:"type,omitempty"`
	MLflowExperiment *ExperimentLocation `json:"mlflow_experiment,omitempty"`
	InferenceTable   *TableLocation      `json:"inference_table,omitempty"`
}

// ExperimentLocation identifies an experiment.
type ExperimentLocation struct {
	ExperimentID string `json:"experiment_id"`
}

// TableLocation names a table of Databricks.
type TableLocation struct {
	FullTableName string `json:"full_table_name"`
}

// InExperiment returns the location of the traces of an experiment.
func InExperiment(id string) Location {
	return Location{Type: LocationExperiment, MLflowExperiment: &ExperimentLocation{ExperimentID: id}}
}

// TraceInfo is a trace without its spans. TraceID is "tr-" and 32 hexadecimal digits for
// traces of OpenTelemetry. Previews are the beginnings of the inputs and outputs of the root
// span, of at most 1,000 characters, or nil. ExecutionDuration is nil while the trace is in
// progress.
type TraceInfo struct {
	TraceID           string            `json:"trace_id"`
	ClientRequestID   string            `json:"client_request_id,omitempty"`
	TraceLocation     Location          `json:"trace_location"`
	RequestTime       Time              `json:"request_time"`
	ExecutionDuration *Duration         `json:"execution_duration,omitempty"`
	State             State             `json:"state"`
	TraceMetadata     map[string]string `json:"trace_metadata,omitempty"`
	Assessments       []Assessment      `json:"assessments,omitempty"`
	Tags              map[string]string `json:"tags,omitempty"`
	RequestPreview    *string           `json:"request_preview,omitempty"`
	ResponsePreview   *string           `json:"response_preview,omitempty"`
}

// ExperimentID returns the experiment of the trace, or "".
func (i *TraceInfo) ExperimentID() string {
	if e := i.TraceLocation.MLflowExperiment; e != nil {
		return e.ExperimentID
	}
	return ""
}

// Trace is a trace with its spans, roots first and then by start.
type Trace struct {
	TraceInfo *TraceInfo `json:"trace_info,omitempty"`
	Spans     []Span     `json:"spans,omitempty"`
}

// StartTraceRequest writes the information of a trace, as a rule when it has ended. If the
// trace exists, tags, metadata and assessments are merged. Spans are sent by OTLP.
type StartTraceRequest struct {
	Trace *StartTrace `json:"trace" required:"true"`
}

// StartTrace is the trace of a [StartTraceRequest].
type StartTrace struct {
	TraceInfo *TraceInfo `json:"trace_info" required:"true"`
}

// TraceResponse has a trace.
type TraceResponse struct {
	Trace *Trace `json:"trace"`
}

// TraceIDRequest identifies a trace.
type TraceIDRequest struct {
	TraceID string `json:"trace_id" path:"trace_id"`
}

// GetTraceRequest requests a trace with its spans. Unless AllowPartial is set, a trace of
// which spans are missing is an error.
type GetTraceRequest struct {
	TraceID      string `json:"trace_id" required:"true"`
	AllowPartial bool   `json:"allow_partial,omitempty"`
}

// BatchGetTracesRequest requests traces with their spans. Traces that do not exist are left
// out.
type BatchGetTracesRequest struct {
	TraceIDs      []string `json:"trace_ids" required:"true"`
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
}

// BatchTracesResponse has traces in the order of the request.
type BatchTracesResponse struct {
	Traces []Trace `json:"traces,omitempty"`
}

// BatchTraceInfosRequest requests traces without their spans. If ExperimentIDs is not nil,
// traces of other experiments are left out.
type BatchTraceInfosRequest struct {
	TraceIDs      []string  `json:"trace_ids" required:"true"`
	ExperimentIDs *[]string `json:"experiment_ids,omitempty"`
}

// TraceInfosResponse has traces in the order of the request.
type TraceInfosResponse struct {
	TraceInfos []TraceInfo `json:"trace_infos,omitempty"`
}

// RootNamesRequest requests the names of the root spans of up to 500 traces.
type RootNamesRequest struct {
	TraceIDs []string `json:"trace_ids" required:"true"`
}

// RootNamesResponse has the name of the earliest root span by the id of the trace. Traces without
// one in the database are left out.
type RootNamesResponse struct {
	Names map[string]string `json:"names,omitempty"`
}

// SearchTracesRequest requests a page of traces, 100 by default and 500 at most.
type SearchTracesRequest struct {
	Locations  []Location `json:"locations" required:"true"`
	Filter     string     `json:"filter,omitempty"`
	MaxResults *int32     `json:"max_results,omitempty"`
	OrderBy    []string   `json:"order_by,omitempty"`
	PageToken  string     `json:"page_token,omitempty"`
}

// ExperimentIDs returns the experiments of the locations. Other locations are ignored.
func (r *SearchTracesRequest) ExperimentIDs() []string {
	ids := make([]string, 0, len(r.Locations))
	for _, l := range r.Locations {
		if l.MLflowExperiment != nil {
			ids = append(ids, l.MLflowExperiment.ExperimentID)
		}
	}
	return ids
}

// SearchTracesResponse is a page. NextPageToken is empty on the last page.
type SearchTracesResponse struct {
	Traces        []TraceInfo `json:"traces,omitempty"`
	NextPageToken string      `json:"next_page_token,omitempty"`
}

// DeleteTracesRequest deletes traces for good: those of RequestIDs, or those that began at
// MaxTimestampMillis (Unix milliseconds) or before, of which MaxTraces limits the number
// to the oldest.
type DeleteTracesRequest struct {
	ExperimentID       string   `json:"experiment_id" required:"true"`
	MaxTimestampMillis *int64   `json:"max_timestamp_millis,omitempty"`
	MaxTraces          *int32   `json:"max_traces,omitempty"`
	RequestIDs         []string `json:"request_ids,omitempty"`
}

// DeleteTracesResponse counts the deleted traces.
type DeleteTracesResponse struct {
	TracesDeleted int32 `json:"traces_deleted"`
}

// SetTraceTagRequest sets a tag.
type SetTraceTagRequest struct {
	TraceID string `json:"trace_id" path:"trace_id"`
	Key     string `json:"key" required:"true"`
	Value   string `json:"value"`
}

// DeleteTraceTagRequest removes a tag.
type DeleteTraceTagRequest struct {
	TraceID string `json:"trace_id" path:"trace_id"`
	Key     string `json:"key" required:"true"`
}

// LinkTracesRequest links up to 100 traces to a run.
type LinkTracesRequest struct {
	TraceIDs []string `json:"trace_ids" required:"true"`
	RunID    string   `json:"run_id" required:"true"`
}

// LinkPromptsRequest links versions of prompts to a trace.
type LinkPromptsRequest struct {
	TraceID        string          `json:"trace_id" required:"true"`
	PromptVersions []PromptVersion `json:"prompt_versions" required:"true"`
}

// PromptVersion names a version of a prompt.
type PromptVersion struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version" required:"true"`
}
