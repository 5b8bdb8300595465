package mlflow

// DatasetUsage is a dataset of an experiment, and what uses it.
type DatasetUsage struct {
	Name       string `json:"name"`
	Digest     string `json:"digest"`
	SourceType string `json:"source_type,omitempty"`
	// Contexts are the values of the input tag mlflow.data.context, such as "training".
	Contexts []string `json:"contexts,omitempty"`
	// Runs is the number of active runs that use it, and Models the number of logged models
	// with metrics on it.
	Runs   int64 `json:"runs"`
	Models int64 `json:"models"`
	// LastUsed is the latest start of these runs, in milliseconds since the epoch, or 0.
	LastUsed int64 `json:"last_used,omitempty"`
}

// DatasetUsagesRequest asks for the datasets of an experiment, by name and digest.
type DatasetUsagesRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	// Text is a part of the name or of the digest; case does not matter.
	Text string `json:"text"`
	// MaxResults is at most 1,000, and 200 by default.
	MaxResults int64  `json:"max_results"`
	PageToken  string `json:"page_token"`
}

// DatasetUsagesResponse is a page of datasets.
type DatasetUsagesResponse struct {
	Datasets      []DatasetUsage `json:"datasets,omitempty"`
	NextPageToken string         `json:"next_page_token,omitempty"`
}

// GetDatasetRequest identifies a dataset of an experiment.
type GetDatasetRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Name         string `json:"name" required:"true"`
	Digest       string `json:"digest" required:"true"`
}

// GetDatasetResponse has the dataset with its source, schema and profile.
type GetDatasetResponse struct {
	Dataset *Dataset `json:"dataset"`
}
