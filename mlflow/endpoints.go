package mlflow

import "github.com/millrace-ml/millrace/mlflow/endpoint"

// Endpoint is a route of the API with the types of its request and response.
type Endpoint[Req, Resp any] = endpoint.Endpoint[Req, Resp]

// Endpoints holds the routes of the API. The client and the server share them, so that
// their types agree. Their tags have the method and the path.
var Endpoints = endpoint.Set[EndpointSet]()

// EndpointSet lists the routes of the API.
type EndpointSet struct {
	// Experiments.
	CreateExperiment    Endpoint[CreateExperimentRequest, CreateExperimentResponse]   `route:"POST 2.0/mlflow/experiments/create"`
	SearchExperiments   Endpoint[SearchExperimentsRequest, SearchExperimentsResponse] `route:"POST 2.0/mlflow/experiments/search"`
	ListExperiments     Endpoint[SearchExperimentsRequest, SearchExperimentsResponse] `route:"GET 2.0/mlflow/experiments/search"`
	GetExperiment       Endpoint[GetExperimentRequest, ExperimentResponse]            `route:"GET 2.0/mlflow/experiments/get"`
	GetExperimentByName Endpoint[GetExperimentByNameRequest, ExperimentResponse]      `route:"GET 2.0/mlflow/experiments/get-by-name"`
	UpdateExperiment    Endpoint[UpdateExperimentRequest, Empty]                      `route:"POST 2.0/mlflow/experiments/update"`
	DeleteExperiment    Endpoint[ExperimentIDRequest, Empty]                          `route:"POST 2.0/mlflow/experiments/delete"`
	RestoreExperiment   Endpoint[ExperimentIDRequest, Empty]                          `route:"POST 2.0/mlflow/experiments/restore"`
	SetExperimentTag    Endpoint[SetExperimentTagRequest, Empty]                      `route:"POST 2.0/mlflow/experiments/set-experiment-tag"`
	DeleteExperimentTag Endpoint[DeleteExperimentTagRequest, Empty]                   `route:"POST 2.0/mlflow/experiments/delete-experiment-tag"`
	SearchDatasets      Endpoint[SearchDatasetsRequest, SearchDatasetsResponse]       `route:"POST 2.0/mlflow/experiments/search-datasets"`

	// Runs.
	CreateRun    Endpoint[CreateRunRequest, RunResponse]         `route:"POST 2.0/mlflow/runs/create"`
	UpdateRun    Endpoint[UpdateRunRequest, UpdateRunResponse]   `route:"POST 2.0/mlflow/runs/update"`
	DeleteRun    Endpoint[RunIDRequest, Empty]                   `route:"POST 2.0/mlflow/runs/delete"`
	RestoreRun   Endpoint[RunIDRequest, Empty]                   `route:"POST 2.0/mlflow/runs/restore"`
	GetRun       Endpoint[GetRunRequest, RunResponse]            `route:"GET 2.0/mlflow/runs/get"`
	SearchRuns   Endpoint[SearchRunsRequest, SearchRunsResponse] `route:"POST 2.0/mlflow/runs/search"`
	LogMetric    Endpoint[LogMetricRequest, Empty]               `route:"POST 2.0/mlflow/runs/log-metric"`
	LogParam     Endpoint[LogParamRequest, Empty]                `route:"POST 2.0/mlflow/runs/log-parameter"`
	SetTag       Endpoint[SetTagRequest, Empty]                  `route:"POST 2.0/mlflow/runs/set-tag"`
	DeleteTag    Endpoint[DeleteTagRequest, Empty]               `route:"POST 2.0/mlflow/runs/delete-tag"`
	LogBatch     Endpoint[LogBatchRequest, Empty]                `route:"POST 2.0/mlflow/runs/log-batch"`
	LogInputs    Endpoint[LogInputsRequest, Empty]               `route:"POST 2.0/mlflow/runs/log-inputs"`
	LogOutputs   Endpoint[LogOutputsRequest, Empty]              `route:"POST 2.0/mlflow/runs/outputs"`
	LogModelJSON Endpoint[LogModelJSONRequest, Empty]            `route:"POST 2.0/mlflow/runs/log-model"`

	// Metric histories.
	GetMetricHistory      Endpoint[GetMetricHistoryRequest, MetricHistoryResponse]              `route:"GET 2.0/mlflow/metrics/get-history"`
	MetricHistoryBulk     Endpoint[MetricHistoryBulkRequest, MetricHistoryBulkResponse]         `route:"GET 2.0/mlflow/metrics/get-history-bulk"`
	MetricHistoryInterval Endpoint[MetricHistoryIntervalRequest, MetricHistoryIntervalResponse] `route:"GET 2.0/mlflow/metrics/get-history-bulk-interval"`

	// Logged models.
	CreateLoggedModel    Endpoint[CreateLoggedModelRequest, LoggedModelResponse]         `route:"POST 2.0/mlflow/logged-models"`
	SearchLoggedModels   Endpoint[SearchLoggedModelsRequest, SearchLoggedModelsResponse] `route:"POST 2.0/mlflow/logged-models/search"`
	GetLoggedModel       Endpoint[GetLoggedModelRequest, LoggedModelResponse]            `route:"GET 2.0/mlflow/logged-models/{model_id}"`
	FinalizeLoggedModel  Endpoint[FinalizeLoggedModelRequest, LoggedModelResponse]       `route:"PATCH 2.0/mlflow/logged-models/{model_id}"`
	DeleteLoggedModel    Endpoint[LoggedModelIDRequest, Empty]                           `route:"DELETE 2.0/mlflow/logged-models/{model_id}"`
	LogModelParams       Endpoint[LogModelParamsRequest, Empty]                          `route:"POST 2.0/mlflow/logged-models/{model_id}/params"`
	SetLoggedModelTags   Endpoint[SetLoggedModelTagsRequest, LoggedModelResponse]        `route:"PATCH 2.0/mlflow/logged-models/{model_id}/tags"`
	DeleteLoggedModelTag Endpoint[DeleteLoggedModelTagRequest, Empty]                    `route:"DELETE 2.0/mlflow/logged-models/{model_id}/tags/{tag_key}"`
	ListModelArtifacts   Endpoint[ListModelArtifactsRequest, ListArtifactsResponse]      `route:"GET 2.0/mlflow/logged-models/{model_id}/artifacts/directories"`

	// Registered models.
	CreateRegisteredModel    Endpoint[CreateRegisteredModelRequest, RegisteredModelResponse]         `route:"POST 2.0/mlflow/registered-models/create"`
	RenameRegisteredModel    Endpoint[RenameRegisteredModelRequest, RegisteredModelResponse]         `route:"POST 2.0/mlflow/registered-models/rename"`
	UpdateRegisteredModel    Endpoint[UpdateRegisteredModelRequest, RegisteredModelResponse]         `route:"PATCH 2.0/mlflow/registered-models/update"`
	DeleteRegisteredModel    Endpoint[RegisteredModelNameRequest, Empty]                             `route:"DELETE 2.0/mlflow/registered-models/delete"`
	GetRegisteredModel       Endpoint[RegisteredModelNameRequest, RegisteredModelResponse]           `route:"GET 2.0/mlflow/registered-models/get"`
	SearchRegisteredModels   Endpoint[SearchRegisteredModelsRequest, SearchRegisteredModelsResponse] `route:"GET 2.0/mlflow/registered-models/search"`
	GetLatestVersions        Endpoint[GetLatestVersionsRequest, ModelVersionsResponse]               `route:"POST 2.0/mlflow/registered-models/get-latest-versions"`
	ListLatestVersions       Endpoint[GetLatestVersionsRequest, ModelVersionsResponse]               `route:"GET 2.0/mlflow/registered-models/get-latest-versions"`
	SetRegisteredModelTag    Endpoint[SetRegisteredModelTagRequest, Empty]                           `route:"POST 2.0/mlflow/registered-models/set-tag"`
	DeleteRegisteredModelTag Endpoint[DeleteRegisteredModelTagRequest, Empty]                        `route:"DELETE 2.0/mlflow/registered-models/delete-tag"`
	SetModelAlias            Endpoint[SetModelAliasRequest, Empty]                                   `route:"POST 2.0/mlflow/registered-models/alias"`
	DeleteModelAlias         Endpoint[ModelAliasRequest, Empty]                                      `route:"DELETE 2.0/mlflow/registered-models/alias"`
	GetVersionByAlias        Endpoint[ModelAliasRequest, ModelVersionResponse]                       `route:"GET 2.0/mlflow/registered-models/alias"`

	// Model versions.
	CreateModelVersion    Endpoint[CreateModelVersionRequest, ModelVersionResponse]         `route:"POST 2.0/mlflow/model-versions/create"`
	UpdateModelVersion    Endpoint[UpdateModelVersionRequest, ModelVersionResponse]         `route:"PATCH 2.0/mlflow/model-versions/update"`
	TransitionStage       Endpoint[TransitionStageRequest, ModelVersionResponse]            `route:"POST 2.0/mlflow/model-versions/transition-stage"`
	DeleteModelVersion    Endpoint[ModelVersionRequest, Empty]                              `route:"DELETE 2.0/mlflow/model-versions/delete"`
	GetModelVersion       Endpoint[ModelVersionRequest, ModelVersionResponse]               `route:"GET 2.0/mlflow/model-versions/get"`
	SearchModelVersions   Endpoint[SearchModelVersionsRequest, SearchModelVersionsResponse] `route:"GET 2.0/mlflow/model-versions/search"`
	GetDownloadURI        Endpoint[DownloadURIRequest, DownloadURIResponse]                 `route:"GET 2.0/mlflow/model-versions/get-download-uri"`
	SetModelVersionTag    Endpoint[SetModelVersionTagRequest, Empty]                        `route:"POST 2.0/mlflow/model-versions/set-tag"`
	DeleteModelVersionTag Endpoint[DeleteModelVersionTagRequest, Empty]                     `route:"DELETE 2.0/mlflow/model-versions/delete-tag"`

	// Artifacts.
	ListArtifacts     Endpoint[ListArtifactsRequest, ListArtifactsResponse]   `route:"GET 2.0/mlflow/artifacts/list"`
	ListProxy         Endpoint[ListProxyRequest, ListProxyResponse]           `route:"GET 2.0/mlflow-artifacts/artifacts"`
	PresignUpload     Endpoint[PresignRequest, PresignResponse]               `route:"POST 2.0/mlflow/artifacts/presigned-upload-url"`
	PresignDown       Endpoint[PresignRequest, PresignResponse]               `route:"POST 2.0/mlflow/artifacts/presigned-download-url"`
	CreateMultipart   Endpoint[CreateMultipartRequest, MultipartUpload]       `route:"POST 2.0/mlflow-artifacts/mpu/create/{path...}"`
	CompleteMultipart Endpoint[CompleteMultipartRequest, Empty]               `route:"POST 2.0/mlflow-artifacts/mpu/complete/{path...}"`
	AbortMultipart    Endpoint[AbortMultipartRequest, Empty]                  `route:"POST 2.0/mlflow-artifacts/mpu/abort/{path...}"`
	PresignedProxy    Endpoint[PresignedProxyRequest, PresignedProxyResponse] `route:"GET 2.0/mlflow-artifacts/presigned/{path...}"`

	// Server.
	ServerInfo Endpoint[Empty, ServerInfo] `route:"GET 3.0/mlflow/server-info"`

	// Millrace's log of changes in the registry.
	RegistryChanges   Endpoint[RegistryChangesRequest, RegistryChangesResponse] `route:"GET millrace/registered-models/transitions"`
	TransitionVersion Endpoint[TransitionVersionRequest, ModelVersionResponse]  `route:"POST millrace/model-versions/transition"`
	MonitorModel      Endpoint[MonitorModelRequest, MonitorModelResponse]       `route:"GET millrace/registered-models/monitor"`

	// Millrace's pages.
	ExperimentActivity Endpoint[ExperimentActivityRequest, ExperimentActivityResponse] `route:"POST millrace/experiments/activity"`
	DailyRuns          Endpoint[DailyRunsRequest, DailyRunsResponse]                   `route:"POST millrace/experiments/daily-runs"`
	MetricSummary      Endpoint[MetricSummaryRequest, MetricSummaryResponse]           `route:"GET millrace/runs/metric-summary"`
	MetricSeries       Endpoint[MetricSeriesRequest, MetricSeriesResponse]             `route:"POST millrace/metrics/series"`
	RunChildren        Endpoint[RunChildrenRequest, RunChildrenResponse]               `route:"GET millrace/runs/children"`
	RunTable           Endpoint[RunTableRequest, RunTableResponse]                     `route:"POST millrace/runs/table"`
	RunColumns         Endpoint[RunColumnsRequest, RunColumnsResponse]                 `route:"POST millrace/runs/columns"`
	RunValues          Endpoint[RunValuesRequest, RunValuesResponse]                   `route:"POST millrace/runs/values"`
	TagRuns            Endpoint[TagRunsRequest, RunsResponse]                          `route:"POST millrace/runs/tag"`
	RenameRuns         Endpoint[RenameRunsRequest, RunsResponse]                       `route:"POST millrace/runs/rename"`
	DeleteRuns         Endpoint[RunsRequest, RunsResponse]                             `route:"POST millrace/runs/delete"`
	RestoreRuns        Endpoint[RunsRequest, RunsResponse]                             `route:"POST millrace/runs/restore"`
	MoveRuns           Endpoint[MoveRunsRequest, RunsResponse]                         `route:"POST millrace/runs/move"`
	ModelSignature     Endpoint[ModelSignatureRequest, ModelSignatureResponse]         `route:"GET millrace/models/signature"`
	FileTable          Endpoint[FileTableRequest, FileTableResponse]                   `route:"GET millrace/artifacts/table"`
	MediaFiles         Endpoint[MediaFilesRequest, MediaFilesResponse]                 `route:"POST millrace/artifacts/media"`
	ServerDetails      Endpoint[Empty, ServerDetails]                                  `route:"GET millrace/server"`
	Lineage            Endpoint[LineageRequest, LineageResponse]                       `route:"GET millrace/lineage"`
	DatasetUsages      Endpoint[DatasetUsagesRequest, DatasetUsagesResponse]           `route:"POST millrace/datasets/search"`
	GetDataset         Endpoint[GetDatasetRequest, GetDatasetResponse]                 `route:"POST millrace/datasets/get"`
	SearchTrash        Endpoint[SearchTrashRequest, SearchTrashResponse]               `route:"POST millrace/trash/search"`
	TrashSize          Endpoint[TrashSelection, TrashSizeResponse]                     `route:"POST millrace/trash/size"`
	RestoreModel       Endpoint[RestoreModelRequest, Empty]                            `route:"POST millrace/models/restore"`
	PurgeTrash         Endpoint[TrashSelection, PurgeResponse]                         `route:"POST millrace/trash/purge"`
}
