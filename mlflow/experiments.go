package mlflow

import "context"

// LifecycleStage tells whether an experiment or run is in use or in the trash.
type LifecycleStage string

// The two lifecycle stages.
const (
	StageActive  LifecycleStage = "active"
	StageDeleted LifecycleStage = "deleted"
)

// ViewType selects by lifecycle stage.
type ViewType string

// The view types; the zero value means [ViewActive].
const (
	ViewActive  ViewType = "ACTIVE_ONLY"
	ViewDeleted ViewType = "DELETED_ONLY"
	ViewAll     ViewType = "ALL"
)

// EnumNames lists the wire names by protobuf number; "" marks an unused number.
func (ViewType) EnumNames() []string {
	return []string{"", string(ViewActive), string(ViewDeleted), string(ViewAll)}
}

// Tag is a key with a string value, on an experiment, run or logged model.
type Tag struct {
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// Experiment is a named group of runs.
type Experiment struct {
	ExperimentID     string         `json:"experiment_id"`
	Name             string         `json:"name"`
	ArtifactLocation string         `json:"artifact_location"`
	LifecycleStage   LifecycleStage `json:"lifecycle_stage"`
	LastUpdateTime   int64          `json:"last_update_time,omitempty"`
	CreationTime     int64          `json:"creation_time,omitempty"`
	Tags             []Tag          `json:"tags,omitempty"`
	Workspace        string         `json:"workspace,omitempty"`
}

// CreateExperimentRequest names a new experiment. Names are unique, deleted
// experiments included.
type CreateExperimentRequest struct {
	Name             string `json:"name" required:"true"`
	ArtifactLocation string `json:"artifact_location,omitempty"`
	Tags             []Tag  `json:"tags,omitempty"`
}

// CreateExperimentResponse carries the new experiment's id, a decimal number.
type CreateExperimentResponse struct {
	ExperimentID string `json:"experiment_id"`
}

// SearchExperimentsRequest asks for one page of experiments. MaxResults is
// 1 to 50,000 and has no default.
type SearchExperimentsRequest struct {
	MaxResults int64    `json:"max_results"`
	PageToken  string   `json:"page_token,omitempty"`
	Filter     string   `json:"filter,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	ViewType   ViewType `json:"view_type,omitempty"`
}

// SearchExperimentsResponse is one page; NextPageToken is empty on the last.
type SearchExperimentsResponse struct {
	Experiments   []Experiment `json:"experiments,omitempty"`
	NextPageToken string       `json:"next_page_token,omitempty"`
}

// GetExperimentRequest asks for one experiment by id.
type GetExperimentRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
}

// GetExperimentByNameRequest asks for one experiment by its exact name.
type GetExperimentByNameRequest struct {
	ExperimentName string `json:"experiment_name" required:"true"`
}

// ExperimentResponse carries one experiment.
type ExperimentResponse struct {
	Experiment *Experiment `json:"experiment"`
}

// UpdateExperimentRequest renames an experiment.
type UpdateExperimentRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	NewName      string `json:"new_name" required:"true"`
}

// ExperimentIDRequest names the experiment to delete or restore.
type ExperimentIDRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
}

// SetExperimentTagRequest sets one tag.
type SetExperimentTagRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Key          string `json:"key" required:"true"`
	Value        string `json:"value"`
}

// DeleteExperimentTagRequest removes one tag.
type DeleteExperimentTagRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Key          string `json:"key" required:"true"`
}

// SearchDatasetsRequest names up to 20 experiments.
type SearchDatasetsRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
}

// SearchDatasetsResponse lists the datasets used in the experiments.
type SearchDatasetsResponse struct {
	DatasetSummaries []DatasetSummary `json:"dataset_summaries,omitempty"`
}

// DatasetSummary is a dataset as used in one experiment, Context being the
// value of the input tag mlflow.data.context.
type DatasetSummary struct {
	ExperimentID string `json:"experiment_id"`
	Name         string `json:"name"`
	Digest       string `json:"digest"`
	Context      string `json:"context,omitempty"`
}

// CreateExperiment makes an experiment and returns its id.
func (c *Client) CreateExperiment(ctx context.Context, in *CreateExperimentRequest) (string, error) {
	out, err := call(ctx, c, Endpoints.CreateExperiment, in)
	return out.ExperimentID, err
}

// SearchExperiments returns one page of experiments.
func (c *Client) SearchExperiments(ctx context.Context, in *SearchExperimentsRequest) (*SearchExperimentsResponse, error) {
	return call(ctx, c, Endpoints.SearchExperiments, in)
}

// Experiment returns the experiment with the given id, deleted ones included.
func (c *Client) Experiment(ctx context.Context, id string) (*Experiment, error) {
	out, err := call(ctx, c, Endpoints.GetExperiment, &GetExperimentRequest{ExperimentID: id})
	return out.Experiment, err
}

// ExperimentByName returns the experiment with the given name, deleted ones included.
func (c *Client) ExperimentByName(ctx context.Context, name string) (*Experiment, error) {
	out, err := call(ctx, c, Endpoints.GetExperimentByName, &GetExperimentByNameRequest{ExperimentName: name})
	return out.Experiment, err
}

// RenameExperiment gives an active experiment a new name.
func (c *Client) RenameExperiment(ctx context.Context, id, name string) error {
	_, err := call(ctx, c, Endpoints.UpdateExperiment, &UpdateExperimentRequest{ExperimentID: id, NewName: name})
	return err
}

// DeleteExperiment moves an experiment and its runs to the trash.
func (c *Client) DeleteExperiment(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.DeleteExperiment, &ExperimentIDRequest{ExperimentID: id})
	return err
}

// RestoreExperiment takes an experiment and all its runs out of the trash.
func (c *Client) RestoreExperiment(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.RestoreExperiment, &ExperimentIDRequest{ExperimentID: id})
	return err
}

// SetExperimentTag sets or replaces one tag.
func (c *Client) SetExperimentTag(ctx context.Context, id, key, value string) error {
	_, err := call(ctx, c, Endpoints.SetExperimentTag, &SetExperimentTagRequest{ExperimentID: id, Key: key, Value: value})
	return err
}
