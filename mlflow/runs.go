package mlflow

import "context"

// RunStatus is the status of a run.
type RunStatus string

// Statuses of runs.
const (
	RunRunning   RunStatus = "RUNNING"
	RunScheduled RunStatus = "SCHEDULED"
	RunFinished  RunStatus = "FINISHED"
	RunFailed    RunStatus = "FAILED"
	RunKilled    RunStatus = "KILLED"
)

// EnumNames returns the names by protobuf number. "" marks an unused number.
func (RunStatus) EnumNames() []string {
	return []string{
		"",
		string(RunRunning),
		string(RunScheduled),
		string(RunFinished),
		string(RunFailed),
		string(RunKilled),
	}
}

// Run is an execution of training code.
type Run struct {
	Info    RunInfo     `json:"info"`
	Data    RunData     `json:"data"`
	Inputs  *RunInputs  `json:"inputs,omitempty"`
	Outputs *RunOutputs `json:"outputs,omitempty"`
}

// tag returns the value of a tag and whether the run has it.
func (r *Run) tag(key string) (value string, ok bool) {
	for _, t := range r.Data.Tags {
		if t.Key == key {
			return t.Value, true
		}
	}
	return "", false
}

// RunInfo is a run without its data. RunID and RunUUID are the same 32 hexadecimal
// digits. EndTime is 0 until the run ends.
type RunInfo struct {
	RunID          string         `json:"run_id"`
	RunUUID        string         `json:"run_uuid"`
	RunName        string         `json:"run_name"`
	ExperimentID   string         `json:"experiment_id"`
	UserID         string         `json:"user_id"`
	Status         RunStatus      `json:"status"`
	StartTime      int64          `json:"start_time"`
	EndTime        int64          `json:"end_time,omitempty"`
	ArtifactURI    string         `json:"artifact_uri"`
	LifecycleStage LifecycleStage `json:"lifecycle_stage"`
}

// RunData has the latest value of each metric, the params and the tags.
type RunData struct {
	Metrics []Metric `json:"metrics,omitempty"`
	Params  []Param  `json:"params,omitempty"`
	Tags    []Tag    `json:"tags,omitempty"`
}

// Param is an input of a run. Its value cannot change.
type Param struct {
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// RunInputs lists the datasets and logged models that a run used.
type RunInputs struct {
	DatasetInputs []DatasetInput `json:"dataset_inputs,omitempty"`
	ModelInputs   []ModelInput   `json:"model_inputs,omitempty"`
}

// RunOutputs lists the logged models that a run created.
type RunOutputs struct {
	ModelOutputs []ModelOutput `json:"model_outputs,omitempty"`
}

// Dataset describes a dataset by its source, its schema and its profile; the latter two
// are JSON. Name and Digest identify it within an experiment.
type Dataset struct {
	Name       string `json:"name" required:"true"`
	Digest     string `json:"digest" required:"true"`
	SourceType string `json:"source_type"`
	Source     string `json:"source"`
	Schema     string `json:"schema,omitempty"`
	Profile    string `json:"profile,omitempty"`
}

// InputTag is a tag on the use of a dataset by a run.
type InputTag struct {
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// DatasetInput is the use of a dataset by a run.
type DatasetInput struct {
	Tags    []InputTag `json:"tags,omitempty"`
	Dataset *Dataset   `json:"dataset" required:"true"`
}

// ModelInput is the use of a logged model by a run.
type ModelInput struct {
	ModelID string `json:"model_id" required:"true"`
}

// ModelOutput is a logged model that a run created at a training step.
type ModelOutput struct {
	ModelID string `json:"model_id" required:"true"`
	Step    int64  `json:"step"`
}

// CreateRunRequest starts a run. The server generates a missing RunName.
type CreateRunRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	UserID       string `json:"user_id,omitempty"`
	RunName      string `json:"run_name,omitempty"`
	StartTime    int64  `json:"start_time,omitempty"`
	Tags         []Tag  `json:"tags,omitempty"`
}

// RunResponse has a run.
type RunResponse struct {
	Run *Run `json:"run"`
}

// UpdateRunRequest changes a run. Absent fields do not change.
type UpdateRunRequest struct {
	RunID   string    `json:"run_id" alias:"run_uuid" required:"true"`
	Status  RunStatus `json:"status,omitempty"`
	EndTime *int64    `json:"end_time,omitempty"`
	RunName string    `json:"run_name,omitempty"`
}

// UpdateRunResponse has the changed run.
type UpdateRunResponse struct {
	RunInfo *RunInfo `json:"run_info"`
}

// RunIDRequest identifies the run to delete or restore.
type RunIDRequest struct {
	RunID string `json:"run_id" required:"true"`
}

// GetRunRequest requests a run with its data.
type GetRunRequest struct {
	RunID string `json:"run_id" alias:"run_uuid" required:"true"`
}

// SearchRunsRequest requests a page of runs. MaxResults is 1 to 50,000; the default is
// 1,000.
type SearchRunsRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
	Filter        string   `json:"filter,omitempty"`
	RunViewType   ViewType `json:"run_view_type,omitempty"`
	MaxResults    *int32   `json:"max_results,omitempty"`
	OrderBy       []string `json:"order_by,omitempty"`
	PageToken     string   `json:"page_token,omitempty"`
}

