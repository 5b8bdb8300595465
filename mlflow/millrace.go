package mlflow

import "encoding/json"

// The messages in this file belong to routes of Millrace's pages below
// /ajax-api/millrace/.

// ExperimentActivity has the number of active runs of an experiment and the latest start
// or end of a run, or 0.
type ExperimentActivity struct {
	ExperimentID string `json:"experiment_id"`
	Runs         int64  `json:"runs"`
	Running      int64  `json:"running"`
	LastActivity int64  `json:"last_activity"`
}

// MetricSummary summarizes the history of a metric of a run.
type MetricSummary struct {
	Key           string `json:"key"`
	Count         int64  `json:"count"`
	First         Float  `json:"first"`
	Last          Float  `json:"last"`
	Min           Float  `json:"min"`
	Max           Float  `json:"max"`
	LastStep      int64  `json:"last_step"`
	MinStep       int64  `json:"min_step"`
	MaxStep       int64  `json:"max_step"`
	LastTimestamp int64  `json:"last_timestamp"`
}

// ExperimentActivityRequest lists up to 1,000 experiments.
type ExperimentActivityRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
}

// ExperimentActivityResponse is in the order of the request.
type ExperimentActivityResponse struct {
	Experiments []ExperimentActivity `json:"experiments,omitempty"`
}

// MetricSummaryRequest identifies a run.
type MetricSummaryRequest struct {
	RunID string `json:"run_id" required:"true"`
}

// MetricSummaryResponse lists the metrics of the run by key.
type MetricSummaryResponse struct {
	Metrics []MetricSummary `json:"metrics,omitempty"`
}

// RunChildrenRequest identifies a parent run.
type RunChildrenRequest struct {
	RunID string `json:"run_id" required:"true"`
}

// RunChildrenResponse lists the active children of the run by start time.
type RunChildrenResponse struct {
	Runs []RunInfo `json:"runs,omitempty"`
}

// ModelSignatureRequest identifies a logged model by ModelID, or a model version by Name
// and Version.
type ModelSignatureRequest struct {
	ModelID string `json:"model_id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ModelSignatureResponse has the parts of the signature in the MLmodel file, which are
// lists in MLflow's JSON format. Absent parts are nil.
type ModelSignatureResponse struct {
	Inputs  json.RawMessage `json:"inputs,omitempty"`
	Outputs json.RawMessage `json:"outputs,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
}
