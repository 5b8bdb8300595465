package genai

import "github.com/millrace-ml/millrace/mlflow/endpoint"

// Endpoints holds the routes. The client and the server share them, so that their types
// agree.
var Endpoints = endpoint.Set[EndpointSet]()

// EndpointSet lists the routes. Their tags have the method and the path.
type EndpointSet struct {
	// Evaluation datasets.
	CreateDataset     endpoint.Endpoint[CreateDatasetRequest, DatasetResponse]         `route:"POST 3.0/mlflow/datasets/create"`
	GetDataset        endpoint.Endpoint[DatasetIDRequest, DatasetResponse]             `route:"GET 3.0/mlflow/datasets/{dataset_id}"`
	DeleteDataset     endpoint.Endpoint[DatasetIDRequest, endpoint.Empty]              `route:"DELETE 3.0/mlflow/datasets/{dataset_id}"`
	SearchDatasets    endpoint.Endpoint[SearchDatasetsRequest, SearchDatasetsResponse] `route:"POST 3.0/mlflow/datasets/search"`
	SearchDatasetsGet endpoint.Endpoint[SearchDatasetsRequest, SearchDatasetsResponse] `route:"GET 3.0/mlflow/datasets/search"`
	UpsertRecords     endpoint.Endpoint[UpsertRecordsRequest, UpsertRecordsResponse]   `route:"POST 3.0/mlflow/datasets/{dataset_id}/records"`
	GetRecords        endpoint.Endpoint[GetRecordsRequest, GetRecordsResponse]         `route:"GET 3.0/mlflow/datasets/{dataset_id}/records"`
	DeleteRecords     endpoint.Endpoint[DeleteRecordsRequest, DeleteRecordsResponse]   `route:"DELETE 3.0/mlflow/datasets/{dataset_id}/records"`
	SetDatasetTags    endpoint.Endpoint[SetDatasetTagsRequest, endpoint.Empty]         `route:"PATCH 3.0/mlflow/datasets/{dataset_id}/tags"`
	DeleteDatasetTag  endpoint.Endpoint[DeleteDatasetTagRequest, endpoint.Empty]       `route:"DELETE 3.0/mlflow/datasets/{dataset_id}/tags/{key}"`
	AddExperiments    endpoint.Endpoint[DatasetExperimentsRequest, DatasetResponse]    `route:"POST 3.0/mlflow/datasets/{dataset_id}/add-experiments"`
	RemoveExperiments endpoint.Endpoint[DatasetExperimentsRequest, DatasetResponse]    `route:"POST 3.0/mlflow/datasets/{dataset_id}/remove-experiments"`
	GetExperimentIDs  endpoint.Endpoint[DatasetIDRequest, ExperimentIDsResponse]       `route:"GET 3.0/mlflow/datasets/{dataset_id}/experiment-ids"`

	// Scorers.
	RegisterScorer endpoint.Endpoint[RegisterScorerRequest, RegisterScorerResponse] `route:"POST 3.0/mlflow/scorers/register"`
	ListScorers    endpoint.Endpoint[ListScorersRequest, ScorersResponse]           `route:"GET 3.0/mlflow/scorers/list"`
	GetScorer      endpoint.Endpoint[ScorerRequest, ScorerResponse]                 `route:"GET 3.0/mlflow/scorers/get"`
	ScorerVersions endpoint.Endpoint[ScorerVersionsRequest, ScorersResponse]        `route:"GET 3.0/mlflow/scorers/versions"`
	DeleteScorer   endpoint.Endpoint[ScorerRequest, endpoint.Empty]                 `route:"DELETE 3.0/mlflow/scorers/delete"`
	OnlineConfigs  endpoint.Endpoint[OnlineConfigsRequest, OnlineConfigsResponse]   `route:"GET 3.0/mlflow/scorers/online-configs"`

	// Schemas of labels.
	CreateLabelSchema    endpoint.Endpoint[CreateLabelSchemaRequest, LabelSchemaResponse] `route:"POST 3.0/mlflow/label-schemas/create"`
	GetLabelSchema       endpoint.Endpoint[SchemaIDRequest, LabelSchemaResponse]          `route:"GET 3.0/mlflow/label-schemas/get"`
	GetLabelSchemaByName endpoint.Endpoint[SchemaNameRequest, LabelSchemaResponse]        `route:"GET 3.0/mlflow/label-schemas/get-by-name"`
	ListLabelSchemas     endpoint.Endpoint[ListLabelSchemasRequest, LabelSchemasResponse] `route:"GET 3.0/mlflow/label-schemas/list"`
	UpdateLabelSchema    endpoint.Endpoint[UpdateLabelSchemaRequest, LabelSchemaResponse] `route:"PATCH 3.0/mlflow/label-schemas/update"`
	DeleteLabelSchema    endpoint.Endpoint[SchemaIDRequest, endpoint.Empty]               `route:"DELETE 3.0/mlflow/label-schemas/delete"`
}
