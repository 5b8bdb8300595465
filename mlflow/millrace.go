package mlflow

// This file holds what Millrace adds to MLflow's API, all of it under
// /ajax-api/millrace/.

// ExperimentActivity counts the active runs of an experiment. LastActivity is
// the latest start or end of one, 0 without runs.
type ExperimentActivity struct {
	ExperimentID string `json:"experiment_id"`
	Runs         int64  `json:"runs"`
	Running      int64  `json:"running"`
	LastActivity int64  `json:"last_activity"`
}

// MetricSummary describes one metric of a run over its whole history.
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

// ExperimentActivityRequest names up to 1,000 experiments.
type ExperimentActivityRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
}

// ExperimentActivityResponse answers in the order of the request.
type ExperimentActivityResponse struct {
	Experiments []ExperimentActivity `json:"experiments,omitempty"`
}

// MetricSummaryRequest names a run.
type MetricSummaryRequest struct {
	RunID string `json:"run_id" required:"true"`
}

// MetricSummaryResponse lists the run's metrics by key.
type MetricSummaryResponse struct {
	Metrics []MetricSummary `json:"metrics,omitempty"`
}

// RunChildrenRequest names a parent run.
type RunChildrenRequest struct {
	RunID string `json:"run_id" required:"true"`
}

// RunChildrenResponse lists the active runs that name the run as their parent,
// by start time.
type RunChildrenResponse struct {
	Runs []RunInfo `json:"runs,omitempty"`
}
