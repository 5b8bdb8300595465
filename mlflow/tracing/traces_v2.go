package tracing

import (
	"cmp"
	"maps"
	"slices"
)

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

// V2 returns the trace as clients before MLflow 3 know it. Tags and metadata are sorted by their
// keys. Those that the database has in columns of their own come last.
func (i *TraceInfo) V2() *TraceInfoV2 {
	info := &TraceInfoV2{
		RequestID: i.TraceID, ExperimentID: i.ExperimentID(), TimestampMS: int64(i.RequestTime), Status: i.State,
		RequestMetadata: pairs(i.TraceMetadata, MetadataSession, MetadataTokenUsage, MetadataCost),
		Tags:            pairs(i.Tags, TagTraceName),
	}
	if i.ExecutionDuration != nil {
		info.ExecutionTimeMS = int64(*i.ExecutionDuration)
	}
	return info
}

// pairs returns the pairs of a map: those of the last keys after the others.
func pairs(m map[string]string, last ...string) []Pair {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(slices.Index(last, a)-slices.Index(last, b), cmp.Compare(a, b))
	})
	list := make([]Pair, len(keys))
	for i, key := range keys {
		list[i] = Pair{Key: key, Value: m[key]}
	}
	return list
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
	RequestID       string `json:"request_id" path:"request_id" required:"true"`
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
	RequestID string `json:"request_id" path:"request_id" required:"true"`
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
	RequestID string `json:"request_id" path:"request_id" required:"true"`
	Key       string `json:"key" required:"true"`
	Value     string `json:"value"`
}

// DeleteTraceTagV2Request removes a tag.
type DeleteTraceTagV2Request struct {
	RequestID string `json:"request_id" path:"request_id" required:"true"`
	Key       string `json:"key" required:"true"`
}
