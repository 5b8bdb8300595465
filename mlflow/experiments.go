package mlflow

import (
	"context"
	"errors"
)

// LifecycleStage is active or deleted.
type LifecycleStage string

// Lifecycle stages of experiments and runs.
const (
	StageActive  LifecycleStage = "active"
	StageDeleted LifecycleStage = "deleted"
)

// ViewType selects by lifecycle stage.
type ViewType string

// View types. The zero value means [ViewActive].
const (
	ViewActive  ViewType = "ACTIVE_ONLY"
	ViewDeleted ViewType = "DELETED_ONLY"
	ViewAll     ViewType = "ALL"
)

// EnumNames returns the names by protobuf number. "" marks an unused number.
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

// CreateExperimentRequest creates an experiment. Its name must be unique among all
// experiments, including deleted ones.
type CreateExperimentRequest struct {
	Name             string `json:"name" required:"true"`
	ArtifactLocation string `json:"artifact_location,omitempty"`
	Tags             []Tag  `json:"tags,omitempty"`
}

// CreateExperimentResponse has the ID of the new experiment, a decimal number.
type CreateExperimentResponse struct {
	ExperimentID string `json:"experiment_id"`
}

// SearchExperimentsRequest requests a page of experiments. MaxResults is required, 1 to
// 50,000.
type SearchExperimentsRequest struct {
	MaxResults int64    `json:"max_results"`
	PageToken  string   `json:"page_token,omitempty"`
	Filter     string   `json:"filter,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	ViewType   ViewType `json:"view_type,omitempty"`
}

// SearchExperimentsResponse is a page. NextPageToken is empty on the last page.
type SearchExperimentsResponse struct {
	Experiments   []Experiment `json:"experiments,omitempty"`
	NextPageToken string       `json:"next_page_token,omitempty"`
}

// GetExperimentRequest requests an experiment by ID.
type GetExperimentRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
}

// GetExperimentByNameRequest requests an experiment by name.
type GetExperimentByNameRequest struct {
	ExperimentName string `json:"experiment_name" required:"true"`
}

// ExperimentResponse has an experiment.
type ExperimentResponse struct {
	Experiment *Experiment `json:"experiment"`
}

// UpdateExperimentRequest renames an experiment.
type UpdateExperimentRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	NewName      string `json:"new_name" required:"true"`
}

// ExperimentIDRequest identifies the experiment to delete or restore.
type ExperimentIDRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
}

// SetExperimentTagRequest sets a tag.
type SetExperimentTagRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Key          string `json:"key" required:"true"`
	Value        string `json:"value"`
}

// DeleteExperimentTagRequest removes a tag.
type DeleteExperimentTagRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Key          string `json:"key" required:"true"`
}

// SearchDatasetsRequest lists up to 20 experiments.
type SearchDatasetsRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
}

// SearchDatasetsResponse lists the datasets of the experiments.
type SearchDatasetsResponse struct {
	DatasetSummaries []DatasetSummary `json:"dataset_summaries,omitempty"`
}

// DatasetSummary is a dataset of an experiment. Context is the value of the input tag
// mlflow.data.context.
type DatasetSummary struct {
	ExperimentID string `json:"experiment_id"`
	Name         string `json:"name"`
	Digest       string `json:"digest"`
	Context      string `json:"context,omitempty"`
}

// CreateExperiment creates an experiment and returns its ID.
func (c *Client) CreateExperiment(ctx context.Context, in *CreateExperimentRequest) (string, error) {
	out, err := call(ctx, c, Endpoints.CreateExperiment, in)
	return out.ExperimentID, err
}

// SearchExperiments returns one page of experiments.
func (c *Client) SearchExperiments(
	ctx context.Context,
	in *SearchExperimentsRequest,
) (*SearchExperimentsResponse, error) {
	return call(ctx, c, Endpoints.SearchExperiments, in)
}

// Experiment returns the experiment with the given ID, even if it is deleted.
func (c *Client) Experiment(ctx context.Context, id string) (*Experiment, error) {
	out, err := call(ctx, c, Endpoints.GetExperiment, &GetExperimentRequest{ExperimentID: id})
	return out.Experiment, err
}

// ExperimentByName returns the experiment with the given name, even if it is deleted.
func (c *Client) ExperimentByName(ctx context.Context, name string) (*Experiment, error) {
	out, err := call(ctx, c, Endpoints.GetExperimentByName, &GetExperimentByNameRequest{ExperimentName: name})
	return out.Experiment, err
}

// RenameExperiment renames an active experiment.
func (c *Client) RenameExperiment(ctx context.Context, id, name string) error {
	_, err := call(ctx, c, Endpoints.UpdateExperiment, &UpdateExperimentRequest{ExperimentID: id, NewName: name})
	return err
}

// DeleteExperiment marks an experiment and its runs as deleted.
func (c *Client) DeleteExperiment(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.DeleteExperiment, &ExperimentIDRequest{ExperimentID: id})
	return err
}

// RestoreExperiment restores a deleted experiment and its runs.
func (c *Client) RestoreExperiment(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.RestoreExperiment, &ExperimentIDRequest{ExperimentID: id})
	return err
}

// SetExperimentTag sets or replaces a tag.
func (c *Client) SetExperimentTag(ctx context.Context, id, key, value string) error {
	_, err := call(ctx, c, Endpoints.SetExperimentTag, &SetExperimentTagRequest{ExperimentID: id, Key: key, Value: value})
	return err
}

// SetExperimentTags sets or replaces tags of an experiment, one after the other. Tags
// before the first error are set.
func (c *Client) SetExperimentTags(ctx context.Context, id string, tags map[string]string) error {
	for _, t := range tagsOf(tags) {
		if err := c.SetExperimentTag(ctx, id, t.Key, t.Value); err != nil {
			return err
		}
	}
	return nil
}

// DeleteExperimentTags removes tags of an experiment, one after the other. A tag that
// does not exist is not an error.
func (c *Client) DeleteExperimentTags(ctx context.Context, id string, keys ...string) error {
	for _, key := range keys {
		in := &DeleteExperimentTagRequest{ExperimentID: id, Key: key}
		if _, err := call(ctx, c, Endpoints.DeleteExperimentTag, in); err != nil && !errors.Is(err, ResourceDoesNotExist) {
			return err
		}
	}
	return nil
}
