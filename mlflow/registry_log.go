package mlflow

import "context"

// The messages in this file belong to Millrace's log of changes in the registry and to
// its table of versions with their metrics.

// Kinds of a [RegistryChange].
const (
	ChangeStage   = "stage"   // a version went From one stage To another
	ChangeAlias   = "alias"   // Alias went From one version To another; either may be empty
	ChangeVersion = "version" // a version was "created" or, From its stage, "deleted"
	ChangeModel   = "model"   // the model was renamed From To, or "deleted"
)

// RegistryChange is an entry of the log of changes. Version is empty for a change of the
// model.
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

// RegistryChangesRequest requests a page of the log, of all models if Name is empty. The
// default of MaxResults is 100 and the maximum 1,000.
type RegistryChangesRequest struct {
	Name       string `json:"name,omitempty"`
	MaxResults *int64 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// RegistryChangesResponse is a page, newest changes first. NextPageToken is empty on the
// last page.
type RegistryChangesResponse struct {
	Transitions   []RegistryChange `json:"transitions,omitempty"`
	NextPageToken string           `json:"next_page_token,omitempty"`
}

// TransitionVersionRequest moves a version to Stage, sets Alias to it, or both, with a
// comment for the log.
type TransitionVersionRequest struct {
	Name                    string `json:"name" required:"true"`
	Version                 string `json:"version" required:"true"`
	Stage                   string `json:"stage,omitempty"`
	Alias                   string `json:"alias,omitempty"`
	ArchiveExistingVersions bool   `json:"archive_existing_versions,omitempty"`
	Comment                 string `json:"comment,omitempty"`
}

// MonitorModelRequest requests a page of a model's versions, newest first. The default
// of MaxResults is 500 and the maximum 5,000.
type MonitorModelRequest struct {
	Name       string `json:"name" required:"true"`
	MaxResults *int64 `json:"max_results,omitempty"`
	PageToken  string `json:"page_token,omitempty"`
}

// MonitoredVersion is a version with its origin and its metrics. RunUser started the
// run; CreatedBy registered the version. Metrics has the latest values of the logged
// model, by dataset, or otherwise of the run, without ModelID and RunID. A value of step 0
// without a dataset is replaced by the last value of the run, unless the run logs models at
// other steps.
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

// MonitorModelResponse has a registered model and a page of its versions, newest first.
// NextPageToken is empty on the last page.
type MonitorModelResponse struct {
	RegisteredModel *RegisteredModel   `json:"registered_model"`
	Versions        []MonitoredVersion `json:"versions,omitempty"`
	NextPageToken   string             `json:"next_page_token,omitempty"`
}

// RegistryChanges returns a page of the log of changes, newest first.
func (c *Client) RegistryChanges(ctx context.Context, in *RegistryChangesRequest) (*RegistryChangesResponse, error) {
	return call(ctx, c, Endpoints.RegistryChanges, in)
}

// TransitionVersion moves a version to a stage, sets an alias to it, or both, with a
// comment.
func (c *Client) TransitionVersion(ctx context.Context, in *TransitionVersionRequest) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.TransitionVersion, in)
	return out.ModelVersion, err
}

// MonitorModel returns a registered model and a page of its versions with their metrics.
func (c *Client) MonitorModel(ctx context.Context, in *MonitorModelRequest) (*MonitorModelResponse, error) {
	return call(ctx, c, Endpoints.MonitorModel, in)
}
