package mlflow

import "context"

// LoggedModelStatus reports whether the files of a logged model are complete.
type LoggedModelStatus string

// Statuses of logged models.
const (
	ModelStatusUnspecified LoggedModelStatus = "LOGGED_MODEL_STATUS_UNSPECIFIED"
	ModelPending           LoggedModelStatus = "LOGGED_MODEL_PENDING"
	ModelReady             LoggedModelStatus = "LOGGED_MODEL_READY"
	ModelUploadFailed      LoggedModelStatus = "LOGGED_MODEL_UPLOAD_FAILED"
)

// EnumNames returns the names by protobuf number.
func (LoggedModelStatus) EnumNames() []string {
	return []string{string(ModelStatusUnspecified), string(ModelPending), string(ModelReady), string(ModelUploadFailed)}
}

// LoggedModel is a model with its files, params, tags and metrics.
type LoggedModel struct {
	Info LoggedModelInfo `json:"info"`
	Data LoggedModelData `json:"data"`
}

// LoggedModelInfo is a logged model without its data. ModelID is "m-" and 32 hexadecimal
// digits.
type LoggedModelInfo struct {
	ModelID                string            `json:"model_id"`
	ExperimentID           string            `json:"experiment_id"`
	Name                   string            `json:"name"`
	CreationTimestampMS    int64             `json:"creation_timestamp_ms"`
	LastUpdatedTimestampMS int64             `json:"last_updated_timestamp_ms"`
	ArtifactURI            string            `json:"artifact_uri"`
	Status                 LoggedModelStatus `json:"status"`
	ModelType              string            `json:"model_type"`
	SourceRunID            string            `json:"source_run_id"`
	StatusMessage          string            `json:"status_message,omitempty"`
	Tags                   []Tag             `json:"tags,omitempty"`
}

// LoggedModelData has the params and metrics of a logged model.
type LoggedModelData struct {
	Params  []Param  `json:"params,omitempty"`
	Metrics []Metric `json:"metrics,omitempty"`
}

// CreateLoggedModelRequest creates a logged model in state [ModelPending]. The server
// generates a missing name.
type CreateLoggedModelRequest struct {
	ExperimentID string  `json:"experiment_id" required:"true"`
	Name         string  `json:"name,omitempty"`
	ModelType    string  `json:"model_type,omitempty"`
	SourceRunID  string  `json:"source_run_id,omitempty"`
	Params       []Param `json:"params,omitempty"`
	Tags         []Tag   `json:"tags,omitempty"`
}

// LoggedModelResponse has a logged model.
type LoggedModelResponse struct {
	Model *LoggedModel `json:"model"`
}

// SearchLoggedModelsRequest requests a page of logged models. The default of MaxResults
// is 100.
type SearchLoggedModelsRequest struct {
	ExperimentIDs []string             `json:"experiment_ids" required:"true"`
	Filter        string               `json:"filter,omitempty"`
	Datasets      []LoggedModelDataset `json:"datasets,omitempty"`
	MaxResults    *int32               `json:"max_results,omitempty"`
	OrderBy       []LoggedModelOrderBy `json:"order_by,omitempty"`
	PageToken     string               `json:"page_token,omitempty"`
}

// LoggedModelDataset limits conditions on metrics to those of a dataset.
type LoggedModelDataset struct {
	DatasetName   string `json:"dataset_name"`
	DatasetDigest string `json:"dataset_digest,omitempty"`
}

// LoggedModelOrderBy is a sort key: an attribute or metrics.<name>. The order is
// ascending by default.
type LoggedModelOrderBy struct {
	FieldName     string `json:"field_name"`
	Ascending     *bool  `json:"ascending,omitempty"`
	DatasetName   string `json:"dataset_name,omitempty"`
	DatasetDigest string `json:"dataset_digest,omitempty"`
}

// SearchLoggedModelsResponse is a page. NextPageToken is empty on the last page.
type SearchLoggedModelsResponse struct {
	Models        []LoggedModel `json:"models,omitempty"`
	NextPageToken string        `json:"next_page_token,omitempty"`
}

