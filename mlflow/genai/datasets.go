package genai

// TagUser is the tag of a dataset or of a record with the user who made or changed it.
const TagUser = "mlflow.user"

// Dataset is a dataset of examples for evaluations. Several datasets can have the same name.
// Tags, Schema and Profile are JSON: an object of texts, the types of the fields of inputs,
// outputs and expectations, and an object with the number of records. Schema and Profile are
// "" until the dataset has records. Digest changes with each change of the records.
type Dataset struct {
	DatasetID      string   `json:"dataset_id"`
	Name           string   `json:"name"`
	Tags           string   `json:"tags"`
	Schema         string   `json:"schema,omitempty"`
	Profile        string   `json:"profile,omitempty"`
	Digest         string   `json:"digest"`
	CreatedTime    int64    `json:"created_time"`
	LastUpdateTime int64    `json:"last_update_time"`
	CreatedBy      string   `json:"created_by,omitempty"`
	LastUpdatedBy  string   `json:"last_updated_by,omitempty"`
	ExperimentIDs  []string `json:"experiment_ids,omitempty"`
}

// CreateDatasetRequest creates a dataset in some experiments. Tags is a JSON object.
type CreateDatasetRequest struct {
	Name          string   `json:"name" required:"true"`
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
	Tags          string   `json:"tags,omitempty"`
}

// DatasetResponse has a dataset. Its experiments are in the response to its creation only.
type DatasetResponse struct {
	Dataset *Dataset `json:"dataset"`
}

// DatasetIDRequest names a dataset.
type DatasetIDRequest struct {
	DatasetID string `json:"dataset_id" path:"dataset_id"`
}

// SearchDatasetsRequest requests a page of the datasets of some experiments, or of all. A
// page has 1,000 datasets by default and 50,000 at most.
type SearchDatasetsRequest struct {
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
	Filter        string   `json:"filter_string,omitempty"`
	MaxResults    *int32   `json:"max_results,omitempty"`
	OrderBy       []string `json:"order_by,omitempty"`
	PageToken     string   `json:"page_token,omitempty"`
}

// SearchDatasetsResponse is a page. NextPageToken is empty on the last page.
type SearchDatasetsResponse struct {
	Datasets      []Dataset `json:"datasets,omitempty"`
	NextPageToken string    `json:"next_page_token,omitempty"`
}

// UpsertRecordsRequest adds records to a dataset, all or none of them. Records is a JSON list
// of objects with inputs, outputs, expectations, tags and source. A record with the inputs of
// one in the dataset changes that one.
type UpsertRecordsRequest struct {
	DatasetID string `json:"dataset_id" path:"dataset_id"`
	Records   string `json:"records" required:"true"`
}

// UpsertRecordsResponse counts the records that are new and those that were changed.
type UpsertRecordsResponse struct {
	InsertedCount int32 `json:"inserted_count"`
	UpdatedCount  int32 `json:"updated_count"`
}

// GetRecordsRequest requests a page of records, 1,000 by default.
type GetRecordsRequest struct {
	DatasetID  string `json:"dataset_id" path:"dataset_id"`
	MaxResults *int32 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// GetRecordsResponse is a page of records, as a JSON list of objects. NextPageToken is empty
// on the last page.
type GetRecordsResponse struct {
	Records       string `json:"records"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

// DeleteRecordsRequest removes records from a dataset. Ids that it does not have are ignored.
type DeleteRecordsRequest struct {
	DatasetID string   `json:"dataset_id" path:"dataset_id"`
	RecordIDs []string `json:"dataset_record_ids,omitempty"`
}

// DeleteRecordsResponse counts the removed records.
type DeleteRecordsResponse struct {
	DeletedCount int32 `json:"deleted_count"`
}

// SetDatasetTagsRequest sets tags. Tags is a JSON object, whose null values are ignored.
type SetDatasetTagsRequest struct {
	DatasetID string `json:"dataset_id" path:"dataset_id"`
	Tags      string `json:"tags" required:"true"`
}

// DeleteDatasetTagRequest removes a tag, if the dataset has it.
type DeleteDatasetTagRequest struct {
	DatasetID string `json:"dataset_id" path:"dataset_id"`
	Key       string `json:"key" path:"key"`
}

// DatasetExperimentsRequest adds a dataset to experiments or removes it from them.
type DatasetExperimentsRequest struct {
	DatasetID     string   `json:"dataset_id" path:"dataset_id"`
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
}

// ExperimentIDsResponse has the experiments of a dataset.
type ExperimentIDsResponse struct {
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
}
