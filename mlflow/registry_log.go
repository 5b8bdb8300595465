package mlflow

import "context"

// This file holds what Millrace adds to MLflow's registry: a log of who changed
// what, and a table of all versions with their metrics.

// What a [RegistryChange] is about.
const (
	ChangeStage   = "stage"   // a version went From one stage To another
	ChangeAlias   = "alias"   // Alias went From one version To another; either may be empty
	ChangeVersion = "version" // a version was "created" or, From its stage, "deleted"
	ChangeModel   = "model"   // the model was renamed From To, or "deleted"
)

// RegistryChange is one entry of a registered model's log. Version is empty
// where the change is about the whole model.
type RegistryChange struct {
	ID          int64  `json:"id"`
	Model       string `json:"model"`
	Version     string `json:"version,omitempty"`
	Kind        string `json:"kind"`
	From        string `json:"from"`
	To          string `json:"to"`
	Alias       string `json:"alias,omitempty"`
	User        string `json:"user"`
	Comment     string `json:"comment,omitempty"`
	TimestampMS int64  `json:"timestamp_ms"`
}

// RegistryChangesRequest asks for one page of the log, of all models if Name is
// empty; MaxResults is 100 when absent and at most 1,000.
type RegistryChangesRequest struct {
	Name       string `json:"name,omitempty"`
	MaxResults *int64 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// RegistryChangesResponse is one page, newest first; NextPageToken is empty on
// the last.
type RegistryChangesResponse struct {
	Transitions   []RegistryChange `json:"transitions,omitempty"`
	NextPageToken string           `json:"next_page_token,omitempty"`
}

// TransitionVersionRequest moves a version to Stage or points Alias at it, or
// both at once, with a comment for the log.
type TransitionVersionRequest struct {
	Name                    string `json:"name" required:"true"`
	Version                 string `json:"version" required:"true"`
	Stage                   string `json:"stage,omitempty"`
	Alias                   string `json:"alias,omitempty"`
	ArchiveExistingVersions bool   `json:"archive_existing_versions,omitempty"`
	Comment                 string `json:"comment,omitempty"`
}

// MonitorModelRequest asks for one page of a model's versions, newest first;
// MaxResults is 500 when absent and at most 5,000.
type MonitorModelRequest struct {
	Name       string `json:"name" required:"true"`
	MaxResults *int64 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// MonitoredVersion is a version with where it comes from and how good it is.
// RunUser started its run, CreatedBy registered it.
// Metrics are those of its logged model, with the dataset of each, or else those
// of its run, of each only the last value; they do not name the model or run.
type MonitoredVersion struct {
	ModelVersion
	ModelID        string           `json:"model_id,omitempty"`
	RunName        string           `json:"run_name,omitempty"`
	ExperimentID   string           `json:"experiment_id,omitempty"`
	ExperimentName string           `json:"experiment_name,omitempty"`
	RunUser        string           `json:"run_user,omitempty"`
	CreatedBy      string           `json:"created_by,omitempty"`
	Metrics        []Metric         `json:"metrics,omitempty"`
	Datasets       []DatasetSummary `json:"datasets,omitempty"`
}

// MonitorModelResponse holds a registered model and one page of its versions,
// newest first; NextPageToken is empty on the last.
type MonitorModelResponse struct {
	RegisteredModel *RegisteredModel   `json:"registered_model"`
	Versions        []MonitoredVersion `json:"versions,omitempty"`
	NextPageToken   string             `json:"next_page_token,omitempty"`
}

// RegistryChanges returns one page of the registry's log, newest first.
func (c *Client) RegistryChanges(ctx context.Context, in *RegistryChangesRequest) (*RegistryChangesResponse, error) {
	return call(ctx, c, Endpoints.RegistryChanges, in)
}

// TransitionVersion moves a version to a stage, or an alias to it, with a comment.
func (c *Client) TransitionVersion(ctx context.Context, in *TransitionVersionRequest) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.TransitionVersion, in)
	return out.ModelVersion, err
}

// MonitorModel returns a registered model and one page of its versions with their metrics.
func (c *Client) MonitorModel(ctx context.Context, in *MonitorModelRequest) (*MonitorModelResponse, error) {
	return call(ctx, c, Endpoints.MonitorModel, in)
}
