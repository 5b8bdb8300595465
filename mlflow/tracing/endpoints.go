package tracing

import "github.com/millrace-ml/millrace/mlflow/endpoint"

// Endpoints holds the routes of traces. The client and the server share them, so that their
// types agree.
var Endpoints = endpoint.Set[EndpointSet]()

// EndpointSet lists the routes of traces. Their tags have the method and the path.
type EndpointSet struct {
	// Traces.
	StartTrace      endpoint.Endpoint[StartTraceRequest, TraceResponse]           `route:"POST 3.0/mlflow/traces"`
	GetTraceInfo    endpoint.Endpoint[TraceIDRequest, TraceResponse]              `route:"GET 3.0/mlflow/traces/{trace_id}"`
	GetTrace        endpoint.Endpoint[GetTraceRequest, TraceResponse]             `route:"GET 3.0/mlflow/traces/get"`
	BatchGetTraces  endpoint.Endpoint[BatchGetTracesRequest, BatchTracesResponse] `route:"GET 3.0/mlflow/traces/batchGet"`
	BatchTraceInfos endpoint.Endpoint[BatchTraceInfosRequest, TraceInfosResponse] `route:"POST 3.0/mlflow/traces/batchGetInfos"`
	SearchTraces    endpoint.Endpoint[SearchTracesRequest, SearchTracesResponse]  `route:"POST 3.0/mlflow/traces/search"`
	DeleteTraces    endpoint.Endpoint[DeleteTracesRequest, DeleteTracesResponse]  `route:"POST 3.0/mlflow/traces/delete-traces"`
	SetTraceTag     endpoint.Endpoint[SetTraceTagRequest, endpoint.Empty]         `route:"PATCH 3.0/mlflow/traces/{trace_id}/tags"`
	DeleteTraceTag  endpoint.Endpoint[DeleteTraceTagRequest, endpoint.Empty]      `route:"DELETE 3.0/mlflow/traces/{trace_id}/tags"`
	TraceMetrics    endpoint.Endpoint[TraceMetricsRequest, TraceMetricsResponse]  `route:"POST 3.0/mlflow/traces/metrics"`
	Correlation     endpoint.Endpoint[CorrelationRequest, CorrelationResponse]    `route:"POST 3.0/mlflow/traces/calculate-filter-correlation"`

	// A route of Millrace's pages.
	RootNames endpoint.Endpoint[RootNamesRequest, RootNamesResponse] `route:"POST millrace/traces/root-names"`

	// Links.
	LinkTracesToRun    endpoint.Endpoint[LinkTracesRequest, endpoint.Empty]  `route:"POST 2.0/mlflow/traces/link-to-run"`
	LinkPromptsToTrace endpoint.Endpoint[LinkPromptsRequest, endpoint.Empty] `route:"POST 2.0/mlflow/traces/link-prompts"`

	// Routes of clients before MLflow 3.
	StartTraceV2     endpoint.Endpoint[StartTraceV2Request, TraceV2Response]          `route:"POST 2.0/mlflow/traces"`
	EndTraceV2       endpoint.Endpoint[EndTraceV2Request, TraceV2Response]            `route:"PATCH 2.0/mlflow/traces/{request_id}"`
	GetTraceInfoV2   endpoint.Endpoint[RequestIDRequest, TraceV2Response]             `route:"GET 2.0/mlflow/traces/{request_id}/info"`
	SearchTracesV2   endpoint.Endpoint[SearchTracesV2Request, SearchTracesV2Response] `route:"GET 2.0/mlflow/traces"`
	DeleteTracesV2   endpoint.Endpoint[DeleteTracesRequest, DeleteTracesResponse]     `route:"POST 2.0/mlflow/traces/delete-traces"`
	SetTraceTagV2    endpoint.Endpoint[SetTraceTagV2Request, endpoint.Empty]          `route:"PATCH 2.0/mlflow/traces/{request_id}/tags"`
	DeleteTraceTagV2 endpoint.Endpoint[DeleteTraceTagV2Request, endpoint.Empty]       `route:"DELETE 2.0/mlflow/traces/{request_id}/tags"`

	// Assessments.
	CreateAssessment endpoint.Endpoint[CreateAssessmentRequest, AssessmentResponse] `route:"POST 3.0/mlflow/traces/{trace_id}/assessments"`
	GetAssessment    endpoint.Endpoint[AssessmentRequest, AssessmentResponse]       `route:"GET 3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"`
	UpdateAssessment endpoint.Endpoint[UpdateAssessmentRequest, AssessmentResponse] `route:"PATCH 3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"`
	DeleteAssessment endpoint.Endpoint[AssessmentRequest, endpoint.Empty]           `route:"DELETE 3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"`
}