// SearchRunsResponse is a page. NextPageToken is empty on the last page.
type SearchRunsResponse struct {
	Runs          []Run  `json:"runs,omitempty"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

// LogMetricRequest logs a value of a metric.
type LogMetricRequest struct {
	RunID         string `json:"run_id" alias:"run_uuid" required:"true"`
	Key           string `json:"key" required:"true"`
	Value         Float  `json:"value" required:"true"`
	Timestamp     int64  `json:"timestamp" required:"true"`
	Step          int64  `json:"step,omitempty"`
	ModelID       string `json:"model_id,omitempty"`
	DatasetName   string `json:"dataset_name,omitempty"`
	DatasetDigest string `json:"dataset_digest,omitempty"`
}

// LogParamRequest logs a param.
type LogParamRequest struct {
	RunID string `json:"run_id" alias:"run_uuid" required:"true"`
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// SetTagRequest sets or replaces a tag of a run.
type SetTagRequest struct {
	RunID string `json:"run_id" alias:"run_uuid" required:"true"`
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// DeleteTagRequest removes a tag of a run.
type DeleteTagRequest struct {
	RunID string `json:"run_id" required:"true"`
	Key   string `json:"key" required:"true"`
}

// LogBatchRequest logs up to 1,000 metrics, 100 params and 100 tags (1,000
// together) in one transaction.
type LogBatchRequest struct {
	RunID   string   `json:"run_id" required:"true"`
	Metrics []Metric `json:"metrics,omitempty"`
	Params  []Param  `json:"params,omitempty"`
	Tags    []Tag    `json:"tags,omitempty"`
}

// LogInputsRequest records the datasets and logged models that a run uses.
type LogInputsRequest struct {
	RunID    string         `json:"run_id" required:"true"`
	Datasets []DatasetInput `json:"datasets,omitempty"`
	Models   []ModelInput   `json:"models,omitempty"`
}

// LogOutputsRequest records the logged models that a run created.
type LogOutputsRequest struct {
	RunID  string        `json:"run_id" required:"true"`
	Models []ModelOutput `json:"models" required:"true"`
}

// LogModelJSONRequest records a model in a run's artifacts, as MLflow 2 does. ModelJSON
// is the MLmodel file as JSON.
type LogModelJSONRequest struct {
	RunID     string `json:"run_id" required:"true"`
	ModelJSON string `json:"model_json" required:"true"`
}

// CreateRun starts a run.
func (c *Client) CreateRun(ctx context.Context, in *CreateRunRequest) (*Run, error) {
	out, err := call(ctx, c, Endpoints.CreateRun, in)
	return out.Run, err
}

// UpdateRun changes a run's status, end time or name.
func (c *Client) UpdateRun(ctx context.Context, in *UpdateRunRequest) (*RunInfo, error) {
	out, err := call(ctx, c, Endpoints.UpdateRun, in)
	return out.RunInfo, err
}

// Run returns a run with its data, even if it is deleted.
func (c *Client) Run(ctx context.Context, id string) (*Run, error) {
	out, err := call(ctx, c, Endpoints.GetRun, &GetRunRequest{RunID: id})
	return out.Run, err
}

// SearchRuns returns a page of runs.
func (c *Client) SearchRuns(ctx context.Context, in *SearchRunsRequest) (*SearchRunsResponse, error) {
	return call(ctx, c, Endpoints.SearchRuns, in)
}

// DeleteRun marks a run as deleted.
func (c *Client) DeleteRun(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.DeleteRun, &RunIDRequest{RunID: id})
	return err
}

// RestoreRun restores a deleted run.
func (c *Client) RestoreRun(ctx context.Context, id string) error {
	_, err := call(ctx, c, Endpoints.RestoreRun, &RunIDRequest{RunID: id})
	return err
}

// LogMetric logs a value of a metric.
func (c *Client) LogMetric(ctx context.Context, in *LogMetricRequest) error {
	_, err := call(ctx, c, Endpoints.LogMetric, in)
	return err
}

// LogParam logs a param.
func (c *Client) LogParam(ctx context.Context, runID, key, value string) error {
	_, err := call(ctx, c, Endpoints.LogParam, &LogParamRequest{RunID: runID, Key: key, Value: value})
	return err
}

// SetTag sets or replaces a tag of a run.
func (c *Client) SetTag(ctx context.Context, runID, key, value string) error {
	_, err := call(ctx, c, Endpoints.SetTag, &SetTagRequest{RunID: runID, Key: key, Value: value})
	return err
}

// DeleteTag removes a tag of a run.
func (c *Client) DeleteTag(ctx context.Context, runID, key string) error {
	_, err := call(ctx, c, Endpoints.DeleteTag, &DeleteTagRequest{RunID: runID, Key: key})
	return err
}

// LogBatch logs metrics, params and tags in one transaction.
func (c *Client) LogBatch(ctx context.Context, in *LogBatchRequest) error {
	_, err := call(ctx, c, Endpoints.LogBatch, in)
	return err
}

// LogInputs records the datasets and logged models that a run used.
func (c *Client) LogInputs(ctx context.Context, in *LogInputsRequest) error {
	_, err := call(ctx, c, Endpoints.LogInputs, in)
	return err
}

// LogOutputs records the logged models that a run created.
func (c *Client) LogOutputs(ctx context.Context, in *LogOutputsRequest) error {
	_, err := call(ctx, c, Endpoints.LogOutputs, in)
	return err
}
