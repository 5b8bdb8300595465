package tracing

// Pair is a key with a value, in messages of clients before MLflow 3.
type Pair struct {
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// TraceInfoV2 is a trace as clients before MLflow 3 know it. Times are Unix milliseconds.
type TraceInfoV2 struct {
	RequestID       string `json:"request_id"`
	ExperimentID    string `json:"experiment_id"`
	TimestampMS     int64  `json:"timestamp_ms"`
	ExecutionTimeMS int64  `json:"execution_time_ms"`
	Status          State  `json:"status"`
	RequestMetadata []Pair `json:"request_metadata,omitempty"`
	Tags            []Pair `json:"tags,omitempty"`
}

// StartTraceV2Request begins a trace. The server generates its id.
type StartTraceV2Request struct {
	ExperimentID    string `json:"experiment_id" required:"true"`
	TimestampMS     int64  `json:"timestamp_ms"`
	RequestMetadata []Pair `json:"request_metadata,omitempty"`
	Tags            []Pair `json:"tags,omitempty"`
}

// EndTraceV2Request ends a trace. TimestampMS is the time of its end.
type EndTraceV2Request struct {
	RequestID       string `json:"request_id" path:"request_id"`
	TimestampMS     int64  `json:"timestamp_ms"`
	Status          State  `json:"status" required:"true"`
	RequestMetadata []Pair `json:"request_metadata,omitempty"`
	Tags            []Pair `json:"tags,omitempty"`
}

// TraceV2Response has a trace.
type TraceV2Response struct {
	TraceInfo *TraceInfoV2 `json:"trace_info"`
}

// RequestIDRequest identifies a trace.
type RequestIDRequest struct {
	RequestID string `json:"request_id" path:"request_id"`
}

// SearchTracesV2Request requests a page of traces, 100 by default and 500 at most.
type SearchTracesV2Request struct {
	ExperimentIDs []string `json:"experiment_ids" required:"true"`
	Filter        string   `json:"filter,omitempty"`
	MaxResults    *int32   `json:"max_results,omitempty"`
	OrderBy       []string `json:"order_by,omitempty"`
	PageToken     string   `json:"page_token,omitempty"`
}

// SearchTracesV2Response is a page. NextPageToken is empty on the last page.
type SearchTracesV2Response struct {
	Traces        []TraceInfoV2 `json:"traces,omitempty"`
	NextPageToken string        `json:"next_page_token,omitempty"`
}

// SetTraceTagV2Request sets a tag.
type SetTraceTagV2Request struct {
	RequestID string `json:"request_id" path:"request_id"`
	Key       string `json:"key" required:"true"`
	Value     string `json:"value"`
}

// DeleteTraceTagV2Request removes a tag.
type DeleteTraceTagV2Request struct {
	RequestID string `json:"request_id" path:"request_id"`
	Key       string `json:"key" required:"true"`
}
