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

// DailyRunsRequest requests the number of runs that started on each of some days, of up to
// 1,000 experiments. From is the beginning of the first day in milliseconds since the
// epoch, so that the days can be those of any time zone. Days is 1 to 366 and 30 by
// default.
type DailyRunsRequest struct {
	ExperimentIDs []string `json:"experiment_ids" required:"true"`
	From          int64    `json:"from" required:"true"`
	Days          *int32   `json:"days,omitempty"`
}

// DailyRuns has the number of active runs of an experiment that started on each day.
type DailyRuns struct {
	ExperimentID string  `json:"experiment_id"`
	Runs         []int64 `json:"runs"`
}

// DailyRunsResponse has the experiments with such runs, by id.
type DailyRunsResponse struct {
	Experiments []DailyRuns `json:"experiments,omitempty"`
}

// MetricSeriesRequest requests samples of metrics of runs for charts: of every metric of
// every run, at most 2,000 series with at most 400,000 values together.
type MetricSeriesRequest struct {
	RunIDs     []string `json:"run_ids" required:"true"`
	MetricKeys []string `json:"metric_keys" required:"true"`
	// Samples is the number of values of a series, 4 to 2,500. Of each four of them, two
	// are the smallest and the largest value of a part of the axis.
	Samples int64 `json:"samples" required:"true"`
	// Axis is "step", "time" or "relative", which is the time since the first value of a
	// series. "" is "step". Times are in milliseconds.
	Axis string `json:"axis"`
	// From and To restrict the series to a part of the axis, which includes both ends.
	From *int64 `json:"from,omitempty"`
	To   *int64 `json:"to,omitempty"`
	// Ends has the End of each series that the client has, and "" for the others: those of
	// all metrics of the first run in the order of MetricKeys, then those of the second
	// run, and so on. The response has what has been logged since.
	Ends []string `json:"ends,omitempty"`
}

// MetricSeriesResponse has the status of each run of the request, which is "" for a run
// that does not exist, and the series of which the client lacks values. All of it is of
// one moment: if a run has ended, the client has all its values.
type MetricSeriesResponse struct {
	Statuses []RunStatus    `json:"statuses"`
	Series   []MetricSeries `json:"series,omitempty"`
}

// MetricSeries has values of a metric of a run in columns, sorted by step, timestamp and
// value.
type MetricSeries struct {
	Run int `json:"run"` // index in RunIDs
	Key int `json:"key"` // index in MetricKeys
	// Whole is whether the values replace those that the client has. Otherwise they are
	// added to them.
	Whole bool `json:"whole"`
	// End is the place where the series ends, for the next request. It is "" in a
	// response to a request with From and To.
	End    string  `json:"end"`
	Steps  Deltas  `json:"steps"`
	Times  Deltas  `json:"times"`
	Values []Float `json:"values"`
}

// RunChildrenRequest identifies a parent run. MaxResults is 1 to 1,000, which is the
// default.
type RunChildrenRequest struct {
	RunID      string `json:"run_id" required:"true"`
	MaxResults *int32 `json:"max_results,omitempty"`
}

// RunChildrenResponse lists the active children of the run by start time. Bounded says
// that there are more than MaxResults.
type RunChildrenResponse struct {
	Runs    []RunInfo `json:"runs,omitempty"`
	Bounded bool      `json:"bounded,omitempty"`
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