// GetLoggedModelRequest requests a logged model.
type GetLoggedModelRequest struct {
	ModelID      string `json:"model_id" path:"model_id" required:"true"`
	AllowDeleted bool   `json:"allow_deleted,omitempty"`
}

// FinalizeLoggedModelRequest sets the status of a logged model after its upload.
type FinalizeLoggedModelRequest struct {
	ModelID string            `json:"model_id" path:"model_id" required:"true"`
	Status  LoggedModelStatus `json:"status" required:"true"`
}

// LoggedModelIDRequest identifies the logged model to delete.
type LoggedModelIDRequest struct {
	ModelID string `json:"model_id" path:"model_id" required:"true"`
}

// LogModelParamsRequest adds params to a logged model.
type LogModelParamsRequest struct {
	ModelID string  `json:"model_id" path:"model_id" required:"true"`
	Params  []Param `json:"params,omitempty"`
}

// SetLoggedModelTagsRequest sets or replaces tags of a logged model.
type SetLoggedModelTagsRequest struct {
	ModelID string `json:"model_id" path:"model_id" required:"true"`
	Tags    []Tag  `json:"tags,omitempty"`
}

// DeleteLoggedModelTagRequest removes a tag of a logged model.
type DeleteLoggedModelTagRequest struct {
	ModelID string `json:"model_id" path:"model_id" required:"true"`
	TagKey  string `json:"tag_key" path:"tag_key" required:"true"`
}

// ListModelArtifactsRequest requests a directory of a logged model's files.
type ListModelArtifactsRequest struct {
	ModelID   string `json:"model_id" path:"model_id" required:"true"`
	Path      string `json:"artifact_directory_path,omitempty"`
	PageToken string `json:"page_token,omitempty"`
}

// CreateLoggedModel creates a logged model in state [ModelPending].
func (c *Client) CreateLoggedModel(ctx context.Context, in *CreateLoggedModelRequest) (*LoggedModel, error) {
	out, err := call(ctx, c, Endpoints.CreateLoggedModel, in)
	return out.Model, err
}

// LoggedModel returns a logged model unless it is deleted.
func (c *Client) LoggedModel(ctx context.Context, id string) (*LoggedModel, error) {
	out, err := call(ctx, c, Endpoints.GetLoggedModel, &GetLoggedModelRequest{ModelID: id})
	return out.Model, err
}

// SearchLoggedModels returns a page of logged models.
func (c *Client) SearchLoggedModels(
	ctx context.Context,
	in *SearchLoggedModelsRequest,
) (*SearchLoggedModelsResponse, error) {
	return call(ctx, c, Endpoints.SearchLoggedModels, in)
}

// FinalizeLoggedModel sets the status of a logged model.
func (c *Client) FinalizeLoggedModel(ctx context.Context, id string, status LoggedModelStatus) (*LoggedModel, error) {
	out, err := call(ctx, c, Endpoints.FinalizeLoggedModel, &FinalizeLoggedModelRequest{ModelID: id, Status: status})
	return out.Model, err
}

// DeleteLoggedModel marks a logged model as deleted. Its files remain.
func (c *Client) DeleteLoggedModel(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.DeleteLoggedModel, &LoggedModelIDRequest{ModelID: id})
	return err
}

// LogModelParams adds params to a logged model.
func (c *Client) LogModelParams(ctx context.Context, id string, params map[string]any) error {
	_, err := call(ctx, c, Endpoints.LogModelParams, &LogModelParamsRequest{ModelID: id, Params: paramsOf(params)})
	return err
}

// SetLoggedModelTags sets or replaces tags of a logged model.
func (c *Client) SetLoggedModelTags(ctx context.Context, id string, tags map[string]string) (*LoggedModel, error) {
	out, err := call(ctx, c, Endpoints.SetLoggedModelTags, &SetLoggedModelTagsRequest{ModelID: id, Tags: tagsOf(tags)})
	return out.Model, err
}

// DeleteLoggedModelTag removes a tag of a logged model.
func (c *Client) DeleteLoggedModelTag(ctx context.Context, id, key string) error {
	_, err := call(ctx, c, Endpoints.DeleteLoggedModelTag, &DeleteLoggedModelTagRequest{ModelID: id, TagKey: key})
	return err
}
